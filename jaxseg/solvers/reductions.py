"""Sums and maxima over one axis of [K, N] arrays, in forms that XLA makes fast on a CPU.

Its own float maximum and its own sum over a leading axis walk memory entry by entry; a maximum of
whole numbers, and products with vectors, take whole registers. At 100,000 frames this is the
difference between half of an exponential and ten.
"""

import jax
import jax.numpy as jnp
from jax import lax

_NOTHING = -1e30  # log of a mass that float32 and float64 round to 0, finite so that 0 * it is 0


def sum_over_clusters(values: jax.Array) -> jax.Array:
    """[K, N] to [1, N]."""
    return weighted_sum(values, jnp.ones((len(values), 1), values.dtype), axis=0)


def weighted_sum(values: jax.Array, weights: jax.Array, axis: int) -> jax.Array:
    """Sum of [K, N] values along an axis, which stays, times one weight each: [K, 1] or [1, N]."""
    pair = (values, weights.T) if axis else (weights.T, values)
    return jnp.matmul(*pair, precision=lax.Precision.HIGHEST)


def largest(values: jax.Array, axis: int) -> jax.Array:
    """The maximum along an axis, which stays; without a derivative."""
    found = _in_order(lax.stop_gradient(values)).max(axis, keepdims=True)
    return lax.bitcast_convert_type(_flip_below_zero(found), values.dtype)


def _in_order(values):
    """Whole numbers that are in the order of these floats."""
    whole = jnp.dtype(f"int{8 * values.dtype.itemsize}")
    return _flip_below_zero(lax.bitcast_convert_type(values, whole))


def _flip_below_zero(whole):
    """The bits behind the sign, where it is set: floats below 0 count the other way round."""
    highest = jnp.iinfo(whole.dtype).max
    return whole ^ ((whole >> (jnp.iinfo(whole.dtype).bits - 1)) & highest)


def log_sums(values: jax.Array, axis: int) -> jax.Array:
    """log sum exp along an axis, which stays; -inf, and differentiable, where all is -inf."""
    top = largest(values, axis)
    top = jnp.where(jnp.isfinite(top), top, 0)
    ones = jnp.ones_like(lax.slice_in_dim(values, 0, 1, axis=1 - axis))
    total = weighted_sum(jnp.exp(values - top), ones, axis)
    empty = total == 0
    return jnp.where(empty, -jnp.inf, jnp.log(jnp.where(empty, 1, total)) + top)


def normalise(log: jax.Array, valid: jax.Array, axis: int):
    """Softmax along an axis, and the log of its sums along the other, from one exponential.

    A cluster may hold e^-200 of the mass and come back; summing the softmax itself would
    lose it. So each line across is lifted by its own maximum before the exponential.

    Args:
        log: [K, N]; what stands at entries that are not valid must be `masked_log`'s.
        valid: [K, N], a product of valid frames and valid clusters.
        axis: the one along which the softmax sums to 1.

    Returns:
        softmax [K, N] (0 where not valid); its log is log - shift, with the shift [1, N] or
        [K, 1]; the log sums [K, 1] or [1, N].
    """
    top = largest(log, axis)
    top = jnp.where(top > _NOTHING / 2, top, 0)  # masked lines stay down and lift no other
    lift = largest(log - top, 1 - axis)
    lift = jnp.where(lift > _NOTHING / 2, lift, 0)
    lifted = jnp.exp(log - (top + lift))
    height = jnp.exp(lift)
    total = weighted_sum(lifted, height, axis)
    total = jnp.where(total > 0, total, 1)
    across = weighted_sum(lifted, 1 / total, 1 - axis)
    log_sums = jnp.where(across > 0, lift + jnp.log(jnp.where(across > 0, across, 1)), 0)
    return lifted * (height / total), top + jnp.log(total), log_sums


def masked_log(log: jax.Array, valid: jax.Array) -> jax.Array:
    """The log of a mass that is next to nothing where it is not valid, and finite everywhere."""
    return jnp.where(valid, log, _NOTHING)
