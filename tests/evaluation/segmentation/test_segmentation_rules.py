"""The rules that set protocols apart, in small cases computed by hand."""

import numpy as np
import pytest

from benchmarks.plain_python import per_frame_scores
from jaxseg.evaluation import evaluate_segmentation
from jaxseg.evaluation.segmentation.segments import levenshtein


def scored(truth, predictions, **options):
    return evaluate_segmentation(truth, predictions, **{"baselines": False} | options)


def approx(**expected):
    return pytest.approx(expected, abs=1e-9)


def pick(scores, expected):
    return {key: scores[key] for key in expected.expected}


def test_background_counts_nowhere_but_in_the_unions_of_cte():
    """Class 9 is background; -1 is its cluster, a wrong frame on an action.

    Action frames: 0 0 1 1 1 with clusters 3 3 3 -1 4: three of five right. Cluster 3 also lies on
    one background frame: IoU of class 0 is 2/3 over the action frames, 2/4 with the background.
    """
    truth = {"v": [9, 9, 0, 0, 1, 1, 1]}
    predictions = {"v": [-1, 3, 3, 3, 3, -1, 4]}
    for protocol, of_class_0 in (("cte", 2 / 4), ("asot-exact", 2 / 3)):
        result = scored(truth, predictions, protocol=protocol, background=[9])
        assert result["metrics"]["mof_pooled"] == 60
        miou = 100 * (of_class_0 + 1 / 3) / 2
        assert result["metrics"]["miou"] == pytest.approx(miou, abs=1e-9)
        assert result["matching"]["all"] == {"3": 0, "4": 1}
        assert (result["frames"], result["classes"], result["segments"]) == (5, 2, 2)


def test_text_f1_of_tot_by_hand():
    """Predicted segments 0 0 0 | 1 1 | 0 0 0 on truth 0 0 | 1 1 1 1 | 0 0, classes as named.

    The first has 2 of 3 frames in a truth segment of its class, the second all, the third 2 of 3:
    precision 3/3, recall 3/3. In w half of the only segment is right, which is not more than half.
    """
    truth = {"v": [0, 0, 1, 1, 1, 1, 0, 0], "w": [0, 0, 1, 1]}
    predictions = {"v": [0, 0, 0, 1, 1, 0, 0, 0], "w": [0, 0, 0, 0]}
    result = scored(truth, predictions, protocol="tot-text", match="none")
    expected = approx(f1=50, precision=50, recall=50)
    assert pick(result["metrics"], expected) == expected
    one = scored({"v": [0, 0, 0, 0]}, {"v": [0, 0, 0, 5]}, protocol="tot-text", match="none")
    expected = approx(f1=100 * 2 / 3, precision=50, recall=100)
    assert pick(one["metrics"], expected) == expected


def test_frame_f1_of_twfinch_by_hand():
    """Class 0: 2 of 2 predicted, 2 of 3 true. Class 1: 2 of 2, 2 of 2. Cluster 9 has no class."""
    truth, predictions = {"v": [0, 0, 0, 1, 1]}, {"v": [4, 4, 9, 6, 6]}
    metrics = scored(truth, predictions, protocol="twfinch")["metrics"]
    expected = approx(
        f1=100 * (0.8 + 1 + 0) / 3,
        precision=100 * (1 + 1 + 0) / 3,
        recall=100 * (2 / 3 + 1 + 0) / 3,
        miou=100 * (2 / 3 + 1) / 3,
    )
    assert pick(metrics, expected) == expected
    given = scored(truth, predictions, protocol="twfinch", num_clusters={"all": 5})["metrics"]
    assert given["miou"] == pytest.approx(100 * (2 / 3 + 1) / 5, abs=1e-9)


def test_soft_f1_of_cte_by_hand():
    """All or nothing, so that nothing is left to chance: the last segment is never counted.

    Truth 0 | 1 | 2 with 0 and 2 right: one of two counted segments, K = 3 slots: 2 / (3 + 2).
    """
    truth, predictions = {"v": [0, 0, 1, 1, 2, 2]}, {"v": [0, 0, 0, 0, 2, 2]}
    metrics = scored(truth, predictions, protocol="cte-soft", match="none")["metrics"]
    expected = approx(f1=40, precision=100 / 3, recall=50, f1_ceiling=80)
    assert pick(metrics, expected) == expected
    text = scored(truth, predictions, protocol="cte", match="none")["metrics"]
    expected = approx(f1=200 / 3, precision=200 / 3, recall=200 / 3, f1_ceiling=100)
    assert pick(text, expected) == expected


