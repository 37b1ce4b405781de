"""Batches of all members, drawn ahead of the step that needs them (grain)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import grain
import numpy as np

Arrays = dict[str, np.ndarray]


class Stream(Protocol):
    """The batches of one member; what is in them is between the stream and the method.

    Attributes:
        videos: those it draws from.
        videos_per_batch: the leading axis of a batch's arrays.
    """

    videos: Sequence
    videos_per_batch: int

    def arrays(
        self, num_videos: int, step: int | None
    ) -> Mapping[str, tuple[tuple[int, ...], type]]:
        """Shape, leading axis `num_videos`, and dtype of each array of a step's batch.

        Args:
            step: None for the warm start.
        """

    def fill(self, step: int, arrays: Arrays, first: int) -> None:
        """Writes videos of a step's batch, from place `first` on, into zeroed arrays.

        Their number is the arrays'; the other axes may be larger, where another member's are.
        Nothing is read of other videos, and what is written does not depend on who is.
        """

    def fill_warm_start(self, arrays: Arrays) -> None:
        """Writes one sample of every video into zeroed arrays."""


class Batches:
    """Maps a step number to arrays with the leading axes [members, videos].

    Args:
        streams: one a member; members that differ in hyper-parameters alone share theirs, which
            is then drawn once.
        num_steps: the longest member's steps; a member beyond its own goes on cycling.
        members, videos: the part of a batch that is drawn; all of it by default. It is the same
            numbers whatever the part.
    """

    def __init__(
        self,
        streams: Sequence[Stream],
        num_steps: int,
        members: slice = slice(None),
        videos: slice = slice(None),
    ):
        own = streams[members]
        self.all = list(dict.fromkeys(streams))
        self.unique = list(dict.fromkeys(own))
        self.owner = np.array([self.unique.index(stream) for stream in own])
        self.num_steps = num_steps
        self.videos_per_batch = self.all[0].videos_per_batch
        self._videos = range(self.videos_per_batch)[videos]

    def batch(self, step: int) -> Arrays:
        """The batch of one step."""
        batch = self._empty(len(self._videos), int(step))
        for index, stream in enumerate(self.unique):
            own = {name: array[index] for name, array in batch.items()}
            stream.fill(int(step), own, self._videos.start)
        return self._spread(batch)

    def warm_start(self) -> Arrays:
        """One sample of every video of every member, padded to the most videos."""
        sample = self._empty(max(len(stream.videos) for stream in self.all), None)
        for index, stream in enumerate(self.unique):
            stream.fill_warm_start({name: array[index] for name, array in sample.items()})
        return self._spread(sample)

    def iterate(self, start: int) -> Iterator[Arrays]:
        """Batches from step `start` on; two of them are made while the step before runs."""
        steps = grain.MapDataset.range(start, self.num_steps).map(self.batch)
        return iter(steps.to_iter_dataset(grain.ReadOptions(num_threads=1, prefetch_buffer_size=2)))

    def _empty(self, num_videos: int, step: int | None) -> Arrays:
        """Zeros for every stream of the part, as large as any member of the run needs."""
        described = [stream.arrays(num_videos, step) for stream in self.all]
        empty = {}
        for name, (_, dtype) in described[0].items():
            shape = np.max([own[name][0] for own in described], axis=0)
            empty[name] = np.zeros((len(self.unique), *shape), dtype)
        return empty

    def _spread(self, arrays: Arrays) -> Arrays:
        if len(self.unique) == len(self.owner):
            return arrays
        return {name: array[self.owner] for name, array in arrays.items()}
