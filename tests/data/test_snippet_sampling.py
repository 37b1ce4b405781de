"""Which snippets a step sees depends on (seed, step) alone; what a test sees is fixed."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jaxseg.data import SnippetVideo
from jaxseg.data.batches.loader import Batches
from jaxseg.data.batches.snippets import SnippetStream, snippet_indices, view_snippets

SAMPLES = 6


def numbered(count: int, num_snippets: int = 40) -> list[SnippetVideo]:
    """Videos whose RGB is (video, snippet), flow the negative, and label video modulo 3."""
    videos = []
    for number in range(count):
        place = np.arange(num_snippets, dtype=np.float32)
        rgb = np.stack([np.full_like(place, number), place], axis=1)
        labels = np.eye(3, dtype=np.float32)[number % 3]
        videos.append(SnippetVideo(f"v{number}", "train", rgb, -rgb, labels, ()))
    return videos


def stream(videos, seed=0, videos_per_batch=2) -> SnippetStream:
    return SnippetStream(videos, seed=seed, videos_per_batch=videos_per_batch, num_snippets=SAMPLES)


def batch(one: SnippetStream, step: int) -> dict[str, np.ndarray]:
    """The batch of a single member."""
    return {name: array[0] for name, array in Batches([one], 1000).batch(step).items()}


def shown(one: SnippetStream, step: int) -> list[int]:
    """Numbers of the videos in a batch."""
    return batch(one, step)["rgb"][:, 0, 0].astype(int).tolist()


@given(st.integers(1, 3000), st.integers(1, 800), st.integers(0, 100))
def test_every_sample_stays_in_its_closed_bin(num_snippets, num_samples, seed):
    found = snippet_indices(np.random.default_rng(seed), num_snippets, num_samples)
    first = snippet_indices(None, num_snippets, num_samples)
    ends = [(i + 1) * num_snippets // num_samples for i in range(num_samples)]
    assert first.tolist() == [i * num_snippets // num_samples for i in range(num_samples)]
    assert np.all(first <= found) and np.all(found <= ends)
    assert found.max() < num_snippets and np.all(np.diff(found) >= 0)


def test_both_ends_of_a_bin_are_drawn_and_all_of_it_equally_often():
    generator = np.random.default_rng(0)
    draws = np.array([snippet_indices(generator, 12, 3) for _ in range(3000)])
    # Bins 0..4 and 4..8 hold five snippets, the last, 8..11, ends with the video.
    for column, (first, last) in zip(draws.T, [(0, 4), (4, 8), (8, 11)], strict=True):
        values, counts = np.unique(column, return_counts=True)
        assert values.tolist() == list(range(first, last + 1))
        share = 3000 / len(values)
        assert np.abs(counts - share).max() < 5 * np.sqrt(share)


def test_a_short_video_repeats_its_snippets():
    assert snippet_indices(None, 2, 5).tolist() == [0, 0, 0, 1, 1]
    assert snippet_indices(None, 1, 4).tolist() == [0, 0, 0, 0]
    assert snippet_indices(np.random.default_rng(0), 1, 4).tolist() == [0, 0, 0, 0]


def test_a_video_of_a_hundred_thousand_snippets():
    found = snippet_indices(None, 100_000, 750)
    assert found[[0, 1, 749]].tolist() == [0, 133, 99_866]
    view, rows = view_snippets(numbered(1, 100_000)[0], SimpleNamespace(num_snippets=750))
    assert rows == 750 and view["rgb"][:, 1].tolist() == found.tolist()
    assert view["flow"][:, 1].tolist() == (-found).tolist()


def test_half_precision_features_come_as_float32():
    video = numbered(1)[0]
    half = SnippetVideo("v", "test", video.rgb.astype("f2"), video.flow.astype("f8"), None, ())
    view, _ = view_snippets(half, SimpleNamespace(num_snippets=4))
    assert view["rgb"].dtype == view["flow"].dtype == np.float32
    assert view["rgb"][:, 1].tolist() == [0, 10, 20, 30]


@pytest.mark.parametrize(("videos", "per_batch", "steps"), [(200, 16, 12), (4, 2, 2), (3, 5, 1)])
def test_whole_batches_of_an_epoch(videos, per_batch, steps):
    assert stream(numbered(videos, 1), 0, per_batch).steps_per_epoch == steps


@pytest.mark.parametrize(("videos", "per_batch"), [(7, 2), (6, 3), (5, 5)])
def test_an_epoch_shows_no_video_twice(videos, per_batch):
    one = stream(numbered(videos), 0, per_batch)
    steps = one.steps_per_epoch
    orders = []
    for epoch in range(6):
        seen = [n for step in range(steps) for n in shown(one, epoch * steps + step)]
        assert len(seen) == len(set(seen)) == steps * per_batch
        orders.append(tuple(seen))
    assert len(set(orders)) > 1
    assert set().union(*orders) == set(range(videos))  # what one epoch drops another shows


def test_fewer_videos_than_a_batch_are_repeated_with_other_snippets():
    one = stream(numbered(2, num_snippets=400), videos_per_batch=5)
    found = batch(one, 3)
    assert sorted(found["rgb"][:, 0, 0].tolist()) in ([0, 0, 0, 1, 1], [0, 0, 1, 1, 1])
    assert found["mask"].all()
    assert len({tuple(row) for row in found["rgb"][:, :, 1].tolist()}) == 5


def test_streams_and_labels_belong_together():
    found = batch(stream(numbered(5)), 4)
    np.testing.assert_array_equal(found["flow"], -found["rgb"])
    assert found["labels"].argmax(1).tolist() == (found["rgb"][:, 0, 0] % 3).tolist()
    assert found["labels"].sum(1).tolist() == [1, 1] and found["mask"].tolist() == [True, True]


def test_a_batch_depends_on_seed_and_step_alone():
    videos = numbered(6)
    later = batch(stream(videos), 7)
    one = stream(videos)
    for step in range(7):
        batch(one, step)
    again = batch(one, 7)
    for name, array in later.items():
        np.testing.assert_array_equal(array, again[name])
    for other in (batch(one, 8), batch(stream(videos, seed=1), 7)):
        assert (other["rgb"] != later["rgb"]).any()


def test_the_warm_start_holds_every_video_once_and_masks_the_rest():
    sample = Batches([stream(numbered(3)), stream(numbered(2), seed=1)], 10).warm_start()
    assert sample["rgb"].shape == (2, 3, SAMPLES, 2)
    assert sample["rgb"][0, :, 0, 0].tolist() == [0, 1, 2]
    assert sample["mask"].tolist() == [[True] * 3, [True, True, False]]
    assert not sample["rgb"][1, 2].any() and not sample["labels"][1, 2].any()
