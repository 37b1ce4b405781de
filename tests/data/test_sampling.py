"""Which frames a step sees depends on (seed, activity, step) and on nothing else."""

import numpy as np
import pytest
import toy

from jaxseg.data.batches.frames import FrameStream, frame_indices, steps_per_epoch
from jaxseg.data.batches.loader import Batches
from jaxseg.data.segmentation.records import Video
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
    one, steps = stream(numbered(videos), 0, per_batch), steps_per_epoch(videos, per_batch)
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
