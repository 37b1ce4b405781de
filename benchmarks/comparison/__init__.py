"""The solvers beside ott-jax and POT: problems, programs, the sweep over sizes, its tables."""
