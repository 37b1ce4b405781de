"""Propagation against the T x T formula in float64, and what padding, order and zeros may do."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from benchmarks.propagation import propagate_dense
from jaxseg.methods.gaufuse.network import (
    assignments,
    expectation_maximization,
    masked_softmax,
    propagate,
)
from jaxseg.methods.parts.encoder import cosines, unit

T, D, K = 30, 12, 4
EVERY = np.ones(T, bool)
pytestmark = pytest.mark.usefixtures("quick_compile")

spread = jax.jit(propagate)
gather = jax.jit(expectation_maximization, static_argnames=("rounds",))
assign = jax.jit(assignments)


def video(length=T, num_means=K, seed=0):
    """Snippets [T, D], nonnegative as behind a ReLU, and means [K, D]."""
    rng = np.random.default_rng(seed)
    x = np.maximum(rng.standard_normal((length, D)), 0)
    return x.astype(np.float32), rng.standard_normal((num_means, D)).astype(np.float32)


def padded(x, by=5, garbage=np.nan):
    filling = np.full((by, *x.shape[1:]), garbage, x.dtype)
    return np.concatenate([x, filling]), np.arange(len(x) + by) < len(x)


def expected_assignments(means, x):
    """By the formula, float64."""
    means, x = np.float64(means), np.float64(x)
    similar = means @ x.T / np.linalg.norm(means, axis=1)[:, None] / np.linalg.norm(x, axis=1)
    powers = np.exp(5 * similar)
    return powers / powers.sum(0)


def expected_propagation(x, sources, weight):
    """By the formula, float64, with the inverse of a T x T matrix."""
    z = expected_assignments(sources, x)
    shares = z / z.sum(1, keepdims=True)
    inverse = np.linalg.inv(np.eye(len(x)) - weight**2 * z.T @ shares)
    return (1 - weight) * inverse @ (weight * z.T @ np.float64(sources) + np.float64(x))


def test_cosines_against_numpy_and_of_zeros():
    x, means = video()
    x[3] = means[1] = 0
    lengths = np.outer(np.linalg.norm(x, axis=1), np.linalg.norm(means, axis=1))
    expected = np.float64(x) @ means.T / np.where(lengths > 0, lengths, 1)
    result = np.asarray(jax.jit(lambda x, means: cosines(x, unit(means)))(x, means))
    np.testing.assert_allclose(result, expected, atol=1e-6)
    assert not result[3].any() and not result[:, 1].any()


def test_a_softmax_over_what_is_valid():
    logits = np.array([[1.0, 2.0, np.nan], [0.5, np.inf, -3.0]], np.float32)
    valid = np.array([[True, True, False], [True, False, True]])
    expected = np.zeros((2, 3))
    expected[0, :2] = np.exp([1, 2]) / np.exp([1, 2]).sum()
    expected[1, [0, 2]] = np.exp([0.5, -3]) / np.exp([0.5, -3]).sum()
    np.testing.assert_allclose(masked_softmax(logits, valid, axis=1), expected, rtol=1e-6)
    assert not np.asarray(masked_softmax(logits, np.zeros_like(valid), axis=1)).any()


def test_assignments_against_numpy():
    x, means = video()
    result = assign(means, x, EVERY)
    np.testing.assert_allclose(result, expected_assignments(means, x), rtol=2e-6)
    np.testing.assert_allclose(result.sum(0), 1, rtol=1e-6)


def test_sharpness_of_zero_assigns_evenly_and_a_great_one_to_the_nearest():
    x, means = video()
    np.testing.assert_allclose(assign(means, x, EVERY, sharpness=0.0), 1 / K, rtol=1e-6)
    nearest = np.argmax(expected_assignments(means, x), axis=0)
    result = np.asarray(assign(means, x, EVERY, sharpness=1e5))
    np.testing.assert_allclose(result, np.eye(K)[:, nearest], atol=1e-6)


@pytest.mark.parametrize("rounds", [1, 2, 7])
def test_expectation_maximization_against_numpy(rounds):
    x, start = video()
    means = np.float64(start)
    for _ in range(rounds):
        z = expected_assignments(means, x)
        means = np.stack([np.average(x, axis=0, weights=row) for row in z])
    np.testing.assert_allclose(gather(start, x, EVERY, rounds=rounds), means, atol=2e-6)


@pytest.mark.parametrize("weight", [0.0, 0.5, 0.9])
@pytest.mark.parametrize(("length", "num_sources"), [(1, 1), (3, 8), (T, K), (200, 8)])
def test_propagation_against_the_formula(length, num_sources, weight):
    x, sources = video(length, num_sources)
    result = spread(x, np.ones(length, bool), sources, weight=weight)
    np.testing.assert_allclose(result, expected_propagation(x, sources, weight), atol=1e-5)


def test_gradients_against_those_of_the_formula():
    x, sources = video()
    direction = np.random.default_rng(1).standard_normal(x.shape).astype("f4")

    def slopes(form):
        def total(x, sources):
            return jnp.sum(direction * form(x, EVERY, sources))

        return jax.jit(jax.grad(total, argnums=(0, 1)))(x, sources)

    for result, expected in zip(slopes(propagate), slopes(propagate_dense), strict=True):
        assert np.abs(expected).max() > 0.1
        np.testing.assert_allclose(result, expected, atol=1e-5)


def test_equal_snippets_stay_as_they_are():
    """(1-w)(1+w)/(1-w^2) = 1, as Z' Zbar has rows that sum to 1."""
    x = np.tile(video()[0][:1], (T, 1))
    means = gather(video()[1], x, EVERY)
    np.testing.assert_allclose(means, x[:K], rtol=1e-6)
    np.testing.assert_allclose(spread(x, EVERY, means), x, atol=1e-6)


