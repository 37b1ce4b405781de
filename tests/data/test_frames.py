"""Frames and pairs of frames that a step sees: they depend only on seed, activity and step."""

import itertools

import numpy as np
import pytest
import toy

from jaxseg.data.batches.frames import (
    FrameStream,
    PairStream,
    frame_indices,
    paired_indices,
)
from jaxseg.data.batches.loader import STREAMS, Batches
from jaxseg.data.segmentation.video import Video
from jaxseg.training.setup import set_up

DATA = toy.make_data()
NUMBERED = 200  # frames of the videos whose features are their own place


def numbered(count: int, activity: str = "tea", frames: int = NUMBERED) -> list[Video]:
    """Videos with features (video number, frame number)."""
    return [
        Video(f"v{i}", activity, np.stack([np.full(frames, i), np.arange(frames)], 1).astype("f4"))
        for i in range(count)
    ]


def stream(videos, seed=0, videos_per_batch=2, frames_per_video=16) -> FrameStream:
    return FrameStream(
        videos, seed=seed, videos_per_batch=videos_per_batch, frames_per_video=frames_per_video
    )


def batch(one: FrameStream, step: int) -> dict[str, np.ndarray]:
    """The batch of a single member."""
    found = Batches([one], 1000).batch(step)
    return {name: array[0] for name, array in found.items()}


@pytest.mark.parametrize(("num_frames", "num_samples"), [(17, 16), (200, 16), (1000, 256), (3, 2)])
def test_one_frame_in_every_bin(num_frames, num_samples):
    edges = np.linspace(0, num_frames, num_samples + 1).astype(int)
    for seed in range(20):
        found = frame_indices(np.random.default_rng(seed), num_frames, num_samples)
        assert np.all((edges[:-1] <= found) & (found < edges[1:]))


def test_every_frame_of_a_bin_is_drawn_equally_often():
    generator = np.random.default_rng(0)
    draws = np.concatenate([frame_indices(generator, 40, 4) for _ in range(2000)])
    counts = np.bincount(draws, minlength=40)
    assert np.abs(counts - 200).max() < 70  # five standard deviations of a binomial count


@pytest.mark.parametrize("num_frames", [1, 15, 16])
def test_a_short_video_gives_all_of_its_frames(num_frames):
    found = frame_indices(np.random.default_rng(0), num_frames, 16)
    assert found.tolist() == list(range(num_frames))


def test_masks_cover_what_a_short_video_lacks():
    batched = batch(stream(numbered(1, frames=5), videos_per_batch=2), 0)
    assert batched["mask"].sum(1).tolist() == [5, 0]
    assert batched["frames"][0, :5, 1].tolist() == [0, 1, 2, 3, 4]
    assert not batched["frames"][~batched["mask"]].any()


@pytest.mark.parametrize(("videos", "per_batch"), [(7, 2), (6, 3), (5, 1), (3, 8)])
def test_each_epoch_shows_each_video_once(videos, per_batch):
    one = stream(numbered(videos), 0, per_batch)
    steps = one.steps_per_epoch
    orders = []
    for epoch in range(4):
        shown = []
        for step in range(epoch * steps, (epoch + 1) * steps):
            found = batch(one, step)
            shown += found["frames"][found["mask"].any(1), 0, 0].astype(int).tolist()
        assert sorted(shown) == list(range(videos))
        orders.append(shown)
    assert len({tuple(order) for order in orders}) > 1


def test_seeds_activities_and_steps_draw_differently():
    base = batch(stream(numbered(2)), 0)["frames"]
    for other in (
        batch(stream(numbered(2)), 1),
        batch(stream(numbered(2), seed=1), 0),
        batch(stream(numbered(2, "coffee")), 0),
    ):
        assert not np.array_equal(base[..., 1], other["frames"][..., 1])
    np.testing.assert_array_equal(base, batch(stream(numbered(2)), 0)["frames"])


