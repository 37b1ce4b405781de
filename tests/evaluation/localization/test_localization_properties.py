"""What holds for all detections: bounds, order, counts that add up, and a second program."""

from collections import Counter
from unittest import mock

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from localization_reference import (
    database,
    detections,
    reference_ap,
    reference_recall,
    thinned,
)

from jaxseg.evaluation.localization import matching
from jaxseg.evaluation.localization.evaluate import average_precisions, evaluate_localization
from jaxseg.evaluation.localization.protocols import PROTOCOLS, find_protocol
from jaxseg.formats.detections import columns, predicted_segments, truth_segments

VIDEOS, LABELS = "uvw", "ab"
# Few values, so that scores and overlaps tie often; off the snippet grid, halves included.
times = st.integers(0, 12).map(lambda value: value * 0.8)
scores = st.sampled_from([0.1, 0.2, 0.3, 0.4])


@st.composite
def segment(draw):
    """[start, end], of length zero too."""
    return sorted([draw(times), draw(times)])


@st.composite
def truths(draw):
    """{video: truth} of at least one segment."""
    place = st.tuples(st.sampled_from(VIDEOS), st.sampled_from(LABELS), segment())
    rows = draw(st.lists(place, min_size=1, max_size=12))
    return database(*((video, label, *ends) for video, label, ends in rows))


@st.composite
def predictions(draw):
    """{video: predictions}, of a label and a video without truth too."""
    place = st.tuples(st.sampled_from(VIDEOS), st.sampled_from(LABELS + "c"), segment(), scores)
    rows = draw(st.lists(place, max_size=24))
    return detections(*((video, label, *ends, score) for video, label, ends, score in rows))


protocols = st.sampled_from(list(PROTOCOLS))
quick = settings(max_examples=80, deadline=None, derandomize=True)
TIOU = [0.1, 0.3, 0.5, 1.0]


def shares_a_video(truth, results, protocol="anet"):
    """Whether there is something to score; under `anet-opentad` empty segments are not."""
    items = [item for entry in truth.values() for item in entry["annotations"]]
    lasting = any(item["segment"][0] < item["segment"][1] for item in items)
    shared = not results or bool(results.keys() & truth.keys())
    return shared and (lasting or protocol != "anet-opentad")


@quick
@given(truths(), predictions(), protocols, st.lists(st.tuples(times, times), max_size=2))
def test_the_evaluator_equals_one_prediction_at_a_time(truth, results, protocol, intervals):
    assume(shares_a_video(truth, results, protocol))
    rows = [("u", *sorted(interval)) for interval in intervals]
    items = [{"label": "ambiguous", "segment": list(row[1:])} for row in rows]
    unsure = columns({"u": items}, [""], "ambiguous", scored=False)
    result = evaluate_localization(truth, results, protocol=protocol, tiou=TIOU, ambiguous=unsure)
    for column, threshold in enumerate(TIOU):
        wanted = reference_ap(truth, results, protocol, threshold, rows)
        found = {label: values[column] for label, values in result["classes_ap"].items()}
        assert found == pytest.approx(wanted, abs=1e-9)


@quick
@given(truths(), predictions(), st.sampled_from(["anet", "anet-opentad"]))
def test_the_recall_of_proposals_equals_one_video_at_a_time(truth, results, protocol):
    assume(shares_a_video(truth, results, protocol))
    truth = truth | {"empty": {"subset": "test", "annotations": []}}
    result = evaluate_localization(truth, results, protocol=protocol, proposals=True)["proposals"]
    if protocol == "anet-opentad":
        truth = {
            video: entry | {"annotations": thinned(entry["annotations"])}
            for video, entry in truth.items()
        }
    recalls, area = reference_recall(truth, results)
    assert result["ar"] == pytest.approx(recalls, abs=1e-9)
    assert result["auc"] == pytest.approx(area, abs=1e-9)


@quick
@given(truths(), predictions(), protocols)
def test_pairs_in_small_blocks_come_to_the_same(truth, results, protocol):
    assume(shares_a_video(truth, results, protocol))
    options = {"protocol": protocol, "tiou": TIOU, "errors": True, "proposals": True}
    whole = evaluate_localization(truth, results, **options)
    with mock.patch.object(matching, "BLOCK", 3):
        assert evaluate_localization(truth, results, **options) == whole


