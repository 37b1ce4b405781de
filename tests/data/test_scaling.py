"""Scaling of people's own data: over the folder, or each recording where only an offset differs."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import recordings
from test_feature_files import Member

from jaxseg.data.segmentation.features import ONE_PROCESS
from jaxseg.data.segmentation.scaling import LIMIT, folder_scaling, scaled
from jaxseg.data.segmentation.video import Video

CHANNELS = 5


def as_videos(arrays, activity: str = "a") -> list[Video]:
    return [Video(f"{number}", activity, np.float32(each)) for number, each in enumerate(arrays)]


def frames(arrays, scaling: str = "folder") -> list[np.ndarray]:
    return [video.frames() for video in scaled(as_videos(arrays), scaling, ONE_PROCESS)]


def draw(seed: int = 0, lengths=(400, 600)) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [3 * rng.standard_normal((length, CHANNELS)) - 7 for length in lengths]


def clips(actions_each: int, offset: float = 0.0) -> list[np.ndarray]:
    """Eight recordings of `actions_each` of four behaviors, each with an offset of its own."""
    rng = np.random.default_rng(3)
    points = recordings.looks(rng, 4, CHANNELS, 6.0)
    found = []
    for number in range(8):
        actions = (number + np.arange(actions_each)) % 4
        labels = np.resize(np.repeat(actions, 30), 240)
        moved = offset * rng.standard_normal(CHANNELS)
        found.append(recordings.render(rng, labels, points) + moved)
    return found


def is_same(one, other, atol: float = 1e-5) -> bool:
    return all(np.allclose(a, b, atol=atol) for a, b in zip(one, other, strict=True))


def test_the_folder_has_mean_0_and_frames_of_norm_1():
    rows = np.concatenate(frames(draw()))
    np.testing.assert_allclose(rows.mean(axis=0), 0, atol=0.01)
    assert np.square(rows).sum(axis=1).mean() == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("scaling", ["folder", "sequence", "auto"])
def test_a_channel_can_have_variance_1(scaling):
    """For a method whose features are not compared by a frame's norm."""
    wide = [np.sqrt(CHANNELS) * each for each in frames(draw(), scaling)]
    assert is_same(frames(draw(), f"{scaling}/channel"), wide)


def test_what_tells_recordings_apart_stays():
    low, high = draw()
    low, high = frames([low, high + 30])
    assert np.all(high.mean(axis=0) - low.mean(axis=0) > 1.5 / np.sqrt(CHANNELS))
    for each in frames([draw()[0], draw()[1] + 30], "sequence"):
        np.testing.assert_allclose(each.mean(axis=0), 0, atol=0.01)


@pytest.mark.parametrize("scaling", ["folder", "sequence"])
def test_a_few_wrong_readings_change_nothing(scaling):
    rng, data = np.random.default_rng(1), draw()
    spiked = [each.copy() for each in data]
    wrong = [rng.random(each.shape) < 0.002 for each in data]
    for each, where in zip(spiked, wrong, strict=True):
        each[where] = 1e9
    limit = np.float32(LIMIT / np.sqrt(CHANNELS))
    for ours, other, where in zip(
        frames(spiked, scaling), frames(data, scaling), wrong, strict=True
    ):
        assert ours.dtype == np.float32 and where.any() and np.all(ours[where] == limit)
        np.testing.assert_allclose(ours[~where], other[~where], atol=0.05)


@pytest.mark.parametrize("value", [0.1, 1e-6, 12345.678])
def test_a_constant_channel_becomes_0(value):
    data = draw()
    for each in data:
        each[:, 2] = value
    found = np.concatenate(frames(data))
    assert not found[:, 2].any() and found.all(axis=0).sum() == CHANNELS - 1


def test_a_channel_that_hardly_ever_moves_is_kept():
    rows = np.concatenate(draw())
    rows[:, 1] = 0
    rows[500, 1] = 4.0
    mean, factor = folder_scaling(rows)
    assert np.isfinite(factor).all() and factor[1] > 0
    assert mean[1] == pytest.approx(4 / len(rows))


@pytest.mark.parametrize("scaling", ["folder", "sequence", "auto"])
def test_rows_of_zeros_stay_and_do_not_count(scaling):
    data = draw()
    gaps = [np.concatenate([np.zeros((150, CHANNELS)), each]) for each in data]
    for ours, other in zip(frames(gaps, scaling), frames(data, scaling), strict=True):
        assert not ours[:150].any()
        np.testing.assert_allclose(ours[150:], other, atol=1e-5)


@pytest.mark.parametrize("scaling", ["folder", "sequence", "auto"])
@pytest.mark.parametrize("kind", [draw, lambda: clips(1), lambda: clips(4, 200.0)])
def test_offset_and_unit_of_a_channel_do_not_matter(kind, scaling):
    data = kind()
    units = np.array([1, 1e-3, 40, 7, 500])
    others = [each * units + [500, -3, 0, 1e3, 2e4] for each in data]
    assert is_same(frames(others, scaling), frames(data, scaling), atol=5e-3)


@pytest.mark.parametrize(
    ("data", "own"),
    [
        (clips(4), False),
        (clips(2), False),
        (clips(1), False),  # what they show is all that sets them apart
        (clips(4)[:1], False),
        (clips(4, 200.0), True),
        (clips(2, 200.0), True),
    ],
)
def test_auto_takes_each_recordings_own_where_they_differ_by_an_offset(data, own):
    expected = "sequence" if own else "folder"
    assert is_same(frames(data, "auto"), frames(data, expected))
    if len(data) > 1:
        assert not is_same(frames(data, "folder"), frames(data, "sequence"))


def test_activities_are_scaled_each_by_itself():
    one, other = draw(0), draw(1, (300, 500))
    videos = as_videos(one) + as_videos([1e3 * each + 9 for each in other], "b")
    found = [video.frames() for video in scaled(videos, "folder", ONE_PROCESS)]
    assert is_same(found, frames(one) + frames(other), atol=1e-4)


@pytest.mark.parametrize("total", [2, 3])
@pytest.mark.parametrize("scaling", ["folder", "sequence", "auto"])
def test_several_processes_scale_as_one(total, scaling):
    videos = as_videos(clips(2)) + as_videos(clips(4, 200.0), "b")
    meeting, told = threading.Barrier(total), [None] * total

    def run(index):
        return scaled(videos, scaling, Member(index, total, meeting, told))

    with ThreadPoolExecutor(total) as pool:
        everyone = list(pool.map(run, range(total)))
    for found in everyone:
        for ours, video in zip(found, scaled(videos, scaling, ONE_PROCESS), strict=True):
            np.testing.assert_array_equal(ours.scaling, video.scaling)
            assert ours.limit == video.limit
