"""Flow between frames, and HOG, HOF and MBH along tracks, as improved dense trajectories have them.

Wang et al., IJCV 2013; Wang and Schmid, "Action recognition with improved trajectories", ICCV
2013: around each point 32 x 32 pixels in 2 x 2 cells, its track in 3 cells of time; in each cell a
histogram of orientations, weighted by magnitude. Histograms are first made of small blocks of the
whole picture, of which cells are sums, so that no pixel is looked at twice.
"""

import itertools
import math
from collections.abc import Iterator

import numpy as np

from jaxseg.features import need

cv2 = need("cv2")

AREA = 320 * 180  # pixels of the working size, whatever a video's own size is
LEAST_SIDE = 32  # pixels; a smaller picture could not hold the patches and cells
BLOCK = 4  # pixels; both sides are multiples of it
BINS = {"hog": 8, "hof": 9, "mbhx": 8, "mbhy": 8}
TOTAL = sum(BINS.values())
SPACE, TIME = 2, 3  # cells on a side, cells in time
CELL = 4  # blocks on a side of a cell
REST_BELOW = 0.4  # pixels a frame; HOF counts no direction of slower motion
# Added to a histogram's mean magnitude, so that normalizing does not turn noise into a pattern:
# gray levels a pixel, pixels a frame, and the change of the flow between neighbors.
FLOORS = {"hog": 2.0, "hof": 0.05, "mbhx": 0.02, "mbhy": 0.02}


class DenseFlow:
    """Dense optical flow from frame to frame, at half the working size.

    Inverse search over patches: Kroeger et al., "Fast Optical Flow using Dense Inverse Search",
    ECCV 2016, in OpenCV's implementation.
    """

    def __init__(self):
        self._search = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_FAST)

    def __call__(self, before: np.ndarray, after: np.ndarray) -> np.ndarray:
        """Where (x, y) of uint8 [h, w] goes, in pixels of that size: float32 [h / 2, w / 2, 2]."""
        flow = self._search.calc(before, after, None)
        height, width = before.shape
        # The search goes no finer, so half the size loses nothing.
        return cv2.resize(flow, (width // 2, height // 2), interpolation=cv2.INTER_AREA)


def working_size(height: int, width: int) -> tuple[int, int]:
    """(height, width) of about AREA pixels in the same shape; small videos are enlarged.

    So a patch of so many pixels is the same part of the picture in every video.
    """
    scale = math.sqrt(AREA / (height * width))
    sides = (max(LEAST_SIDE, BLOCK * round(scale * side / BLOCK)) for side in (height, width))
    return tuple(sides)


def to_gray(frame: np.ndarray) -> np.ndarray:
    """uint8 [h, w] of the working size from uint8 [H, W, 3]."""
    height, width = working_size(*frame.shape[:2])
    gray = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
    method = cv2.INTER_AREA if height <= gray.shape[0] else cv2.INTER_LINEAR
    return cv2.resize(gray, (width, height), interpolation=method)


def histograms(
    dx: np.ndarray, dy: np.ndarray, block: int, rest_below: float | None = None
) -> np.ndarray:
    """Histograms of vectors by orientation, means over blocks.

    Bin k is at 45 k degrees from the x axis to the y axis (downwards). A vector is split into one
    along each of the two bins beside its angle; each of these adds its length to its bin.

    Args:
        dx, dy: float32 [H, W].
        block: pixels on a side of a block; H and W are multiples of it.
        rest_below: vectors shorter than it count 1 in one more bin, after the others.

    Returns:
        float32 [H / block, W / block, 8 or 9].
    """
    size = tuple(side // block for side in reversed(dx.shape))
    resting = []
    if rest_below is not None:
        rests = dx * dx + dy * dy < rest_below**2
        dx, dy = (np.where(rests, np.float32(0), part) for part in (dx, dy))
        resting = [rests.astype(np.float32)]
    parts = itertools.chain(_along_bins(dx, dy), resting)
    means = [cv2.resize(part, size, interpolation=cv2.INTER_AREA) for part in parts]
    return np.stack(means, axis=-1)


def _along_bins(dx: np.ndarray, dy: np.ndarray) -> Iterator[np.ndarray]:
    """Eight pictures: the length of each vector's part in each direction, at most two not 0.

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


def cells(gray: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """Mean histograms of all cells of one frame, float32 [h / 4 - 3, w / 4 - 3, TOTAL].

    Value [i, j] is the cell whose first block is block (i, j). The frame is uint8 [h, w], the flow
    from it to the next one float32 [h / 2, w / 2, 2].
    """
    u, v = (np.ascontiguousarray(flow[..., axis]) for axis in (0, 1))
    values = BLOCK // 2  # of the flow on a side of a block
    blocks = np.concatenate(
        [
            histograms(*gradients(gray), BLOCK),
            histograms(u, v, values, rest_below=REST_BELOW),
            histograms(*gradients(u), values),
            histograms(*gradients(v), values),
        ],
        axis=-1,
    )
    means = cv2.boxFilter(blocks, -1, (CELL, CELL), anchor=(0, 0))
    return means[: 1 - CELL, : 1 - CELL]


def gradients(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Central differences along x and y, a pixel apart: float32 of the picture's shape."""
    picture = picture.astype(np.float32, copy=False)
    along_x = cv2.Sobel(picture, cv2.CV_32F, 1, 0, ksize=1, scale=0.5)
    along_y = cv2.Sobel(picture, cv2.CV_32F, 0, 1, ksize=1, scale=0.5)
    return along_x, along_y


def describe(frames: np.ndarray, order: np.ndarray, places: np.ndarray) -> dict[str, np.ndarray]:
    """Descriptors of tracks.

    Each is the square root of histograms divided by their sum plus a floor, which keeps faint ones
    small; so its length is at most 1.

    Args:
        frames: `cells` of L frames, [L, rows, columns, TOTAL]; L is a multiple of TIME.
        order: which frame comes first, second, ... [L].
        places: (x, y) of N tracks in them, in pixels, [L, N, 2].

    Returns:
        Type of `BINS` -> float32 [N, TIME * SPACE * SPACE * bins].
    """
    length, rows, columns, _ = frames.shape
    count = places.shape[1]
    # Two cells end and two begin at a point; at a border all four move inwards.
    corner = np.rint(places / BLOCK).astype(np.intp) - CELL
    corner = np.clip(corner, 0, np.array([columns - 1 - CELL, rows - 1 - CELL]))
    start = (order[:, None] * rows + corner[..., 1]) * columns + corner[..., 0]
    offsets = np.array([i * columns + j for i in (0, CELL) for j in (0, CELL)])
    histogram = frames.reshape(-1, TOTAL)[start[..., None] + offsets]
    histogram = histogram.reshape(TIME, length // TIME, count, SPACE * SPACE, TOTAL).mean(axis=1)
    histogram = histogram.transpose(1, 0, 2, 3)
    ends = np.cumsum(list(BINS.values()))[:-1]
    parts = dict(zip(BINS, np.split(histogram, ends, axis=-1), strict=True))
    return {name: _normalized(part, FLOORS[name]) for name, part in parts.items()}


def _normalized(histogram: np.ndarray, floor: float) -> np.ndarray:
    flat = histogram.reshape(len(histogram), math.prod(histogram.shape[1:]))
    total = flat.sum(axis=1, keepdims=True) + floor * TIME * SPACE * SPACE
    return np.sqrt(flat / total)