def test_lengths_of_segments():
    """Histograms of 20-frame bins: {10, 30} is [1, 1], {40} is [0, 0, 1]: as far as can be."""
    truth = {"v": [0] * 10 + [1] * 30}
    far = scored(truth, {"v": [0] * 40})["metrics"]["jsd"]
    assert far == pytest.approx(100 * np.sqrt(np.log(2)), abs=1e-9)
    assert scored(truth, {"v": [0] * 12 + [1] * 28})["metrics"]["jsd"] == 0
    # A mean of activities weighted by frames: 40 frames far apart, 10 alike.
    both = scored(
        truth | {"w": [0] * 10},
        {"v": [0] * 40, "w": [0] * 10},
        activities={"v": "a", "w": "b"},
    )
    assert both["metrics"]["jsd"] == pytest.approx(far * 40 / 50, abs=1e-9)
    assert both["averages"]["macro"]["jsd"] == pytest.approx(far / 2, abs=1e-9)


def test_coarse_labels_after_the_matching():
    """Clusters 5 and 6 are matched with 0 and 1, which are one class of the coarse labels."""
    truth, predictions = {"v": [0, 0, 1, 1, 2, 2]}, {"v": [5, 6, 6, 6, 7, 8]}
    fine = scored(truth, predictions)
    assert fine["metrics"]["mof_pooled"] == pytest.approx(100 * 4 / 6, abs=1e-9)
    coarse = scored(truth, predictions, merge=[0, 0, 2])
    assert coarse["metrics"]["mof_pooled"] == pytest.approx(100 * 5 / 6, abs=1e-9)
    assert coarse["metrics"]["miou"] == pytest.approx(100 * (1 + 1 / 2) / 2, abs=1e-9)
    assert coarse["matching"] == fine["matching"]
    assert coarse["classes"] == 2
    # Class 1 is background, and so is what it is merged with: a lone 2 is left on either side.
    options = {"protocol": "mstcn", "match": "none", "merge": [0, 0, 2], "background": [1]}
    assert scored(truth, {"v": [0, 1, 1, 1, 2, 0]}, **options)["metrics"]["edit"] == 100


def supervised(truth, predictions, **options):
    return scored({"v": truth}, {"v": predictions}, protocol="mstcn", **options)["metrics"]


def test_supervised_scores_by_hand():
    """Truth 0 1 2, four frames each; predicted 0 2 1 2 with borders at 4, 5 and 9.

    Edit: one insertion over four segments. IoU: 0 is 4/4, the second 2 reaches 3/4 of a truth
    segment, 1 has 3 frames of 5: 3/5 is 3 of a union of 5.
    """
    truth = [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]
    predicted = [0, 0, 0, 0, 2, 1, 1, 1, 1, 2, 2, 2]
    expected = {"accuracy": 100 * 10 / 12, "edit": 75, "f1@10": 100 * 6 / 7}
    expected |= {"f1@25": 100 * 6 / 7, "f1@50": 100 * 6 / 7}
    assert supervised(truth, predicted) == approx(**expected)


def test_background_is_left_out_of_edit_and_f1_and_not_of_accuracy():
    """Of 0 1 0 without 0 one segment is left; a prediction of -1 is background as well."""
    truth, predicted = [0, 0, 1, 1, 0, 0], [0, 1, 1, 1, -1, 1]
    expected = {"accuracy": 100 * 4 / 6, "edit": 50}
    # The first 1 has 2 of 3 frames, the second none: one true and one false positive.
    expected |= {"f1@10": 200 / 3, "f1@25": 200 / 3, "f1@50": 200 / 3}
    assert supervised(truth, predicted, background=[0]) == approx(**expected)
    # A background that is not named makes -1 one more label, and wrong.
    assert supervised(truth, predicted)["accuracy"] == 50


