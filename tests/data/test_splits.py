"""Videos to train on and videos to test on: they never meet, and every seed has its own."""

import dataclasses

import numpy as np
import pytest
import toy

from jaxseg.data.batches import loader  # its function's own name would make it a test of pytest's
from jaxseg.data.segmentation.records import DataSet, Video
from jaxseg.training.members import enumerate_members
from jaxseg.training.setup import set_up


def videos(count: int, activity: str = "tea") -> list[Video]:
    return [Video(f"v{i:03d}", activity, np.zeros((40, 6), "f4")) for i in range(count)]


@pytest.mark.parametrize(
    ("count", "share", "tested"),
    [(10, 0.2, 2), (52, 0.2, 10), (5, 0.2, 1), (3, 0.5, 2), (2, 0.5, 1)],
)
def test_the_share_of_the_videos_is_tested(count, share, tested):
    for seed in range(5):
        names = loader.test_videos(videos(count), share, seed)
        assert len(set(names)) == len(names) == tested and list(names) == sorted(names)
        assert set(names) < {video.name for video in videos(count)}


def test_no_share_tests_none():
    assert loader.test_videos(videos(1), 0.0, 0) == ()


def test_seeds_and_activities_have_splits_of_their_own_and_keep_them():
    drawn = [loader.test_videos(videos(20), 0.2, seed) for seed in range(6)]
    assert len(set(drawn)) == 6
    assert drawn == [loader.test_videos(videos(20), 0.2, seed) for seed in range(6)]
    assert loader.test_videos(videos(20, "coffee"), 0.2, 0) != drawn[0]


def test_every_video_is_tested_as_often_as_any_other():
    names = [name for seed in range(1000) for name in loader.test_videos(videos(10), 0.2, seed)]
    counts = np.unique(names, return_counts=True)[1]  # 200 each, deviation 13
    assert len(counts) == 10 and np.abs(counts - 200).max() < 65


@pytest.mark.parametrize(
    ("count", "share", "left"), [(2, 0.2, "0 to test and 2"), (1, 0.9, "1 to test and 0")]
)
def test_a_share_that_leaves_nothing(count, share, left):
    with pytest.raises(ValueError) as error:
        loader.test_videos(videos(count), share, 0)
    text = str(error.value)
    assert "\n" not in text
    assert "'tea'" in text and f"config.data.test_share={share}" in text and left in text


def numbered() -> DataSet:
    """Five videos whose features are their own number."""
    made = [
        dataclasses.replace(video, features=np.full((40, toy.CHANNELS), 1 + i, np.float32))
        for i, video in enumerate(videos(5, "soup"))
    ]
    return DataSet("toy", tuple(made))


@pytest.mark.parametrize("make_config", [toy.make_config, toy.make_tot_config])
def test_members_learn_from_all_videos_but_those_they_are_tested_on(make_config):
    config = make_config({"data.test_share": 0.4, "seeds": 4, "num_epochs": 2})
    setup = set_up(config, numbered())
    seen = [set() for _ in setup.members]
    for step in range(setup.num_steps):
        for found, frames in zip(seen, setup.batches.batch(step)["frames"], strict=True):
            found |= set(frames.astype(int).ravel().tolist()) - {0}
    for member, found in zip(setup.members, seen, strict=True):
        tested = {1 + int(name.removeprefix("v")) for name in member.test}
        assert len(tested) == 2 and found == set(range(1, 6)) - tested
    assert len({member.test for member in setup.members}) > 1


def test_steps_count_the_videos_that_are_trained_on():
    config = toy.make_tot_config({"data.test_share": 0.4})
    (member,) = enumerate_members(config, numbered())
    assert member.num_steps == 3 * 2  # three of five videos, two a batch
    assert member.record().test == member.test
    (member,) = enumerate_members(toy.make_tot_config(), numbered())
    assert member.test == () and member.num_steps == 3 * 3
