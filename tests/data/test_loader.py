"""Batches of all members and parts of them, and the videos that members train and test on."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest
import toy

from jaxseg.data import SnippetVideo
from jaxseg.data.batches import loader  # its function's own name would make it a test of pytest's
from jaxseg.data.batches.loader import STREAMS, Batches
from jaxseg.data.segmentation.records import DataSet
from jaxseg.data.segmentation.video import Video
from jaxseg.training.members import enumerate_members
from jaxseg.training.setup import set_up

VIDEOS, CLASSES, STEPS = 4, 3, range(6)
SETTINGS = SimpleNamespace(
    videos_per_batch=VIDEOS, frames_per_video=16, bins=4, neighbor_window=3, num_snippets=6
)
LENGTHS = {"tea": (40, 90, 12, 33, 70), "soup": (20, 99, 64, 30, 8, 51)}  # last batches lack some
NUMBERS = {
    f"{group}{index}": 10 * (group == "soup") + index + 1
    for group, lengths in LENGTHS.items()
    for index in range(len(lengths))
}


class Recorded:
    """An array that writes down by whom it was read; its shape and type are free to ask for."""

    def __init__(self, array: np.ndarray, name: str, read: set[str]):
        self._array, self._name, self._read = array, name, read
        self.shape, self.dtype = array.shape, array.dtype

    def __len__(self) -> int:
        return len(self._array)

    def __getitem__(self, index) -> np.ndarray:
        self._read.add(self._name)
        return self._array[index]

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        self._read.add(self._name)
        return np.array(self._array, dtype)


def make_video(kind: str, name: str, length: int, read: set[str]) -> Video | SnippetVideo:
    """Its first channel is its number everywhere, the second one tells frame from frame."""
    number = np.full(length, NUMBERS[name], np.float32)
    features = Recorded(np.stack([number, np.arange(length, dtype=np.float32)], 1), name, read)
    if kind in ("frames", "pairs"):
        return Video(name, name[:-1], features)
    labels = np.eye(CLASSES, dtype=np.float32)[NUMBERS[name] % CLASSES]
    return SnippetVideo(name, "train", features, features, labels, ())


def make_streams(kind: str) -> tuple[list, set[str]]:
    """Four members, two of which share a stream; and the names of the videos that were read."""
    read: set[str] = set()
    groups = {
        group: [make_video(kind, f"{group}{i}", length, read) for i, length in enumerate(lengths)]
        for group, lengths in LENGTHS.items()
    }
    tea, other, soup = (
        STREAMS[kind].make(groups[group], seed, SETTINGS)
        for group, seed in (("tea", 0), ("tea", 1), ("soup", 0))
    )
    read.clear()
    return [tea, tea, other, soup], read


def split(length: int, parts: int) -> list[slice]:
    size = length // parts
    return [slice(start, start + size) for start in range(0, length, size)]


def shown(batch: dict[str, np.ndarray]) -> set[str]:
    """Which videos there is anything of in a batch."""
    features = next(batch[name] for name in ("frames", "rgb", "features") if name in batch)
    found = set(np.unique(features[..., 0]).astype(int)) - {0}
    return {name for name, number in NUMBERS.items() if number in found}


kinds = pytest.mark.parametrize("kind", STREAMS)


@kinds
@pytest.mark.parametrize(("rows", "columns"), [(1, 2), (1, 4), (2, 1), (2, 2), (4, 1), (4, 4)])
def test_the_parts_of_a_batch_are_the_batch(kind, rows, columns):
    streams, _ = make_streams(kind)
    whole = Batches(streams, len(STEPS))
    members, videos = split(len(streams), rows), split(VIDEOS, columns)
    parts = [[Batches(streams, len(STEPS), m, v) for v in videos] for m in members]
    for step in STEPS:
        expected = whole.batch(step)
        drawn = [[part.batch(step) for part in row] for row in parts]
        for name, array in expected.items():
            joined = [np.concatenate([own[name] for own in row], axis=1) for row in drawn]
            np.testing.assert_array_equal(np.concatenate(joined), array)
            assert joined[0].dtype == array.dtype


@kinds
@pytest.mark.parametrize("rows", [2, 4])
def test_the_parts_of_a_warm_start_are_its_members(kind, rows):
    """Of all their videos: no member's start depends on how videos are spread."""
    streams, _ = make_streams(kind)
    expected = Batches(streams, 1).warm_start()
    members = split(len(streams), rows)
    drawn = [Batches(streams, 1, own, slice(1, 2)).warm_start() for own in members]
    for name, array in expected.items():
        np.testing.assert_array_equal(np.concatenate([own[name] for own in drawn]), array)


