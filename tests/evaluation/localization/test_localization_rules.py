"""What sets each localization protocol apart, on cases small enough to count by hand."""

import numpy as np
import pytest
from localization_reference import database, detections

from jaxseg.evaluation.localization.evaluate import evaluate_localization
from jaxseg.evaluation.localization.protocols import PROTOCOLS, SETS, averages, parse_tiou
from jaxseg.formats.detections import columns

SNIPPET = 16 / 25


def score(truth, results, protocol="anet", tiou=0.5, **options):
    return evaluate_localization(truth, results, protocol=protocol, tiou=[tiou], **options)


def test_a_prediction_takes_the_best_truth_or_the_first():
    # The first prediction reaches both truths, the second only the first one.
    truth = database(("v", "a", 0, 64), ("v", "a", 16, 80))
    results = detections(("v", "a", 16, 80, 0.9), ("v", "a", 0, 48, 0.8))
    assert score(truth, results, "anet")["map"] == [100.0]
    assert score(truth, results, "rskp")["map"] == [100.0]
    # (0, 64) is taken by the first prediction; the second overlaps (16, 80) by .4.
    assert score(truth, results, "wtalc")["map"] == [50.0]


def test_th14_gives_a_truth_its_best_prediction_whatever_the_score():
    truth = database(("v", "a", 0, 10))
    results = detections(("v", "a", 0, 9, 0.9), ("v", "a", 0, 10, 0.1))
    assert score(truth, results, "anet")["map"] == [100.0]
    # The exact one, second in the list, is the hit: precision 1 / 2.
    assert score(truth, results, "th14")["map"] == [50.0]
    # Of two that overlap it equally the one of higher score is the hit.
    results = detections(("v", "a", 0, 8, 0.9), ("v", "a", 2, 10, 0.1))
    assert score(truth, results, "th14")["map"] == [100.0]


def test_th14_needs_more_than_the_threshold():
    truth = database(("v", "a", 0, 32))
    results = detections(("v", "a", 0, 16, 0.9))
    scores = {name: score(truth, results, name)["map"][0] for name in PROTOCOLS}
    assert scores == dict.fromkeys(PROTOCOLS, 100) | {"th14": 0}


def test_interpolated_precision_looks_down_the_list():
    # Miss, hit, hit: raw (1/2 + 2/3) / 2, interpolated 2/3.
    truth = database(("v", "a", 0, 16), ("v", "a", 32, 48))
    results = detections(("v", "a", 64, 80, 0.9), ("v", "a", 0, 16, 0.8), ("v", "a", 32, 48, 0.7))
    for protocol in PROTOCOLS:
        raw = protocol in ("wtalc", "th14")
        wanted = 100 * ((1 / 2 + 2 / 3) / 2 if raw else 2 / 3)
        assert score(truth, results, protocol)["map"] == pytest.approx([wanted], abs=1e-12)


def test_rounding_to_snippets():
    # 1.6 s is 2.5 snippets and rounds to the even 2; 2.24 s is 3.5 and rounds to 4.
    truth = database(("v", "a", 1.6, 2.24))
    results = detections(("v", "a", 2 * SNIPPET, 4 * SNIPPET, 0.9))
    for protocol in ("anet-snip", "wtalc", "rskp"):
        assert score(truth, results, protocol, tiou=1.0)["map"] == [100.0]
    assert score(truth, results, "anet", tiou=0.51)["map"] == [0.0]
    # Off the grid: anet-snip leaves predictions as they are, the others round them to 2 and 4.
    results = detections(("v", "a", 2.2 * SNIPPET, 4.2 * SNIPPET, 0.9))
    assert score(truth, results, "anet-snip", tiou=0.9)["map"] == [0.0]
    assert score(truth, results, "rskp", tiou=1.0)["map"] == [100.0]


def test_ambiguous_intervals():
    truth = database(("v", "a", 0, 16), ("v", "a", 32, 48))
    # A hit, a miss and a hit, all of which but the last touch the ambiguous interval.
    results = detections(("v", "a", 0, 16, 0.9), ("v", "a", 15, 24, 0.8), ("v", "a", 32, 48, 0.7))
    intervals = {"v": [{"label": "ambiguous", "segment": [15, 20]}]}
    unsure = columns(intervals, [""], "ambiguous", scored=False)
    wanted = {"anet": 100 * (1 + 2 / 3) / 2, "anet-snip": 50, "wtalc": 50, "rskp": 50, "th14": 100}
    for protocol, value in wanted.items():
        result = score(truth, results, protocol, ambiguous=unsure)
        assert result["map"] == pytest.approx([value], abs=1e-12)
        assert result["predictions"] == (1 if value == 50 else 3)
    notes = score(truth, results, "wtalc")["notes"]
    assert notes == ["no ambiguous intervals were given, which this protocol knows"]


