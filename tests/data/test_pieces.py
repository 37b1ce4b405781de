"""Long recordings in pieces, and the length of which a batch's frames are a sample."""

import itertools

import numpy as np
import pytest
import toy

from jaxseg.data.batches.frames import FrameStream
from jaxseg.data.batches.loader import Batches
from jaxseg.data.segmentation.video import Video
from jaxseg.training.members import num_steps
from jaxseg.training.setup import in_pieces, set_up

ROWS = np.arange(206, dtype="f4").reshape(103, 2)
SCALING = np.float32([3, 4]), np.float32([0.5, 2])
VIDEO = Video("v", "a", ROWS, np.arange(103, dtype="i4"), scaling=SCALING, limit=50.0)


@pytest.mark.parametrize("count", [1, 2, 7, 103])
def test_pieces_are_the_video_one_after_the_other(count):
    pieces = VIDEO.pieces(count)
    lengths = [piece.num_frames for piece in pieces]
    assert len(pieces) == count and max(lengths) - min(lengths) <= 1
    np.testing.assert_array_equal(
        np.concatenate([piece.frames() for piece in pieces]), VIDEO.frames()
    )
    np.testing.assert_array_equal(np.concatenate([each.labels for each in pieces]), VIDEO.labels)
    assert all(np.shares_memory(piece.features, VIDEO.features) for piece in pieces)
    assert {(piece.name, piece.activity) for piece in pieces} == {("v", "a")}


def test_pieces_without_truth():
    assert [piece.labels for piece in Video("v", "a", ROWS).pieces(2)] == [None, None]


@pytest.mark.parametrize(("piece", "count"), [(0, 1), (200, 1), (103, 1), (102, 2), (20, 6)])
def test_longer_videos_are_trained_in_pieces(piece, count):
    config = toy.make_config({"data.piece": piece})
    assert config.data.num_pieces(103) == count
    short = Video("w", "a", ROWS[:10])
    pieces = in_pieces([VIDEO, short], config)
    assert [each.name for each in pieces] == ["v"] * count + ["w"]
    assert max(each.num_frames for each in pieces) <= (piece or 103)


def test_an_epoch_shows_every_piece():
    plain, cut = (toy.make_config({"data.piece": piece}) for piece in (0, 13))
    videos = toy.make_data().activities["soup"]  # 26 and 40 frames: 2 and 4 pieces
    assert num_steps(plain, "soup", videos) == 3 and num_steps(cut, "soup", videos) == 9
    setup = set_up(cut, toy.make_data())
    (soup,) = (member for member in setup.members if member.activity == "soup")
    assert soup.num_steps == 9
    at = setup.members.index(soup)
    lengths = [setup.batches.batch(step)["length"][at] for step in range(3)]
    assert sorted(np.concatenate(lengths)) == [10, 10, 10, 10, 13, 13]


def test_a_batch_tells_the_length_of_what_it_samples():
    videos = [Video(f"{n}", "a", np.full((n, 1), n, "f4")) for n in (5, 60, 103)]
    stream = FrameStream(videos, seed=0, videos_per_batch=2, frames_per_video=16)
    batches = Batches([stream], 4)
    shown = itertools.chain((batches.batch(step) for step in range(4)), [batches.warm_start()])
    for batch in shown:
        for frames, mask, length in zip(
            batch["frames"][0], batch["mask"][0], batch["length"][0], strict=True
        ):
            assert mask.sum() == min(length, 16) and np.all(frames[mask] == length)
