"""Dense trajectories: points that the flow carries from frame to frame, described, as a stream.

Wang et al., "Dense trajectories and motion boundary descriptors for action recognition",
IJCV 2013, over a grid that starts afresh all the time: every point of it begins a track each few
frames, in turns, so that the picture stays covered and every frame costs the same.
"""

from typing import NamedTuple

import numpy as np

from jaxseg.features.motion.descriptors import DenseFlow, cells, describe, to_gray

STRIDE = 10  # pixels between the grid's points
TURNS = 5  # frames from one start of a point's track to the next
FLOW_PITCH = 2  # pixels between two values of the flow
# A track's weight grows with its motion up to this many pixels a frame. One at rest has a small
# weight, so that a picture without motion is described by what it shows.
FULL_MOTION = 0.5
LEAST_WEIGHT = 0.05


class Tracks(NamedTuple):
    """Tracks that began in the same frame."""

    descriptors: dict[str, np.ndarray]  # type -> float32 [N, D]
    weights: np.ndarray  # float32 [N]


class Trajectories:
    """Describes the tracks of one video; keeps what the last L frames need, never more.

    L, the length, is the frames that a track passes through, a multiple of `descriptors.TIME`.
    """

    def __init__(self, length: int):
        self._length = length
        self._flow_between = DenseFlow()
        self._last: np.ndarray | None = None
        self._steps = 0

    def push(self, frame: np.ndarray) -> Tracks | None:
        """Takes uint8 [H, W, 3]; returns the tracks that began L frames before, if there are."""
        gray = to_gray(frame)
        if self._last is None:
            self._make_rings(gray.shape)
        else:
            self._step(self._last, gray)
        self._last = gray
        return self._finished() if self._steps >= self._length else None

    def _make_rings(self, size: tuple[int, int]) -> None:
        """Buffers of the last L flows and cells: step s is at s modulo L."""
        height, width = (side // FLOW_PITCH for side in size)
        self._flows = np.empty((self._length, height, width, 2), np.float32)
        self._cells: np.ndarray | None = None
        self._points = grid(*size)

    def _step(self, before: np.ndarray, after: np.ndarray) -> None:
        slot = self._steps % self._length
        flow = self._flow_between(before, after)
        histograms = cells(before, flow)
        if self._cells is None:
            self._cells = np.empty((self._length, *histograms.shape), np.float32)
        self._flows[slot], self._cells[slot] = flow, histograms
        self._steps += 1

    def _finished(self) -> Tracks:
        first = self._steps - self._length
        order = np.arange(first, self._steps) % self._length
        places, inside = carry(self._flows, order, self._points[first % TURNS :: TURNS], FLOW_PITCH)
        places = places[:, inside]
        weights = self._weights(order, places)
        return Tracks(describe(self._cells, order, places), weights)

    def _weights(self, order: np.ndarray, places: np.ndarray) -> np.ndarray:
        column, row = (places / FLOW_PITCH).astype(np.intp).transpose(2, 0, 1)
        moved = np.linalg.norm(self._flows[order[:, None], row, column], axis=-1).mean(axis=0)
        share = np.minimum(moved / FULL_MOTION, 1)
        return (LEAST_WEIGHT + (1 - LEAST_WEIGHT) * share).astype(np.float32)


def grid(height: int, width: int) -> np.ndarray:
    """Points (x, y) of a regular grid, centered in the picture, float32 [N, 2]; N >= 1."""
    axes = []
    for side in (width, height):
        steps = STRIDE * np.arange(max(1, side // STRIDE))
        axes.append(steps + (side - 1 - steps[-1]) / 2)
    x, y = np.meshgrid(*axes)
    return np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float32)


def carry(
    flows: np.ndarray, order: np.ndarray, points: np.ndarray, pitch: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Carries points along through the flows of consecutive frames.

    Args:
        flows: [L, h, w, 2], in pixels.
        order: which flow comes first, second, ... [L].
        points: (x, y) in the first frame, [N, 2].
        pitch: pixels between two values of the flow.

    Returns:
        Where the points are in the frames that the flows begin at, float32 [L, N, 2], and which
        stay inside the picture to the last of the L + 1 frames, [N]. (One that has left stays at
        the border.)
    """
    _, height, width, _ = flows.shape
    last = np.array([width * pitch - 1, height * pitch - 1], np.float32)
    places = np.empty((len(order), len(points), 2), np.float32)
    inside = np.ones(len(points), bool)
    current = points
    for step, slot in enumerate(order):
        places[step] = current
        column, row = (current / pitch).astype(np.intp).T
        moved = current + flows[slot, row, column]
        current = np.clip(moved, 0, last)
        inside &= (current == moved).all(axis=1)
    return places, inside
