"""Frames that a training step sees, which depend only on seed, activity and step.

`FrameStream` draws one frame from each of equal parts of a video (ASOT); `PairStream` draws
anchors and a neighbor in time of each (TOT).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from jaxseg.data.batches.streams import Arrays, Shapes, Stream
from jaxseg.data.segmentation.video import Video, activity_number


def frame_indices(generator: np.random.Generator, num_frames: int, num_samples: int) -> np.ndarray:
    """One uniformly random frame in each of `num_samples` equal bins, int64, ascending.

    All frames of a video that has no more than `num_samples`.
    """
    if num_frames <= num_samples:
        return np.arange(num_frames)
    edges = np.linspace(0, num_frames, num_samples + 1).astype(np.int64)
    return edges[:-1] + (generator.random(num_samples) * np.diff(edges)).astype(np.int64)


def paired_indices(
    generator: np.random.Generator, num_frames: int, num_samples: int, bins: int, window: int
) -> tuple[np.ndarray, np.ndarray]:
    """Anchors from equal bins of a video, and for each of them a neighbor in time (TOT).

    Each of `bins` equal parts of the video gives num_samples / (2 bins) anchors. The neighbor of
    an anchor is -window to window - 1 frames away, but no further than the video's first or last
    frame. An empty bin, in a video shorter than `bins`, gives the frame behind it.

    Returns:
        frames [num_samples], ascending, with repeats; and [bins, 2], the places among them of
        each bin's first anchor and of its neighbor.
    """
    edges = np.arange(bins + 1) * num_frames // bins
    starts = np.repeat(edges[:-1], num_samples // (2 * bins))
    lengths = np.repeat(np.maximum(np.diff(edges), 1), num_samples // (2 * bins))
    anchors = starts + (generator.random(len(starts)) * lengths).astype(np.int64)
    neighbors = anchors + generator.integers(-window, window, len(anchors))
    drawn = np.clip(np.concatenate([anchors, neighbors]), 0, num_frames - 1)
    order = np.argsort(drawn, kind="stable")
    places = np.empty(num_samples, np.int32)
    places[order] = np.arange(num_samples)
    first = np.arange(bins) * (len(anchors) // bins)
    return drawn[order], np.stack([places[first], places[len(anchors) + first]], axis=1)


class FrameStream(Stream):
    """The batches of one activity under one seed: {"frames", "mask", "length"}, see `arrays`."""

    def __init__(
        self,
        videos: Sequence[Video],
        *,
        seed: int,
        videos_per_batch: int,
        frames_per_video: int,
    ):
        number = activity_number(videos[0].activity, videos[0].top)
        super().__init__(videos, seed=seed, videos_per_batch=videos_per_batch, key=(number,))
        self.frames_per_video = frames_per_video
        self.num_channels = videos[0].features.shape[1]

    def arrays(self, num_videos: int, step: int | None) -> Shapes:
        """ "frames" [videos, frames_per_video, channels], "mask" [videos, frames_per_video].

        "length" [videos] is how many frames a sample was drawn from, as float32.
        """
        shape = (num_videos, self.frames_per_video)
        return {
            "frames": ((*shape, self.num_channels), np.float32),
            "mask": (shape, bool),
            "length": ((num_videos,), np.float32),
        }

    def draw(self, video: Video, generator: np.random.Generator) -> Any:
        return frame_indices(generator, video.num_frames, self.frames_per_video)

    def write(self, index: int, sample: Any, arrays: Arrays, slot: int) -> None:
        arrays["frames"][slot, : len(sample)] = self.videos[index].frames(sample)
        arrays["mask"][slot, : len(sample)] = True
        arrays["length"][slot] = self.videos[index].num_frames


class PairStream(FrameStream):
    """The batches of one activity under one seed, with the frames of `paired_indices`.

    Beside "frames" and "mask" they hold "time" [videos, frames_per_video], each frame's place in
    its video from 0 to 1, and "pairs" [videos, bins, 2] of anchors and their neighbors.
    """

    def __init__(self, videos: Sequence[Video], *, bins: int, neighbor_window: int, **options: int):
        super().__init__(videos, **options)
        self.bins, self.neighbor_window = bins, neighbor_window

    def arrays(self, num_videos: int, step: int | None) -> Shapes:
        return super().arrays(num_videos, step) | {
            "time": ((num_videos, self.frames_per_video), np.float32),
            "pairs": ((num_videos, self.bins, 2), np.int32),
        }

    def draw(self, video: Video, generator: np.random.Generator) -> Any:
        return paired_indices(
            generator, video.num_frames, self.frames_per_video, self.bins, self.neighbor_window
        )

    def write(self, index: int, sample: Any, arrays: Arrays, slot: int) -> None:
        video, (frames, pairs) = self.videos[index], sample
        arrays["frames"][slot] = video.frames(frames)
        arrays["time"][slot] = frames / video.num_frames
        arrays["pairs"][slot] = pairs
        arrays["mask"][slot] = True