def test_other_members_do_not_change_a_members_batches():
    tea, coffee = stream(numbered(3)), stream(numbered(5, "coffee"), seed=4)
    together = Batches([coffee, tea], 10)
    for step in (9, 0, 4):
        found = together.batch(step)
        for name, array in batch(tea, step).items():
            np.testing.assert_array_equal(found[name][1], array)
    np.testing.assert_array_equal(
        Batches([tea], 1).warm_start()["frames"][0], together.warm_start()["frames"][1, :3]
    )
    assert not together.warm_start()["mask"][1, 3:].any()


@pytest.mark.parametrize("start", [0, 1, 5, 7, 8])
def test_a_later_start_skips_batches_and_changes_none(start):
    batches = set_up(toy.make_config({"seeds": 2, "num_epochs": 4}), DATA).batches
    assert batches.num_steps == 8
    found = list(batches.iterate(start))
    assert len(found) == 8 - start
    for step, got in enumerate(found, start):
        for name, expected in batches.batch(step).items():
            np.testing.assert_array_equal(got[name], expected)


def test_variants_share_their_draws():
    sweep = ("solver.train.rho=0.1", "solver.train.rho=0.2")
    setup = set_up(toy.make_config({"seeds": 2, "sweep": sweep}), DATA)
    assert len(setup.batches.unique) == 4 and len(setup.members) == 8
    frames = setup.batches.batch(1)["frames"]
    owners = [(member.activity, member.seed) for member in setup.members]
    for i, owner in enumerate(owners):
        for j in range(i):
            assert np.array_equal(frames[i], frames[j]) == (owner == owners[j])


def test_the_warm_start_samples_every_video_once():
    one = Batches([stream(numbered(3))], 1)
    sample = one.warm_start()
    assert sample["frames"].shape == (1, 3, 16, 2) and sample["mask"].all()
    assert sample["frames"][0, :, 0, 0].tolist() == [0, 1, 2]


BINS, SAMPLES, WINDOW = 32, 256, 30  # four anchors a bin, as the paper's 256 frames have them
LENGTHS = [1, 2, 31, 32, 33, 200, 3001]


def pair_stream(videos, *, seed=0, videos_per_batch=2, frames_per_video=16, bins=4) -> PairStream:
    return PairStream(
        videos,
        seed=seed,
        videos_per_batch=videos_per_batch,
        frames_per_video=frames_per_video,
        bins=bins,
        neighbor_window=3,
    )


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
        anchors, neighbors = frames[pairs].T
        assert all(anchor in part for anchor, part in zip(anchors, parts, strict=True))
        away = neighbors - anchors
        assert away.min() >= -WINDOW and away.max() <= WINDOW - 1


@pytest.mark.parametrize("num_frames", LENGTHS)
def test_frames_are_ascending_and_of_the_video_and_none_is_dropped(num_frames):
    for frames, pairs in draws(num_frames):
        assert len(frames) == SAMPLES and np.all(np.diff(frames) >= 0)
        assert frames[0] >= 0 and frames[-1] < num_frames
        assert len(set(pairs.ravel().tolist())) == 2 * BINS  # repeats have places of their own


def test_at_two_samples_a_bin_each_is_an_anchor_or_its_neighbor():
    for frames, pairs in draws(3001, samples=2 * BINS):
        assert sorted(pairs.ravel().tolist()) == list(range(len(frames)))


def test_every_frame_of_a_bin_is_an_anchor_equally_often():
    found = np.concatenate([frames[pairs[:, 0]] for frames, pairs in draws(320, times=2000)])
    counts = np.bincount(found, minlength=320)  # bins of ten frames: 200 draws each, deviation 13
    assert np.abs(counts - 200).max() < 70


def test_every_distance_of_the_window_is_drawn_equally_often():
    pairs = np.stack([frames[pairs] for frames, pairs in draws(9000, times=1500)])
    anchors, neighbors = pairs[:, 1:-1].reshape(-1, 2).T  # near the ends some are clipped
    away = neighbors - anchors
    counts = np.bincount(away + WINDOW, minlength=2 * WINDOW)
    assert len(counts) == 2 * WINDOW  # -30 to 29
    assert np.abs(counts - 750).max() < 5 * 750**0.5


