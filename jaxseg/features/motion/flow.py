"""Dense optical flow between the frames of a video, at a working size of its own.

Inverse search over patches: Kroeger et al., "Fast Optical Flow using Dense Inverse Search",
ECCV 2016, in OpenCV's implementation.
"""

import math

import numpy as np

from jaxseg.features.extra import need

cv2 = need("cv2")

AREA = 320 * 180  # pixels of the working size, whatever a video's own size is
LEAST_SIDE = 32  # pixels; below it there is no room for patches and cells
BLOCK = 4  # pixels; both sides are multiples of it


def working_size(height: int, width: int) -> tuple[int, int]:
    """(height, width) of about AREA pixels in the same shape, small videos enlarged.

    So a patch of so many pixels is the same part of the picture in every video.
    """
    scale = math.sqrt(AREA / (height * width))
    sides = (max(LEAST_SIDE, BLOCK * round(scale * side / BLOCK)) for side in (height, width))
    return tuple(sides)


def to_grey(frame: np.ndarray) -> np.ndarray:
    """uint8 [h, w] of the working size from uint8 [H, W, 3]."""
    height, width = working_size(*frame.shape[:2])
    grey = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
    way = cv2.INTER_AREA if height <= grey.shape[0] else cv2.INTER_LINEAR
    return cv2.resize(grey, (width, height), interpolation=way)


class DenseFlow:
    """Flow from frame to frame, at half the working size."""

    def __init__(self):
        self._search = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_FAST)

    def __call__(self, before: np.ndarray, after: np.ndarray) -> np.ndarray:
        """float32 [h / 2, w / 2, 2]: where (x, y) goes, in pixels of the working size.

        Args:
            before, after: uint8 [h, w].
        """
        flow = self._search.calc(before, after, None)
        height, width = before.shape
        # Nothing finer is searched for, so that half the size holds all there is.
        return cv2.resize(flow, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
