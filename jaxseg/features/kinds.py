"""What a kind of features has to offer: the interface between the job and motion, image, onnx.

A kind is made in the main process, fitted there if it has to be, and then travels (pickled) to the
worker processes, which make one encoder a video. So it holds plain values and NumPy arrays;
networks and OpenCV's objects, which cannot be pickled, are made in `encoder()`.
"""

import abc
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar, NamedTuple, Protocol

import numpy as np

from jaxseg.features.fitting.parts import About, read_parts, write_parts

MOTION, IMAGE, BOTH, ONNX = KINDS = ("motion", "image", "motion+image", "onnx")
ROWS = "rows"  # name of the last projection among the parts of a kind
FITTED = (MOTION, IMAGE, BOTH)  # those with parts that are fitted to the videos
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


class Kind(abc.ABC):
    """A way to make features."""

    name: str  # as `job.make_kind` takes it
    channels: int  # columns of the features
    requires: tuple[str, ...] = ()  # modules of `features.LIBRARIES`
    height: int | None = None  # pixels that higher frames are scaled down to before they are pushed
    fps: float | None = None  # that the fitted parts are for; None: any rate, or not fitted yet
    fitted_file: str | None = (
        None  # in the folder of features; None: nothing to fit, see FittedKind
    )
    needs_fitting: bool = False  # whether `fit` or `load` has still to be called

    @abc.abstractmethod
    def settings(self) -> dict:
        """JSON values that the features depend on; where they change, features are made again."""

    @abc.abstractmethod
    def encoder(self) -> Encoder:
        """A fresh encoder, for one video."""


class FittedKind(Kind):
    """A kind with parts that are learned from the videos: tuples of arrays, by their names."""

    part_types: ClassVar[Mapping[str, type]]  # name of each part -> its NamedTuple

    def __init__(self):
        self.parts: Mapping[str, NamedTuple] = {}
        self.variance: float | None = None  # of all channels together, of the rows learned from

    @property
    def needs_fitting(self) -> bool:
        return not self.parts

    @property
    def fitted_file(self) -> str:
        return f"{self.name}.npz"

    @abc.abstractmethod
    def fit(self, videos: Sequence[Path], fps: float, progress: Progress | None = None) -> None:
        """Learns `parts`, `fps` and `variance` from the videos, without those that are broken."""

    def save(self, path: Path) -> None:
        """Writes the fitted parts to this very path; the same parts give the same bytes."""
        write_parts(path, About(self.name, self.fps, self.settings()), self.parts)

    def load(self, path: Path) -> None:
        """Takes fitted parts from a file; raises ValueError for one of other settings."""
        self.fps, self.parts = read_parts(path, self.name, self.settings(), self.part_types)
