"""Adjusted mutual information: scikit-learn's numbers, and the expectation that it takes off."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jaxseg.scoring.num_clusters import (
    beyond_chance,
    contingency,
    expected_information,
    ratio,
)

CASES = [(1, 1, 1), (5, 1, 2), (6, 6, 6), (10, 3, 4), (60, 60, 2), (200, 12, 3), (40_000, 14, 10)]


def adjusted_mutual_information(a, b):
    return ratio(*beyond_chance(a, b))


def labelings(frames, first, second):
    """Two labelings that agree on about half of their frames."""
    rng = np.random.default_rng(frames)
    a = rng.integers(0, first, frames)
    return a, np.where(rng.random(frames) < 0.5, a % second, rng.integers(0, second, frames))


@pytest.mark.parametrize("case", CASES)
def test_the_numbers_of_scikit_learn(case):
    """Both round the logarithms of factorials of N, which are near N log N, in float64."""
    metrics = pytest.importorskip("sklearn.metrics")
    a, b = labelings(*case)
    expected = metrics.adjusted_mutual_info_score(a, b)
    assert adjusted_mutual_information(a, b) == pytest.approx(expected, abs=1e-10)


def information(counts) -> float:
    shares = counts / counts.sum()
    chance = shares.sum(1, keepdims=True) * shares.sum(0)
    return sum(s * np.log(s / c) for s, c in zip(shares.flat, chance.flat, strict=True) if s)


@pytest.mark.parametrize("a", [(0, 0, 1, 1, 1, 2), (0, 0, 0, 0, 0, 1), (0, 1, 2, 3, 4, 5)])
@pytest.mark.parametrize("b", [(0, 0, 0, 1, 1, 1), (0, 1, 1, 2, 2, 2)])
def test_the_expectation_is_the_mean_over_all_orders(a, b):
    every = [information(contingency(np.array(a), np.array(p))) for p in itertools.permutations(b)]
    found = expected_information(np.bincount(a), np.bincount(b))
    assert found == pytest.approx(np.mean(every), abs=1e-12)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    st.lists(st.tuples(st.integers(-1, 3), st.integers(0, 3)), min_size=1, max_size=30),
    st.permutations([7, 1, 0, 30, 4]),
)
def test_names_and_sides_do_not_matter(pairs, names):
    a, b = np.array(pairs).T
    one = adjusted_mutual_information(a, b)
    assert adjusted_mutual_information(b, np.array(names)[a + 1]) == pytest.approx(one, abs=1e-9)
    assert one <= 1 + 1e-9 and adjusted_mutual_information(a, a) == pytest.approx(1)


def test_independent_labelings_are_near_zero_whatever_their_number():
    rng = np.random.default_rng(0)
    for clusters in (2, 20, 100):
        a, b = rng.integers(0, clusters, (2, 2000))
        assert abs(adjusted_mutual_information(a, b)) < 0.02
