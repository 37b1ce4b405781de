"""The evaluator beside the figures of ActivityNet's, RSKP's and W-TALC's own programs."""

import json
from pathlib import Path

import numpy as np
import pytest
from localization_reference import database, detections, reference_ap

from jaxseg.evaluation.localization.evaluate import evaluate_localization
from jaxseg.formats.detections import (
    predicted_segments,
    truth_segments,
)
from jaxseg.formats.files import read_json
from jaxseg.formats.localization.files import read_predictions, read_truth
from jaxseg.formats.wtalc import read_ambiguous, read_wtalc

SHARED = Path(__file__).resolve().parents[3] / "../shared"
GOLDEN, DATA = SHARED / "golden", SHARED / "data"
SNIPPET = 16 / 25
EXACT = 1e-9

pytestmark = pytest.mark.skipif(not GOLDEN.is_dir(), reason="needs ../shared/golden")


def load(name):
    return json.loads((GOLDEN / f"eval_det_{name}.json").read_text())


def off(values, wanted):
    """The largest difference between percents and shares of one."""
    return np.abs(np.array(values) - 100 * np.array(wanted)).max()


@pytest.fixture(scope="module")
def pmil():
    return read_predictions(DATA / "thumos14_predictions/detection_result_base_test.json")


@pytest.fixture(scope="module")
def wtalc():
    return read_wtalc(DATA / "thumos14_wtalc")


@pytest.mark.parametrize("name", ["02_duplicates_overlapping_gt", "04_equal_scores"])
def test_anet_on_made_cases(name):
    golden = load(name)
    official = golden["activitynet_official"]
    for grid in ("1", "2"):
        result = evaluate_localization(
            golden["ground_truth"], golden["predictions"], tiou=official[f"tiou_{grid}"]
        )
        assert result["truths"] == official["num_gt"]
        assert result["predictions"] == official["num_pred"]
        # Equal scores: the program's own figures hang on an unstable sort.
        if grid == "1":
            assert off(result["map"], official["mAP_1_stable_ties_own"]) < EXACT
        elif name.startswith("02"):
            assert off(result["map"], official["mAP_2"]) < EXACT
            assert off(np.mean(result["map"]), official["average_mAP_2"]) < EXACT


def test_anet_where_classes_and_videos_are_missing():
    golden = load("03_missing_classes_and_videos")
    official = golden["activitynet_official"]
    result = evaluate_localization(
        golden["ground_truth"], golden["predictions"], subset="test", tiou=official["tiou_1"]
    )
    assert off(result["map"], official["mAP_1"]) < EXACT
    assert result["truths"] == official["num_gt"]
    # The program stops at a label without truth; its figures are without them, and so is our
    # mean, which says how many there are.
    extra = result["predictions"] - official["num_pred"]
    assert f"predictions of classes without truth: {extra}, not in the mAP: nogt" in result["notes"]
    for label, values in official["AP_per_class_1"].items():
        assert off(result["classes_ap"][label], values) < EXACT
    assert result["classes_ap"]["never"] == [0.0] * 9


def test_two_segments_of_length_zero_do_not_match():
    golden = load("05_zero_length")
    right, slip = golden["activitynet_OWN_nan_is_zero"], golden["activitynet_official"]
    result = evaluate_localization(
        golden["ground_truth"], golden["predictions"], tiou=right["tiou"]
    )
    assert off(result["map"], right["mAP"]) < EXACT
    for label, values in right["AP_per_class"].items():
        assert off(result["classes_ap"][label], values) < EXACT
    # The program's NaN passes every threshold: 81.8 for 59.1.
    assert 100 * slip["mAP_1"][0] - result["map"][0] == pytest.approx(22.745408749795, abs=1e-9)


