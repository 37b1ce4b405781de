"""Features of motion: HOG, HOF and MBH along dense tracks, Fisher vectors, PCA.

The family of the features that Breakfast and 50 Salads are published with (Kuehne, Gall and
Serre, "An end-to-end generative framework for video segmentation and recognition", WACV 2016):
improved dense trajectories, reduced to 64 channels a frame; here as a stream.
"""

import dataclasses
import json
import math
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from jaxseg.features.kinds import MOTION, Progress
from jaxseg.features.motion.descriptors import BINS, TIME
from jaxseg.features.motion.fisher import FisherEncoder, Mixture, Projection, Words
from jaxseg.features.motion.fitting import Layout, fit
from jaxseg.features.motion.trajectories import TrackSettings

VERSION = 1  # to be raised where the same settings would give other features
HEIGHT = 360  # pixels; twice what the flow looks at in a picture of 16 : 9
WHAT = "jaxseg motion features"
ROWS = "rows"  # prefix of the last projection's arrays in a file


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
        # At least so many that the first and the last frame have a track in their windows.
        reach = max(-(-length // 2), round(fps * self.window / 2))
        return Layout(fps, HEIGHT, TrackSettings(length), reach, self.components, self.channels)


class Fitted(NamedTuple):
    """Parts that are learned from videos.

    Attributes:
        fps: frames a second that they were learned at.
        words: type of descriptor -> how it becomes a Fisher vector.
        projection: of Fisher vectors to channels.
    """

    fps: float
    words: dict[str, Words]
    projection: Projection


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
        return {"version": VERSION, **dataclasses.asdict(self._settings)}

    def fit(self, videos: Sequence[Path], fps: float, progress: Progress | None = None) -> None:
        """Learns words and projection from a sample of the videos.

        Raises:
            ValueError: none can be read.
        """
        words, projection = fit(
            videos, self._settings.layout(fps), seed=self._settings.seed, progress=progress
        )
        self._fitted = Fitted(float(fps), words, projection)

    def save(self, path: Path) -> None:
        write_fitted(path, self._require_fitted(), self.settings())

    def load(self, path: Path) -> None:
        self._fitted = read_fitted(path, self.settings())

    def encoder(self) -> "MotionEncoder":
        fitted, layout = self._require_fitted(), self.layout()
        vectors = FisherEncoder(fitted.words, layout.tracks, layout.reach)
        return MotionEncoder(vectors, fitted.projection)

    def layout(self) -> Layout:
        """Settings in frames, at the rate that it was fitted for."""
        return self._settings.layout(self._require_fitted().fps)

    def _require_fitted(self) -> Fitted:
        if self._fitted is None:
            raise ValueError(f"kind {MOTION} has not been fitted")
        return self._fitted


class MotionEncoder:
    """Fisher vectors, projected to channels; see `kinds.Encoder`."""

    def __init__(self, vectors: FisherEncoder, projection: Projection):
        self._vectors = vectors
        self._projection = projection

    def push(self, frame: np.ndarray) -> list[np.ndarray]:
        return [self._projection(vector) for vector in self._vectors.push(frame)]

    def finish(self) -> list[np.ndarray]:
        return [self._projection(vector) for vector in self._vectors.finish()]


def write_fitted(path: Path, fitted: Fitted, settings: dict) -> None:
    """Writes fitted parts as one .npz without pickles; the same parts give the same bytes."""
    about = {"what": WHAT, "fps": fitted.fps, "settings": settings}
    arrays = {"about": np.array(json.dumps(about)), **_named(ROWS, fitted.projection)}
    for name, words in fitted.words.items():
        arrays |= _named(f"{name}/projection", words.projection)
        arrays |= _named(f"{name}/mixture", words.mixture)
    # An open file, since NumPy would append .npz to another name.
    with path.open("wb") as file:
        np.savez(file, **arrays)


def read_fitted(path: Path, settings: dict) -> Fitted:
    """Reads a file of `write_fitted`.

    Raises:
        ValueError: a file of something else, or of other settings; one line with the path.
    """
    try:
        # NumPy does not check the sums of what it reads.
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            if (broken := archive.testzip()) is not None:
                raise ValueError(f"{broken} is broken")
        with np.load(path, allow_pickle=False) as arrays:
            about = json.loads(str(arrays["about"]))
            its_settings, fps = about["settings"] | {}, float(about["fps"])
            if about["what"] != WHAT:
                raise ValueError(f"holds {about['what']!r}")
            if its_settings == settings:
                words = {name: _words(arrays, name) for name in BINS}
                return Fitted(fps, words, _take(Projection, arrays, ROWS))
    except (OSError, EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
        reason = " ".join(str(error).split())
        raise ValueError(f"{path}: no fitted features of motion ({reason})") from None
    both = {**settings, **its_settings}
    name = next(key for key in both if settings.get(key) != its_settings.get(key))
    raise ValueError(
        f"{path}: fitted with {name} = {its_settings.get(name)}, not {settings.get(name)}"
    )


def _named(prefix: str, parts: NamedTuple) -> dict[str, np.ndarray]:
    return {f"{prefix}/{name}": part for name, part in parts._asdict().items()}


def _take(kind: type, arrays: np.lib.npyio.NpzFile, prefix: str):
    return kind(**{name: arrays[f"{prefix}/{name}"] for name in kind._fields})


def _words(arrays: np.lib.npyio.NpzFile, name: str) -> Words:
    projection = _take(Projection, arrays, f"{name}/projection")
    return Words(projection, _take(Mixture, arrays, f"{name}/mixture"))
