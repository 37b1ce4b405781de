"""Features of motion: HOG, HOF and MBH along dense tracks, as Fisher vectors."""
