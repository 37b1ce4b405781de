"""`viterbi.decode`: against all paths, against a loop, masks, orders and precision."""

import itertools

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from solver_problems import CLUSTERS, FRAMES, few, seeds

from jaxseg.solvers import viterbi

TABLES = {
    (0, -1): [(1, 1), (5, 1), (1, 4), (6, 2), (2, 5), (4, 3), (3, 4)],
    (0, -1, -np.inf): [(4, 2), (2, 4), (3, 3)],
}
decode = jax.jit(viterbi.decode)


def all_paths(frames, states):
    """Every path, in the order in which ties prefer them: the lower state, read from the end."""
    held = frames >= states
    starts = [0] if held else range(states)
    paths = [
        start + np.cumsum((0, *moves))
        for start in starts
        for moves in itertools.product((0, 1), repeat=frames - 1)
    ]
    kept = [path for path in paths if path[-1] < states and (not held or path[-1] == states - 1)]
    return np.array(sorted(kept, key=lambda path: tuple(path[::-1])))


def follow(scores, log_odds=0.0):
    """The same by a loop over frames and states in float64."""
    scores = np.asarray(scores, np.float64)
    frames, states = scores.shape
    held = frames >= states
    best, came = np.full((frames, states), -np.inf), np.zeros((frames, states), int)
    best[0, : 1 if held else states] = scores[0, : 1 if held else states]
    for t in range(1, frames):
        for k in range(states):
            before = best[t - 1, k - 1] + (0 if held else log_odds) if k else -np.inf
            same = best[t - 1, k]
            came[t, k] = 1 if k and before >= same else 0
            best[t, k] = max(before, same) + scores[t, k]
    path = [states - 1 if held else int(best[-1].argmax())]
    for t in range(frames - 1, 0, -1):
        path.append(path[-1] - came[t, path[-1]])
    return np.array(path[::-1])


def random_scores(seed, frames=FRAMES, clusters=CLUSTERS):
    """Log-probabilities of an ordered segmentation under noise, float64 [frames, clusters]."""
    rng = np.random.default_rng(seed)
    labels = np.sort(rng.integers(0, clusters, frames))
    scores = (labels[:, None] == np.arange(clusters)) + rng.normal(size=(frames, clusters))
    return scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)


def is_path(labels, states):
    """Stays or goes on by one, with both ends where there is room for them."""
    whole = len(labels) < states or (labels[0] == 0 and labels[-1] == states - 1)
    return whole and np.isin(np.diff(labels), (0, 1)).all() and np.isin(labels, range(states)).all()


@pytest.mark.parametrize(
    "values, frames, states",
    [(values, *shape) for values, shapes in TABLES.items() for shape in shapes],
)
def test_all_small_problems(values, frames, states):
    """Every table of these values: the best of all paths, and the right one where paths tie."""
    tables = np.array(list(itertools.product(values, repeat=frames * states)))
    tables = tables.reshape(-1, frames, states)
    paths = all_paths(frames, states)
    scores = tables[:, np.arange(frames), paths].sum(-1)
    expected, possible = paths[scores.argmax(1)], np.isfinite(scores.max(1))
    labels = np.asarray(jax.jit(jax.vmap(viterbi.decode))(tables.astype(np.float32)))
    np.testing.assert_array_equal(labels[possible], expected[possible])
    assert all(is_path(path, states) for path in labels[~possible])
    assert possible.all() == np.isfinite(values).all()


@pytest.mark.parametrize("stay", [0.01, 0.3, 0.5, 0.9])
@pytest.mark.parametrize("frames", [1, 4, 6])
def test_too_short_a_video_weighs_its_moves(frames, stay):
    """Fewer frames than clusters: any start, any end, and the odds of staying count."""
    paths, clusters = all_paths(frames, 7), 7
    moves = np.diff(paths).sum(1)
    prior = moves * np.log(1 - stay) + (frames - 1 - moves) * np.log(stay)
    for seed in range(5):
        scores = random_scores(seed, frames, clusters)
        expected = paths[np.argmax(scores[np.arange(frames), paths].sum(1) + prior)]
        with jax.enable_x64(True):
            ours = np.asarray(decode(scores, stay_probability=stay))
        np.testing.assert_array_equal(ours, expected)
        np.testing.assert_array_equal(follow(scores, np.log((1 - stay) / stay)), expected)


def test_the_odds_of_staying_say_nothing_where_both_ends_hold():
    """Every path stays and goes on as often as every other, so that not even a tie is decided."""
    for seed, frames in enumerate((CLUSTERS, FRAMES, FRAMES, FRAMES)):
        scores = np.random.default_rng(seed).integers(-2, 1, (frames, CLUSTERS)).astype(np.float32)
        for stay in (1e-3, 0.3, 0.7, 0.999):
            np.testing.assert_array_equal(decode(scores, stay_probability=stay), follow(scores))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("seed", range(3))
