"""The product with ASOT's band matrix, in O(N K) time and memory at any radius."""

import jax
import jax.numpy as jnp
from jax import lax

from jaxseg.solvers.reductions import matmul

_BLOCK = 16


def half_width(num_frames: jax.Array | int, radius: jax.Array | float) -> jax.Array:
    """Frames on either side that count as near: floor(num_frames * radius), int32.

    The product is rounded up by a millionth of itself first, so that float32 and float64 agree
    where it is a whole number: 100 frames at a radius of .29 are 29 and not 28. No radius reaches
    further than all frames.
    """
    reach = jnp.asarray(num_frames) * jnp.asarray(radius)
    return jnp.floor(jnp.minimum(reach * (1 + 1e-6), num_frames)).astype(jnp.int32)


def running_sum(values: jax.Array, modulus: jax.Array | None = None) -> jax.Array:
    """Cumulative sum along the last axis, [..., N] to [..., N].

    Blocks of 16 are summed by a product with a triangle of ones, and their totals in the same
    way one level up: on a CPU several times faster than XLA's own cumulative sum. Where a modulus
    is given, multiples of it are dropped on the way: what comes back is right up to multiples.
    """
    length = values.shape[-1]
    num_blocks = -(-length // _BLOCK)
    padding = [(0, 0)] * (values.ndim - 1) + [(0, num_blocks * _BLOCK - length)]
    blocks = jnp.pad(values, padding).reshape(*values.shape[:-1], num_blocks, _BLOCK)
    triangle = jnp.triu(jnp.ones((_BLOCK, _BLOCK), values.dtype))
    inside = matmul(blocks, triangle)
    if num_blocks > 1:
        # Before a block stands the running sum of the totals without the block's own.
        totals = _wrap(inside[..., -1], modulus)
        inside += _wrap(running_sum(totals, modulus) - totals, modulus)[..., None]
    return inside.reshape(*values.shape[:-1], num_blocks * _BLOCK)[..., :length]


def _wrap(values, modulus):
    """The representative nearest to 0 up to multiples of the modulus."""
    if modulus is None:
        return values
    # A product with the inverse of a power of two: as exact as the division, and faster.
    return values - modulus * jnp.round(values * (1 / modulus))


def _power_of_two_above(number):
    """At least `number` but for rounding, less than twice as much; division by it is exact."""
    # A millionth less, so that a rounding above a power of two does not double the result.
    exponent = jnp.frexp(lax.stop_gradient(number) * (1 - 1e-6))[1]
    return jnp.ldexp(jnp.ones_like(number), exponent)


def neighbor_sum(values: jax.Array, width: jax.Array | int) -> jax.Array:
    """Sums each entry's neighbors at a distance of 1 to `width` along the last axis.

    This is `values @ B` for the band matrix B[k, i] = 1 where 1 <= |i - k| <= width (Eq. 5 of
    ASOT without its 1/r), as a difference of two running sums.

    Args:
        values: [..., N]; frames that do not exist hold 0.
        width: half width in frames, >= 0; may be traced.

    Returns:
        [..., N], the sums without the entry itself.
    """
    length = values.shape[-1]
    width, buffer = jnp.clip(width, 0, length), make_buffer(values, length)
    return sum_neighbors(values, width, buffer, jnp.abs(values).max())[0]


def widest(length: int, radius) -> int:
    """A bound on the half width that `length` frames have at this radius, a Python number.

    It is `length` where the radius is traced, and never more. A sixteenth of that is the least
    difference, so that near radii share a compiled program.
    """
    if isinstance(radius, jax.core.Tracer):
        return length
    part = -(-length // 16)
    parts = min(length, length * float(radius) * (1 + 1e-6)) // part + 1
    return min(length, int(parts) * part)


def make_buffer(values: jax.Array, reach: int) -> jax.Array:
    """Scratch array of `sum_neighbors`: [..., N] with `reach` + 1 more frames on both sides."""
    return jnp.zeros((*values.shape[:-1], values.shape[-1] + 2 * reach + 2), values.dtype)


def sum_neighbors(
    values: jax.Array, width: jax.Array | int, buffer: jax.Array, bound: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """`neighbor_sum` for loops, which hand the same buffer to every pass.

    Written into one array, the running sums are computed once and read at two offsets; XLA on a
    CPU would otherwise repeat them for every reader, or copy them for every offset. They are kept
    like a clock's hand, up to multiples of twice what a window can hold: their digits go with the
    length of the window, not with that of the video.

    Args:
        values: [..., N]; frames that do not exist hold 0.
        width: half width in frames, 0 to the reach that the buffer was made for; may be traced.
        buffer: from `make_buffer` or from the pass before; what stands in it does not matter.
        bound: no entry's absolute value is larger.

    Returns:
        [..., N], the sums without the entry itself, and the buffer.
    """
    length = values.shape[-1]
    side = (buffer.shape[-1] - length) // 2
    # Twice what a window of 2 w + 1 entries can hold, so that the difference of two hands is
    # known though each may have gone round; a power of two, so that going round rounds nothing.
    modulus = _power_of_two_above(2 * bound * jnp.asarray(2 * width + 2, values.dtype))
    running = running_sum(values, modulus)
    buffer = lax.dynamic_update_slice_in_dim(buffer, running, side, -1)
    total = lax.slice_in_dim(buffer, side + length - 1, side + length, axis=-1)
    upto = lax.dynamic_slice_in_dim(buffer, side + width, length, -1)
    before = lax.dynamic_slice_in_dim(buffer, side - width - 1, length, -1)
    # Windows that leave the video end at its last running sum, or start from nothing: what the
    # two slices read outside of the video is whatever the buffer held.
    frame = jnp.arange(length)
    upto = jnp.where(frame + width < length, upto, total)
    return _wrap(upto - jnp.where(frame > width, before, 0), modulus) - values, buffer
