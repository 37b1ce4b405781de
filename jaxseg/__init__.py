"""Finding actions in long, untrimmed videos with optimal transport, in JAX."""

__version__ = "0.1.0"
