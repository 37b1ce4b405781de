"""Runs, outer-inner scores and upsampling beside plain loops, and at their edges."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jaxseg.proposals import inner_means, outer_inner, runs, upsample

# Few distinct values, so that thresholds are met exactly.
CURVES = st.lists(st.sampled_from([-0.3, 0.0, 0.1, 0.4, 0.5, 0.9, 1.2]), max_size=24)
THRESHOLDS = (0.1, 0.5, 0.8)


def naive_runs(curve, thresholds, shortest, strict):
    found = []
    for threshold in thresholds:
        start = None
        for position, value in enumerate([*curve, -np.inf]):
            above = value > threshold if strict else value >= threshold
            if above and start is None:
                start = position
            if not above and start is not None:
                if position - start >= shortest:
                    found.append((start, position))
                start = None
    return found


def naive_score(curve, start, end, width):
    flanks = [
        value
        for position, value in enumerate(curve)
        if np.floor(start - width) <= position < start or end <= position <= end - 1 + width
    ]
    return np.mean(curve[start:end]) - (np.mean(flanks) if flanks else 0)


@given(CURVES, st.integers(1, 3), st.booleans())
def test_runs_are_those_of_a_loop(curve, shortest, strict):
    start, end = runs(curve, THRESHOLDS, shortest=shortest, strict=strict)
    found = list(zip(start.tolist(), end.tolist(), strict=True))
    assert found == naive_runs(curve, THRESHOLDS, shortest, strict)


@given(CURVES.filter(len), st.floats(0, 3))
def test_scores_are_those_of_a_loop(curve, share):
    curve = np.array(curve)
    start, end = runs(curve, THRESHOLDS)
    width = share * (end - start)
    expected = [naive_score(curve, *each) for each in zip(start, end, width, strict=True)]
    np.testing.assert_allclose(outer_inner(curve, start, end, width), expected, atol=1e-13)
    means = [curve[s:e].mean() for s, e in zip(start, end, strict=True)]
    np.testing.assert_allclose(inner_means(curve, start, end), means, atol=1e-13)


@given(CURVES.filter(len), st.floats(-5, 5), st.floats(0.1, 10))
def test_score_follows_the_curves_scale_and_not_its_level(curve, level, scale):
    curve = np.r_[0.0, curve, 0.0]
    start, end = np.array([1]), np.array([len(curve) - 1])
    plain = outer_inner(curve, start, end, 1)
    moved = outer_inner(level + scale * curve, start, end, 1)
    np.testing.assert_allclose(moved, scale * plain, atol=1e-12)


def test_an_interval_without_flanks_keeps_its_mean():
    assert outer_inner([0.5, 0.7], [0], [2], 10.0) == pytest.approx(0.6)
    assert outer_inner([0.0, 0.8, 0.0], [1], [2], 0.0) == pytest.approx(0.8)


def test_a_flank_is_rounded_outwards_on_the_left_only():
    curve = [8.0, 4.0, 1.0, 2.0, 16.0]
    assert outer_inner(curve, [2], [3], 0.5) == 1 - 4
    assert outer_inner(curve, [2], [3], 1.5) == 1 - (8 + 4 + 2) / 3


@given(st.lists(st.floats(-10, 10), min_size=2, max_size=20), st.integers(1, 30))
@settings(max_examples=50)
def test_upsampling_is_interpolation_that_goes_on(curve, factor):
    fine = upsample(curve, factor)
    assert len(fine) == factor * len(curve)
    np.testing.assert_array_equal(fine[::factor], curve)
    position = np.arange(len(fine)) / factor
    inside = position <= len(curve) - 1
    expected = np.interp(position, np.arange(len(curve)), curve)
    np.testing.assert_allclose(fine[inside], expected[inside], atol=1e-12)
    beyond = curve[-1] + (curve[-1] - curve[-2]) * (position - len(curve) + 1)
    np.testing.assert_allclose(fine[~inside], beyond[~inside], atol=1e-12)


def test_nothing_and_one_value():
    assert upsample([], 24).shape == (0,)
    assert upsample([0.7], 3).tolist() == [0.7, 0.7, 0.7]
    assert [each.tolist() for each in runs([], THRESHOLDS)] == [[], []]
    assert [each.tolist() for each in runs([0.6], THRESHOLDS)] == [[0, 0], [1, 1]]
    assert [each.tolist() for each in runs([0.6], [])] == [[], []]
    assert outer_inner([], [], [], 0.25).tolist() == []


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: runs([0, np.nan], [0.5]), r"curve holds nan at \[1\]"),
        (lambda: runs([0, 1], [np.inf]), r"thresholds holds inf at \[0\]"),
        (lambda: runs([[0.0]], [0.5]), r"curve must be 1-D, got shape \(1, 1\)"),
        (lambda: upsample([1, -np.inf], 2), r"curve holds -inf at \[1\]"),
        (lambda: upsample([1, 2], 0), "factor must be at least 1, got 0"),
        (lambda: outer_inner([1, 2], [1], [3], 1), r"interval 0, \[1, 3\), .* outside of \[0, 2\)"),
        (lambda: outer_inner([1, 2], [1], [1], 1), r"interval 0, \[1, 1\), is empty"),
        (lambda: outer_inner([1, 2], [0], [1], -1), "must not be negative, got -1.0"),
        (lambda: outer_inner([1, 2], [0, 1], [1], 1), r"shape \(2,\) and ends of shape \(1,\)"),
    ],
)
def test_bad_input_is_one_line(call, message):
    with pytest.raises(ValueError, match=message) as error:
        call()
    assert "\n" not in str(error.value)
