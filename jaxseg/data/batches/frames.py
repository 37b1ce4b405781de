"""Which frames a training step sees: a function of (seed, activity, step) alone."""

import functools
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from jaxseg.data.segmentation.records import Video

_ORDER, _FRAMES, _WARM_START = range(3)  # streams of random numbers that never meet


def steps_per_epoch(num_videos: int, videos_per_batch: int) -> int:
    """Batches that show every video once; the last one may be smaller."""
    return -(-num_videos // videos_per_batch)


def frame_indices(generator: np.random.Generator, num_frames: int, num_samples: int) -> np.ndarray:
    """One uniformly random frame in each of `num_samples` equal bins, ascending.

    A video that is not longer than that gives all of its frames.
    """
    if num_frames <= num_samples:
        return np.arange(num_frames)
    edges = np.linspace(0, num_frames, num_samples + 1).astype(np.int64)
    return edges[:-1] + (generator.random(num_samples) * np.diff(edges)).astype(np.int64)


def _generator(seed: int, activity: str, stream: int, number: int = 0) -> np.random.Generator:
    return np.random.default_rng((seed, zlib.crc32(activity.encode()), stream, number))


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

    def _shuffled(self, epoch: int) -> np.ndarray:
        return _generator(self.seed, self.activity, _ORDER, epoch).permutation(len(self.videos))

    def fill(self, step: int, arrays: dict[str, np.ndarray], first: int = 0) -> None:
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
        self._fill(chosen, _generator(self.seed, self.activity, _FRAMES, step), arrays, first)

    def fill_warm_start(self, arrays: dict[str, np.ndarray]) -> None:
        """Writes one sample of every video, in order."""
        generator = _generator(self.seed, self.activity, _WARM_START)
        self._fill(range(len(self.videos)), generator, arrays)

    def _fill(self, chosen, generator, arrays, first: int = 0) -> None:
        """Draws for all videos, so that none depends on which ones are read."""
        wanted = range(first, first + len(arrays["mask"]))
        for slot, index in enumerate(chosen):
            picked = self.draw(self.videos[index], generator)
            if slot in wanted:
                own = {name: array[slot - first] for name, array in arrays.items()}
                self.write(self.videos[index], picked, own)

    def draw(self, video: Video, generator: np.random.Generator) -> Any:
        """What is random about one video's sample."""
        return frame_indices(generator, video.num_frames, self.frames_per_video)

    def write(self, video: Video, picked: Any, arrays: dict[str, np.ndarray]) -> None:
        """Reads one video's sample into its share of a batch's arrays."""
        arrays["frames"][: len(picked)] = video.frames(picked)
        arrays["mask"][: len(picked)] = True
