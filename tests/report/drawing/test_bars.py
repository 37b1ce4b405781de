"""Strips over time: what is where, in which color, and how strong."""

import itertools
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jaxseg.report.drawing.bars import (
    Span,
    Timeline,
    averaged,
    bar,
    clock,
    confidence,
    curves,
    lanes,
    opacity,
    runs,
    spans,
)
from jaxseg.report.drawing.colors import plain_cluster_paints
from jaxseg.report.drawing.figures import heat_strip
from jaxseg.runfiles.localization import Interval

STEPS = st.lists(st.tuples(st.floats(0, 1), st.floats(0.01, 10)), min_size=1, max_size=700)
INTERVALS = st.lists(
    st.tuples(st.integers(0, 30), st.integers(1, 9), st.floats(-1, 1)), max_size=25
)
LABELS = st.lists(st.integers(0, 3), min_size=1, max_size=60).map(np.array)


@given(LABELS)
def test_runs_put_together_are_the_labels(labels):
    segments = runs(labels)
    rebuilt = np.concatenate([np.full(stop - start, label) for start, stop, label in segments])
    np.testing.assert_array_equal(rebuilt, labels)
    assert all(a[2] != b[2] and a[1] == b[0] for a, b in itertools.pairwise(segments))


def test_no_frames_no_runs():
    assert runs(np.array([], int)) == []


@given(LABELS)
def test_a_bar_covers_the_time_axis(labels):
    paints = plain_cluster_paints(4)
    root = ElementTree.fromstring(bar(labels, paints, Timeline(len(labels)), "truth"))
    edge = 0.0
    for shape, (_, _, label) in zip(root, runs(labels), strict=True):
        # Positions are printed with two digits of a percent.
        assert float(shape.get("x")[:-1]) == pytest.approx(edge, abs=0.0101 * len(labels))
        assert shape.get("fill") == paints[label].fill
        edge += float(shape.get("width")[:-1])
    assert edge == pytest.approx(100, abs=0.005 * len(labels) + 1e-9)


def test_thin_bars_have_no_hover_but_the_same_segments():
    labels, paints = np.array([0, 0, 1]), plain_cluster_paints(2)
    full, thin = (bar(labels, paints, Timeline(3), "x", hover=h) for h in (True, False))
    assert re.findall(r'fill="(.*?)"', full) == re.findall(r'fill="(.*?)"', thin)
    assert "<title>" in full and "<title>" not in thin


def test_words_for_times():
    assert Timeline(100).span(3, 7) == "frames 3–6"
    assert Timeline(100, 10.0).span(3, 7) == "0:00.30–0:00.70"
    assert Timeline(100, 10.0).span(3, 47) == "0:00.3–0:04.7"
    assert Timeline(100, 10.0).when(25) == "0:02.5"
    assert (Timeline(100).length, Timeline(100, 10.0).length) == ("100 frames", "0:10.0")
    assert Timeline(320_000, 30.0).span(107_991, 109_821) == "1:00:00–1:01:01"


@given(st.integers(1, 200_000), st.sampled_from([None, 10.0, 15.0, 29.97]))
def test_ticks_are_few_and_inside(frames, fps):
    ticks = Timeline(frames, fps).ticks()
    places = [frame for frame, _ in ticks]
    assert 3 <= len(ticks) <= 8
    assert places[0] == 0 and places[-1] < frames
    assert len({label for _, label in ticks}) == len(ticks)
    for frame, label in ticks:
        assert frame / (fps or 1) == pytest.approx(seconds(label), rel=1e-5)


def seconds(label: str) -> float:
    """A label of the axis as a number again, "1:02:03.5" or "37"."""
    return sum(float(part) * 60**place for place, part in enumerate(reversed(label.split(":"))))


@pytest.mark.parametrize(
    ("time", "decimals", "text"),
    [
        *((0, 0, "0:00"), (0.999, 0, "0:01"), (7.06, 1, "0:07.1"), (-2.5, 1, "-0:02.5")),
        *((59.96, 1, "1:00.0"), (3599.6, 0, "1:00:00"), (360_061.25, 2, "100:01:01.25")),
    ],
)
def test_times_as_a_clock_shows_them(time, decimals, text):
    assert clock(time, decimals) == text


@pytest.mark.parametrize(
    ("frames", "fps", "labels"),
    [
        (320_000, 30.0, ["0", "30:00", "1:00:00", "1:30:00", "2:00:00", "2:30:00"]),
        (3000, 30.0, ["0", "0:30", "1:00", "1:30"]),
        (37, 15.0, ["0", "0:00.5", "0:01.0", "0:01.5", "0:02.0"]),
        (37, None, ["0", "10", "20", "30"]),
    ],
)
def test_ticks_are_at_round_times(frames, fps, labels):
    assert [label for _, label in Timeline(frames, fps).ticks()] == labels


