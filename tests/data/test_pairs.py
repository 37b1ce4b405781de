"""TOT's samples: anchors from equal bins, neighbours in time, and which belong together."""

import itertools

import numpy as np
import pytest

from jaxseg.data.batches.frames import PairStream, paired_indices
from jaxseg.data.batches.loader import STREAMS, Batches
from jaxseg.data.segmentation.records import Video

BINS, SAMPLES, WINDOW = 32, 256, 30  # four anchors a bin, as the paper's 256 frames have them
LENGTHS = [1, 2, 31, 32, 33, 200, 3001]


def numbered(count: int, frames: int = 200, activity: str = "tea") -> list[Video]:
    """Videos with features (video number, frame number)."""
    return [
        Video(f"v{i}", activity, np.stack([np.full(frames, i), np.arange(frames)], 1).astype("f4"))
        for i in range(count)
    ]


def stream(videos, *, seed=0, videos_per_batch=2, frames_per_video=16, bins=4) -> PairStream:
    return PairStream(
        videos,
        seed=seed,
        videos_per_batch=videos_per_batch,
        frames_per_video=frames_per_video,
        bins=bins,
        window=3,
    )


def batch(one: PairStream, step: int) -> dict[str, np.ndarray]:
    """The batch of a single member."""
    return {name: array[0] for name, array in Batches([one], 1000).batch(step).items()}


def draws(num_frames: int, times: int = 20, samples: int = SAMPLES):
    for seed in range(times):
        yield paired_indices(np.random.default_rng(seed), num_frames, samples, BINS, WINDOW)


