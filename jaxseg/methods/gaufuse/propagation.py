"""Representative snippets of a video, and how what they know spreads to all others (RSKP).

One video: K means or sources [K, D] and T snippets x [T, D], of which a mask [T] holds the valid
ones. What stands in padding does not matter, NaN included. No array is larger than T times D
or K; the paper's T x T inverse is never made.
"""

import functools

import jax
import jax.numpy as jnp
from jax import lax

from jaxseg.methods.parts.encoder import cosines, unit

_NOTHING = -1e30  # logit of what has no share, finite so that a softmax over nothing is no NaN

# The linear system is worth full float32 where accelerators multiply with less by default.
_product = functools.partial(jnp.matmul, precision=lax.Precision.HIGHEST)


def masked_softmax(logits: jax.Array, valid: jax.Array, axis: int) -> jax.Array:
    """Shares of the valid entries along an axis; 0 for the others, and all 0 where none is."""
    shares = jax.nn.softmax(jnp.where(valid, logits, _NOTHING), axis=axis)
    return jnp.where(valid, shares, 0)


def assignments(
    means: jax.Array,
    x: jax.Array,
    mask: jax.Array,
    *,
    means_mask: jax.Array | None = None,
    sharpness: jax.Array | float = 5.0,
) -> jax.Array:
    """Z: which mean each snippet belongs to, softmax_k(5 cos(mu_k, x_t)).

    Args:
        means: [K, D].
        x: [T, D].
        mask: [T] bool.
        means_mask: [K] bool, the means that exist; None for all.
        sharpness: factor of the cosines.

    Returns:
        [K, T]; columns of valid snippets sum to 1, all else is 0.
    """
    valid = mask[None]
    if means_mask is not None:
        means = jnp.where(means_mask[:, None], means, 0)
        valid = valid & means_mask[:, None]
    similar = cosines(jnp.where(mask[:, None], x, 0), unit(means)).T
    return masked_softmax(sharpness * similar, valid, axis=0)


def expectation_maximization(
    means: jax.Array, x: jax.Array, mask: jax.Array, *, rounds: int = 2
) -> jax.Array:
    """Representative snippets: means [K, D] moved to where snippets x [T, D] are.

    A round assigns the snippets and then takes mu_k = sum_t z_kt x_t / sum_t z_kt; the means of
    a video without a valid snippet are 0.

    Args:
        mask: [T] bool.
        rounds: how many, a Python number.
    """
    x = jnp.where(mask[:, None], x, 0)
    for _ in range(rounds):
        means = _product(_over_snippets(assignments(means, x, mask)), x)
    return means


def propagate(
    x: jax.Array,
    mask: jax.Array,
    sources: jax.Array,
    *,
    sources_mask: jax.Array | None = None,
    weight: jax.Array | float = 0.5,
) -> jax.Array:
    """x^ = (1-w) (I - w^2 Z' Zbar)^-1 (w Z' mu + x), snippets that have learned from sources.

    Z are the assignments to the sources mu, Zbar is Z with rows that sum to 1. The formula is
    the end of a walk between the two sides: y = x + w Z' m and m = mu + w Zbar y, x^ = (1-w) y.
    Leaving out y instead of m (Woodbury's identity) leaves K unknowns instead of T:

        (I - w^2 Zbar Z') m = mu + w Zbar x.

    Zbar Z' has rows that sum to 1, so that the system is well-conditioned for any w below 1.

    Args:
        x: [T, D].
        mask: [T] bool.
        sources: [K, D].
        sources_mask: [K] bool, the sources that exist; None for all.
        weight: w in [0, 1), how far what the sources know spreads.

    Returns:
        [T, D], 0 in padding; without a source (1-w) x.
    """
    x = jnp.where(mask[:, None], x, 0)
    if sources_mask is not None:
        sources = jnp.where(sources_mask[:, None], sources, 0)
    z = assignments(sources, x, mask, means_mask=sources_mask)
    shares = _over_snippets(z)
    system = jnp.eye(len(sources), dtype=x.dtype) - weight**2 * _product(shares, z.T)
    reached = _product(_inverse(system), sources + weight * _product(shares, x))
    return (1 - weight) * (x + weight * _product(z.T, reached))


def _inverse(system: jax.Array) -> jax.Array:
    """Inverse of I - w^2 S [K, K], the rows of S being at least 0 and of sum 1 at most.

    Gauss and Jordan's elimination, of matrices that need no pivots. `jnp.linalg.solve` is no way
    out: XLA's batched triangular solve on a CPU waits for its own pool of threads, and two that
    run at once, as those of this network's two branches, wait forever where there are two threads
    (seen with jaxlib 0.10.2 and two cores, once in some thousand steps).
    """
    size = len(system)

    def eliminate(k, both):
        row = both[k] / both[k, k]
        return (both - both[:, k, None] * row).at[k].set(row)

    both = jnp.concatenate([system, jnp.eye(size, dtype=system.dtype)], axis=1)
    return jax.lax.fori_loop(0, size, eliminate, both)[:, size:]


def _over_snippets(z: jax.Array) -> jax.Array:
    """Zbar [K, T]: rows sum to 1; those of zeros stay."""
    total = jnp.sum(z, axis=1, keepdims=True)
    return z / jnp.where(total > 0, total, 1)