def test_predictions_in_videos_without_truth():
    truth = database(("v", "a", 0, 16)) | {"empty": {"subset": "test", "annotations": []}}
    results = detections(
        ("empty", "a", 0, 16, 0.9), ("unknown", "a", 0, 16, 0.8), ("v", "a", 0, 16, 0.7)
    )
    wanted = {"anet": 100 / 3, "th14": 100 / 3, "anet-snip": 100, "wtalc": 100, "rskp": 100}
    for protocol, value in wanted.items():
        result = score(truth, results, protocol)
        assert result["map"] == pytest.approx([value], abs=1e-12)
        assert result["videos"] == (1 if value == 100 else 2)
        assert any("without true segments: 2, " in note for note in result["notes"])


def test_a_class_on_one_side_only():
    truth = database(("v", "a", 0, 16), ("v", "b", 0, 16))
    results = detections(("v", "a", 0, 16, 0.9), ("v", "c", 0, 16, 0.8))
    for protocol in PROTOCOLS:
        result = score(truth, results, protocol)
        zeroed = protocol in ("wtalc", "rskp")
        assert result["map"] == [0.0 if zeroed else 50.0]
        assert result["classes_ap"] == {"a": [100.0], "b": [0.0]}
        assert "predictions of classes without truth: 1, not in the mAP: c" in result["notes"]
        [empty] = [note for note in result["notes"] if "without predictions: b" in note]
        assert ("whole mAP is 0" in empty) == zeroed


def test_equal_scores_keep_the_order_of_the_file():
    truth = database(("v", "a", 0, 16), ("w", "a", 0, 16))
    hit, miss = ("v", "a", 0, 16, 0.5), ("w", "a", 32, 48, 0.5)
    for protocol in PROTOCOLS:
        assert score(truth, detections(hit, miss), protocol)["map"] == [50.0]
        assert score(truth, detections(miss, hit), protocol)["map"] == [25.0]


def test_two_segments_of_length_zero_overlap_nowhere():
    truth = database(("v", "a", 5, 5), ("v", "a", 0, 16))
    results = detections(("v", "a", 5, 5, 0.9), ("v", "a", 0, 16, 0.8))
    for protocol in PROTOCOLS:
        # A miss and then a hit, of two truths; of one where the empty one is dropped.
        wanted = 50.0 if protocol == "anet-opentad" else 25.0
        assert score(truth, results, protocol, tiou=0.1)["map"] == [wanted]


def test_a_subset_has_to_be_named_where_there_are_several():
    truth = database(("v", "a", 0, 16)) | database(("w", "b", 0, 16), subset="train")
    results = detections(("v", "a", 0, 16, 0.9))
    result = score(truth, results, subset="test")
    assert (result["subset"], result["videos"], result["classes_ap"]) == ("test", 1, {"a": [100.0]})
    with pytest.raises(ValueError, match="truth: has the subsets 'test', 'train'"):
        score(truth, results)
    with pytest.raises(ValueError, match="truth: no subset 'val'"):
        score(truth, results, subset="val")


def test_thresholds():
    assert parse_tiou("0.1:0.7:0.1") == parse_tiou("thumos14") == SETS["thumos14"]
    # As `numpy.linspace` gives them, which the programs of ActivityNet use.
    assert parse_tiou("activitynet") == SETS["activitynet"] == np.linspace(0.5, 0.95, 10).tolist()
    assert parse_tiou("0.5:0.95:0.05") == pytest.approx(SETS["activitynet"], abs=1e-15)
    assert parse_tiou("0.5,0.75") == [0.5, 0.75]
    for text in (
        "",
        "0.5:0.7",
        "0.7:0.1:0.1",
        "0.1:0.7:0",
        "0.5,0.5",
        "0,0.5",
        "1.1",
        "nan",
        "x",
        "0:1:1e-9",
    ):
        with pytest.raises(ValueError, match="tiou"):
            parse_tiou(text)


def test_averages_are_those_that_papers_report():
    scores = np.arange(7.0)
    assert averages(SETS["thumos14"], scores.tolist()) == {
        "0.1:0.5": 2.0,
        "0.3:0.7": 4.0,
        "0.1:0.7": 3.0,
    }
    assert averages(SETS["activitynet"], [1.0] * 10) == {"0.5:0.95": 1.0}
    assert averages([0.5, 0.75], [2.0, 4.0]) == {"0.5:0.75": 3.0}


def test_nothing_to_score_is_an_error():
    truth, results = database(("v", "a", 0, 16)), detections(("v", "a", 0, 16, 0.9))
    with pytest.raises(ValueError, match="unknown protocol 'map': choose from anet, anet-opentad,"):
        score(truth, results, "map")
    with pytest.raises(ValueError, match="predictions: video 'x' and all others are not among"):
        score(truth, detections(("x", "a", 0, 16, 0.9)))
    with pytest.raises(ValueError, match="truth: no true segments among 1 videos"):
        score({"v": {"annotations": []}}, results)


def test_no_detections_score_zero():
    for protocol in PROTOCOLS:
        result = score(database(("v", "a", 0, 16)), {}, protocol, errors=True, proposals=True)
        assert result["map"] == [0.0]
        assert result["errors"]["missed"] == 1
        assert result["proposals"]["auc"] == 0.0
