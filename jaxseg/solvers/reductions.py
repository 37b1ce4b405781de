"""Sums and maxima over the clusters of [K, N] arrays, in the form that suits the length.

XLA's CPU reduction over a short leading axis walks memory in strides once a row has outgrown the
caches; beyond that length a product with ones and a tree of row maxima take a third of the time.
"""

import jax
import jax.numpy as jnp
from jax import lax

_LONG = 2**14  # frames
_NOTHING = -1e30  # log of a mass that float32 and float64 round to 0, finite so that 0 * it is 0


def sum_over_clusters(values: jax.Array) -> jax.Array:
    """[K, N] to [1, N]."""
    clusters, length = values.shape
    if length < _LONG:
        return values.sum(0, keepdims=True)
    ones = jnp.ones((1, clusters), values.dtype)
    return jnp.matmul(ones, values, precision=lax.Precision.HIGHEST)


def max_over_clusters(values: jax.Array) -> jax.Array:
    """[K, N] to [1, N]."""
    clusters, length = values.shape
    if length < _LONG:
        return values.max(0, keepdims=True)
    rows = [values[k : k + 1] for k in range(clusters)]
    while len(rows) > 1:
        pairs = zip(rows[::2], rows[1::2], strict=False)
        rows = [jnp.maximum(*pair) for pair in pairs] + rows[len(rows) // 2 * 2 :]
    return rows[0]


def log_sums(values: jax.Array, axis: int) -> jax.Array:
    """log sum exp along an axis, which stays; -inf, and differentiable, where all is -inf."""
    top = lax.stop_gradient(_max(values, axis))
    top = jnp.where(jnp.isfinite(top), top, 0)
    total = _sum(jnp.exp(values - top), axis)
    empty = total == 0
    return jnp.where(empty, -jnp.inf, jnp.log(jnp.where(empty, 1, total)) + top)


def normalise(log: jax.Array, valid: jax.Array, axis: int):
    """Softmax along an axis, and the log of its sums along the other, from one exponential.

    A cluster may hold e^-200 of the mass and come back; summing the softmax itself would
    lose it. So each line across is lifted by its own maximum before the exponential.

    Returns:
        log softmax, softmax (0 where not valid), log sums with the axis kept.
    """
    log = jnp.where(valid, log, _NOTHING)
    top = lax.stop_gradient(_max(log, axis))
    log = log - jnp.where(top > _NOTHING, top, 0)  # masked lines stay down and lift no other
    lift = lax.stop_gradient(_max(log, 1 - axis))
    lifted = jnp.where(valid, jnp.exp(log - lift), 0)
    height = jnp.exp(lift)
    total = _sum(lifted * height, axis)
    total = jnp.where(total > 0, total, 1)
    share = lifted / total
    across = _sum(share, 1 - axis)
    log_sums = jnp.where(across > 0, lift + jnp.log(jnp.where(across > 0, across, 1)), 0)
    return log - jnp.log(total), share * height, log_sums


def _sum(values, axis):
    return values.sum(1, keepdims=True) if axis else sum_over_clusters(values)


def _max(values, axis):
    return values.max(1, keepdims=True) if axis else max_over_clusters(values)
