"""Frames of one video -> rows of a network, clip by clip, with one clip and one batch in memory."""

from collections import deque

import numpy as np

from jaxseg.features.extra import need
from jaxseg.features.onnx.model import Network, Output, pooled
from jaxseg.features.onnx.shapes import Input


class OnnxEncoder:
    """Encoder (see `kinds.Encoder`) of one video.

    Every `stride` frames is the middle of a clip, the first one at frame 0: clip j covers frames
    j stride - (clip - 1) // 2 and on, where the first and the last frame stand for those outside
    the video. A frame takes the row of the clip whose middle is nearest, of the earlier one of
    two; so there is a row a frame, and those of a stride are alike.
    """

    def __init__(self, network: Network, given: Input, output: Output):
        self.network, self.given, self.output = network, given, output
        self.window = deque(maxlen=given.clip)
        self.batch = np.zeros((given.batch, given.clip, *given.size, 3), np.uint8)
        self.waiting = 0  # clips in the batch
        self.rows = {}  # clip -> row, for the clips that rows to come may need
        self.pushed = self.returned = self.clips = 0

    def push(self, frame: np.ndarray) -> list[np.ndarray]:
        """Takes the next frame, uint8 [H, W, 3], RGB; the rows that are ready by now."""
        picture = fitted(frame, self.given.size, self.given.crop)
        if not self.pushed:
            self.window.extend([picture] * self.given.clip)
        self.window.append(picture)
        self.pushed += 1
        self._look(self.pushed - 1)
        return self._ready()

    def finish(self) -> list[np.ndarray]:
        """The rest, after the last frame; of no frame no row."""
        if not self.pushed:
            return []
        for frame in range(self.pushed, self.pushed + self._reach):
            self.window.append(self.window[-1])
            self._look(frame)
        self._run()
        return self._ready(ended=True)

    @property
    def _reach(self) -> int:
        """Frames of a clip after its middle."""
        return self.given.clip // 2

    def _look(self, newest: int) -> None:
        """Puts the window into the batch where its middle is a clip's."""
        middle = newest - self._reach
        if middle < 0 or middle % self.given.stride:
            return
        self.batch[self.waiting] = np.stack(self.window)
        self.waiting += 1
        if self.waiting == self.given.batch:
            self._run()

    def _run(self) -> None:
        """Rows of the clips that wait. A batch always has its full size, as the dry run's had."""
        if not self.waiting:
            return
        rows = pooled(self.network.run(self.batch, self.given, self.output.name), self.output)
        for row in rows[: self.waiting]:
            self._check(row)
            self.rows[self.clips] = row
            self.clips += 1
        self.waiting = 0

    def _check(self, row: np.ndarray) -> None:
        if row.shape != (self.output.channels,):
            what = f"{row.size} channels instead of {self.output.channels}"
        elif not np.isfinite(row).all():
            what = f"{np.count_nonzero(~np.isfinite(row))} channels that are no finite number"
        else:
            return
        frame = self.clips * self.given.stride
        raise ValueError(f"{self.network.path} gives {what} around row {frame}")

    def _ready(self, ended: bool = False) -> list[np.ndarray]:
        stride, ready = self.given.stride, []
        while self.returned < self.pushed:
            clip = (self.returned + (stride - 1) // 2) // stride
            clip = min(clip, self.clips - 1) if ended else clip
            if clip not in self.rows:
                break
            ready.append(self.rows[clip])
            self.rows.pop(clip - 1, None)
            self.returned += 1
        return ready


def fitted(frame: np.ndarray, size: tuple[int, int], crop: str) -> np.ndarray:
    """A frame, uint8 [H, W, 3], at the network's height and width.

    Args:
        frame: any size.
        size: height, width.
        crop: "center": scaled, keeping its shape, until it covers the size, and the middle of that
            cut out; "none": each side scaled by itself.
    """
    height, width = size
    if crop == "none":
        return _scaled(frame, height, width)
    factor = max(height / frame.shape[0], width / frame.shape[1])
    tall, wide = (round(side * factor) for side in frame.shape[:2])
    frame = _scaled(frame, max(tall, height), max(wide, width))
    top, left = (frame.shape[0] - height) // 2, (frame.shape[1] - width) // 2
    return frame[top : top + height, left : left + width]


def _scaled(frame: np.ndarray, height: int, width: int) -> np.ndarray:
    """Means over areas where it shrinks, so that nothing flickers; else bilinear."""
    if frame.shape[:2] == (height, width):
        return frame
    opencv = need("cv2")
    shrinks = height * width < frame.shape[0] * frame.shape[1]
    how = opencv.INTER_AREA if shrinks else opencv.INTER_LINEAR
    return opencv.resize(frame, (width, height), interpolation=how)