@pytest.mark.parametrize("truth", ["json", "wtalc"])
def test_anet_on_published_detections(truth, pmil, wtalc):
    golden = load("01_pmil_base")
    key = next(key for key in golden if ("basnet" if truth == "json" else "3358") in key)
    official = golden[key]
    segments = wtalc if truth == "wtalc" else read_truth(DATA / "thumos14/gt.json")
    first, second = (
        evaluate_localization(segments, pmil, subset="test", tiou=official[f"tiou_{grid}"])
        for grid in ("1", "2")
    )
    assert (first["truths"], first["predictions"]) == (official["num_gt"], official["num_pred"])
    assert off(second["map"], official["mAP_2"]) < EXACT
    assert off(np.mean(second["map"]), official["average_mAP_2"]) < EXACT
    # In two classes at thresholds of 0.1 and 0.2 a prediction overlaps two truths equally; the
    # program's sort of more than 16 overlaps is unstable and differs between processors.
    for label, values in official["AP_per_class_1"].items():
        start = 2 if label in ("BasketballDunk", "TennisSwing") else 0
        assert off(first["classes_ap"][label][start:], values[start:]) < EXACT
    assert off(first["map"][2:], official["mAP_1"][2:]) < EXACT
    assert off(first["map"], official["mAP_1"]) < 0.01


@pytest.mark.parametrize("label", ["BasketballDunk", "TennisSwing"])
def test_the_order_of_equal_overlaps_is_all_that_differs_from_the_program(label):
    official = next(value for key, value in load("01_pmil_base").items() if "basnet" in key)
    content = read_json(DATA / "thumos14/gt.json")["database"]
    truth = database(
        *(
            (video, label, *map(float, item["segment"]))
            for video, entry in content.items()
            for item in entry["annotations"]
            if entry["subset"] == "test" and item["label"] == label
        )
    )
    path = DATA / "thumos14_predictions/detection_result_base_test.json"
    results = {
        video: [item for item in items if item["label"] == label]
        for video, items in read_json(path)["results"].items()
    }
    ours = evaluate_localization(truth, results, tiou=[0.1])["map"][0]
    assert ours == pytest.approx(reference_ap(truth, results, "anet", 0.1)[label], abs=EXACT)
    recorded = 100 * official["AP_per_class_1"][label][0]
    assert abs(ours - recorded) > 0.2
    assert any(
        reference_ap(truth, results, "anet", 0.1, preference=shuffled(seed))[label]
        == pytest.approx(recorded, abs=EXACT)
        for seed in range(50)
    )


def shuffled(seed):
    """Falling overlap, equal ones in a random order."""
    rng = np.random.default_rng(seed)
    return lambda overlaps: np.lexsort((rng.random(len(overlaps)), -np.array(overlaps)))


def snippets(golden):
    """Truth, detections on the snippet grid and ambiguous intervals of a made case."""
    section = golden["snippet_evaluators"]
    videos = section["video_order"]
    results = detections(
        *(
            (videos[int(video)], label, start * SNIPPET, end * SNIPPET, score)
            for label, rows in section["segments_in_snippets"].items()
            for video, start, end, score in rows
        )
    )
    truth = {video: golden["ground_truth"][video] for video in videos}
    return section, truth, results


def ambiguous_file(tmp_path, rows):
    path = tmp_path / "ambiguous.txt"
    path.write_text("".join(f"{row[0]}  {row[-2]} {row[-1]}\n" for row in rows))
    return read_ambiguous(path)


@pytest.mark.parametrize("name", ["02_duplicates_overlapping_gt", "04_equal_scores"])
@pytest.mark.parametrize("protocol", ["rskp", "wtalc"])
def test_snippet_protocols_on_made_cases(name, protocol, tmp_path):
    section, truth, results = snippets(load(name))
    own = "_OWN" if protocol == "wtalc" else ""
    prefix = "wtalc_rule" if protocol == "wtalc" else protocol
    kept = evaluate_localization(truth, results, protocol=protocol)
    wanted = section[f"{prefix}_keep_ambiguous_stable_sort{own}"]
    assert kept["map"] == pytest.approx(wanted, abs=EXACT)
    # With equal scores the figures without the ambiguous ones hang on an unstable sort.
    if name.startswith("02"):
        unsure = ambiguous_file(tmp_path, section["ambiguous"])
        dropped = evaluate_localization(truth, results, protocol=protocol, ambiguous=unsure)
        wanted = section[f"{prefix}_drop_ambiguous{own}"]
        assert dropped["map"] == pytest.approx(wanted, abs=EXACT)
        assert dropped["predictions"] < kept["predictions"]


