"""HOG, HOF and MBH along tracks, as improved dense trajectories have them.

Wang et al., IJCV 2013; Wang and Schmid, "Action recognition with improved trajectories", ICCV
2013: around each point 32 x 32 pixels in 2 x 2 cells, its track in 3 cells of time; in each cell a
histogram of orientations, weighted by magnitude. Histograms are first made of small blocks of the
whole picture, of which cells are sums, so that no pixel is looked at twice.
"""

import itertools
import math
from collections.abc import Iterator

import numpy as np

from jaxseg.features.extra import need
from jaxseg.features.motion.flow import BLOCK

cv2 = need("cv2")

BINS = {"hog": 8, "hof": 9, "mbhx": 8, "mbhy": 8}
TOTAL = sum(BINS.values())
SPACE, TIME = 2, 3  # cells on a side, cells in time
CELL = 4  # blocks on a side of a cell
STANDS_STILL = 0.4  # pixels a frame, under which HOF counts no direction
# What is added to a histogram's mean magnitude, so that noise is not blown up to a pattern: grey
# levels a pixel, pixels a frame, and the change of the flow between neighbours.
FLOORS = {"hog": 2.0, "hof": 0.05, "mbhx": 0.02, "mbhy": 0.02}


def histograms(
    dx: np.ndarray, dy: np.ndarray, block: int, still: float | None = None
) -> np.ndarray:
    """Vectors by orientation, means over blocks.

    Bin k is at 45 k degrees from the x axis to the y axis (downwards). A vector is the sum of one
    along each of the two bins beside its angle, whose lengths it gives to them.

    Args:
        dx, dy: float32 [H, W].
        block: pixels on a side of a block; H and W are multiples of it.
        still: vectors shorter than it count 1 in one more bin, behind the others.

    Returns:
        float32 [H / block, W / block, 8 or 9].
    """
    size = tuple(side // block for side in reversed(dx.shape))
    resting = []
    if still is not None:
        rests = dx * dx + dy * dy < still**2
        dx, dy = (np.where(rests, np.float32(0), part) for part in (dx, dy))
        resting = [rests.astype(np.float32)]
    parts = itertools.chain(_along_bins(dx, dy), resting)
    means = [cv2.resize(part, size, interpolation=cv2.INTER_AREA) for part in parts]
    return np.stack(means, axis=-1)


def _along_bins(dx: np.ndarray, dy: np.ndarray) -> Iterator[np.ndarray]:
    """Eight pictures: how much of each vector points in each direction, at most two not 0.

    All are the same array, which is used again: making new ones takes longer than filling them.
    """
    wide, high, left, up = np.abs(dx), np.abs(dy), -dx, -dy
    straight = [(dx, high), (dy, wide), (left, high), (up, wide)]
    oblique = [(dx, dy), (left, dy), (left, up), (dx, up)]
    part = np.empty_like(dx)
    for (along, across), (one, other) in zip(straight, oblique, strict=True):
        np.subtract(along, across, out=part)
        yield np.maximum(part, 0, out=part)
        np.minimum(one, other, out=part)
        np.maximum(part, 0, out=part)
        yield np.multiply(part, math.sqrt(2), out=part)


def cells(grey: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """Mean histograms of all cells of one frame, float32 [h / 4 - 3, w / 4 - 3, TOTAL].

    Value [i, j] is the cell whose first block is block (i, j).

    Args:
        grey: uint8 [h, w].
        flow: float32 [h / 2, w / 2, 2], from this frame to the next.
    """
    u, v = (np.ascontiguousarray(flow[..., axis]) for axis in (0, 1))
    values = BLOCK // 2  # of the flow on a side of a block
    blocks = np.concatenate(
        [
            histograms(*gradients(grey), BLOCK),
            histograms(u, v, values, still=STANDS_STILL),
            histograms(*gradients(u), values),
            histograms(*gradients(v), values),
        ],
        axis=-1,
    )
    means = cv2.boxFilter(blocks, -1, (CELL, CELL), anchor=(0, 0))
    return means[: 1 - CELL, : 1 - CELL]


def gradients(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Central differences along x and y, float32 of the picture's shape, in its unit a pixel."""
    picture = picture.astype(np.float32, copy=False)
    ways = ((1, 0), (0, 1))
    return tuple(cv2.Sobel(picture, cv2.CV_32F, *way, ksize=1, scale=0.5) for way in ways)


def describe(frames: np.ndarray, order: np.ndarray, places: np.ndarray) -> dict[str, np.ndarray]:
    """The descriptors of tracks.

    Each is the square root of histograms divided by their sum (of which a floor keeps what is
    next to nothing small), so that its length is at most 1.

    Args:
        frames: `cells` of L frames, [L, rows, columns, TOTAL]; L is a multiple of TIME.
        order: which frame comes first, second, ... [L].
        places: (x, y) of N tracks in them, in pixels, [L, N, 2].

    Returns:
        Type of `BINS` -> float32 [N, TIME * SPACE * SPACE * bins].
    """
    length, rows, columns, _ = frames.shape
    count = places.shape[1]
    # The cells beside a point end and begin at it; at a border all four move inwards.
    corner = np.rint(places / BLOCK).astype(np.intp) - CELL
    corner = np.clip(corner, 0, np.array([columns - 1 - CELL, rows - 1 - CELL]))
    start = (order[:, None] * rows + corner[..., 1]) * columns + corner[..., 0]
    offsets = np.array([i * columns + j for i in (0, CELL) for j in (0, CELL)])
    found = frames.reshape(-1, TOTAL)[start[..., None] + offsets]
    found = found.reshape(TIME, length // TIME, count, SPACE * SPACE, TOTAL).mean(axis=1)
    found = found.transpose(1, 0, 2, 3)
    ends = np.cumsum(list(BINS.values()))[:-1]
    parts = dict(zip(BINS, np.split(found, ends, axis=-1), strict=True))
    return {name: _normalized(part, FLOORS[name]) for name, part in parts.items()}


def _normalized(histogram: np.ndarray, floor: float) -> np.ndarray:
    flat = histogram.reshape(len(histogram), math.prod(histogram.shape[1:]))
    total = flat.sum(axis=1, keepdims=True) + floor * TIME * SPACE * SPACE
    return np.sqrt(flat / total)
