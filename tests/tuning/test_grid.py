"""Durations worth trying hold the true one; a number of actions is found where there is one."""

import numpy as np
import pytest
import recordings

from jaxseg.tuning.description import Description
from jaxseg.tuning.grid import as_noise, cheap_segmentation, counts, durations


def described(seed: int, shortest: int, *, actions=4, videos=1, frames=1500, memory=0.5):
    """Description of clear bouts, and their mean length."""
    rng = np.random.default_rng(seed)
    points = recordings.looks(rng, actions, 8, 4.0)
    truth = [
        recordings.bouts(rng, range(actions), frames, shortest, 2 * shortest) for _ in range(videos)
    ]
    runs = sum(1 + np.count_nonzero(np.diff(each)) for each in truth)
    rendered = [recordings.render(rng, each, points, memory) for each in truth]
    return Description(rendered), frames * videos / runs


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("shortest", [12, 40, 150])
def test_the_true_duration_is_among_those_tried(seed, shortest):
    told, mean = described(seed, shortest)
    tried = durations(told, 4)
    assert tried == sorted(tried, reverse=True) and len(tried) >= 3
    assert tried[-1] < 1.1 * mean and mean < 1.1 * tried[0]
    assert min(abs(np.log2(np.array(tried) / mean))) < 0.6  # they are a factor of 2 apart
    assert tried[0] <= 750 and tried[-1] >= 6


def test_a_short_sequence_has_one_duration():
    rng = np.random.default_rng(0)
    (tried,) = durations(Description([rng.standard_normal((10, 3))]), 2)
    assert 0 < tried <= 5


@pytest.mark.parametrize("actions", [3, 4, 6])
def test_clear_actions_are_counted(actions):
    told, _ = described(actions, 30, actions=actions, videos=2, frames=700)
    tried, count = counts(told, 2, 8)
    assert [each.num_actions for each in tried] == [2, 3, 4, 5, 6, 7, 8]
    assert count == actions and max(tried, key=lambda each: each.nats).num_actions == actions


@pytest.mark.parametrize("level", [0.0, 5.0])
def test_nothing_is_counted_where_all_frames_are_alike(level):
    tried, count = counts(Description([np.full((200, 3), level, "f4")]), 2, 4)
    assert count == 0 and all(each.nats <= 0 for each in tried)


@pytest.mark.parametrize("memory", [0.0, 0.8, 0.95])
@pytest.mark.parametrize("frames", [600, 1500])
def test_nothing_is_counted_in_noise(frames, memory):
    """Smooth noise stays where it is for a while, as actions do."""
    points, rng = np.zeros((1, 8)), np.random.default_rng(frames)
    noise = recordings.render(rng, np.zeros(frames, int), points, memory)
    tried, count = counts(Description([noise]), 2, 5)
    assert count == 0 and (memory or all(each.nats < 0 for each in tried))


def test_noise_like_the_data_has_its_spectrum():
    told, _ = described(0, 40)
    noise = as_noise(told, np.random.default_rng(0))
    assert noise.frame_time == pytest.approx(told.frame_time, rel=0.1)
    assert cheap_segmentation(noise, 4).nats < 0.5 * cheap_segmentation(told, 4).nats


def test_fewer_different_frames_than_clusters():
    rng = np.random.default_rng(0)
    rows = np.eye(3)
    few = Description([rows[np.repeat(rng.integers(3, size=20), 30)] for _ in range(4)])
    assert max(durations(few, 7)) > 30 > min(durations(few, 7))
    assert counts(few, 2, 6)[1] == 3