def test_a_truth_segment_is_found_once():
    """Two pieces of the only segment, 4 and 3 of 8 frames: one true, one false positive."""
    found = supervised([0] * 8, [0, 0, 0, 0, 1, 0, 0, 0])
    assert found["f1@25"] == pytest.approx(100 * 2 / 4, abs=1e-9)
    # At one half the first piece still counts: the threshold itself is enough.
    assert found["f1@50"] == pytest.approx(100 * 2 / 4, abs=1e-9)


def test_videos_of_background_alone():
    """Nothing to find and nothing found is 100; a false alarm there counts against F1."""
    truth = {"v": [0, 0], "w": [0, 0], "x": [1, 1]}
    options = {"protocol": "mstcn", "background": [0], "activities": {"v": "a", "w": "a", "x": "b"}}
    quiet = scored(truth, truth, **options)
    assert (quiet["videos"], quiet["frames"], quiet["segments"]) == (3, 6, 1)
    assert set(quiet["metrics"].values()) == {100}
    loud = scored(truth, truth | {"w": [0, 1]}, **options)["metrics"]
    assert loud == approx(
        **{"accuracy": 100 * 5 / 6, "edit": 200 / 3}, **{f"f1@{at}": 200 / 3 for at in (10, 25, 50)}
    )
    # Elsewhere such a video has no frame to score.
    assert scored(truth, truth, **options | {"protocol": "asot"})["videos"] == 1


def test_counts_are_summed_over_a_split_and_splits_averaged():
    """Split s: 1 of 1 and 0 of 1 predicted, 2 true: 2 / 4. Split t: 100. w is in neither."""
    truth = {"u": [0, 0], "v": [1, 1], "w": [0, 0], "x": [1, 1]}
    predictions = truth | {"v": [0, 0], "w": [1, 1]}
    splits = {"s": ["u", "v"], "t": ["x"]}
    result = scored(truth, predictions, protocol="mstcn", splits=splits)
    assert (result["average"], result["videos"]) == ("splits", 3)
    assert result["metrics"]["f1@10"] == 75
    assert result["averages"]["pooled"]["f1@10"] == pytest.approx(100 * 4 / 6, abs=1e-9)
    assert result["averages"]["video"]["edit"] == pytest.approx(100 * 2 / 3, abs=1e-9)
    assert scored(truth, predictions, splits=splits)["videos"] == 3


def test_edit_distance_against_a_loop():
    rng = np.random.default_rng(2)
    for _ in range(50):
        one, other = (rng.integers(0, 3, rng.integers(0, 9)) for _ in range(2))
        table = np.zeros((len(one) + 1, len(other) + 1), int)
        table[:, 0], table[0] = np.arange(len(one) + 1), np.arange(len(other) + 1)
        for i, label in enumerate(one, 1):
            for j, another in enumerate(other, 1):
                table[i, j] = min(
                    table[i - 1, j] + 1,
                    table[i, j - 1] + 1,
                    table[i - 1, j - 1] + (label != another),
                )
        assert levenshtein(one, other) == table[-1, -1]


def test_the_same_as_a_loop_over_frames():
    """The benchmark's plain Python, on videos with many clusters, repetitions and ties apart."""
    rng = np.random.default_rng(3)
    truth, predictions, activities = {}, {}, {}
    for number in range(24):
        name = f"v{number}"
        truth[name] = np.repeat(rng.integers(0, 5, 8), rng.integers(1, 40, 8))
        late = np.roll(truth[name], rng.integers(0, 15))
        noise = rng.integers(0, 8, len(late))
        predictions[name] = np.where(rng.random(len(late)) < 0.1, noise, late)
        activities[name] = "ab"[number % 2]
    loop = per_frame_scores(
        {name: labels.tolist() for name, labels in truth.items()},
        {name: labels.tolist() for name, labels in predictions.items()},
        activities,
    )
    options = {"activities": activities, "match": "activity"}
    found = scored(truth, predictions, **options)["averages"]["macro"]
    found |= scored(truth, predictions, protocol="mstcn", **options)["metrics"]
    assert {key: found[key] for key in loop} == pytest.approx(loop, abs=1e-9)
