"""Structured optimal transport on one problem [N, K]; `jax.vmap` makes batches of it."""