def test_a_snippet_without_features_learns_from_the_others():
    x, means = video()
    x[4] = 0
    result = np.asarray(spread(x, EVERY, means))
    z = np.full((K, T), 1 / K)  # cosine 0 to all: evenly
    keep = np.arange(T) != 4
    z[:, keep] = expected_assignments(means, x[keep])
    inverse = np.linalg.inv(np.eye(T) - 0.25 * z.T @ (z / z.sum(1, keepdims=True)))
    np.testing.assert_allclose(result, 0.5 * inverse @ (0.5 * z.T @ means + x), atol=1e-5)
    assert np.abs(result[4]).max() > 0.01


@pytest.mark.parametrize("garbage", [np.nan, np.inf, 1e30])
def test_padding_changes_nothing(garbage):
    x, means = video()
    more, mask = padded(x, garbage=garbage)
    near = {"rtol": 0, "atol": 2e-6}  # sums over another length group their terms otherwise

    z = assign(means, more, mask)
    np.testing.assert_allclose(z[:, :T], assign(means, x, EVERY), **near)
    np.testing.assert_allclose(gather(means, more, mask), gather(means, x, EVERY), **near)
    result = spread(more, mask, means)
    np.testing.assert_allclose(result[:T], spread(x, EVERY, means), **near)
    assert not z[:, T:].any() and not result[T:].any()


def test_masked_snippets_need_not_stand_at_the_end():
    x, means = video()
    mask = np.arange(T) % 3 > 0
    holes = np.where(mask[:, None], x, np.nan)
    short = spread(x[mask], EVERY[mask], means)
    np.testing.assert_allclose(spread(holes, mask, means)[mask], short, rtol=0, atol=2e-6)


@pytest.mark.parametrize("garbage", [np.nan, 3.0])
def test_masked_sources_are_as_if_left_out(garbage):
    x, means = video()
    present = np.array([True, False, True, False])
    holes = np.where(present[:, None], means, np.float32(garbage))
    z = assign(holes, x, EVERY, means_mask=present)
    np.testing.assert_allclose(z[present], assign(means[present], x, EVERY), rtol=1e-6)
    assert not z[~present].any()
    result = spread(x, EVERY, holes, sources_mask=present)
    np.testing.assert_allclose(result, spread(x, EVERY, means[present]), rtol=0, atol=1e-6)


def test_without_a_source_nothing_spreads():
    x, means = video()
    nothing = np.full_like(means, np.nan)
    result = spread(x, EVERY, nothing, sources_mask=np.zeros(K, bool), weight=0.3)
    np.testing.assert_allclose(result, np.float32(0.7) * x, rtol=1e-6)


def test_the_order_of_snippets_and_sources_does_not_matter():
    x, means = video()
    rng = np.random.default_rng(2)
    snippets, sources = rng.permutation(T), rng.permutation(K)
    result = spread(x[snippets], EVERY, means[sources])
    np.testing.assert_allclose(result, spread(x, EVERY, means)[snippets], rtol=0, atol=2e-6)


def test_vmap_is_a_loop():
    videos = [video(seed=seed) for seed in range(3)]
    x, means = (np.stack(each) for each in zip(*videos, strict=True))
    masks = np.arange(T) < np.array([[T], [7], [0]])
    result = jax.jit(jax.vmap(propagate))(x, masks, means)
    for one, *inputs in zip(result, x, masks, means, strict=True):
        np.testing.assert_allclose(one, spread(*inputs), rtol=0, atol=1e-6)


@jax.jit
@functools.partial(jax.value_and_grad, argnums=(0, 1))
def total_and_slopes(x, means, mask, present):
    gathered = expectation_maximization(jnp.where(present[:, None], means, 0), x, mask)
    each = propagate(x, mask, means, sources_mask=present), propagate(x, mask, gathered)
    return sum(jnp.sum(result**2) for result in each)


@pytest.mark.parametrize("case", ["padding", "zeros", "no snippet", "no source"])
def test_gradients_are_finite(case):
    x, means = video()
    mask, present = EVERY, np.ones(K, bool)
    if case == "padding":
        mask = EVERY & (np.arange(T) < 20)
        x[20:] = np.nan
    elif case == "zeros":
        x[:] = means[0] = 0
    elif case == "no snippet":
        x, mask = np.full_like(x, np.nan), ~EVERY
    else:
        means, present = np.full_like(means, np.nan), ~present

    value, slopes = total_and_slopes(x, means, mask, present)
    assert np.isfinite(value)
    for slope in slopes:
        assert np.isfinite(slope).all()
    assert not slopes[0][~mask].any() and not slopes[1][~present].any()


def test_memory_grows_with_the_snippets_and_not_with_their_square():
    def scratch(length):
        shapes = ((length, D), "f4"), ((length,), "?"), ((K, D), "f4")
        program = spread.lower(*(jax.ShapeDtypeStruct(*shape) for shape in shapes)).compile()
        return program.memory_analysis().temp_size_in_bytes

    assert 0 < scratch(8_000) < 2.1 * scratch(4_000)
    assert scratch(8_000) < 4 * 8_000 * (4 * D + 8 * K)  # a few arrays [T, D] and [K, T]


def test_no_thread_of_the_program_waits_for_another():
    """LAPACK's batched solves do, in XLA's own pool: two at once can wait forever."""

    def loss(x, sources):
        branches = [propagate(x, jnp.ones(len(x), bool), each) for each in (sources, 2 * sources)]
        return sum(jnp.sum(branch**2) for branch in branches)

    batched = jax.jit(jax.vmap(jax.grad(loss, argnums=(0, 1))))
    text = batched.lower(jnp.ones((3, 20, 4)), jnp.ones((3, 5, 4))).compile().as_text()
    assert "lapack" not in text and "triangular" not in text
