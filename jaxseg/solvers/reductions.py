"""Sums and maxima over one axis of [K, N] arrays, in forms that XLA makes fast on a CPU.

XLA's own float maximum, and its own sum over a leading axis, walk memory entry by entry; a maximum
of whole numbers, and products with vectors, use whole registers. At 100,000 frames this is the
difference between half the time of an exponential and ten times it.
"""

import functools

import jax
import jax.numpy as jnp
from jax import lax

# HIGHEST: GPUs and TPUs would otherwise multiply in TensorFloat-32 or bfloat16.
matmul = functools.partial(jnp.matmul, precision=lax.Precision.HIGHEST)

_NOTHING = -1e30  # log of a mass that float32 and float64 round to 0, finite so that 0 * it is 0


def sum_over_clusters(values: jax.Array) -> jax.Array:
    """Column sums, [K, N] to [1, N]."""
    return weighted_sum(values, jnp.ones((len(values), 1), values.dtype), axis=0)


def weighted_sum(values: jax.Array, weights: jax.Array, axis: int) -> jax.Array:
    """Sum of [K, N] values along an axis, which stays, times one weight each: [K, 1] or [1, N]."""
    left, right = (values, weights.T) if axis else (weights.T, values)
    return matmul(left, right)


def largest(values: jax.Array, axis: int) -> jax.Array:
    """The maximum along an axis, which stays; without a derivative."""
    # Over the bits as whole numbers: a float maximum has to pass NaN on, for which XLA compares
    # entry by entry.
    bits = _in_order(lax.stop_gradient(values)).max(axis, keepdims=True)
    return lax.bitcast_convert_type(_flip_below_zero(bits), values.dtype)


def _in_order(values: jax.Array) -> jax.Array:
    """Whole numbers that are in the order of these floats."""
    whole = jnp.dtype(f"int{8 * values.dtype.itemsize}")
    return _flip_below_zero(lax.bitcast_convert_type(values, whole))


def _flip_below_zero(whole: jax.Array) -> jax.Array:
    """The bits behind the sign flipped where it is set: floats below 0 count the other way round.

    It is its own inverse.
    """
    highest = jnp.iinfo(whole.dtype).max
    return whole ^ ((whole >> (jnp.iinfo(whole.dtype).bits - 1)) & highest)


def log_sums(values: jax.Array, axis: int) -> jax.Array:
    """log sum exp along an axis, which stays; -inf, and differentiable, where all is -inf."""
    top = largest(values, axis)
    top = jnp.where(jnp.isfinite(top), top, 0)  # -inf - -inf would be NaN
    ones = jnp.ones_like(lax.slice_in_dim(values, 0, 1, axis=1 - axis))
    total = weighted_sum(jnp.exp(values - top), ones, axis)
    empty = total == 0
    # Replaced before the logarithm as well: its derivative at 0 is inf, and 0 * inf is NaN.
    return jnp.where(empty, -jnp.inf, jnp.log(jnp.where(empty, 1, total)) + top)


def normalize(
    log: jax.Array, valid: jax.Array, axis: int
) -> tuple[jax.Array, jax.Array, jax.Array]:
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
    total = jnp.where(total > 0, total, 1)  # a masked line: 0 / 1 and log 1, and no NaN
    across = weighted_sum(lifted, 1 / total, 1 - axis)
    log_sums = jnp.where(across > 0, lift + jnp.log(jnp.where(across > 0, across, 1)), 0)
    # The quotient first, of two vectors: one product a matrix entry instead of two.
    return lifted * (height / total), top + jnp.log(total), log_sums


def masked_log(log: jax.Array, valid: jax.Array) -> jax.Array:
    """The log of a mass that is next to nothing where it is not valid, and finite everywhere."""
    return jnp.where(valid, log, _NOTHING)
