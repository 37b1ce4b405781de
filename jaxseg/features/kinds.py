"""What a kind of features has to be, and the kinds that there are.

A kind is made in the main process, fitted there where it needs that, and then travels (pickled)
to the worker processes, which make one encoder for each video. So it holds plain values and
NumPy arrays; what does not travel (networks, OpenCV's objects) is made in `encoder()`.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

MOTION, ONNX = KINDS = ("motion", "onnx")
MOST_FPS = 1000
# Told seconds of video that are done and seconds there are.
Progress = Callable[[float, float], None]


class Encoder(Protocol):
    """Makes the rows of one video. Its memory does not grow with the video's length.

    Rows come out in order, one for each frame that was pushed, over `push` and `finish` together;
    float32 [channels] each.
    """

    def push(self, frame: np.ndarray) -> list[np.ndarray]:
        """Takes the next frame, uint8 [H, W, 3], RGB, upright; the rows that are ready by now."""

    def finish(self) -> list[np.ndarray]:
        """The rest, after the last frame."""


class Kind(Protocol):
    """A way to make features.

    Attributes:
        name: as `make_kind` takes it.
        channels: columns of the features.
        height: frames are scaled down to it, in pixels, before they are pushed; None: as they are.
        fps: frames a second that the fitted parts are for; None: any, or not fitted.
        requires: modules of `extra.LIBRARIES`.
        fitted_file: name of the file of fitted parts in the folder of features; None: has none.
        needs_fitting: whether `fit` or `load` has still to be called.
    """

    name: str
    channels: int
    height: int | None
    fps: float | None
    requires: tuple[str, ...]
    fitted_file: str | None
    needs_fitting: bool

    def settings(self) -> dict:
        """JSON values; where they differ, features made before hold no longer."""

    def fit(self, videos: Sequence[Path], fps: float, progress: Progress | None) -> None:
        """Learns what it needs from the videos; passes over those that cannot be read.

        Raises:
            ValueError: nothing could be learned.
        """

    def save(self, path: Path) -> None:
        """Writes the fitted parts to a path; the same parts give the same bytes."""

    def load(self, path: Path) -> None:
        """Takes the fitted parts from there.

        Raises:
            ValueError: a file of something else, or of other settings.
        """

    def encoder(self) -> Encoder:
        """A fresh encoder, for one video."""


def make_kind(name: str, **options) -> Kind:
    """A kind by its name.

    Raises:
        ValueError: an unknown name, a wrong option, a library that is not installed.
    """
    if name == MOTION:
        from jaxseg.features.motion.kind import Motion

        return Motion(**options)
    if name == ONNX:
        from jaxseg.features.onnx.kind import Onnx

        return Onnx(**options)
    raise ValueError(f"kind {name!r} is none of {', '.join(KINDS)}")
