"""Batches of all members, drawn ahead of the step that needs them (grain)."""

from collections.abc import Iterator, Sequence

import grain
import numpy as np

from jaxseg.data.sampling import Stream


class Batches:
    """Maps a step number to {"frames": [members, videos, frames, channels], "mask": [...]}.

    Args:
        streams: one a member; members that differ in hyper-parameters alone share theirs, which
            is then drawn once.
        num_steps: the longest member's steps; a member beyond its own goes on cycling.
    """

    def __init__(self, streams: Sequence[Stream], num_steps: int):
        self.unique = list(dict.fromkeys(streams))
        self.owner = np.array([self.unique.index(stream) for stream in streams])
        self.num_steps = num_steps
        first = streams[0]
        self.sample_shape = (first.frames_per_video, first.num_channels)
        self.videos_per_batch = first.videos_per_batch

    def batch(self, step: int) -> dict[str, np.ndarray]:
        """The batch of one step."""
        batch = self._empty(self.videos_per_batch)
        for index, stream in enumerate(self.unique):
            stream.fill(int(step), batch["frames"][index], batch["mask"][index])
        return self._spread(batch)

    def warm_start(self) -> dict[str, np.ndarray]:
        """One sample of every video of every member, padded to the most videos."""
        sample = self._empty(max(len(stream.videos) for stream in self.unique))
        for index, stream in enumerate(self.unique):
            stream.fill_warm_start(sample["frames"][index], sample["mask"][index])
        return self._spread(sample)

    def iterate(self, start: int) -> Iterator[dict[str, np.ndarray]]:
        """Batches from step `start` on; two of them are made while the step before runs."""
        steps = grain.MapDataset.range(start, self.num_steps).map(self.batch)
        return iter(steps.to_iter_dataset(grain.ReadOptions(num_threads=1, prefetch_buffer_size=2)))

    def _empty(self, num_videos: int) -> dict[str, np.ndarray]:
        shape = (len(self.unique), num_videos, *self.sample_shape)
        return {"frames": np.zeros(shape, np.float32), "mask": np.zeros(shape[:-1], bool)}

    def _spread(self, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        if len(self.unique) == len(self.owner):
            return arrays
        return {name: array[self.owner] for name, array in arrays.items()}
