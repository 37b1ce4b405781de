"""What a kind of features has to offer: the interface between the job and motion, onnx.

A kind is made in the main process, fitted there if it has to be, and then travels (pickled) to the
worker processes, which make one encoder a video. So it holds plain values and NumPy arrays;
networks and OpenCV's objects, which cannot be pickled, are made in `encoder()`.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

MOTION, ONNX = KINDS = ("motion", "onnx")
Progress = Callable[[float, float], None]  # (seconds of video done, seconds in total)


class Encoder(Protocol):
    """Makes the rows of one video, in memory that does not grow with its length.

    Rows come out in order, float32 [channels] each, all finite: as many as frames were pushed, over
    all calls of `push` and `finish` together.
    """

    def push(self, frame: np.ndarray) -> list[np.ndarray]:
        """Takes the next frame, uint8 [H, W, 3], RGB, upright; returns the rows now complete."""

    def finish(self) -> list[np.ndarray]:
        """Remaining rows, after the last frame."""


class Kind:
    """A way to make features; as it stands here, one without parts that are fitted to videos."""

    name: str  # as `job.make_kind` takes it
    channels: int  # columns of the features
    requires: tuple[str, ...] = ()  # modules of `features.LIBRARIES`
    height: int | None = None  # pixels that higher frames are scaled down to before they are pushed
    fps: float | None = None  # that the fitted parts are for; None: any rate, or not fitted yet
    fitted_file: str | None = None  # of the fitted parts in the folder of features
    needs_fitting: bool = False  # whether `fit` or `load` has still to be called

    def settings(self) -> dict:
        """JSON values that the features depend on; where they change, features are made again."""
        raise NotImplementedError

    def encoder(self) -> Encoder:
        """A fresh encoder, for one video."""
        raise NotImplementedError

    def fit(self, videos: Sequence[Path], fps: float, progress: Progress | None = None) -> None:
        """Learns what it needs from the videos, without those that cannot be read."""
        raise NotImplementedError

    def save(self, path: Path) -> None:
        """Writes the fitted parts to this very path; the same parts give the same bytes."""
        raise NotImplementedError

    def load(self, path: Path) -> None:
        """Takes fitted parts from a file; raises ValueError for one of other settings."""
        raise NotImplementedError
