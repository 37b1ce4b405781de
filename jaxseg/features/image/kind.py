"""Features of kind image: what a small network trained on ImageNet sees in each frame.

EfficientNet-Lite0's mean features, 1280 of them, reduced to 64 channels by principal components
over the folder. They tell things and places apart, as motion's tell movements.
"""

import dataclasses
import functools
import math
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np

from jaxseg.features import need, pool
from jaxseg.features.fitting.projection import Projection, fit_channels
from jaxseg.features.fitting.windows import (
    HEIGHT,
    MOST_WINDOWS,
    WINDOW,
    Window,
    draw_windows,
    over_windows,
    read_window,
)
from jaxseg.features.image.network import STRIDE, graph
from jaxseg.features.image.weights import PACKAGE, SHA256, read_weights
from jaxseg.features.kinds import IMAGE, ROWS, FittedKind, Progress
from jaxseg.features.onnx.model import start

VERSION = 1  # to be raised where the same settings would give other features
AREA = 224 * 224  # pixels that the network was trained on
LEARNED_A_SECOND = 3.0  # frames of the sample; nearer ones are all but the same


@dataclasses.dataclass(frozen=True)
class Settings:
    """What the features of images depend on, besides frames a second."""

    channels: int = 64  # columns of the features, a power of two
    window: float = 1.0  # seconds around a frame over which its row is the mean
    seed: int = 0  # of the sample that is learned from


class Image(FittedKind):
    """The kind `image`; its settings are the fields of `Settings`."""

    name = IMAGE
    height = HEIGHT
    requires = ("cv2", "onnx", "onnxruntime", PACKAGE)
    part_types: ClassVar = {ROWS: Projection}

    def __init__(self, **settings):
        super().__init__()
        self._settings = Settings(**settings)
        self.channels = self._settings.channels

    def settings(self) -> dict:
        weights = {"weights": SHA256[:16]}
        return {"version": VERSION, **weights, **dataclasses.asdict(self._settings)}

    def reach(self, fps: float) -> int:
        """Frames to either side of a row's own that count for it."""
        return round(fps * self._settings.window / 2)

    def fit(self, videos: Sequence[Path], fps: float, progress: Progress | None = None) -> None:
        """Learns the projection from a sample of the videos."""
        windows = draw_windows(videos, WINDOW, MOST_WINDOWS, self._settings.seed, fps)
        total, done = sum(window.seconds for window in windows), 0.0

        def tell(seconds: float) -> None:
            nonlocal done
            done += seconds
            if progress is not None:
                progress(done, total)

        step = max(1, round(fps / LEARNED_A_SECOND))
        sample = functools.partial(sample_rows, fps, step, self.reach(fps / step))
        channels = functools.partial(fit_channels, self.channels)
        # A process of one thread, so that the result does not depend on the number of cores.
        with pool.Pool(min(pool.cores(), max(1, len(windows)))) as processes:
            rows = over_windows(processes, sample, windows, tell)
            for _, event, value in processes.run(channels, {ROWS: np.concatenate(rows)}):
                if event != pool.DONE:
                    raise ValueError(f"learning from pictures: {value}")
                projection, self.variance = value
        self.fps, self.parts = float(fps), {ROWS: projection}

    def encoder(self) -> "ImageEncoder":
        return ImageEncoder(self.reach(self.fps), self.parts[ROWS])


def sample_rows(
    fps: float, step: int, reach: int, window: Window, tell: Callable[[float], None]
) -> np.ndarray:
    """Rows of every `step`-th frame of a window, means over `reach` of them to either side."""
    encoder, rows = ImageEncoder(reach), []
    for number, frame in enumerate(read_window(window, fps)):
        if number % step == 0:
            rows += encoder.push(frame)
    return np.stack(rows + encoder.finish())


class ImageEncoder:
    """Encoder (see `kinds.Encoder`) of one video: means of the network's features over a window.

    Row k is the mean over the frames from k - reach to k + reach, as far as the video has them.

    Args:
        reach: frames to either side of a row's own.
        projection: of the network's features; None: they stay as they are.
    """

    def __init__(self, reach: int, projection: Projection | None = None):
        self._reach = reach
        self._projection = projection
        self._recent: deque[np.ndarray] = deque(maxlen=2 * reach + 1)
        self._pushed = self._returned = 0

    def push(self, frame: np.ndarray) -> list[np.ndarray]:
        return self.add(seen(scaled(frame)))

    def add(self, row: np.ndarray) -> list[np.ndarray]:
        """Takes the network's features of the next frame; returns the rows now complete."""
        self._recent.append(row if self._projection is None else self._projection(row))
        self._pushed += 1
        return [self._mean()] if self._pushed > self._reach else []

    def finish(self) -> list[np.ndarray]:
        rows = []
        while self._returned < self._pushed:
            # The window moves on, past the end of the video.
            if len(self._recent) > self._pushed - max(0, self._returned - self._reach):
                self._recent.popleft()
            rows.append(self._mean())
        return rows

    def _mean(self) -> np.ndarray:
        self._returned += 1
        return np.mean(self._recent, axis=0, dtype=np.float32)


def seen(picture: np.ndarray) -> np.ndarray:
    """The network's features, float32 [1280], of uint8 [h, w, 3], sides multiples of `STRIDE`."""
    return network().run(None, {"pixels": picture[None]})[0][0]


@functools.lru_cache(1)
def network():
    """The network of a worker process, for all its videos."""
    return start(graph(read_weights()))


def scaled(frame: np.ndarray) -> np.ndarray:
    """The whole picture in its own shape, with about as many pixels as the network was trained on.

    Cut to a square it would lose the hands at the edges of a wide one, and squeezed into a square
    it would show shapes that the network has never seen.
    """
    cv2 = need("cv2")
    height, width = frame.shape[:2]
    factor = math.sqrt(AREA / (height * width))
    size = tuple(max(STRIDE, STRIDE * round(factor * side / STRIDE)) for side in (width, height))
    shrinks = size[0] * size[1] < height * width
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(frame, size, interpolation=method)