@kinds
@pytest.mark.parametrize("members", split(4, 4) + split(4, 2))
@pytest.mark.parametrize("videos", split(VIDEOS, 2) + split(VIDEOS, 4))
def test_nothing_else_is_read(kind, members, videos):
    streams, read = make_streams(kind)
    part = Batches(streams, len(STEPS), members, videos)
    seen = set()
    for step in STEPS:
        read.clear()
        batch = part.batch(step)
        assert read == shown(batch)
        seen |= read
    own = {video.name for stream in streams[members] for video in stream.videos}
    assert seen <= own and seen


@kinds
def test_the_whole_batch_reads_what_it_shows(kind):
    """So that the test above would notice a video that is read for nothing."""
    streams, read = make_streams(kind)
    batch = Batches(streams, 1).batch(0)
    assert read == shown(batch) and len(read) > VIDEOS


def equal_videos(count: int, activity: str = "tea") -> list[Video]:
    return [Video(f"v{i:03d}", activity, np.zeros((40, 6), "f4")) for i in range(count)]


@pytest.mark.parametrize(
    ("count", "share", "tested"),
    [(10, 0.2, 2), (52, 0.2, 10), (5, 0.2, 1), (3, 0.5, 2), (2, 0.5, 1)],
)
def test_the_share_of_the_videos_is_tested(count, share, tested):
    for seed in range(5):
        names = loader.test_videos(equal_videos(count), share, seed)
        assert len(set(names)) == len(names) == tested and list(names) == sorted(names)
        assert set(names) < {video.name for video in equal_videos(count)}


def test_no_share_tests_none():
    assert loader.test_videos(equal_videos(1), 0.0, 0) == ()


def test_seeds_and_activities_have_splits_of_their_own_and_keep_them():
    drawn = [loader.test_videos(equal_videos(20), 0.2, seed) for seed in range(6)]
    assert len(set(drawn)) == 6
    assert drawn == [loader.test_videos(equal_videos(20), 0.2, seed) for seed in range(6)]
    assert loader.test_videos(equal_videos(20, "coffee"), 0.2, 0) != drawn[0]


def test_every_video_is_tested_as_often_as_any_other():
    names = [
        name for seed in range(1000) for name in loader.test_videos(equal_videos(10), 0.2, seed)
    ]
    counts = np.unique(names, return_counts=True)[1]  # 200 each, deviation 13
    assert len(counts) == 10 and np.abs(counts - 200).max() < 65


def test_videos_without_labels_are_no_test_videos():
    videos = equal_videos(10)
    some = [
        dataclasses.replace(video, labels=None if at % 2 else np.zeros(video.num_frames, np.int32))
        for at, video in enumerate(videos)
    ]
    tested = loader.test_videos(some, 0.4, 0)
    assert len(tested) == 2 and {*tested} < {video.name for video in videos[::2]}


@pytest.mark.parametrize(
    ("count", "share", "left"), [(2, 0.2, "0 to test and 2"), (1, 0.9, "1 to test and 0")]
)
def test_a_share_that_leaves_nothing(count, share, left):
    with pytest.raises(ValueError) as error:
        loader.test_videos(equal_videos(count), share, 0)
    text = str(error.value)
    assert "\n" not in text
    assert "'tea'" in text and f"config.data.test_share={share}" in text and left in text


def numbered() -> DataSet:
    """Five videos whose features are their own number."""
    made = [
        dataclasses.replace(video, features=np.full((40, toy.CHANNELS), 1 + i, np.float32))
        for i, video in enumerate(equal_videos(5, "soup"))
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
