"""`viterbi.decode_recurring`: against all paths, masks, precision."""

import itertools

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from solver_problems import CLUSTERS, FRAMES, few, seeds

from jaxseg.solvers import viterbi

decode = jax.jit(viterbi.decode_recurring)


def best_path(scores, stay) -> np.ndarray:
    """The best of all K^N paths, in float64."""
    frames, clusters = scores.shape
    paths = np.array(list(itertools.product(range(clusters), repeat=frames)))
    stays = (np.diff(paths) == 0).sum(1)
    totals = scores[np.arange(frames), paths].sum(1) + stays * np.log(stay)
    if clusters > 1:
        totals += (frames - 1 - stays) * np.log((1 - stay) / (clusters - 1))
    return paths[totals.argmax()]


def follow(scores, stay) -> np.ndarray:
    """The same by a loop over frames, with the moves as a matrix."""
    scores = np.asarray(scores, np.float64)
    clusters = scores.shape[1]
    same = np.eye(clusters, dtype=bool)
    moves = np.where(same, np.log(stay), np.log((1 - stay) / max(clusters - 1, 1)))
    best, came_from = scores[0], []
    for score in scores[1:]:
        reached = best[:, None] + moves
        came_from.append(reached.argmax(0))
        best = reached.max(0) + score
    path = [best.argmax()]
    for before in came_from[::-1]:
        path.append(before[path[-1]])
    return np.array(path[::-1])


def noisy(seed, frames=FRAMES, clusters=CLUSTERS) -> np.ndarray:
    """Scores of clusters that recur, under noise, float64 [frames, clusters]."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, clusters, frames // 5 + 1).repeat(5)[:frames]
    return (labels[:, None] == np.arange(clusters)) + rng.normal(size=(frames, clusters))


@pytest.mark.parametrize("shape", [(1, 3), (4, 1), (7, 2), (6, 3), (5, 4)])
def test_the_best_of_all_paths(shape):
    """Also where staying is less likely than leaving, and where entries are forbidden."""
    for seed, stay in itertools.product(range(4), (0.05, 0.5, 0.9)):
        scores = noisy(seed, *shape)
        # The whole path through the first cluster stays possible.
        forbidden = np.random.default_rng(seed).random(shape) < 0.2 * (np.arange(shape[1]) > 0)
        for table in (scores, np.where(forbidden, -np.inf, scores)):
            with jax.enable_x64(True):
                labels = np.asarray(decode(table, stay_probability=stay))
            np.testing.assert_array_equal(labels, best_path(table, stay))


def test_actions_recur_and_staying_keeps_segments_long():
    truth = np.repeat([2, 0, 2, 1, 0], 20)
    rng = np.random.default_rng(0)
    scores = (truth[:, None] == np.arange(4)) + 0.7 * rng.normal(size=(100, 4))
    labels = np.asarray(decode(scores.astype(np.float32), stay_probability=0.99))
    assert list(labels[np.flatnonzero(np.diff(labels, prepend=-1))]) == [2, 0, 2, 1, 0]
    assert (labels == truth).mean() > 0.95 > 0.8 > (scores.argmax(1) == truth).mean()


def test_float32_does_not_tire():
    """10^5 frames of log-densities near -1000."""
    frames, clusters = 100_000, 12
    rng = np.random.default_rng(0)
    labels = rng.integers(0, clusters, frames // 50).repeat(50)
    scores = 0.6 * (labels[:, None] == np.arange(clusters)) + 2 * rng.normal(
        size=(frames, clusters)
    )
    scores = (scores - 1000 * rng.uniform(1, 1.1, (frames, 1))).astype(np.float32)
    ours = np.asarray(decode(scores, stay_probability=0.98))
    with jax.enable_x64(True):
        expected = decode(scores.astype(np.float64), stay_probability=0.98)
    # The odds themselves are rounded.
    assert (ours != expected).mean() < 1e-4


@few(max_examples=40)
@given(seed=seeds, kept=st.sampled_from([0.05, 0.5, 1.0]), clusters=st.integers(1, CLUSTERS))
def test_masks_are_smaller_problems(seed, kept, clusters):
    """Masked frames and clusters, NaN in them: as if they had never been there."""
    rng = np.random.default_rng(seed)
    mask = rng.random(FRAMES) < kept
    cluster_mask = rng.permutation(np.arange(CLUSTERS) < clusters)
    valid = mask[:, None] & cluster_mask
    scores = np.where(valid, noisy(seed), np.nan).astype(np.float32)
    labels = np.asarray(decode(scores, mask=mask, cluster_mask=cluster_mask, stay_probability=0.7))
    assert (labels[~mask] == -1).all()
    if mask.any():
        expected = follow(scores[np.ix_(mask, cluster_mask)], 0.7)
        np.testing.assert_array_equal(labels[mask], np.flatnonzero(cluster_mask)[expected])


def test_nothing_valid_and_everything_forbidden():
    scores = noisy(0).astype(np.float32)
    assert (np.asarray(decode(scores, cluster_mask=np.zeros(CLUSTERS, bool))) == -1).all()
    assert (np.asarray(decode(scores, mask=np.zeros(FRAMES, bool))) == -1).all()
    scores[7] = -np.inf
    labels = np.asarray(decode(scores, cluster_mask=np.arange(CLUSTERS) > 1))
    assert set(labels) <= {2, 3, 4}


def test_vmap_is_the_loop():
    scores = np.stack([noisy(seed) for seed in range(4)]).astype(np.float32)
    masks = np.arange(FRAMES) < np.array([FRAMES, 30, 1, 0])[:, None]
    stays = np.array([0.3, 0.6, 0.9, 0.99], np.float32)

    def one(scores, mask, stay):
        return viterbi.decode_recurring(scores, mask=mask, stay_probability=stay)

    together = jax.jit(jax.vmap(one))(scores, masks, stays)
    for i, labels in enumerate(together):
        np.testing.assert_array_equal(labels, jax.jit(one)(scores[i], masks[i], stays[i]))


@pytest.mark.parametrize("stay", [0.0, 1.0, -0.1])
def test_a_probability_out_of_range(stay):
    with pytest.raises(ValueError, match=f"stay_probability must be between 0 and 1, got {stay}"):
        viterbi.decode_recurring(noisy(0), stay_probability=stay)
