"""Kinds of errors, recall of proposals, classes of videos, curves, and very many detections."""

import tracemalloc

import numpy as np
import pytest
from localization_reference import database, detections

from jaxseg.evaluation.localization.evaluate import evaluate_localization
from jaxseg.formats.detections import Segments


def test_kinds_of_errors():
    truth = database(("v", "a", 0, 10), ("v", "b", 20, 30), ("w", "a", 0, 10))
    results = detections(
        ("v", "a", 0, 9, 0.9),  # correct
        ("v", "a", 1, 10, 0.8),  # the same truth again
        ("v", "a", 20, 29, 0.7),  # b's place
        ("v", "a", 8, 14, 0.6),  # overlaps a by 2 / 14
        ("v", "b", 8, 14, 0.5),  # overlaps another label a little
        ("v", "c", 40, 50, 0.4),  # nothing there, and no such class
    )
    errors = evaluate_localization(truth, results, errors=True)["errors"]
    kinds = ["correct", "double detection", "wrong label", "localization", "confusion"]
    assert errors["all"] == dict.fromkeys([*kinds, "background"], 1)
    assert errors["missed"] == 2
    # Class a has 2 truths: its first 2, then its 4 predictions; b has 1; c has none.
    depths = errors["depths"]
    assert [depths[kind][0] for kind in kinds] == [1, 1, 0, 0, 1]
    assert [depths[kind][1] for kind in kinds] == [1, 1, 1, 1, 1]
    assert depths["background"] == [0] * 10


def test_forgiven_predictions_are_no_errors():
    truth = database(("v", "a", 0, 10))
    results = detections(("v", "a", 0, 10, 0.9), ("v", "a", 40, 50, 0.8))
    unsure = segments("v", [[45.0, 60.0]])
    for protocol, background in (("anet", 1), ("th14", 0)):
        result = evaluate_localization(
            truth, results, protocol=protocol, ambiguous=unsure, errors=True
        )
        assert result["errors"]["all"]["background"] == background


def segments(video, ends, scores=None):
    """Columns of one video and one label."""
    start, end = np.array(ends, float).T
    zeros = np.zeros(len(start), np.int64)
    scores = np.ones(len(start)) if scores is None else scores
    return Segments("made", (video,), ("",), ("a",), zeros, zeros, start, end, scores)


def test_recall_of_proposals():
    truth = database(("v", "a", 0, 10), ("v", "b", 20, 30), ("w", "a", 0, 10), ("x", "a", 0, 10))
    results = detections(
        ("v", "b", 0, 10, 0.9),  # covers a's segment whatever its label
        ("v", "a", 0, 10, 0.8),
        ("v", "a", 20, 28, 0.7),  # 0.8: reaches 7 of the 10 thresholds
        ("w", "a", 50, 60, 0.6),
        ("w", "a", 0, 10, 0.5),
    )
    recall = evaluate_localization(truth, results, proposals=True)["proposals"]
    # v keeps 0.6 N of its 3, w of its 2, x has none, so that N = 1 means one of each and N = 2 all.
    # Of 4 truths by 10 thresholds 10 are covered, then w's 10 and 7 more.
    assert recall["ar"] == pytest.approx([25.0] + [67.5] * 99, abs=1e-9)
    assert recall["an"] == list(range(1, 101))
    wanted = (25 / 2 + 67.5 * 98 + 67.5 / 2) / 100
    assert recall["auc"] == pytest.approx(wanted, abs=1e-9)


def test_a_video_keeps_the_same_share_of_its_list():
    # ActivityNet's program gives AR@1 0, AR@5 100 and AUC 95.5 of one proposal and of nine.
    truth = database(("a", "x", 0, 10), ("b", "x", 0, 10))
    misses = [("b", "x", 20 + k, 25 + k, 1 - k / 10) for k in range(7)]
    late = [("b", "x", 0, 10, 0.3), ("b", "x", 40, 50, 0.2)]
    results = detections(("a", "x", 0, 10, 0.9), *misses, *late)
    recall = evaluate_localization(truth, results, proposals=True)["proposals"]
    assert recall["ar"] == [0.0] * 4 + [100.0] * 96
    assert recall["auc"] == pytest.approx(95.5, abs=1e-9)


