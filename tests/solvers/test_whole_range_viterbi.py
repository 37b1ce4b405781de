"""`viterbi.decode` over the whole stated range, in every precision."""

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from range_problems import PRECISIONS, cost_of, recipes, rounded, solved, working_epsilon
from solver_problems import few

from jaxseg.solvers import viterbi

pytestmark = pytest.mark.usefixtures("quick_compile")
every_precision = pytest.mark.parametrize("precision", PRECISIONS)


@jax.jit
def decode(scores, mask, cluster_mask):
    return viterbi.decode(scores, mask=mask, cluster_mask=cluster_mask)


def best_score(scores):
    """Of all paths from the first state to the last, in float64; free ends where frames lack."""
    frames, states = scores.shape
    holds_both_ends = frames >= states
    best = np.full(states, -np.inf) if holds_both_ends else np.zeros(states)
    best[0] = 0
    for frame, score in enumerate(scores):
        before = np.append(-np.inf, best[:-1])
        best = (np.maximum(best, before) if frame else best) + score
    return best[-1] if holds_both_ends else best.max()


def assert_ordered(path, states):
    """From the first state to the last, one at a time, where there are frames enough for it."""
    assert set(np.diff(path)) <= {0, 1}
    if len(path) >= states:
        assert path[0] == 0 and path[-1] == states - 1


def check(log_likelihood, mask, cluster_mask, precision):
    """Labels are a path, and no other scores higher by more than the sums' rounding."""
    labels = solved(decode, log_likelihood, mask, cluster_mask, precision=precision)
    assert labels.dtype == np.int32
    assert (labels[~mask] == -1).all()
    assert cluster_mask[labels[mask]].all()
    path = np.searchsorted(np.flatnonzero(cluster_mask), labels[mask])
    scores = rounded(log_likelihood, precision)[np.ix_(mask, cluster_mask)]
    assert_ordered(path, scores.shape[1])
    best = best_score(scores)
    if np.isfinite(best):
        # Two roundings a frame, of sums held near 0: a path that wins is seldom further behind
        # the best of a frame than by what one entry for each cluster makes good.
        behind = np.abs(scores[np.isfinite(scores)]).max() * scores.shape[1]
        slack = 2 * len(path) * working_epsilon(precision) * behind
        assert scores[np.arange(len(path)), path].sum() >= best - slack


@every_precision
@few(max_examples=60)
@given(recipe=recipes, forbidden=st.floats(0, 0.3), seed=st.integers(0, 99))
def test_small_problems(precision, recipe, forbidden, seed):
    """Scores of any size and sign, some of them -inf."""
    cost, mask, cluster_mask = recipe.make()
    scores = -cost
    scores[np.random.default_rng(seed).random(scores.shape) < forbidden] = -np.inf
    check(scores, mask, cluster_mask, precision)


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(1, 1), (1, 200), (2000, 200), (100_000, 19)])
def test_sizes(shape, precision):
    scores = -1e6 * cost_of(0, "video", shape)
    check(scores, *(np.ones(length, bool) for length in shape), precision)


@every_precision
def test_nothing_is_possible(precision):
    """Where every path is forbidden, what is returned is still one."""
    scores = np.full((12, 3), -np.inf)
    check(scores, np.ones(12, bool), np.ones(3, bool), precision)
