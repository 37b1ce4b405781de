"""Small cases computed by hand."""

import json
import subprocess
import sys

import numpy as np
import pytest

from jaxseg.evaluation import PROTOCOLS, evaluate_segmentation, trivial_baselines
from jaxseg.evaluation.groups import group_videos, join
from jaxseg.evaluation.segmentation import (
    Counts,
    add,
    sampled_hits,
    share_across_videos,
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
    return evaluate_segmentation(truth, predictions, **options)


def approx(**expected):
    return pytest.approx(expected, abs=1e-9)


def test_full_by_hand():
    """Activity a: cluster 5 is class 0, 7 is class 1; shares 3/4, 4/4, 2/4, so two hits."""
    full = scored(activities=ACTIVITIES)["full"]
    found = {key: full["by_activity"]["a"][key] for key in full["macro"]}
    assert found == approx(
        mof=100 * 9 / 12,
        miou=100 * (3 / 6 + 6 / 9) / 2,
        precision=100 * 2 / 4,
        recall=100 * 2 / 3,
        f1=100 * 4 / 7,
        f1_ceiling=100 * 6 / 7,
    )
    assert full["by_activity"]["a"]["matching"] == {"5": 0, "7": 1}
    assert full["by_activity"]["a"]["clusters_used"] == 2
    assert full["pooled"] == approx(
        mof=100 * 11 / 14,
        miou=100 * (3 / 6 + 6 / 9 + 1) / 3,
        precision=100 * 3 / 5,
        recall=100 * 3 / 4,
        f1=100 * 6 / 9,
        f1_ceiling=100 * 8 / 9,
    )
    assert full["macro"] == approx(
        mof=(75 + 100) / 2,
        miou=(100 * 7 / 12 + 100) / 2,
        precision=(50 + 100) / 2,
        recall=(200 / 3 + 100) / 2,
        f1=(400 / 7 + 100) / 2,
        f1_ceiling=(600 / 7 + 100) / 2,
    )


def test_per_video_by_hand():
    """v1: 7 of 8 frames, IoU 3/4 and 4/5, both segments. v2: half a segment. v3: all."""
    per_video = scored(activities=ACTIVITIES)["per_video"]
    keys = ("mof", "miou", "f1")

    def part(name):
        return [per_video[name][key] for key in keys]

    in_a = [per_video["by_activity"]["a"][key] for key in keys]
    assert in_a == pytest.approx([(87.5 + 50) / 2, (77.5 + 50) / 2, (100 + 0) / 2], abs=1e-9)
    assert part("pooled") == pytest.approx([237.5 / 3, 227.5 / 3, 200 / 3], abs=1e-9)
    assert part("macro") == pytest.approx([(68.75 + 100) / 2, (63.75 + 100) / 2, 75], abs=1e-9)


def test_counts_and_settings():
    result = scored(activities=ACTIVITIES, classes=["x", "y", "z"])
    assert result["counts"] == {
        "videos": 3,
        "videos_skipped": 0,
        "frames": 14,
        "segments": 4,
        "classes": 3,
    }
    assert result["settings"]["seed"] is None
    assert scored(protocol="asot", seed=3)["settings"]["seed"] == 3
    assert result["full"]["by_activity"]["b"]["matching"] == {"0": "z"}
    assert json.loads(json.dumps(result, allow_nan=False)) == result


def test_videos_come_in_the_order_of_their_names():
    """Laid end to end as v1, v2 the last run of v1 goes on in v2: two segments, not three."""
    backwards = {name: TRUTH[name] for name in ("v2", "v1")}
    predictions = {name: PREDICTIONS[name] for name in backwards}
    assert scored(backwards, predictions, protocol="asot")["counts"]["segments"] == 2
    assert scored(backwards, predictions)["counts"]["segments"] == 3


def test_shares_by_hand():
    videos = group_videos(TRUTH, PREDICTIONS, ACTIVITIES)["a"]
    group = join(list(videos.values()))
    matched = np.where(group.clusters == 5, 0, 1)
    assert share_within_videos(group, matched).tolist() == [3 / 4, 4 / 4, 2 / 4]
    # Class 1 runs on over the border; the first segment's draw includes frame 4, which is wrong.
    assert share_across_videos(group, matched).tolist() == [3 / 5, 6 / 8]


def test_next_frame_counts_for_the_segment_before():
    """Truth 0 1, both frames in the cluster of class 0: frame 1 is a right draw for segment 0."""
    group = group_videos({"v": [0, 1]}, {"v": [4, 4]})["all"]["v"]
    assert share_across_videos(group, np.array([0, 0])).tolist() == [1.0, 0.0]


def test_sampled_hits_follow_the_binomial():
    """P(Binomial(15, 1/2) >= 8) = 1/2; 50 x 4,000 trials have a standard error of 0.11 %."""
    hits = sampled_hits(np.full(4000, 0.5), np.random.default_rng(0))
    assert hits / 4000 == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(50 * 4000))
    assert sampled_hits(np.array([1.0, 1.0, 0.0]), np.random.default_rng(0)) == 2