def test_proposals_without_labels_have_a_recall_alone():
    truth = database(("a", "jump", 0, 10))
    items = [{"score": 0.9, "segment": [0, 9]}, {"score": 0.4, "segment": [30, 42]}]
    result = evaluate_localization(truth, {"a": items}, proposals=True, errors=True, curves=True)
    labeled = {"a": [item | {"label": "any"} for item in items]}
    assert result["proposals"] == evaluate_localization(truth, labeled, proposals=True)["proposals"]
    # [0, 9] overlaps by 0.9, which nine of the ten thresholds do not exceed; all of N = 2.
    assert (result["proposals"]["ar"][0], result["proposals"]["ar"][1]) == (90.0, 90.0)
    assert "map" not in result and "errors" not in result
    for some in (items, [*labeled["a"], items[0]]):
        with pytest.raises(ValueError, match=r"(1 of 3|2 of 2) detections have no 'label'"):
            evaluate_localization(truth, {"a": some})


def test_recall_of_late_proposals():
    misses = [("v", "a", 50, 60, 0.9)] * 99
    for late, wanted in ((misses, 100.0), (misses + misses[:1], 0.0)):
        results = detections(*late, ("v", "a", 0, 10, 0.1))
        result = evaluate_localization(database(("v", "a", 0, 10)), results, proposals=True)
        assert result["proposals"]["ar"] == [0.0] * 99 + [wanted]


def test_classes_of_whole_videos():
    truth = database(("v", "a", 0, 1), ("w", "a", 0, 1), ("w", "b", 0, 1), ("x", "b", 0, 1))
    # Where in the video a detection lies does not matter; the best of a video counts.
    results = detections(
        ("x", "a", 5, 6, 0.9),
        ("v", "a", 5, 6, 0.1),
        ("v", "a", 7, 8, 0.8),
        ("w", "a", 5, 6, 0.2),
        ("w", "b", 5, 6, 0.3),
    )
    result = evaluate_localization(truth, results)
    # a: miss, hit, hit of 2; b: one hit of 2, x is not listed.
    wanted = 100 * ((1 / 2 + 2 / 3) / 2 + 1 / 2) / 2
    assert result["classification_map"] == pytest.approx(wanted, abs=1e-9)


def test_curves_are_mean_envelopes():
    truth = database(*(("v", "a", 20 * i, 20 * i + 10) for i in range(4)), ("v", "b", 0, 10))
    hits = [("v", "a", 20 * i, 20 * i + 10, score) for i, score in ((0, 0.9), (1, 0.5))]
    results = detections(*hits, ("v", "a", 5, 6, 0.7), ("v", "b", 0, 10, 0.9))
    result = evaluate_localization(truth, results, curves=True, tiou=[0.5, 0.9])
    recall, heights = result["curves"]["recall"], result["curves"]["precision"][0]
    assert recall == pytest.approx(list(range(101)), abs=1e-9)
    # a: 1 up to a quarter, 2 / 3 up to a half, then 0; b: 1 throughout.
    for at, wanted in ((0, 100), (25, 100), (26, 250 / 3), (50, 250 / 3), (51, 50), (100, 50)):
        assert heights[at] == pytest.approx(wanted, abs=1e-9)


def test_very_many_detections_of_one_video_in_bounded_memory():
    count, ends = 400_000, [[30.0 * i, 30.0 * i + 20] for i in range(100)]
    rng = np.random.default_rng(0)
    scores = rng.permutation(count) / count
    start = np.sort(rng.uniform(0, 3000, count))
    made = np.stack([start, start + rng.uniform(30, 60, count)], axis=1)
    # The hundred exact ones have the highest scores; nothing else reaches 0.7 of a length of 20.
    made[:100], scores[:100] = ends, 2.0
    truth, results = segments("v", ends), segments("v", made, scores)
    tracemalloc.start()
    result = evaluate_localization(truth, results, tiou=[0.5, 0.7])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert result["predictions"] == count
    assert result["map"] == [100.0, 100.0]
    # All pairs at once would take 1 GB.
    assert peak < 160e6
