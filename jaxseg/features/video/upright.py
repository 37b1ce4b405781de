"""How a video's pictures are to be turned: the display matrix of phones."""

from typing import NamedTuple

import numpy as np


class Upright(NamedTuple):
    """What makes a stored picture upright: first transposed, then mirrored."""

    transposed: bool = False
    left_right: bool = False
    up_down: bool = False

    @property
    def rotation(self) -> int:
        """Degrees clockwise that a player turns the picture by (of what is mirrored besides)."""
        if self.transposed:
            return 90 if self.left_right else 270
        return 180 if self.up_down else 0

    def turn(self, picture: np.ndarray) -> np.ndarray:
        """[H, W, 3] as stored -> as shown, contiguous."""
        if self.transposed:
            picture = picture.swapaxes(0, 1)
        if self.left_right:
            picture = picture[:, ::-1]
        if self.up_down:
            picture = picture[::-1]
        return np.ascontiguousarray(picture)


def read_upright(matrix: bytes | None) -> Upright:
    """The nearest right angle of a display matrix (nine int32 in FFmpeg's order); None: as is.

    A stored point (p, q), right and down, is shown at (a p + c q, b p + d q), up to a shift, where
    the matrix begins with a, b, u, c, d (ISO/IEC 14496-12, track header).
    """
    if matrix is None or len(matrix) < 36:
        return Upright()
    a, b, _, c, d = np.frombuffer(matrix[:20], np.int32).tolist()
    if abs(b) + abs(c) > abs(a) + abs(d):
        return Upright(True, left_right=c < 0, up_down=b < 0)
    return Upright(False, left_right=a < 0, up_down=d < 0)
