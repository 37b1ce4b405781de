"""From frames to described tracks, as a stream: the lower half of the features of motion."""

import dataclasses
from typing import NamedTuple

import numpy as np

from jaxseg.features.motion.descriptors import TIME, cells, describe
from jaxseg.features.motion.flow import DenseFlow, to_grey
from jaxseg.features.motion.tracks import carry, grid

FLOW_PITCH = 2  # pixels between two values of the flow
# A track counts as much as it moves, up to this many pixels a frame; one that rests still counts
# a little, so that a picture without motion is described by what it shows.
FULL_MOTION = 0.5
LEAST_WEIGHT = 0.05


@dataclasses.dataclass(frozen=True)
class TrackSettings:
    """How tracks are laid out.

    Attributes:
        length: frames that a track passes through, a multiple of 3.
        stride: pixels between the grid's points.
        turns: frames from one start of a point's track to the next.
    """

    length: int = 15
    stride: int = 10
    turns: int = 5

    def __post_init__(self):
        if self.length < TIME or self.length % TIME:
            raise ValueError(f"tracks of {self.length} frames: no multiple of {TIME}")


class Tracks(NamedTuple):
    """Tracks that began in the same frame.

    Attributes:
        descriptors: type -> float32 [N, D].
        weights: how much each counts, float32 [N].
    """

    descriptors: dict[str, np.ndarray]
    weights: np.ndarray


class Trajectories:
    """Describes the tracks of one video; holds what the last L frames need, never more."""

    def __init__(self, settings: TrackSettings):
        self._settings = settings
        self._between = DenseFlow()
        self._last: np.ndarray | None = None
        self._steps = 0

    def push(self, frame: np.ndarray) -> Tracks | None:
        """Takes uint8 [H, W, 3]; the tracks that began L frames before it, None before there is."""
        grey = to_grey(frame)
        if self._last is None:
            self._make_rings(grey.shape)
        else:
            self._step(self._last, grey)
        self._last = grey
        return self._finished() if self._steps >= self._settings.length else None

    def _make_rings(self, size: tuple[int, int]) -> None:
        length = self._settings.length
        height, width = (side // FLOW_PITCH for side in size)
        self._flows = np.empty((length, height, width, 2), np.float32)
        self._cells: np.ndarray | None = None
        self._points = grid(*size, self._settings.stride)

    def _step(self, before: np.ndarray, after: np.ndarray) -> None:
        slot = self._steps % self._settings.length
        flow = self._between(before, after)
        found = cells(before, flow)
        if self._cells is None:
            self._cells = np.empty((self._settings.length, *found.shape), np.float32)
        self._flows[slot], self._cells[slot] = flow, found
        self._steps += 1

    def _finished(self) -> Tracks:
        length, turns = self._settings.length, self._settings.turns
        first = self._steps - length
        order = np.arange(first, self._steps) % length
        places, inside = carry(self._flows, order, self._points[first % turns :: turns], FLOW_PITCH)
        places = places[:, inside]
        weights = self._weights(order, places)
        return Tracks(describe(self._cells, order, places), weights)

    def _weights(self, order: np.ndarray, places: np.ndarray) -> np.ndarray:
        column, row = (places / FLOW_PITCH).astype(np.intp).transpose(2, 0, 1)
        moved = np.linalg.norm(self._flows[order[:, None], row, column], axis=-1).mean(axis=0)
        part = np.minimum(moved / FULL_MOTION, 1)
        return (LEAST_WEIGHT + (1 - LEAST_WEIGHT) * part).astype(np.float32)