def bin_of_each(num_frames: int) -> list[set[int]]:
    """The frames of each of 32 equal parts; an empty one has the frame that comes next."""
    edges = [part * num_frames // BINS for part in range(BINS + 1)]
    return [set(range(a, b)) or {a} for a, b in itertools.pairwise(edges)]


@pytest.mark.parametrize("num_frames", LENGTHS)
def test_pairs_are_an_anchor_of_each_bin_and_a_frame_near_it(num_frames):
    parts = bin_of_each(num_frames)
    assert set().union(*parts) == set(range(num_frames))
    for frames, pairs in draws(num_frames):
        assert pairs.shape == (BINS, 2) and frames.shape == (SAMPLES,)
        anchors, neighbours = frames[pairs].T
        assert all(anchor in part for anchor, part in zip(anchors, parts, strict=True))
        away = neighbours - anchors
        assert away.min() >= -WINDOW and away.max() <= WINDOW - 1


@pytest.mark.parametrize("num_frames", LENGTHS)
def test_frames_are_ascending_and_of_the_video_and_none_is_dropped(num_frames):
    for frames, pairs in draws(num_frames):
        assert len(frames) == SAMPLES and np.all(np.diff(frames) >= 0)
        assert frames[0] >= 0 and frames[-1] < num_frames
        assert len(set(pairs.ravel().tolist())) == 2 * BINS  # repeats have places of their own


def test_at_two_samples_a_bin_each_is_an_anchor_or_its_neighbour():
    for frames, pairs in draws(3001, samples=2 * BINS):
        assert sorted(pairs.ravel().tolist()) == list(range(len(frames)))


def test_every_frame_of_a_bin_is_an_anchor_equally_often():
    found = np.concatenate([frames[pairs[:, 0]] for frames, pairs in draws(320, times=2000)])
    counts = np.bincount(found, minlength=320)  # bins of ten frames: 200 draws each, deviation 13
    assert np.abs(counts - 200).max() < 70


def test_every_distance_of_the_window_is_drawn_equally_often():
    pairs = np.stack([frames[pairs] for frames, pairs in draws(9000, times=1500)])
    anchors, neighbours = pairs[:, 1:-1].reshape(-1, 2).T  # near the ends some are clipped
    away = neighbours - anchors
    counts = np.bincount(away + WINDOW, minlength=2 * WINDOW)
    assert len(counts) == 2 * WINDOW  # -30 to 29
    assert np.abs(counts - 750).max() < 5 * 750**0.5


def test_neighbours_beyond_the_ends_are_at_the_ends():
    """Ten frames and a window of 30: most neighbours lie beyond."""
    found = np.concatenate([frames[pairs[:, 1]] for frames, pairs in draws(10)])
    counts = np.bincount(found, minlength=10) / len(found)
    assert counts[0] > 0.3 and counts[9] > 0.3 and counts[1:9].max() < 0.1


@pytest.mark.parametrize("num_frames", [1, 2])
def test_the_shortest_videos_fill_a_sample_too(num_frames):
    one = batch(stream(numbered(2, frames=num_frames)), 0)
    assert one["mask"].all()
    assert set(one["frames"][..., 1].ravel().tolist()) <= set(range(num_frames))
    assert one["time"].max() <= (num_frames - 1) / num_frames


def test_a_batch_holds_what_the_draw_says():
    videos = numbered(2)
    found = batch(stream(videos), 0)
    assert found["pairs"].shape == (2, 4, 2) and found["pairs"].dtype == np.int32
    for slot in range(2):
        frames = found["frames"][slot, :, 1]
        assert np.all(np.diff(frames) >= 0) and len(set(found["frames"][slot, :, 0])) == 1
        np.testing.assert_allclose(found["time"][slot], frames / 200, rtol=1e-6)
        anchors, neighbours = frames[found["pairs"][slot]].T
        assert (anchors // 50).tolist() == [0, 1, 2, 3]
        assert np.abs(neighbours - anchors).max() <= 3


def test_time_runs_from_0_to_below_1():
    times = np.concatenate([batch(stream(numbered(2)), step)["time"] for step in range(50)])
    assert times.dtype == np.float32 and times.min() == 0
    assert 0.99 <= times.max() < 1


def test_frames_are_standardised_as_the_video_asks():
    (video,) = numbered(1)
    scaling = np.array([0, 100], "f4"), np.array([1, 0.01], "f4")
    scaled = Video("v0", "tea", video.features, scaling=scaling)
    plain, found = (batch(stream([v], videos_per_batch=1), 0) for v in (video, scaled))
    nonzero = plain["frames"].any(-1)
    expected = (plain["frames"][nonzero, 1] - 100) / 100
    np.testing.assert_allclose(found["frames"][nonzero, 1], expected, rtol=1e-5)


def test_a_smaller_last_batch_masks_what_is_missing():
    one = stream(numbered(3))
    assert [batch(one, step)["mask"].any(1).sum() for step in range(4)] == [2, 1, 2, 1]
    last = batch(one, 1)
    assert last["mask"][0].all() and not any(last[name][1].any() for name in last)


@pytest.mark.parametrize("step", [0, 7])
def test_batches_depend_on_seed_activity_and_step_alone(step):
    base, again = (batch(stream(numbered(3)), step) for _ in range(2))
    for name, array in base.items():
        np.testing.assert_array_equal(again[name], array)
    one = stream(numbered(3))
    batch(one, 3)  # whatever was asked for before
    np.testing.assert_array_equal(batch(one, step)["pairs"], base["pairs"])
    for other in (
        batch(one, step + 1),
        batch(stream(numbered(3), seed=1), step),
        batch(stream(numbered(3, activity="coffee")), step),
    ):
        assert not np.array_equal(other["frames"][..., 1], base["frames"][..., 1])


def test_the_stream_by_its_name_takes_its_numbers_from_the_config():
    class Settings:
        videos_per_batch, frames_per_video, bins, window = 3, 24, 6, 2

    one = STREAMS["pairs"].make(numbered(2), 5, Settings)
    expected = PairStream(
        numbered(2), seed=5, videos_per_batch=3, frames_per_video=24, bins=6, window=2
    )
    for name, array in batch(one, 2).items():
        np.testing.assert_array_equal(array, batch(expected, 2)[name])
    assert batch(one, 2)["pairs"].shape == (3, 6, 2)


def test_the_warm_start_shows_every_video_once():
    sample = Batches([stream(numbered(3))], 1).warm_start()
    assert sample["frames"][0, :, 0, 0].tolist() == [0, 1, 2] and sample["mask"].all()