def test_neighbors_beyond_the_ends_are_at_the_ends():
    """Ten frames and a window of 30: most neighbors lie beyond."""
    found = np.concatenate([frames[pairs[:, 1]] for frames, pairs in draws(10)])
    counts = np.bincount(found, minlength=10) / len(found)
    assert counts[0] > 0.3 and counts[9] > 0.3 and counts[1:9].max() < 0.1


@pytest.mark.parametrize("num_frames", [1, 2])
def test_the_shortest_videos_fill_a_sample_too(num_frames):
    one = batch(pair_stream(numbered(2, frames=num_frames)), 0)
    assert one["mask"].all()
    assert set(one["frames"][..., 1].ravel().tolist()) <= set(range(num_frames))
    assert one["time"].max() <= (num_frames - 1) / num_frames


def test_a_batch_holds_what_the_draw_says():
    videos = numbered(2)
    found = batch(pair_stream(videos), 0)
    assert found["pairs"].shape == (2, 4, 2) and found["pairs"].dtype == np.int32
    for slot in range(2):
        frames = found["frames"][slot, :, 1]
        assert np.all(np.diff(frames) >= 0) and len(set(found["frames"][slot, :, 0])) == 1
        np.testing.assert_allclose(found["time"][slot], frames / 200, rtol=1e-6)
        anchors, neighbors = frames[found["pairs"][slot]].T
        assert (anchors // 50).tolist() == [0, 1, 2, 3]
        assert np.abs(neighbors - anchors).max() <= 3


def test_time_runs_from_0_to_below_1():
    times = np.concatenate([batch(pair_stream(numbered(2)), step)["time"] for step in range(50)])
    assert times.dtype == np.float32 and times.min() == 0
    assert 0.99 <= times.max() < 1


def test_frames_are_standardized_as_the_video_asks():
    (video,) = numbered(1)
    scaling = np.array([0, 100], "f4"), np.array([1, 0.01], "f4")
    scaled = Video("v0", "tea", video.features, scaling=scaling)
    plain, found = (batch(pair_stream([v], videos_per_batch=1), 0) for v in (video, scaled))
    nonzero = plain["frames"].any(-1)
    expected = (plain["frames"][nonzero, 1] - 100) / 100
    np.testing.assert_allclose(found["frames"][nonzero, 1], expected, rtol=1e-5)


def test_a_smaller_last_batch_masks_what_is_missing():
    one = pair_stream(numbered(3))
    assert [batch(one, step)["mask"].any(1).sum() for step in range(4)] == [2, 1, 2, 1]
    last = batch(one, 1)
    assert last["mask"][0].all() and not any(last[name][1].any() for name in last)


@pytest.mark.parametrize("step", [0, 7])
def test_batches_depend_on_seed_activity_and_step_alone(step):
    base, again = (batch(pair_stream(numbered(3)), step) for _ in range(2))
    for name, array in base.items():
        np.testing.assert_array_equal(again[name], array)
    one = pair_stream(numbered(3))
    batch(one, 3)  # whatever was asked for before
    np.testing.assert_array_equal(batch(one, step)["pairs"], base["pairs"])
    for other in (
        batch(one, step + 1),
        batch(pair_stream(numbered(3), seed=1), step),
        batch(pair_stream(numbered(3, activity="coffee")), step),
    ):
        assert not np.array_equal(other["frames"][..., 1], base["frames"][..., 1])


def test_the_stream_by_its_name_takes_its_numbers_from_the_config():
    class Settings:
        videos_per_batch, frames_per_video, bins, neighbor_window = 3, 24, 6, 2

    one = STREAMS["pairs"].make(numbered(2), 5, Settings)
    expected = PairStream(
        numbered(2), seed=5, videos_per_batch=3, frames_per_video=24, bins=6, neighbor_window=2
    )
    for name, array in batch(one, 2).items():
        np.testing.assert_array_equal(array, batch(expected, 2)[name])
    assert batch(one, 2)["pairs"].shape == (3, 6, 2)


def test_the_warm_start_of_pairs_shows_every_video_once():
    sample = Batches([pair_stream(numbered(3))], 1).warm_start()
    assert sample["frames"][0, :, 0, 0].tolist() == [0, 1, 2] and sample["mask"].all()
