"""Points that the flow carries along: dense trajectories.

Wang et al., "Dense trajectories and motion boundary descriptors for action recognition",
IJCV 2013, over a grid that starts afresh all the time: every point of it begins a track each few
frames, in turns, so that the picture stays covered and every frame costs the same.
"""

import numpy as np


def grid(height: int, width: int, stride: int) -> np.ndarray:
    """The points (x, y) of a regular grid, float32 [N, 2], as far from all borders; N >= 1."""
    x, y = np.meshgrid(_spread(width, stride), _spread(height, stride))
    return np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float32)


def _spread(side: int, stride: int) -> np.ndarray:
    steps = stride * np.arange(max(1, side // stride))
    return steps + (side - 1 - steps[-1]) / 2


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
    here = points
    for step, slot in enumerate(order):
        places[step] = here
        column, row = (here / pitch).astype(np.intp).T
        moved = here + flows[slot, row, column]
        here = np.clip(moved, 0, last)
        inside &= (here == moved).all(axis=1)
    return places, inside
