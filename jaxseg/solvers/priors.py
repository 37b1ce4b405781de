"""Temporal priors: which frame is likely to show which action, from their places in time alone."""

import jax
import jax.numpy as jnp

from jaxseg.solvers.checks import require, require_choice


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


def tot_log_prior(
    num_rows: int,
    num_columns: int,
    *,
    sigma: jax.Array | float,
    num_frames: jax.Array | int | None = None,
    num_clusters: jax.Array | int | None = None,
    indices: str = "first",
    dtype=jnp.float32,
) -> jax.Array:
    """Logarithm of TOT's temporal prior, log T_ij = - d_ij^2 / (2 sigma^2) (Eq. 8).

    d_ij = |i/N - j/K| / sqrt(1/N^2 + 1/K^2) is the distance of the entry (i, j) from the diagonal.
    The paper's factor 1 / (sigma sqrt(2 pi)) is left out: marginals take it away. With rho
    log T added to the scores (Eq. 10) no entry is too far from the diagonal to be reached.

    Args:
        num_rows, num_columns: shape of the result, padding included.
        sigma: width in entries, > 0; may be traced.
        num_frames: N, the valid frames (default: all rows); may be traced.
        num_clusters: K, the valid clusters (default: all columns); may be traced.
        indices: "first" counts from 0, as in the authors' program, which favors the last
            cluster on more frames than the first; "centered" takes i + 1/2 and j + 1/2.

    Returns:
        [num_rows, num_columns]; what stands beyond N and K has no meaning.

    Raises:
        ValueError: for a known sigma that is not positive and for other `indices`.
    """
    require("positive", sigma=sigma)
    require_choice("indices", indices, "first", "centered")
    frames = jnp.asarray(num_rows if num_frames is None else num_frames, dtype)
    clusters = jnp.asarray(num_columns if num_clusters is None else num_clusters, dtype)
    shift = 0.5 if indices == "centered" else 0
    time = (jnp.arange(num_rows, dtype=dtype) + shift) / frames
    order = (jnp.arange(num_columns, dtype=dtype) + shift) / clusters
    squared = (time[:, None] - order[None, :]) ** 2 / (1 / frames**2 + 1 / clusters**2)
    return -squared / (2 * jnp.asarray(sigma, dtype) ** 2)


def tot_prior(num_rows: int, num_columns: int, **settings) -> jax.Array:
    """TOT's temporal prior itself, the `prior` of `sinkhorn.solve`; see `tot_log_prior`.

    Where d exceeds sigma 14 times, float32 knows only 0, which the solver takes for forbidden.
    """
    return jnp.exp(tot_log_prior(num_rows, num_columns, **settings))


def rank_prior(
    attention: jax.Array,
    foreground: jax.Array,
    *,
    sigma: jax.Array | float,
    mask: jax.Array | None = None,
    compat: str | None = None,
) -> jax.Array:
    """CASE's prior exp(-(rank_n / N - Q_k)^2 / (2 sigma^2)), Eq. 11 without its constant factor.

    Snippets that look like foreground belong to clusters that are foreground. The factor
    1 / (sigma sqrt(2 pi)) scales the whole kernel and changes no plan.

    Args:
        attention: [N], how much each snippet looks like foreground. Its rank is the number of
            snippets below it, so that ranks count from 0 as in the authors' formula (the paper's
            count from 1). Among equal values the first ranks highest.
        foreground: [K], each cluster's probability of being foreground.
        sigma: standard deviation, in shares of N, > 0; may be traced.
        mask: [N] bool, valid snippets: N is their number, the others rank below them.
        compat: "case" repeats the authors' program (Qinying-Liu/CASE), which takes the indices
            that sort the attention for the ranks: each snippet gets the prior of another one.

    Returns:
        [N, K] in (0, 1]; what stands in masked rows has no meaning.

    Raises:
        ValueError: for a known sigma that is not positive and for another `compat`.
    """
    require("positive", sigma=sigma)
    require_choice("compat", compat, None, "case")
    length = attention.shape[0]
    valid = jnp.ones(length, bool) if mask is None else mask
    falling = jnp.argsort(jnp.where(valid, -attention, jnp.inf), stable=True)
    above = falling if compat else _inverse(falling)
    distance = (1 - (above + 1) / valid.sum())[:, None] - foreground
    return jnp.exp(-(distance.astype(foreground.dtype) ** 2) / (2 * sigma**2))


def _inverse(permutation: jax.Array) -> jax.Array:
    """The permutation that undoes one; a scatter costs a fraction of a second sort."""
    places = jnp.arange(len(permutation), dtype=permutation.dtype)
    return jnp.zeros_like(permutation).at[permutation].set(places, unique_indices=True)
