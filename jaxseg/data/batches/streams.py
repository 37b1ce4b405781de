"""The batches of one member: the part that all kinds of samples have in common."""

import abc
import functools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

Arrays = dict[str, np.ndarray]
Shapes = Mapping[str, tuple[tuple[int, ...], type]]
ORDER, SAMPLES, WARM_START = range(3)  # independent streams of random numbers


class Stream(abc.ABC):
    """Batches of at least one video, which depend only on the videos, the seed and the step.

    Every epoch is a new permutation of the videos; its last batch may be smaller. A subclass
    names the arrays of a batch and writes one video at a time into them. One of them is "mask",
    whose leading axis is the videos. The random numbers depend on the seed and on `key`.
    """

    def __init__(
        self, videos: Sequence, *, seed: int, videos_per_batch: int, key: tuple[int, ...] = ()
    ):
        self.videos = videos
        self.videos_per_batch = videos_per_batch
        self.key = (seed, *key)
        self._order = functools.lru_cache(maxsize=2)(self._shuffled)

    @property
    def steps_per_epoch(self) -> int:
        """Number of batches in an epoch."""
        return -(-len(self.videos) // self.videos_per_batch)

    def write_batch(self, step: int | None, arrays: Arrays, first: int = 0) -> None:
        """Writes the batch of a step, or some videos of it, into zeroed arrays.

        It writes as many videos as the arrays hold and reads no others. A video's numbers do not
        depend on which others are written.

        Args:
            step: counts from 0 over all epochs; None is the warm start, one sample of every
                video, in order.
            arrays: as `arrays` describes them; all axes may be larger, where another member
                needs it.
            first: place in the batch of the first video that is written.
        """
        purpose, number = (WARM_START, 0) if step is None else (SAMPLES, step)
        generator = np.random.default_rng((*self.key, purpose, number))
        self.prepare(step, arrays)
        places = range(first, first + len(arrays["mask"]))
        for place, index in enumerate(self.chosen(step)):
            # Drawn for all videos, so that no sample depends on which videos are written.
            sample = self.draw(self.videos[index], generator)
            if place in places:
                self.write(index, sample, arrays, place - first)

    @abc.abstractmethod
    def arrays(self, num_videos: int, step: int | None) -> Shapes:
        """Shape and dtype of each array of a step's batch, of which `num_videos` are written."""

    def chosen(self, step: int | None) -> Sequence[int]:
        """Indices of the videos in the batch of a step; of all videos for the warm start."""
        if step is None:
            return range(len(self.videos))
        epoch, position = divmod(step, self.steps_per_epoch)
        start = position * self.videos_per_batch
        return self._order(epoch)[start : start + self.videos_per_batch]

    def prepare(self, step: int | None, arrays: Arrays) -> None:
        """Writes the values that empty places of a batch have instead of zero; here none."""
        return

    def draw(self, video: Any, generator: np.random.Generator) -> Any:
        """The random part of a video's sample, for `write`; here none."""
        return None

    @abc.abstractmethod
    def write(self, index: int, sample: Any, arrays: Arrays, slot: int) -> None:
        """Reads the sample of video `index` into place `slot` of the arrays."""

    def _shuffled(self, epoch: int) -> np.ndarray:
        generator = np.random.default_rng((*self.key, ORDER, epoch))
        return generator.permutation(len(self.videos))
