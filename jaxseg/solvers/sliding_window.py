"""The product with ASOT's band matrix, in O(N K) time and memory at any radius."""

import jax
import jax.numpy as jnp
from jax import lax

_BLOCK = 16


def half_width(num_frames: jax.Array | int, radius: jax.Array | float) -> jax.Array:
    """Frames on either side that count as near: floor(num_frames * radius), int32.

    The product is rounded up by a millionth of itself first, so that float32 and float64 agree
    where it is a whole number: 100 frames at a radius of .29 are 29 and not 28.
    """
    reach = jnp.asarray(num_frames) * jnp.asarray(radius)
    return jnp.floor(reach * (1 + 1e-6)).astype(jnp.int32)


def running_sum(values: jax.Array) -> jax.Array:
    """Cumulative sum along the last axis, [..., N] to [..., N].

    Blocks of 16 are summed by a product with a triangle of ones, and their totals in the same
    way one level up: on a CPU several times faster than XLA's own cumulative sum.
    """
    length = values.shape[-1]
    num_blocks = -(-length // _BLOCK)
    padding = [(0, 0)] * (values.ndim - 1) + [(0, num_blocks * _BLOCK - length)]
    blocks = jnp.pad(values, padding).reshape(*values.shape[:-1], num_blocks, _BLOCK)
    triangle = jnp.triu(jnp.ones((_BLOCK, _BLOCK), values.dtype))
    inside = jnp.matmul(blocks, triangle, precision=lax.Precision.HIGHEST)
    if num_blocks > 1:
        totals = inside[..., -1]
        inside += (running_sum(totals) - totals)[..., None]
    return inside.reshape(*values.shape[:-1], num_blocks * _BLOCK)[..., :length]


def neighbour_sum(values: jax.Array, width: jax.Array | int) -> jax.Array:
    """Sums each entry's neighbours at a distance of 1 to `width` along the last axis.

    This is `values @ B` for the band matrix B[k, i] = 1 where 1 <= |i - k| <= width (Eq. 5 of
    ASOT without its 1/r), as a difference of two running sums.

    Args:
        values: [..., N]; frames that do not exist hold 0.
        width: half width in frames, >= 0; may be traced.

    Returns:
        [..., N], the sums without the entry itself.
    """
    length = values.shape[-1]
    width = jnp.clip(width, 0, length)
    frame = jnp.arange(length)
    running = running_sum(values)
    # running[i + width], and running[i - width - 1], beyond both ends: what is summed by then.
    upto = jnp.where(frame + width < length, jnp.roll(running, -width, -1), running[..., -1:])
    before = jnp.where(frame > width, jnp.roll(running, width + 1, -1), 0)
    return upto - before - values