def test_excluded_frames_are_dropped_and_runs_merge():
    """Without class 9 the two runs of 0 become one; v2 has no other class and is skipped."""
    truth = {"v1": [0, 0, 9, 9, 0, 1], "v2": [9, 9]}
    predictions = {"v1": [3, 3, 3, 3, 4, 4], "v2": [3, 3]}
    result = evaluate_segmentation(truth, predictions, excluded=[9])
    assert result["counts"] == {
        "videos": 1,
        "videos_skipped": 1,
        "frames": 4,
        "segments": 2,
        "classes": 2,
    }
    assert result["full"]["macro"]["mof"] == 75
    assert result["full"]["macro"]["miou"] == pytest.approx(100 * (2 / 3 + 1 / 2) / 2, abs=1e-9)
    assert result["settings"]["excluded"] == [9]


def test_background_cluster_is_a_cluster():
    result = evaluate_segmentation({"v": [0, 0, 1]}, {"v": [-1, -1, 2]})
    assert result["full"]["macro"]["mof"] == 100
    assert result["full"]["by_activity"]["all"]["matching"] == {"-1": 0, "2": 1}


def test_more_and_fewer_clusters_than_classes():
    fewer = evaluate_segmentation({"v": [0, 0, 1, 2]}, {"v": [0, 0, 0, 0]})["full"]["macro"]
    assert (fewer["mof"], fewer["recall"]) == (50, pytest.approx(100 / 3))
    assert fewer["miou"] == pytest.approx(100 * (2 / 4) / 3, abs=1e-9)
    more = evaluate_segmentation({"v": [0, 0, 0, 0]}, {"v": [0, 1, 1, 1]})["full"]["macro"]
    assert (more["mof"], more["miou"], more["f1"]) == (75, 75, 100)


def test_f1_passes_100_where_actions_repeat():
    """Truth 0 1 0 1: four segments for two expected ones, so 8 / (2 + 4)."""
    truth = {"v": [0, 0, 1, 1, 0, 0, 1, 1]}
    macro = evaluate_segmentation(truth, truth)["full"]["macro"]
    assert macro["f1"] == macro["f1_ceiling"] == pytest.approx(100 * 8 / 6, abs=1e-9)
    assert (macro["precision"], macro["recall"]) == (200, 100)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_perfect_prediction(protocol):
    """Every class once in every video, under other names: 100 by every score."""
    truth = {name: np.repeat([0, 1, 2], 20) for name in ("v1", "v2")}
    predictions = {name: 7 - 2 * labels for name, labels in truth.items()}
    result = evaluate_segmentation(truth, predictions, protocol=protocol)
    if protocol == "asot-exact":
        assert set(result["full"]["macro"].values()) == {100}
        assert set(result["per_video"]["macro"].values()) == {100}
    assert result["full"]["macro"]["mof"] == result["full"]["macro"]["miou"] == 100
    # One frame of 21 is wrong: 8 of 15 draws on it have probability 1.5e-7.
    assert result["full"]["macro"]["f1"] == 100


def test_seed_reproduces_and_matters():
    truth = {f"v{number}": np.repeat([0, 1, 0, 2], 9) for number in range(6)}
    rng = np.random.default_rng(1)
    predictions = {name: rng.integers(0, 2, len(labels)) for name, labels in truth.items()}

    def f1(seed):
        result = evaluate_segmentation(truth, predictions, protocol="asot", seed=seed)
        return result["full"]["macro"]["f1"], result["per_video"]["macro"]["f1"]

    assert f1(5) == f1(5)
    assert f1(5) != f1(6)


def test_baselines_by_hand():
    truth = {"v": np.zeros(7, int), "w": np.zeros(2, int)}
    both = trivial_baselines(truth, {"all": 3})
    assert both["equal_split"]["v"].tolist() == [0, 0, 0, 1, 1, 2, 2]
    assert both["equal_split"]["w"].tolist() == [0, 1]
    assert both["one_class"]["v"].tolist() == [0] * 7
    with pytest.raises(ValueError, match="activity 'b': 0 clusters"):
        trivial_baselines(truth, {"a": 3}, {"v": "a", "w": "b"})


def test_counts_add_field_by_field():
    one, other = Counts(1, 1, 0.5, 1, 1.0, 1, 1), Counts(10, 5, 0.25, 2, 3.0, 4, 5)
    assert add([one, other]) == Counts(11, 6, 0.75, 3, 4.0, 5, 6)


def test_runs_without_jax():
    code = (
        "import sys\n"
        "for name in ('jax', 'flax', 'optax', 'orbax'): sys.modules[name] = None\n"
        "from jaxseg.evaluation import evaluate_segmentation\n"
        "print(evaluate_segmentation({'v': [0, 1]}, {'v': [1, 0]})['full']['macro']['mof'])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == ("100.0", "")
