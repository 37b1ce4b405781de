"""Batches of all members, made ahead of the step that needs them (grain), and test videos.

A method names its sampling, a key of `STREAMS`: how training videos become batches, and what a
test shows of a video.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import grain  # defines flags of absl, so that it cannot be imported once these are parsed
import numpy as np

from jaxseg.data.batches.frames import FrameStream, PairStream
from jaxseg.data.batches.snippets import (
    SnippetStream,
    View,
    WholeVideoStream,
    view_snippets,
    view_whole,
)
from jaxseg.data.batches.streams import Arrays, Stream
from jaxseg.data.localization.records import SnippetVideo
from jaxseg.data.segmentation.video import Video, activity_number


class Batches:
    """Maps a step number to arrays with the leading axes [members, videos].

    Args:
        streams: one a member; members that differ in hyper-parameters alone share a stream, whose
            batches are then made once.
        num_steps: the longest member's number of steps; shorter members go on cycling.
        members, videos: the part of a batch that is made, by default all of it; its numbers do
            not depend on which part is made.
    """

    def __init__(
        self,
        streams: Sequence[Stream],
        num_steps: int,
        members: slice = slice(None),
        videos: slice = slice(None),
    ):
        chosen = streams[members]
        self.all = list(dict.fromkeys(streams))
        self.unique = list(dict.fromkeys(chosen))
        self.owner = np.array([self.unique.index(stream) for stream in chosen])
        self.num_steps = num_steps
        self.videos_per_batch = self.all[0].videos_per_batch
        self._videos = range(self.videos_per_batch)[videos]

    def batch(self, step: int) -> Arrays:
        """The batch of one step."""
        return self._make(int(step), self._videos)

    def warm_start(self) -> Arrays:
        """One sample of every video of every member, padded to the most videos."""
        return self._make(None, range(max(len(stream.videos) for stream in self.all)))

    def iterate(self, start: int) -> Iterator[Arrays]:
        """Batches from step `start` on; two are made ahead, while earlier steps run."""
        steps = grain.MapDataset.range(start, self.num_steps).map(self.batch)
        return iter(steps.to_iter_dataset(grain.ReadOptions(num_threads=1, prefetch_buffer_size=2)))

    def _make(self, step: int | None, videos: range) -> Arrays:
        """The arrays of some videos of a step, each as large as any member of the run needs."""
        described = [stream.arrays(len(videos), step) for stream in self.all]
        batch = {}
        for name, (_, dtype) in described[0].items():
            shape = np.max([each[name][0] for each in described], axis=0)
            batch[name] = np.zeros((len(self.unique), *shape), dtype)
        for index, stream in enumerate(self.unique):
            of_stream = {name: array[index] for name, array in batch.items()}
            stream.write_batch(step, of_stream, videos.start)
        if len(self.unique) == len(self.owner):
            return batch
        return {name: array[self.owner] for name, array in batch.items()}


class Sampling(NamedTuple):
    """How videos become batches, and test videos become a network's input."""

    stream: type[Stream]
    settings: tuple[str, ...]  # keys of config.data that the stream takes
    # (test video, config.data) -> the arrays of the video for `Method.predict`, and how many of
    # their rows are valid; None where whole videos are labeled frame by frame.
    test_view: Callable[[SnippetVideo, Any], View] | None = None

    def make(self, videos: Sequence, seed: int, data: Any) -> Stream:
        """The stream of some training videos with the settings of config.data."""
        options = {name: getattr(data, name) for name in self.settings}
        return self.stream(videos, seed=seed, **options)


STREAMS = {
    "frames": Sampling(FrameStream, ("videos_per_batch", "frames_per_video")),
    "pairs": Sampling(
        PairStream, ("videos_per_batch", "frames_per_video", "bins", "neighbor_window")
    ),
    "snippets": Sampling(SnippetStream, ("videos_per_batch", "num_snippets"), view_snippets),
    "whole": Sampling(WholeVideoStream, ("videos_per_batch",), view_whole),
}


def test_videos(videos: Sequence[Video], share: float, seed: int) -> tuple[str, ...]:
    """Names of the videos of one activity that are tested on, sorted.

    `share` is the part of them that is tested on, in [0, 1); every seed gives another split. Where
    only some have labels, the others are all trained on: there is nothing to test on them.
    """
    if not share:
        return ()
    videos = [video for video in videos if video.labels is not None] or videos
    count = round(share * len(videos))
    if not 0 < count < len(videos):
        raise ValueError(
            f"activity {videos[0].activity!r} has {len(videos)} videos: "
            f"config.data.test_share={share} "
            f"leaves {count} to test and {len(videos) - count} to train on"
        )
    number = activity_number(videos[0].activity, videos[0].top)
    generator = np.random.default_rng((seed, number, 3))
    chosen = generator.permutation(len(videos))[:count]
    return tuple(sorted(videos[index].name for index in chosen))
