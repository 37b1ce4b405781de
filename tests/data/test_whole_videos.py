"""Whole videos in batches: none cut, none repeated, few lengths; the order by (seed, step)."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jaxseg.data import SnippetVideo
from jaxseg.data.batches import snippets as snippet_sampling
from jaxseg.data.batches.loader import STREAMS, Batches
from jaxseg.data.batches.snippets import WholeVideoStream, bucket, view_whole

CHANNELS = 3
LENGTHS = (5, 64, 65, 97, 150, 300, 12)
LABELS = ((0,), (1, 3), (3,), (0, 1, 3), (1,), (0,), (3, 1))  # nobody has class 2 or 4
CLASSES = 5


def make_video(number: int, length: int, labels, dtype=np.float32) -> SnippetVideo:
    rgb, flow = np.random.default_rng(number).standard_normal((2, length, CHANNELS)).astype(dtype)
    one_hot = np.isin(np.arange(CLASSES), labels).astype(np.float32)
    return SnippetVideo(f"v{number}", "train", rgb, flow, one_hot, ())


def make_videos(count: int = len(LENGTHS)) -> list[SnippetVideo]:
    return [make_video(n, LENGTHS[n], LABELS[n]) for n in range(count)]


def stream(videos, seed=0, videos_per_batch=2) -> WholeVideoStream:
    return STREAMS["whole"].make(videos, seed, SimpleNamespace(videos_per_batch=videos_per_batch))


def batch(one: WholeVideoStream, step: int) -> dict[str, np.ndarray]:
    """The batch of a single member."""
    return {name: array[0] for name, array in Batches([one], 1000).batch(step).items()}


def both(video: SnippetVideo) -> np.ndarray:
    return np.concatenate([video.rgb, video.flow], axis=1).astype(np.float32)


def test_the_ladder_of_lengths():
    rungs = list(dict.fromkeys(bucket(length) for length in range(1, 2000)))
    assert rungs == [64, 96, 144, 216, 328, 496, 744, 1120, 1680, 2520]


@given(st.integers(1, 200_000), st.integers(1, 200_000))
def test_a_bucket_holds_its_video_and_little_more(length, other):
    padded = bucket(length)
    assert padded >= length and padded >= 64 and padded % 8 == 0
    assert padded == 64 or padded < 1.5 * length + 8
    assert bucket(padded) == padded
    assert (bucket(other) >= padded) or other < length


def test_every_snippet_is_there_once_and_in_order():
    videos = make_videos()
    for step in range(9):
        found = batch(stream(videos), step)
        for slot, index in enumerate(found["video"]):
            video = videos[index]
            np.testing.assert_array_equal(found["features"][slot, : len(video.rgb)], both(video))
            assert not found["features"][slot, len(video.rgb) :].any()
            expected = np.arange(found["mask"].shape[1]) < len(video.rgb)
            np.testing.assert_array_equal(found["mask"][slot], expected)


def test_a_batch_is_as_long_as_its_longest_video_needs():
    one, lengths = stream(make_videos()), set()
    for step in range(9):
        found = batch(one, step)
        longest = max(LENGTHS[index] for index in found["video"])
        assert found["features"].shape == (2, bucket(longest), 2 * CHANNELS)
        lengths.add(bucket(longest))
    assert len(lengths) > 1


def test_types_of_the_arrays():
    types = {name: array.dtype.name for name, array in batch(stream(make_videos()), 0).items()}
    assert types == {
        **dict.fromkeys(("features", "labels", "epoch"), "float32"),
        **dict.fromkeys(("mask", "known_classes"), "bool"),
        **dict.fromkeys(("classes", "video"), "int32"),
    }


def test_labels_say_the_same_in_both_forms():
    for step in range(9):
        found = batch(stream(make_videos()), step)
        assert found["known_classes"].tolist() == [[True, True, False, True, False]] * 2
        assert found["classes"].shape == (2, 3)
        for slot, index in enumerate(found["video"]):
            own = sorted(LABELS[index])
            assert np.flatnonzero(found["labels"][slot]).tolist() == own
            assert found["classes"][slot].tolist() == own + [-1] * (3 - len(own))


@pytest.mark.parametrize(("videos", "per_batch", "steps"), [(7, 2, 3), (6, 3, 2), (5, 5, 1)])
def test_an_epoch_shows_whole_batches_and_no_video_twice(videos, per_batch, steps):
    one, orders = stream(make_videos(videos), 0, per_batch), []
    for epoch in range(6):
        batches = [batch(one, epoch * steps + step) for step in range(steps)]
        assert all((found["epoch"] == epoch).all() for found in batches)
        orders.append(tuple(index for found in batches for index in found["video"].tolist()))
        assert len(set(orders[-1])) == len(orders[-1]) == steps * per_batch
    assert len(set(orders)) > 1
    assert set().union(*orders) == set(range(videos))  # what one epoch drops another shows


def test_fewer_videos_than_a_batch_leave_empty_slots():
    one = stream(make_videos(2), videos_per_batch=5)
    for epoch in range(3):
        found = batch(one, epoch)  # an epoch is one step
        assert sorted(found["video"].tolist()) == [-1, -1, -1, 0, 1]
        assert found["video"][2:].tolist() == [-1] * 3 and (found["classes"][2:] == -1).all()
        for name in ("features", "mask", "labels", "known_classes"):
            assert not found[name][2:].any()
        assert found["epoch"].tolist() == [epoch] * 5


def test_a_batch_depends_on_seed_and_step_alone():
    videos = make_videos()
    later, one = batch(stream(videos), 8), stream(videos)
    for step in range(8):
        batch(one, step)
    for name, array in batch(one, 8).items():
        np.testing.assert_array_equal(array, later[name])
    for step in range(9):
        np.testing.assert_array_equal(batch(stream(videos), step)["video"], _shown(videos, 0, step))
    orders = [[_shown(videos, seed, step).tolist() for step in range(9)] for seed in (0, 1)]
    assert orders[0] != orders[1]


def _shown(videos, seed: int, step: int) -> np.ndarray:
    return batch(stream(videos, seed), step)["video"]


def test_members_of_different_lengths_share_the_longest():
    """Each has its own batch in its part of the arrays, and nothing in the rest."""
    streams = [stream(make_videos(), seed) for seed in (0, 1, 2)]
    together, differ = Batches([streams[i] for i in (0, 1, 2, 1)], 10), 0
    for step in range(9):
        found, alone = together.batch(step), [batch(one, step) for one in streams]
        lengths = [own["mask"].shape[1] for own in alone]
        differ += len(set(lengths)) > 1
        assert found["features"].shape == (4, 2, max(lengths), 2 * CHANNELS)
        for member, owner in enumerate((0, 1, 2, 1)):
            for name, array in alone[owner].items():
                if name in ("features", "mask"):
                    rest = found[name][member, :, lengths[owner] :]
                    assert not rest.any()
                    np.testing.assert_array_equal(found[name][member, :, : lengths[owner]], array)
                else:
                    np.testing.assert_array_equal(found[name][member], array)
    assert differ > 3


def test_members_with_other_videos_and_fewer_classes():
    """What the longer list of classes leaves open in the shorter one is no class, and not 0."""
    one, two = stream(make_videos(7), 0, 4), stream(make_videos(2), 0, 4)
    found = Batches([one, two], 10).batch(0)
    assert found["classes"].shape == (2, 4, 3)
    expected = [[*LABELS[i], -1, -1][:3] if i >= 0 else [-1] * 3 for i in found["video"][1]]
    assert found["classes"][1].tolist() == expected


@pytest.mark.parametrize("start", [0, 4])
def test_batches_of_changing_shape_are_drawn_ahead(start):
    batches = Batches([stream(make_videos(), seed) for seed in (0, 1)], 9)
    found = list(batches.iterate(start))
    assert len(found) == 9 - start and len({one["mask"].shape for one in found}) > 1
    for step, got in enumerate(found, start):
        for name, expected in batches.batch(step).items():
            np.testing.assert_array_equal(got[name], expected)


def test_the_warm_start_holds_every_video_and_masks_the_rest():
    sample = Batches([stream(make_videos(4)), stream(make_videos(2), 1)], 10).warm_start()
    assert sample["features"].shape == (2, 4, bucket(97), 2 * CHANNELS)
    assert sample["video"].tolist() == [[0, 1, 2, 3], [0, 1, -1, -1]]
    assert sample["mask"].sum(-1).tolist() == [[5, 64, 65, 97], [5, 64, 0, 0]]
    assert not sample["epoch"].any()


def test_half_precision_comes_from_the_file_as_float32(tmp_path):
    made = make_video(0, 70, (1,), np.float16)
    maps = {}
    for name in ("rgb", "flow"):
        np.save(tmp_path / f"{name}.npy", getattr(made, name))
        maps[name] = np.load(tmp_path / f"{name}.npy", mmap_mode="r")
    video = SnippetVideo("v", "train", maps["rgb"], maps["flow"], made.labels, ())
    whole, _ = view_whole(video, None)
    for features in (batch(stream([video]), 0)["features"][0], whole["features"]):
        assert features.dtype == np.float32
        np.testing.assert_array_equal(features[:70], both(made))


def test_a_test_video_is_whole():
    video = make_video(3, 100, ())
    arrays, rows = STREAMS["whole"].test_view(video, None)
    assert set(arrays) == {"features", "mask"} and rows == 100
    assert arrays["features"].shape == (144, 2 * CHANNELS)
    np.testing.assert_array_equal(arrays["features"][:100], both(video))
    assert arrays["mask"].tolist() == [True] * 100 + [False] * 44
    assert not arrays["features"][100:].any()


def test_a_test_video_brought_to_a_length():
    video = make_video(3, 100, ())
    arrays, rows = STREAMS["snippets"].test_view(video, SimpleNamespace(num_snippets=8))
    rgb, flow = video.snippets(snippet_sampling.snippet_indices(None, 100, 8))
    assert set(arrays) == {"rgb", "flow"} and rows == 8
    np.testing.assert_array_equal(arrays["rgb"], rgb)
    np.testing.assert_array_equal(arrays["flow"], flow)


@pytest.mark.parametrize("name", ["frames", "pairs"])
def test_segmentation_sees_test_videos_in_its_own_way(name):
    assert STREAMS[name].test_view is None
