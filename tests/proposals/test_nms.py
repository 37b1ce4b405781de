"""Suppression beside the greedy rule written as a loop; ties, order, scale, and bad input."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jaxseg.proposals import hard_nms, soft_nms

# Few distinct values: overlaps meet the threshold exactly, scores tie, intervals repeat.
INTERVALS = st.lists(
    st.tuples(st.integers(0, 12), st.integers(0, 8), st.sampled_from([-0.5, 0.1, 0.5, 0.9])),
    max_size=14,
)
THRESHOLDS = st.sampled_from([0.1, 0.4, 0.5, 1.0])


def columns(intervals):
    """Start, end and score."""
    start, length, score = np.array(intervals, float).reshape(-1, 3).T
    return start, start + length, score


def overlap(a, b, extra):
    common = min(a[1], b[1]) - max(a[0], b[0]) + extra
    union = a[1] - a[0] + b[1] - b[0] + 2 * extra - common
    return 1.0 if union == 0 else max(common, 0) / union


def greedy(start, end, score, threshold, extra):
    """[(index, index of the one that takes it out or its own, overlap)], as the rule reads."""
    left = sorted(range(len(start)), key=lambda i: (-score[i], start[i], end[i]))
    found = []
    while left:
        best, *others = left
        found.append((best, best, 1.0))
        left = []
        for other in others:
            tiou = overlap((start[best], end[best]), (start[other], end[other]), extra)
            if tiou >= threshold:
                found.append((other, best, tiou))
            else:
                left.append(other)
    return found


@given(INTERVALS, THRESHOLDS, st.sampled_from([0.0, 1.0]))
def test_hard_is_the_greedy_rule(intervals, threshold, extra):
    start, end, score = columns(intervals)
    kept = [i for i, by, _ in greedy(start, end, score, threshold, extra) if i == by]
    found = hard_nms(start, end, score, threshold=threshold, extra=extra)
    # Equal intervals of equal score are interchangeable.
    rows = np.stack([start, end, score], axis=1)
    np.testing.assert_array_equal(rows[found], rows[kept])


@given(INTERVALS, THRESHOLDS, st.sampled_from([0.0, 1.0]), st.floats(0.1, 2))
def test_soft_decays_what_hard_takes_out(intervals, threshold, extra, alpha):
    start, end, score = columns(intervals)
    expected = score.copy()
    for index, by, tiou in greedy(start, end, score, threshold, extra):
        if index != by and score[index] > 0:
            expected[index] *= np.exp(-(tiou**2) / alpha)
    found = soft_nms(start, end, score, threshold=threshold, alpha=alpha, extra=extra)
    rows = [np.lexsort((each, end, start)) for each in (found, expected)]
    np.testing.assert_allclose(found[rows[0]], expected[rows[1]], rtol=1e-12)


@given(INTERVALS.filter(len), st.randoms(use_true_random=False))
def test_the_order_of_the_input_does_not_matter(intervals, random):
    shuffled = list(intervals)
    random.shuffle(shuffled)
    start, end, score = columns(intervals)
    rows = np.stack([start, end, score, soft_nms(start, end, score)], axis=1)
    start, end, score = columns(shuffled)
    others = np.stack([start, end, score, soft_nms(start, end, score)], axis=1)
    np.testing.assert_array_equal(rows[np.lexsort(rows.T)], others[np.lexsort(others.T)])


@given(INTERVALS, THRESHOLDS, st.sampled_from([0.25, 2.0, 64.0]), st.sampled_from([-8.0, 1024.0]))
def test_time_may_be_moved_and_scaled(intervals, threshold, scale, move):
    """Exact numbers throughout, so that no overlap crosses the threshold by rounding."""
    start, end, score = columns(intervals)
    plain = hard_nms(start, end, score, threshold=threshold)
    moved = hard_nms(scale * start + move, scale * end + move, score, threshold=threshold)
    np.testing.assert_array_equal(moved, plain)


def test_many_intervals_are_the_greedy_rule_too():
    """Long and short ones among each other, so that the slices that are searched matter."""
    rng = np.random.default_rng(0)
    start = rng.uniform(0, 1000, 600)
    end = start + 10 ** rng.uniform(-2, 3, 600)
    score = rng.standard_normal(600)
    kept = [i for i, by, _ in greedy(start, end, score, 0.3, 1.0) if i == by]
    assert 50 < len(kept) < 550
    assert hard_nms(start, end, score, threshold=0.3, extra=1.0).tolist() == kept


def test_equal_intervals_and_scores_come_to_an_end():
    zeros, ones = np.zeros(1000), np.ones(1000)
    assert len(hard_nms(zeros, ones, ones)) == 1
    found = np.sort(soft_nms(zeros, ones, ones))
    assert found[-1] == 1
    np.testing.assert_allclose(found[:-1], np.exp(-1 / 0.35), rtol=1e-12)


def test_intervals_of_no_length():
    assert hard_nms([3, 3, 4], [3, 3, 4], [0.1, 0.2, 0.3], extra=0.0).tolist() == [2, 1]
    assert hard_nms([], [], []).tolist() == soft_nms([], [], []).tolist() == []


@pytest.mark.parametrize(
    "values, options, message",
    [
        (([0], [np.nan], [1]), {}, r"end holds nan at \[0\]"),
        (([0], [1], [np.inf]), {}, r"score holds inf at \[0\]"),
        (([0, 2], [1, 1], [1, 1]), {}, r"interval 1, \[2.0, 1.0\], ends before it starts"),
        (([0, 2], [1], [1]), {}, "2 starts, 1 ends and 1 scores"),
        (([0], [1], [1]), {"threshold": 0.0}, r"threshold must be in \(0, 1\], got 0.0"),
        (([0], [1], [1]), {"threshold": np.nan}, "threshold must be in"),
        (([0], [1], [1]), {"alpha": 0.0}, "alpha must be positive, got 0.0"),
        (([0], [1], [1]), {"extra": -1.0}, "extra must be finite and not negative, got -1.0"),
    ],
)
def test_bad_input_is_one_line(values, options, message):
    with pytest.raises(ValueError, match=message) as error:
        soft_nms(*values, **options)
    assert "\n" not in str(error.value)


def test_a_negative_score_is_not_raised():
    found = soft_nms([0, 0, 20], [10, 9, 30], [-0.1, -0.5, -0.2])
    assert found.tolist() == [-0.1, -0.5, -0.2]


@pytest.mark.parametrize("extra", [-1.0, np.inf, np.nan])
def test_lengths_grow_by_a_number(extra):
    with pytest.raises(ValueError, match="extra must be finite and not negative"):
        hard_nms([0], [1], [1], extra=extra)
