import numpy as np
import pytest

from jaxseg.report import read_run
from jaxseg.report.drawing.page import spread_over, thirds
from jaxseg.report.segmentation.scores import (
    accuracies,
    confusion,
    segment_lengths,
    segments_per_video,
)


@pytest.fixture
def run(make_workdir):
    return read_run(make_workdir(fps=2.0))


def test_accuracies_leave_excluded_frames_out(run):
    (activity,) = run.activities
    first, second = activity.members
    assert accuracies(run, activity, first) == {"v0": 100.0, "v1": 75.0, "v2": 50.0}
    # Cluster -1 is no action and always wrong; 3 of 8 frames are pour_milk.
    assert accuracies(run, activity, second) == {"v0": 100.0, "v1": 37.5, "v2": 0.0}


def test_confusion_counts_frames_of_all_seeds(run):
    (activity,) = run.activities
    counts, classes = confusion(run, activity)
    assert classes == list(run.classes[:3])
    # Six predictions of 2 SIL, 3 pour_milk and 3 stir frames; the last column is unmatched.
    np.testing.assert_array_equal(counts, [[6, 2, 0, 4], [0, 13, 0, 5], [0, 3, 10, 5]])


def test_a_class_matched_but_never_seen_counts_as_unmatched(run):
    (activity,) = run.activities
    before, _ = confusion(run, activity)
    for directory in ("seed0", "seed1"):
        activity.matching[directory][4] = "background"
    after, classes = confusion(run, activity)
    assert "background" not in classes
    np.testing.assert_array_equal(after, before)


def test_segment_lengths_are_in_seconds_of_all_videos_and_seeds(run):
    (activity,) = run.activities
    lengths = segment_lengths(run, activity)
    np.testing.assert_array_equal(np.sort(lengths["truth"]), [1.0] * 6 + [1.5] * 6)
    assert lengths["prediction"].sum() == 6 * 5.0
    assert len(lengths["prediction"]) == (4 + 5 + 5) + (3 + 1 + 1)
    assert segments_per_video(activity) == {"truth": 4.0, "prediction": pytest.approx(19 / 6)}


@pytest.mark.parametrize("count", range(1, 12))
@pytest.mark.parametrize("total", [1, 2, 3, 7, 12, 45])
def test_choice_keeps_the_order_and_the_ends(count, total):
    videos = [f"v{i}" for i in range(total)]
    chosen = thirds(videos, count)
    assert len(chosen) == min(count, total)
    assert list(chosen) == sorted(chosen, key=videos.index)
    if total <= count:
        assert set(chosen.values()) == {""}
        return
    assert chosen["v0"] == "best"
    if count > 1:
        assert chosen[videos[-1]] == "worst"
    middle = [videos.index(video) for video, place in chosen.items() if place == "middle"]
    assert bool(middle) == (count > 2)
    # As many videos lie before the middle ones as behind them, give or take one.
    assert all(abs(min(middle) + max(middle) - (total - 1)) <= 1 for _ in middle[:1])


def test_videos_are_spread_over_their_list():
    names = list("abcdefg")
    assert spread_over(names, 3) == ["a", "d", "g"]
    assert spread_over(names, 1) == ["a"] and spread_over(names, 9) == names
    assert spread_over([], 3) == []
