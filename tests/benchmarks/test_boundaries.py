"""Boundaries between segments: counts by hand, and against every way to pair them."""

import itertools

import numpy as np
import pytest

from benchmarks.videos import BoundaryCounts, add_boundaries, count_boundaries


def labels_with(places, length):
    return np.searchsorted(sorted(places), np.arange(length), side="right")


def test_scores_by_hand():
    truth, predicted = labels_with([10, 20, 40], 50), labels_with([11, 23, 39, 45], 50)
    counts = count_boundaries(truth, predicted, 2)
    assert counts == BoundaryCounts(matched=2, true=3, predicted=4)
    assert (counts.precision, counts.recall) == (2 / 4, 2 / 3)
    assert counts.f1 == pytest.approx(4 / 7)


def test_no_boundaries_score_zero():
    one = np.zeros(9, int)
    counts = count_boundaries(one, one, 3)
    assert counts == (0, 0, 0)
    assert (counts.precision, counts.recall, counts.f1) == (0, 0, 0)


def test_counts_of_videos_add_up():
    assert add_boundaries([BoundaryCounts(1, 2, 3), BoundaryCounts(0, 1, 0)]) == BoundaryCounts(
        1, 3, 3
    )


@pytest.mark.parametrize("seed", range(20))
def test_as_many_pairs_as_any_pairing(seed):
    rng = np.random.default_rng(seed)
    true, found = (rng.choice(np.arange(1, 16), size=4, replace=False) for _ in range(2))
    tolerance = int(rng.integers(0, 4))
    most = max(
        sum(abs(a - b) <= tolerance for a, b in zip(true, order, strict=True))
        for order in itertools.permutations(found)
    )
    counts = count_boundaries(labels_with(true, 16), labels_with(found, 16), tolerance)
    assert counts == (most, 4, 4)


def test_unequal_lengths_are_refused():
    with pytest.raises(ValueError, match="5 true and 4 predicted frames"):
        count_boundaries(np.zeros(5), np.zeros(4), 1)
