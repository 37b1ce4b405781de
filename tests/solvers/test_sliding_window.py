"""The band product against a loop, and the digits it keeps."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxseg.solvers.sliding_window import half_width, neighbor_sum, running_sum

LENGTHS = (1, 31, 32, 33, 256, 300)  # sixteens, and sixteen of them


def naive(values, width):
    """Each entry's neighbors, one by one."""
    length = values.shape[-1]
    sums = np.zeros_like(values)
    for i in range(length):
        near = [k for k in range(max(0, i - width), min(length, i + width + 1)) if k != i]
        sums[..., i] = values[..., near].sum(-1)
    return sums


@pytest.mark.parametrize("length", LENGTHS)
def test_neighbor_sum_is_the_loop(length):
    values = np.random.default_rng(length).uniform(0, 1, (3, length))
    with jax.enable_x64(True):
        product = jax.jit(neighbor_sum)
        for width in sorted({0, 1, 2, 7, length // 2, length - 1, length, 3 * length + 5}):
            ours = product(jnp.asarray(values), width)
            np.testing.assert_allclose(ours, naive(values, width), rtol=0, atol=1e-11)


@pytest.mark.parametrize("length", LENGTHS)
def test_running_sum_is_cumsum(length):
    values = np.random.default_rng(length).normal(size=(2, 3, length))
    with jax.enable_x64(True):
        ours = jax.jit(running_sum)(jnp.asarray(values))
    np.testing.assert_allclose(ours, values.cumsum(-1), rtol=0, atol=1e-11)


@pytest.mark.parametrize("length", [33, 1100])
def test_neighbor_sum_in_float32(length):
    """Off by the rounding of a running sum: half a unit in the last place of its total."""
    values = np.random.default_rng(length).uniform(0, 1, (3, length)).astype(np.float32)
    ours = jax.jit(neighbor_sum)(values, 7)
    np.testing.assert_allclose(ours, naive(values, 7), rtol=0, atol=1e-6 * length)


def test_half_width_does_not_trip_over_decimals():
    """Products that are whole numbers in decimals are whole numbers here, in both precisions."""
    pairs = [(100, 0.29, 29), (50, 0.02, 1), (49, 0.02, 0), (256, 0.04, 10), (1000, 0.007, 7)]
    pairs += [(10, 0.99, 9), (1, 0.5, 0), (5292, 0.04, 211)]
    for dtype in (np.float32, np.float64):
        with jax.enable_x64(dtype == np.float64):
            ours = [int(half_width(frames, dtype(radius))) for frames, radius, _ in pairs]
        assert ours == [width for _, _, width in pairs]


@pytest.mark.parametrize("width, bits", [(1, 17), (7, 15), (4000, 6)])
def test_a_short_window_of_a_long_video_keeps_its_digits(width, bits):
    """Whole multiples of 2^-bits: exact in float32, whatever the order of summation.

    Sums are kept up to multiples of a modulus m, the first power of two from 4 w + 4 on. What is
    added up is never more than 16 totals of a block, each within m / 2, beside one carry within
    m / 2: at most 8.5 m < 2^(24 - bits), so that every partial sum is a number of float32, on any
    machine and with or without fused products. Running sums over all frames end at 50,000, where
    float32 has steps of 2^-8, and are not exact where `bits` is larger.
    """
    modulus = 2 ** np.ceil(np.log2(4 * width + 4))
    assert 8.5 * modulus < 2 ** (24 - bits)
    whole = np.random.default_rng(width).integers(0, 2**bits, (2, 100_000))
    sums = np.cumsum(np.pad(whole, ((0, 0), (width + 1, width))), axis=1)
    exact = sums[:, 2 * width + 1 :] - sums[:, : -2 * width - 1] - whole
    values = np.float32(whole / 2**bits)
    ours = np.asarray(jax.jit(neighbor_sum)(values, width), np.float64)
    np.testing.assert_array_equal(ours * 2**bits, exact)
    plain = np.cumsum(values, axis=1, dtype=np.float32)[:, -1]
    assert (plain * 2.0**bits != whole.sum(1)).all() == (bits > 8)
