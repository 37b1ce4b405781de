"""How videos become batches and test videos, by the name under which a method asks for it."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from jaxseg.data.batches.frames import FrameStream
from jaxseg.data.batches.loader import Stream
from jaxseg.data.batches.pairs import PairStream
from jaxseg.data.batches.snippets import SnippetStream, test_snippets
from jaxseg.data.batches.whole import WholeVideoStream, whole_video
from jaxseg.data.localization.records import SnippetVideo

View = tuple[dict[str, np.ndarray], int]


class Sampling(NamedTuple):
    """What training and testing see of the videos.

    Attributes:
        make: (training videos, seed, config.data) -> their stream.
        test_view: (test video, config.data) -> the arrays that `Method.predict` sees of it, and
            how many of their rows are valid; None where whole videos are labelled frame by frame.
    """

    make: Callable[[Sequence, int, object], Stream]
    test_view: Callable[[SnippetVideo, object], View] | None = None


def _frames(videos: Sequence, seed: int, settings) -> Stream:
    return FrameStream(videos, seed=seed, **_shape(settings))


def _pairs(videos: Sequence, seed: int, settings) -> Stream:
    return PairStream(
        videos, seed=seed, bins=settings.bins, window=settings.window, **_shape(settings)
    )


def _shape(settings) -> dict[str, int]:
    names = ("videos_per_batch", "frames_per_video")
    return {name: getattr(settings, name) for name in names}


def _snippets(videos: Sequence, seed: int, settings) -> Stream:
    names = ("videos_per_batch", "num_snippets")
    return SnippetStream(videos, seed=seed, **{name: getattr(settings, name) for name in names})


def _view_snippets(video: SnippetVideo, settings) -> View:
    rgb, flow = test_snippets(video, settings.num_snippets)
    return {"rgb": rgb, "flow": flow}, settings.num_snippets


def _whole(videos: Sequence, seed: int, settings) -> Stream:
    return WholeVideoStream(videos, seed=seed, videos_per_batch=settings.videos_per_batch)


def _view_whole(video: SnippetVideo, settings) -> View:
    return whole_video(video), video.num_snippets


STREAMS = {
    "frames": Sampling(_frames),
    "pairs": Sampling(_pairs),
    "snippets": Sampling(_snippets, _view_snippets),
    "whole": Sampling(_whole, _view_whole),
}
