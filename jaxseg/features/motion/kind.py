"""Features of motion: HOG, HOF and MBH along dense tracks, Fisher vectors, PCA.

The family of the features that Breakfast and 50 Salads are published with (Kuehne, Gall and
Serre, "An end-to-end generative framework for video segmentation and recognition", WACV 2016):
improved dense trajectories, reduced to 64 channels a frame; here as a stream.
"""

import dataclasses
import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from jaxseg.features.kinds import MOTION
from jaxseg.features.motion import file as motion_file
from jaxseg.features.motion.codebook import Projection
from jaxseg.features.motion.descriptors import TIME
from jaxseg.features.motion.file import Fitted
from jaxseg.features.motion.fisher import FisherEncoder
from jaxseg.features.motion.fitting import Layout, fit
from jaxseg.features.motion.trajectories import TrackSettings

VERSION = 1  # of what the features mean
HEIGHT = 360  # pixels; twice what the flow looks at in a picture of 16 : 9


@dataclasses.dataclass(frozen=True)
class Settings:
    """What the features of motion depend on, besides frames a second.

    Attributes:
        channels: columns of the features, a power of two.
        window: seconds around a frame whose tracks make its row.
        track: seconds that a track lasts.
        components: Gaussians of each mixture.
        seed: of the sample that is learned from and of the mixtures' starts.
    """

    channels: int = 64
    window: float = 1.0
    track: float = 1.0
    components: int = 16
    seed: int = 0

    def __post_init__(self):
        if self.channels < 1 or self.channels & (self.channels - 1):
            raise ValueError(f"channels = {self.channels}: a power of two")
        if self.components < 1:
            raise ValueError(f"components = {self.components}: at least 1")
        for name in ("window", "track"):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f"{name} = {getattr(self, name)} seconds")
        if self.seed < 0:
            raise ValueError(f"seed = {self.seed}: at least 0")

    def layout(self, fps: float) -> Layout:
        """The same in frames."""
        length = TIME * max(1, round(fps * self.track / TIME))
        # At least so that the first and the last frame have a track in their windows.
        reach = max(-(-length // 2), round(fps * self.window / 2))
        return Layout(fps, HEIGHT, TrackSettings(length), reach, self.components, self.channels)


class Motion:
    """The kind `motion`, see `kinds.Kind`; its settings are the fields of `Settings`.

    Raises:
        ValueError: an unknown setting or a value that makes no sense.
    """

    name = MOTION
    height = HEIGHT
    requires = ("cv2", "sklearn")
    fitted_file = "motion.npz"

    def __init__(self, **settings):
        try:
            self._settings = Settings(**settings)
        except TypeError as error:
            raise ValueError(f"kind {MOTION}: {error}") from None
        self.channels = self._settings.channels
        self._fitted: Fitted | None = None

    @property
    def needs_fitting(self) -> bool:
        return self._fitted is None

    @property
    def fps(self) -> float | None:
        """Frames a second that it was fitted for."""
        return None if self._fitted is None else self._fitted.fps

    def settings(self) -> dict:
        """JSON values; where they differ, features made before hold no longer."""
        return {"version": VERSION, **dataclasses.asdict(self._settings)}

    def fit(
        self,
        videos: Sequence[Path],
        fps: float,
        progress: Callable[[float, float], None] | None = None,
    ) -> None:
        """Learns words and projection from a sample of the videos that can be read.

        Raises:
            ValueError: none can be.
        """
        words, projection = fit(
            videos, self._settings.layout(fps), seed=self._settings.seed, progress=progress
        )
        self._fitted = Fitted(float(fps), words, projection)

    def save(self, path: Path) -> None:
        """Writes the fitted parts to a path; the same parts give the same bytes."""
        motion_file.write(path, self._found(), self.settings())

    def load(self, path: Path) -> None:
        """Takes the fitted parts from there.

        Raises:
            ValueError: a file of something else, or of other settings.
        """
        self._fitted = motion_file.read(path, self.settings())

    def encoder(self) -> "MotionEncoder":
        """A fresh encoder, for one video."""
        fitted, layout = self._found(), self.layout()
        vectors = FisherEncoder(fitted.words, layout.tracks, layout.reach)
        return MotionEncoder(vectors, fitted.projection)

    def layout(self) -> Layout:
        """What it makes rows of, at the rate that it was fitted for."""
        return self._settings.layout(self._found().fps)

    def _found(self) -> Fitted:
        if self._fitted is None:
            raise ValueError(f"kind {MOTION} has not been fitted")
        return self._fitted


class MotionEncoder:
    """Fisher vectors, projected; see `kinds.Encoder`."""

    def __init__(self, vectors: FisherEncoder, projection: Projection):
        self._vectors = vectors
        self._projection = projection

    def push(self, frame: np.ndarray) -> list[np.ndarray]:
        """Takes the next frame, uint8 [H, W, 3]; the rows that are ready, float32 [channels]."""
        return [self._projection(vector) for vector in self._vectors.push(frame)]

    def finish(self) -> list[np.ndarray]:
        """The rows of the last frames."""
        return [self._projection(vector) for vector in self._vectors.finish()]
