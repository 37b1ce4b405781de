"""Members, state, step, loop, checkpoints: everything that trains, whatever the method."""