def test_long_videos_against_the_loop(seed, dtype):
    scores = random_scores(seed, 5000, 12).astype(dtype)
    with jax.enable_x64(dtype == np.float64):
        labels = np.asarray(decode(scores))
    assert labels.dtype == np.int32
    np.testing.assert_array_equal(labels, follow(scores))


def test_float32_does_not_tire():
    """10^5 frames of log-densities near -1000: a plain running sum would mislabel a percent."""
    frames, clusters = 100_000, 20
    rng = np.random.default_rng(0)
    labels = np.sort(rng.integers(0, clusters, frames))
    scores = 0.3 * (labels[:, None] == np.arange(clusters)) + 4 * rng.normal(
        size=(frames, clusters)
    )
    scores = (scores - 1000 * rng.uniform(1, 1.1, (frames, 1))).astype(np.float32)
    ours = decode(scores)
    with jax.enable_x64(True):
        expected = decode(scores.astype(np.float64))
    np.testing.assert_array_equal(ours, expected)


@few(max_examples=60)
@given(seed=seeds, kept=st.sampled_from([0.05, 0.5, 1.0]), clusters=st.integers(1, CLUSTERS))
def test_masks_are_smaller_problems(seed, kept, clusters):
    """Masked frames and clusters, NaN in them, any order: as if they had never been there."""
    rng = np.random.default_rng(seed)
    mask, order = rng.random(FRAMES) < kept, rng.permutation(CLUSTERS)
    cluster_mask = rng.permutation(np.arange(CLUSTERS) < clusters)
    valid = mask[:, None] & cluster_mask
    # Whole numbers, so that ties count.
    scores = np.where(valid, rng.integers(-3, 1, valid.shape), np.nan).astype(np.float32)
    labels = np.asarray(decode(scores, mask=mask, cluster_mask=cluster_mask, order=order))

    states = order[cluster_mask[order]]
    assert (labels[~mask] == -1).all()
    if mask.any():
        path = follow(scores[np.ix_(mask, states)])
        assert is_path(path, clusters)
        np.testing.assert_array_equal(labels[mask], states[path])


def test_padding_is_a_shorter_video():
    scores = random_scores(3).astype(np.float32)
    shorter, fewer = FRAMES - 7, CLUSTERS - 2
    padded = np.full_like(scores, np.nan)
    padded[:shorter, :fewer] = scores[:shorter, :fewer]
    masks = np.arange(FRAMES) < shorter, np.arange(CLUSTERS) < fewer
    labels = decode(padded, mask=masks[0], cluster_mask=masks[1])
    np.testing.assert_array_equal(labels[:shorter], decode(scores[:shorter, :fewer]))
    np.testing.assert_array_equal(labels[shorter:], -1)


def test_nothing_valid_is_no_label():
    scores, none = random_scores(0), np.zeros(CLUSTERS, bool)
    np.testing.assert_array_equal(decode(scores, cluster_mask=none), np.full(FRAMES, -1))
    np.testing.assert_array_equal(decode(scores, mask=np.zeros(FRAMES, bool)), np.full(FRAMES, -1))


@few(max_examples=40)
@given(seed=seeds, frames=st.sampled_from([CLUSTERS, CLUSTERS + 1, FRAMES]))
def test_every_cluster_is_visited_in_order(seed, frames):
    """Whatever the scores, -inf included."""
    rng = np.random.default_rng(seed)
    scores = np.where(rng.random((frames, CLUSTERS)) < 0.3, -np.inf, random_scores(seed, frames))
    order = rng.permutation(CLUSTERS)
    labels = np.asarray(decode(scores.astype(np.float32), order=order))
    runs = labels[np.flatnonzero(np.diff(labels, prepend=-1))]
    np.testing.assert_array_equal(runs, order)


def test_vmap_is_the_loop_and_jit_is_eager():
    """Lengths, cluster sets, orders and odds may all differ within one batch."""
    rng = np.random.default_rng(0)
    scores = np.stack([random_scores(seed) for seed in range(6)]).astype(np.float32)
    masks = np.arange(FRAMES) < np.array([FRAMES, 30, 4, 1, 0, 17])[:, None]
    cluster_masks = np.arange(CLUSTERS) < np.array([5, 3, 5, 4, 2, 1])[:, None]
    orders = np.stack([rng.permutation(CLUSTERS) for _ in scores])
    batch = scores, masks, cluster_masks, orders, np.linspace(0.1, 0.9, 6)

    def one(scores, mask, cluster_mask, order, stay):
        given = {"cluster_mask": cluster_mask, "order": order, "stay_probability": stay}
        return viterbi.decode(scores, mask=mask, **given)

    together, alone = jax.jit(jax.vmap(one))(*batch), jax.jit(one)
    for i, labels in enumerate(together):
        np.testing.assert_array_equal(labels, alone(*(each[i] for each in batch)))
    np.testing.assert_array_equal(together[0], one(*(each[0] for each in batch)))
