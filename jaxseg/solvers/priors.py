"""Temporal priors: which frame is likely to show which action, before anyone looked."""

import jax
import jax.numpy as jnp


def asot_prior(
    num_rows: int,
    num_columns: int,
    *,
    num_frames: jax.Array | int | None = None,
    num_clusters: jax.Array | int | None = None,
    dtype=jnp.float32,
) -> jax.Array:
    """ASOT's temporal prior R_ij = |i/N - j/K|, added to the cost with a weight rho (Sec. 5).

    Indices count from 0, as in the authors' program: the first cluster is expected at the very
    start, the last one 1/K before the end.

    Args:
        num_rows, num_columns: shape of the result, padding included.
        num_frames: N, the valid frames (default: all rows); may be traced.
        num_clusters: K, the valid clusters (default: all columns); may be traced.

    Returns:
        [num_rows, num_columns]; what stands beyond N and K has no meaning.
    """
    frames = num_rows if num_frames is None else num_frames
    clusters = num_columns if num_clusters is None else num_clusters
    time = jnp.arange(num_rows, dtype=dtype) / frames
    order = jnp.arange(num_columns, dtype=dtype) / clusters
    return jnp.abs(time[:, None] - order[None, :])