@quick
@given(truths(), predictions(), protocols)
def test_scores_lie_within_bounds_and_fall_with_the_threshold(truth, results, protocol):
    assume(shares_a_video(truth, results, protocol))
    result = evaluate_localization(
        truth, results, protocol=protocol, tiou=TIOU, errors=True, proposals=True, curves=True
    )
    curves = np.array(result["curves"]["precision"])
    recall = np.array(result["proposals"]["ar"])
    for values in (result["map"], curves, recall, result["classification_map"]):
        assert np.all(np.array(values) >= 0) and np.all(np.array(values) <= 100 + 1e-9)
    assert np.all(np.diff(curves, axis=1) <= 1e-9)
    assert np.all(np.diff(recall) >= 0)
    errors = result["errors"]
    assert errors["missed"] + errors["all"]["correct"] == result["truths"]
    assert sum(errors["all"].values()) == result["predictions"]


@quick
@given(truths(), protocols)
def test_perfect_predictions_score_100(truth, protocol):
    # A truth of length zero cannot be found; on the grid a short one has no length either.
    long = [
        (video, item["label"], start, start + 1.6 + end)
        for video, entry in truth.items()
        for item in entry["annotations"]
        for start, end in [item["segment"]]
    ]
    truth = database(*long)
    if protocol == "anet-opentad":
        long = dict.fromkeys(long)  # repeated ones are dropped from the truth
    # th14 needs more than the threshold: 1 cannot be passed.
    tiou = [0.1, 0.5, 0.99]
    if protocol == "anet-snip":
        long = [
            (v, label, *(round(t * 25 / 16) * 16 / 25 for t in ends)) for v, label, *ends in long
        ]
    result = evaluate_localization(
        truth, detections(*((*row, 0.5) for row in long)), protocol=protocol, tiou=tiou
    )
    assert result["map"] == pytest.approx([100.0] * 3, abs=1e-9)
    assert result["classification_map"] == pytest.approx(100.0, abs=1e-9)


@quick
@given(truths(), predictions(), protocols, segment(), st.sampled_from(LABELS))
def test_a_prediction_of_lowest_score_changes_nothing_above_it(
    truth, results, protocol, ends, label
):
    video = next(iter(truth))
    assume(shares_a_video(truth, results) and protocol != "th14")
    longer = {name: list(items) for name, items in results.items()}
    longer.setdefault(video, []).append({"label": label, "score": 0.0, "segment": ends})
    rule = find_protocol(protocol)
    before, after = (hits(truth, each, rule) for each in (results, longer))
    assert np.array_equal(before.hits, after.hits[: len(before.hits)])
    # What is found above it stays found at the same precision.
    assert np.all(average_precisions(after, rule) >= average_precisions(before, rule) - 1e-12)


def hits(truth, results, rule):
    """Counts of some videos at the thresholds of this test."""
    task = matching.prepare(truth_segments(truth), predicted_segments(results), rule)
    return matching.count(task, rule, TIOU)


@quick
@given(truths(), predictions(), protocols)
def test_videos_are_matched_apart(truth, results, protocol):
    truth = {video: truth.get(video, {"annotations": []}) for video in VIDEOS}
    results = {video: results.get(video, []) for video in VIDEOS}

    def named(videos):
        """Rows (score, label, hits), in their order, and label -> number of true segments."""
        segments = truth_segments({video: truth[video] for video in videos})
        predicted = predicted_segments({video: results[video] for video in videos})
        task = matching.prepare(segments, predicted, find_protocol(protocol))
        counts = matching.count(task, find_protocol(protocol), TIOU)
        labels = [task.predictions.labels[label] for label in counts.label]
        rows = zip(counts.score.tolist(), labels, counts.hits.tolist(), strict=True)
        return list(rows), Counter(dict(zip(task.classes, counts.positives, strict=True)))

    (one, first), (two, second), (whole, positives) = map(named, ("u", "vw", VIDEOS))
    assert sorted(one + two, key=lambda row: -row[0]) == whole
    assert first + second == positives


@quick
@given(st.lists(st.lists(st.integers(0, 5), unique=True, max_size=6), max_size=8))
def test_choosing_all_at_once_equals_taking_turns(wishes):
    chooser = np.array([i for i, wish in enumerate(wishes) for _ in wish], np.int64)
    choice = np.array([each for wish in wishes for each in wish], np.int64)
    taken, expected = set(), []
    for wish in wishes:
        got = next((each for each in wish if each not in taken), -1)
        taken.add(got)
        expected.append(got)
    assert matching.serial_choice(chooser, choice, len(wishes), 6).tolist() == expected
