"""Frames that a training step sees, which depend only on seed, activity and step.

`FrameStream` draws one frame from each of equal parts of a video (ASOT); `PairStream` draws
anchors and a neighbor in time of each (TOT).
"""

import functools
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from jaxseg.data.segmentation.records import Video

_ORDER, _FRAMES, _WARM_START = range(3)  # independent streams of random numbers


def steps_per_epoch(num_videos: int, videos_per_batch: int) -> int:
    """Batches that show every video once; the last one may be smaller."""
    return -(-num_videos // videos_per_batch)


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


class FrameStream:
    """The batches of one activity under one seed: {"frames", "mask"}, see `arrays`."""

    def __init__(
        self,
        videos: Sequence[Video],
        *,
        seed: int,
        videos_per_batch: int,
        frames_per_video: int,
    ):
        self.videos = videos
        self.activity = videos[0].activity
        self.seed = seed
        self.videos_per_batch = videos_per_batch
        self.frames_per_video = frames_per_video
        self.num_channels = videos[0].features.shape[1]
        self._order = functools.lru_cache(maxsize=2)(self._shuffled)

    def arrays(self, num_videos: int, step: int | None) -> dict[str, tuple[tuple[int, ...], type]]:
        """ "frames" [videos, frames_per_video, channels] and "mask" [videos, frames_per_video]."""
        shape = (num_videos, self.frames_per_video)
        return {"frames": ((*shape, self.num_channels), np.float32), "mask": (shape, bool)}

    def write_batch(self, step: int, arrays: dict[str, np.ndarray], first: int = 0) -> None:
        """Writes the batch of a step, or some videos of it, into zeroed arrays.

        Args:
            step: counts from 0 over all epochs; each epoch shows every video once.
            arrays: as `arrays` describes them, for any number of videos.
            first: place in the batch of the first of them.
        """
        per_epoch = steps_per_epoch(len(self.videos), self.videos_per_batch)
        epoch, position = divmod(step, per_epoch)
        start = position * self.videos_per_batch
        chosen = self._order(epoch)[start : start + self.videos_per_batch]
        self._write(chosen, _generator(self.seed, self.activity, _FRAMES, step), arrays, first)

    def write_warm_start(self, arrays: dict[str, np.ndarray]) -> None:
        """Writes one sample of every video, in order."""
        generator = _generator(self.seed, self.activity, _WARM_START)
        self._write(range(len(self.videos)), generator, arrays)

    def _write(
        self,
        chosen: Sequence[int],
        generator: np.random.Generator,
        arrays: dict[str, np.ndarray],
        first: int = 0,
    ) -> None:
        """Writes the chosen videos whose places are those of `arrays`.

        Draws for all of them, so that no video's sample depends on which others are written.
        """
        places = range(first, first + len(arrays["mask"]))
        for place, index in enumerate(chosen):
            sample = self.draw(self.videos[index], generator)
            if place in places:
                of_video = {name: array[place - first] for name, array in arrays.items()}
                self.write(self.videos[index], sample, of_video)

    def _shuffled(self, epoch: int) -> np.ndarray:
        return _generator(self.seed, self.activity, _ORDER, epoch).permutation(len(self.videos))

    def draw(self, video: Video, generator: np.random.Generator) -> Any:
        """The random part of a video's sample: the frames, for `write`."""
        return frame_indices(generator, video.num_frames, self.frames_per_video)

    def write(self, video: Video, sample: Any, arrays: dict[str, np.ndarray]) -> None:
        """Reads one video's sample into its part of a batch's arrays."""
        arrays["frames"][: len(sample)] = video.frames(sample)
        arrays["mask"][: len(sample)] = True


class PairStream(FrameStream):
    """The batches of one activity under one seed, with the frames of `paired_indices`.

    Beside "frames" and "mask" they hold "time" [videos, frames_per_video], each frame's place in
    its video from 0 to 1, and "pairs" [videos, bins, 2] of anchors and their neighbors.
    """

    def __init__(self, videos: Sequence[Video], *, bins: int, window: int, **options: int):
        super().__init__(videos, **options)
        self.bins, self.window = bins, window

    def arrays(self, num_videos: int, step: int | None) -> dict[str, tuple[tuple[int, ...], type]]:
        return super().arrays(num_videos, step) | {
            "time": ((num_videos, self.frames_per_video), np.float32),
            "pairs": ((num_videos, self.bins, 2), np.int32),
        }

    def draw(self, video: Video, generator: np.random.Generator) -> Any:
        return paired_indices(
            generator, video.num_frames, self.frames_per_video, self.bins, self.window
        )

    def write(self, video: Video, sample: Any, arrays: dict[str, np.ndarray]) -> None:
        frames, arrays["pairs"][:] = sample
        arrays["frames"][:] = video.frames(frames)
        arrays["time"][:] = frames / video.num_frames
        arrays["mask"][:] = True


def _generator(seed: int, activity: str, stream: int, number: int = 0) -> np.random.Generator:
    return np.random.default_rng((seed, zlib.crc32(activity.encode()), stream, number))