@pytest.mark.parametrize("protocol", ["rskp", "wtalc"])
def test_a_class_without_predictions_zeroes_the_snippet_protocols(protocol, tmp_path):
    section, truth, results = snippets(load("03_missing_classes_and_videos"))
    result = evaluate_localization(truth, results, protocol=protocol)
    assert result["map"] == [0.0] * 7
    assert any("never" in note and "whole mAP is 0" in note for note in result["notes"])
    others = {
        video: entry
        | {"annotations": [item for item in entry["annotations"] if item["label"] != "never"]}
        for video, entry in truth.items()
    }
    own = "_OWN" if protocol == "wtalc" else ""
    prefix = "wtalc_rule" if protocol == "wtalc" else protocol
    result = evaluate_localization(others, results, protocol=protocol)
    wanted = section[f"{prefix}_keep_ambiguous_without_never{own}"]
    assert result["map"] == pytest.approx(wanted, abs=EXACT)
    if protocol == "rskp":
        unsure = ambiguous_file(tmp_path, section["ambiguous"])
        result = evaluate_localization(others, results, protocol=protocol, ambiguous=unsure)
        wanted = section["rskp_drop_ambiguous_without_never"]
        assert result["map"] == pytest.approx(wanted, abs=EXACT)


def test_zero_length_snippet_sets_do_not_divide_by_zero():
    section, truth, results = snippets(load("05_zero_length"))
    assert "ZeroDivisionError" in section["rskp_keep_ambiguous"]
    result = evaluate_localization(truth, results, protocol="rskp")
    assert all(0 <= value <= 100 for value in result["map"])
    assert result["map"] == sorted(result["map"], reverse=True)


def test_snippet_protocols_on_published_detections(pmil, wtalc):
    section = next(value for key, value in load("01_pmil_base").items() if "snippet" in key)
    unsure = read_ambiguous(DATA / "thumos14_wtalc/Ambiguous_test.txt")
    for protocol, key in (("rskp", "rskp"), ("wtalc", "wtalc_rule")):
        own = "_OWN" if protocol == "wtalc" else ""
        for state, intervals in (("keep", None), ("drop", unsure)):
            result = evaluate_localization(
                wtalc, pmil, subset="test", protocol=protocol, ambiguous=intervals
            )
            assert result["predictions"] == section["num_pred_after_ambiguous"]
            wanted = section[f"{key}_{state}_ambiguous{own}"]
            assert result["map"] == pytest.approx(wanted, abs=EXACT)


def test_wtalc_on_its_own_segments(tmp_path):
    with np.load(GOLDEN / "eval_det_06_wtalc_maps.npz") as arrays:
        names, classes = arrays["video_names"].tolist(), arrays["class_list"].tolist()
        parsed = {
            key: json.loads(str(arrays[f"{key}_json"]))
            for key in ("segments", "labels", "ambiguous", "extracted_segments")
        }
        wanted = arrays["mAP_percent"]
        tiou = arrays["tiou"].tolist()
    truth = truth_segments(
        database(
            *(
                (name, label, *segment)
                for name, segments, labels in zip(
                    names, parsed["segments"], parsed["labels"], strict=True
                )
                for segment, label in zip(segments, labels, strict=True)
            )
        )
    )
    results = predicted_segments(
        detections(
            *(
                (names[int(video)], label, start * SNIPPET, end * SNIPPET, score)
                for label, rows in zip(classes, parsed["extracted_segments"], strict=True)
                for video, start, end, score in rows
            )
        )
    )
    unsure = ambiguous_file(tmp_path, parsed["ambiguous"])
    result = evaluate_localization(truth, results, protocol="wtalc", tiou=tiou, ambiguous=unsure)
    # Float32 scores of the program.
    assert result["map"] == pytest.approx(wanted.tolist(), abs=1e-6)
