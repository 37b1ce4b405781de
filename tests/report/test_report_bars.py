import itertools
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jaxseg.report.drawing.bars import Timeline, axis, bar, confidence, runs
from jaxseg.report.drawing.colors import plain_cluster_paints

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
    assert Timeline(100, 10.0).span(3, 7) == "0.3–0.7 s"
    assert Timeline(100, 10.0).when(25) == "2.5 s"
    assert (Timeline(100).length, Timeline(100, 10.0).length) == ("100 frames", "10 s")


@given(st.integers(1, 200_000), st.sampled_from([None, 10.0, 15.0, 29.97]))
def test_ticks_are_few_and_inside(frames, fps):
    ticks = Timeline(frames, fps).ticks()
    places = [frame for frame, _ in ticks]
    assert 3 <= len(ticks) <= 8
    assert places[0] == 0 and places[-1] < frames
    assert len({label for _, label in ticks}) == len(ticks)
    for frame, label in ticks:
        assert frame / (fps or 1) == pytest.approx(float(label), rel=1e-5)


def test_axis_labels_stay_inside_the_drawing():
    anchors = re.findall(r'text-anchor="(\w+)"', axis(Timeline(1001)))
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