def test_axis_labels_stay_inside_the_drawing():
    anchors = re.findall(r'text-anchor="(\w+)"', Timeline(1001).axis().drawing)
    assert anchors[0] == "start" and anchors[-1] == "end"


def test_confidence_is_the_height_of_the_curve():
    plan = np.array([[0.25, 0.75], [0.5, 0.5], [0.0, 1.0]])
    drawing = confidence(plan)
    assert 'points="0,100 0,25 1,25 1,50 2,50 2,0 3,0 3,100"' in drawing
    assert "confidence, mean 0.75" in drawing


def test_long_confidence_is_averaged_to_a_few_hundred_points():
    plan = np.tile([[0.2, 0.8], [0.6, 0.4]], (5_000, 1))
    heights = {p.split(",")[1] for p in re.findall(r"\d+,\d+", confidence(plan))}
    assert heights == {"100", "30"}  # the mean of .8 and .6 in every bin
    assert len(confidence(plan)) < 10_000


@given(STEPS, st.floats(0, 100))
def test_averages_keep_the_area_and_the_range(steps, start):
    values, lengths = np.array(steps).T
    borders = start + np.concatenate([[0.0], np.cumsum(lengths)])
    means = averaged(values, borders)
    assert len(means) == min(len(values), 300)
    total = borders[-1] - borders[0]
    np.testing.assert_allclose(means.mean(), values @ np.diff(borders) / total, atol=1e-9)
    assert values.min() - 1e-6 <= means.min() <= means.max() <= values.max() + 1e-6


def test_equal_snippets_that_fit_are_not_averaged():
    values = np.random.default_rng(0).random(300)
    np.testing.assert_allclose(averaged(values, np.linspace(5, 9, 301)), values, atol=1e-9)


def test_snippets_of_different_length_count_by_their_time():
    # Two bins of two seconds: the first snippet fills three quarters of the first one.
    means = averaged(np.array([1.0, 0.0]), np.array([0.0, 1.5, 4.0]))
    np.testing.assert_allclose(means, [0.75, 0.0], atol=1e-12)


@given(INTERVALS, st.integers(1, 5))
def test_lanes_hold_the_best_without_overlap(drawn, most):
    intervals = [Interval("x", start, start + length, score) for start, length, score in drawn]
    placed = lanes(intervals, most)
    assert all(0 <= lane < most for lane, _ in placed)
    assert [each.score for _, each in placed] == sorted((e.score for _, e in placed), reverse=True)
    for (lane, one), (other_lane, other) in itertools.combinations(placed, 2):
        assert lane != other_lane or one.end <= other.start or other.end <= one.start
    kept = [each for _, each in placed]
    for left_out in intervals:
        if left_out not in kept:
            better = [e for e in kept if e.score >= left_out.score]
            met = [e for e in better if e.start < left_out.end and left_out.start < e.end]
            assert len(met) >= most


def test_opacity_is_in_proportion_to_the_best():
    assert opacity(0.8, 0.8) == 1.0
    assert opacity(0.4, 0.8) == pytest.approx(0.5)
    faintest = opacity(-0.5, 0.8)
    assert 0 < faintest < 0.2
    assert opacity(-0.1, -0.1) == opacity(0.0, 0.0) == opacity(0.01, 0.8) == faintest


def test_spans_lie_where_their_seconds_are():
    items = [Span(1, 3, "one <&>", fill="#123456"), Span(5, 10, "two", opacity=0.5, lane=1)]
    root = ElementTree.fromstring(spans(items, Timeline(10.0, 1.0), "all", num_lanes=2))
    assert root.get("aria-label") == "all"
    one, two = root
    assert (one.get("x"), one.get("width"), one.get("fill")) == ("10%", "20%", "#123456")
    assert (two.get("x"), two.get("width"), two.get("fill-opacity")) == ("50%", "50%", "0.50")
    assert one.get("fill-opacity") is None
    assert one[0].text == "one <&>"
    bottom = float(two.get("y")) + float(two.get("height"))
    assert float(one.get("y")) + float(one.get("height")) < float(two.get("y"))
    assert bottom < float(re.search(r"height:(\d+)px", root.get("style"))[1])


def test_a_map_covers_its_own_part_of_the_axis():
    strip = heat_strip(np.ones(4), np.linspace(2, 8, 5), Timeline(10.0, 1.0), "scores of x & y")
    (image,) = ElementTree.fromstring(strip)
    assert (image.get("x"), image.get("width")) == ("20%", "60%")
    assert image.get("href").startswith("data:image/png;base64,")
    assert image[0].text == "scores of x & y"


def test_curves_are_as_high_as_their_values():
    values = {"rgb": np.array([0.0, 1.0]), "flow": np.array([0.25, 0.5])}
    drawing = curves(values, np.array([0.0, 1.0, 2.0]), Timeline(2.0, 1.0), "attention")
    assert re.findall('points="(.*?)"', drawing) == [
        "0,100 1,100 1,0 2,0",
        "0,75 1,75 1,50 2,50",
    ]
