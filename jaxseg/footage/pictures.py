"""Small pictures of moments of a video."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from jaxseg.features.extra import need
from jaxseg.features.video.frames import open_video

WIDTH, HEIGHT = 160, 120  # the box that a picture fits into
QUALITY = 70  # of JPEG: 3 to 6 kB a picture
_STEP = 1000.0  # pictures a second; only the first of them is asked for


def take(video: Path, times: Iterable[float]) -> Iterator[tuple[float, bytes]]:
    """(time, JPEG of what the video shows then), in time order; none behind the video's end.

    Memory: one picture at a time. Time: a seek each.

    Raises:
        ValueError: the video cannot be read, or not from here on; with its name.
    """
    with open_video(video) as opened:
        height = box_height(opened.width, opened.height)
        for time in sorted(set(times)):
            for _, frame in opened.resampled(_STEP, start=time, seconds=1 / _STEP, height=height):
                yield time, jpeg(frame)


def box_height(width: int, height: int) -> int:
    """The height of a picture that fits the box with its own aspect."""
    return max(1, min(HEIGHT, round(height * WIDTH / width), height))


def jpeg(frame: np.ndarray) -> bytes:
    """uint8 [H, W, 3] RGB as the content of a .jpg file."""
    cv2 = need("cv2")
    blue_first = np.ascontiguousarray(frame[..., ::-1])
    return cv2.imencode(".jpg", blue_first, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()
