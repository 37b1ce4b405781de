"""Small cases computed by hand."""

import json

import numpy as np
import pytest

from jaxseg.evaluation import PROTOCOLS, evaluate_segmentation, trivial_baselines
from jaxseg.evaluation.segmentation.groups import add_counts, divide, group_videos, join
from jaxseg.evaluation.segmentation.segments import (
    majority_hits,
    share_across_videos,
    share_with_next_frame,
    share_within_videos,
)

TRUTH = {
    "v1": np.array([0, 0, 0, 0, 1, 1, 1, 1]),
    "v2": np.array([1, 1, 1, 1]),
    "v3": np.array([2, 2]),
}
PREDICTIONS = {
    "v1": np.array([5, 5, 5, 7, 7, 7, 7, 7]),
    "v2": np.array([7, 7, 5, 5]),
    "v3": np.array([0, 0]),
}
ACTIVITIES = {"v1": "a", "v2": "a", "v3": "b"}


def scored(truth=TRUTH, predictions=PREDICTIONS, **options):
    return evaluate_segmentation(truth, predictions, **{"baselines": False} | options)


def approx(**expected):
    return pytest.approx(expected, abs=1e-9)


def pick(scores, expected):
    return {key: scores[key] for key in expected.expected}


def test_matched_by_activity_by_hand():
    """Activity a: cluster 5 is class 0, 7 is class 1; shares 3/4, 4/4, 2/4, so two hits."""
    result = scored(activities=ACTIVITIES)
    in_a = approx(
        mof=100 * 9 / 12,
        miou=100 * (3 / 6 + 6 / 9) / 2,
        precision=100 * 2 / 4,
        recall=100 * 2 / 3,
        f1=100 * 4 / 7,
        f1_ceiling=100 * 6 / 7,
        videos=2,
        frames=12,
        classes=2,
        clusters_used=2,
    )
    assert pick(result["activities"]["a"], in_a) == in_a
    assert result["matching"] == {"a": {"5": 0, "7": 1}, "b": {"0": 2}}
    pooled = approx(
        mof=100 * 11 / 14,
        miou=100 * (3 / 6 + 6 / 9 + 1) / 3,
        precision=100 * 3 / 5,
        recall=100 * 3 / 4,
        f1=100 * 6 / 9,
        f1_ceiling=100 * 8 / 9,
    )
    assert pick(result["averages"]["pooled"], pooled) == pooled
    macro = approx(
        mof=(75 + 100) / 2,
        miou=(100 * 7 / 12 + 100) / 2,
        precision=(50 + 100) / 2,
        recall=(200 / 3 + 100) / 2,
        f1=(400 / 7 + 100) / 2,
        f1_ceiling=(600 / 7 + 100) / 2,
    )
    assert pick(result["averages"]["macro"], macro) == macro
    # v1 has 7 of 8 frames right, v2 2 of 4, v3 all.
    metrics = approx(
        mof_pooled=100 * 11 / 14,
        mof_macro=87.5,
        mof_video=(87.5 + 50 + 100) / 3,
        f1=macro.expected["f1"],
        miou=macro.expected["miou"],
    )
    assert pick(result["metrics"], metrics) == metrics


def test_matched_by_video_by_hand():
    """v1: 7 of 8 frames, IoU 3/4 and 4/5, both segments. v2: half a segment. v3: all."""
    result = scored(activities=ACTIVITIES, match="video")
    in_a = approx(mof=(87.5 + 50) / 2, miou=(77.5 + 50) / 2, f1=(100 + 0) / 2)
    assert pick(result["activities"]["a"], in_a) == in_a
    video = approx(mof=237.5 / 3, miou=227.5 / 3, f1=200 / 3)
    assert pick(result["averages"]["video"], video) == video
    macro = approx(mof=(68.75 + 100) / 2, miou=(63.75 + 100) / 2, f1=75)
    assert pick(result["averages"]["macro"], macro) == macro
    assert (result["match"], result["average"]) == ("video", "video")
    metrics = approx(mof_pooled=100 * 11 / 14, mof_video=237.5 / 3, f1=200 / 3, miou=227.5 / 3)
    assert pick(result["metrics"], metrics) == metrics
    assert result["matching"]["v2"] == {"7": 1}


def test_one_matching_over_all_activities():
    """Cluster 3 meets class 0 twice in a and class 1 three times in b: one matching, class 1."""
    truth = {"v1": [0, 0], "v2": [1, 1, 1]}
    predictions = {"v1": [3, 3], "v2": [3, 3, 3]}
    activities = {"v1": "a", "v2": "b"}
    apart = scored(truth, predictions, activities=activities)["metrics"]
    together = scored(truth, predictions, activities=activities, match="global")
    assert apart["mof_pooled"] == 100
    assert together["matching"] == {"all": {"3": 1}}
    found = together["metrics"]
    assert (found["mof_pooled"], found["mof_macro"]) == (60, 50)


def test_named_classes_are_not_matched():
    result = scored({"v": [0, 0, 1]}, {"v": [1, 1, 1]}, match="none")
    assert result["matching"] == {}
    assert result["metrics"]["mof_pooled"] == pytest.approx(100 / 3, abs=1e-9)


def test_sizes_and_settings():
    names = ["x", "y", "z"]
    result = scored(activities=ACTIVITIES, classes=names, excluded=[0], background=[2])
    assert result["matching"] == {"a": {"7": "y"}}
    assert result["exclude"] == {"drop": ["x"], "background": ["z"]}
    result = scored(activities=ACTIVITIES, classes=names)
    sizes = {"videos": 3, "videos_skipped": 0, "frames": 14, "segments": 4, "classes": 3}
    assert {key: result[key] for key in sizes} == sizes
    assert result["seed"] is None
    assert scored(protocol="asot", seed=3)["seed"] == 3
    assert result["matching"]["b"] == {"0": "z"}
    assert json.loads(json.dumps(result, allow_nan=False)) == result


def test_videos_come_in_the_order_of_their_names():
    """Laid end to end as v1, v2 the last run of v1 goes on in v2: two segments, not three."""
    backwards = {name: TRUTH[name] for name in ("v2", "v1")}
    predictions = {name: PREDICTIONS[name] for name in backwards}
    # Four slots: F1 is at most 4 / (4 + 2) where runs go on, 6 / (4 + 3) where videos end them.
    for protocol, ceiling in (("asot", 400 / 6), ("asot-exact", 600 / 7)):
        metrics = scored(backwards, predictions, protocol=protocol)["metrics"]
        assert metrics["f1_ceiling"] == pytest.approx(ceiling, abs=1e-9)


def test_shares_by_hand():
    videos = group_videos(TRUTH, PREDICTIONS, ACTIVITIES)["a"]
    group = join(list(videos.values()))
    group = group._replace(predicted=np.where(group.predicted == 5, 0, 1))
    assert share_within_videos(group).tolist() == [3 / 4, 4 / 4, 2 / 4]
    # Class 1 runs on over the border.
    assert share_across_videos(group).tolist() == [3 / 4, 6 / 8]
    # The first segment's draw includes frame 4, which is wrong.
    assert share_with_next_frame(group).tolist() == [3 / 5, 6 / 8]


def test_next_frame_counts_for_the_segment_before():
    """Truth 0 1, both frames in the cluster of class 0: frame 1 is a right draw for segment 0."""
    group = group_videos({"v": [0, 1]}, {"v": [0, 0]})["all"]["v"]
    assert share_with_next_frame(group).tolist() == [1.0, 0.0]


def test_sampled_hits_follow_the_binomial():
    """P(Binomial(15, 1/2) >= 8) = 1/2; 50 x 4,000 trials have a standard error of 0.11 %."""
    hits = majority_hits(np.full(4000, 0.5), np.random.default_rng(0))
    assert hits / 4000 == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(50 * 4000))
    assert majority_hits(np.array([1.0, 1.0, 0.0]), np.random.default_rng(0)) == 2


def test_excluded_frames_are_dropped_and_runs_merge():
    """Without class 9 the two runs of 0 become one; v2 has no other class and is skipped."""
    truth = {"v1": [0, 0, 9, 9, 0, 1], "v2": [9, 9]}
    predictions = {"v1": [3, 3, 3, 3, 4, 4], "v2": [3, 3]}
    result = scored(truth, predictions, excluded=[9])
    sizes = {"videos": 1, "videos_skipped": 1, "frames": 4, "segments": 2, "classes": 2}
    assert {key: result[key] for key in sizes} == sizes
    assert result["metrics"]["mof_pooled"] == 75
    assert result["metrics"]["miou"] == pytest.approx(100 * (2 / 3 + 1 / 2) / 2, abs=1e-9)
    assert result["exclude"]["drop"] == [9]


def test_unbound_minus_one_is_a_cluster():
    result = scored({"v": [0, 0, 1]}, {"v": [-1, -1, 2]})
    assert result["metrics"]["mof_pooled"] == 100
    assert result["matching"]["all"] == {"-1": 0, "2": 1}


def test_more_and_fewer_clusters_than_classes():
    fewer = scored({"v": [0, 0, 1, 2]}, {"v": [0, 0, 0, 0]})["metrics"]
    assert (fewer["mof_pooled"], fewer["recall"]) == (50, pytest.approx(100 / 3))
    assert fewer["miou"] == pytest.approx(100 * (2 / 4) / 3, abs=1e-9)
    more = scored({"v": [0, 0, 0, 0]}, {"v": [0, 1, 1, 1]})["metrics"]
    assert (more["mof_pooled"], more["miou"], more["f1"]) == (75, 75, 100)


def test_f1_passes_100_where_actions_repeat():
    """Truth 0 1 0 1: four segments for two expected ones, so 8 / (2 + 4)."""
    truth = {"v": [0, 0, 1, 1, 0, 0, 1, 1]}
    metrics = scored(truth, truth)["metrics"]
    assert metrics["f1"] == metrics["f1_ceiling"] == pytest.approx(100 * 8 / 6, abs=1e-9)
    assert (metrics["precision"], metrics["recall"]) == (200, 100)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_perfect_prediction(protocol):
    """Every class once in every video, under other names: 100 by every score but cte-soft's F1."""
    truth = {name: np.repeat([0, 1, 2], 20) for name in ("v1", "v2")}
    predictions = {name: 7 - 2 * labels for name, labels in truth.items()}
    result = scored(truth, predictions, protocol=protocol, match="activity")
    found = {key: value for key, value in result["metrics"].items() if key != "jsd"}
    expected = dict.fromkeys(found, 100)
    if protocol == "cte-soft":
        # Five of six segments count: 10 / (6 + 5), precision 5/6.
        expected |= {"f1": 1000 / 11, "f1_ceiling": 1000 / 11, "precision": 500 / 6}
    # asot: one frame of 21 is wrong; 8 of 15 draws on it have probability 1.5e-7.
    assert found == approx(**expected)
    assert result["metrics"].get("jsd", 0) == 0


def test_seed_reproduces_and_matters():
    truth = {f"v{number}": np.repeat([0, 1, 0, 2], 9) for number in range(6)}
    rng = np.random.default_rng(1)
    predictions = {name: rng.integers(0, 2, len(labels)) for name, labels in truth.items()}

    for protocol in ("asot", "cte", "cte-soft"):
        f1 = [scored(truth, predictions, protocol=protocol, seed=seed) for seed in (5, 5, 6)]
        assert f1[0] == f1[1]
        assert f1[0]["metrics"]["f1"] != f1[2]["metrics"]["f1"]
        assert f1[0]["metrics"]["mof_pooled"] == f1[2]["metrics"]["mof_pooled"]


def test_baselines_by_hand():
    truth = {"v": np.zeros(7, int), "w": np.zeros(2, int)}
    both = trivial_baselines(truth, {"all": 3})
    assert both["equal_split"]["v"].tolist() == [0, 0, 0, 1, 1, 2, 2]
    assert both["equal_split"]["w"].tolist() == [0, 1]
    assert both["one_class"]["v"].tolist() == [0] * 7
    with pytest.raises(ValueError, match="activity 'b': 0 clusters"):
        trivial_baselines(truth, {"a": 3}, {"v": "a", "w": "b"})


def test_baselines_beside_a_result():
    """K is the number of classes present; a matching by name makes no sense for clusters."""
    truth = {"v": [0, 0, 0, 0, 1, 1]}
    result = scored(truth, truth, protocol="mstcn", baselines=True)
    assert result["baselines"]["one_class"]["accuracy"] == pytest.approx(100 * 4 / 6, abs=1e-9)
    # Three frames each: the cut is one frame off.
    assert result["baselines"]["equal_split"]["accuracy"] == pytest.approx(100 * 5 / 6, abs=1e-9)
    more = scored(truth, truth, num_clusters={"all": 3}, baselines=True)["baselines"]
    assert more["equal_split"]["mof_pooled"] == pytest.approx(100 * 4 / 6, abs=1e-9)
    assert "baselines" not in scored(truth, truth)


def test_counts_add_and_are_divided_once():
    one, other = {"f1": (1, 2), "mof": (1, 1)}, {"f1": (3, 4), "mof": (0, 3)}
    assert add_counts([one, other]) == {"f1": (4, 6), "mof": (1, 4)}
    assert divide(add_counts([one, other])) == {"f1": 100 * 4 / 6, "mof": 25}
    assert divide({"edit": (0, 0)}) == {"edit": 100}
