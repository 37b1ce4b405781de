"""Features of motion: HOG, HOF and MBH along dense tracks, Fisher vectors, PCA.

The family of the features that Breakfast and 50 Salads are published with (Kuehne, Gall and
Serre, "An end-to-end generative framework for video segmentation and recognition", WACV 2016):
improved dense trajectories, reduced to 64 channels a frame; here as a stream.
"""

import dataclasses
import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from jaxseg.features.kinds import MOTION, Kind, Progress
from jaxseg.features.motion.descriptors import BINS, TIME
from jaxseg.features.motion.fisher import FisherEncoder, Mixture, Projection, Words
from jaxseg.features.motion.fitting import HEIGHT, Fitted, Layout, fit
from jaxseg.formats.arrays import read_npz
from jaxseg.formats.names import reason

VERSION = 1  # to be raised where the same settings would give other features
WHAT = "jaxseg motion features"
ROWS = "rows"  # prefix of the last projection's arrays in a file


@dataclasses.dataclass(frozen=True)
class Settings:
    """What the features of motion depend on, besides frames a second."""

    channels: int = 64  # columns of the features, a power of two
    window: float = 1.0  # seconds around a frame whose tracks make its row
    track: float = 1.0  # seconds that a track lasts
    components: int = 16  # Gaussians of each mixture
    seed: int = 0  # of the sample that is learned from and of the mixtures' starts


class Motion(Kind):
    """The kind `motion`; its settings are the fields of `Settings`."""

    name = MOTION
    height = HEIGHT
    requires = ("cv2", "sklearn")
    fitted_file = "motion.npz"

    def __init__(self, **settings):
        self._settings = Settings(**settings)
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

    def layout(self, fps: float) -> Layout:
        """The settings in frames."""
        settings = self._settings
        length = TIME * max(1, round(fps * settings.track / TIME))
        # At least so many that the first and the last frame have a track in their windows.
        reach = max(-(-length // 2), round(fps * settings.window / 2))
        return Layout(fps, length, reach, settings.components, settings.channels)

    def fit(self, videos: Sequence[Path], fps: float, progress: Progress | None = None) -> None:
        """Learns words and projection from a sample of the videos."""
        layout = self.layout(float(fps))
        self._fitted = fit(videos, layout, seed=self._settings.seed, progress=progress)

    def save(self, path: Path) -> None:
        write_fitted(path, self._fitted, self.settings())

    def load(self, path: Path) -> None:
        self._fitted = read_fitted(path, self.settings())

    def encoder(self) -> FisherEncoder:
        layout = self.layout(self._fitted.fps)
        return FisherEncoder(
            self._fitted.words, layout.length, layout.reach, self._fitted.projection
        )


def write_fitted(path: Path, fitted: Fitted, settings: dict) -> None:
    """Writes fitted parts as one .npz without pickles; the same parts give the same bytes."""
    about = {"what": WHAT, "fps": fitted.fps, "settings": settings}
    parts = {ROWS: fitted.projection}
    for name, words in fitted.words.items():
        parts |= {f"{name}/projection": words.projection, f"{name}/mixture": words.mixture}
    arrays = {"about": np.array(json.dumps(about))}
    for prefix, part in parts.items():
        arrays |= {f"{prefix}/{name}": array for name, array in part._asdict().items()}
    # An open file, since NumPy would append .npz to another name.
    with path.open("wb") as file:
        np.savez(file, **arrays)


def read_fitted(path: Path, settings: dict) -> Fitted:
    """Reads a file of `write_fitted`, fitted with the same settings."""
    try:
        # `read_npz` does not check the sums of what it reads.
        with zipfile.ZipFile(path) as archive:
            if (broken := archive.testzip()) is not None:
                raise ValueError(f"{broken} is broken")
        arrays = read_npz(path)
        about = json.loads(str(arrays["about"]))
        its_settings, fps = about["settings"] | {}, float(about["fps"])
        if about["what"] != WHAT:
            raise ValueError(f"holds {about['what']!r}")
        if its_settings == settings:
            words = {
                name: Words(
                    _take(Projection, arrays, f"{name}/projection"),
                    _take(Mixture, arrays, f"{name}/mixture"),
                )
                for name in BINS
            }
            return Fitted(fps, words, _take(Projection, arrays, ROWS))
    except (OSError, EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
        problem = reason(error).removeprefix(f"{path}: ")
        raise ValueError(f"{path}: no fitted features of motion ({problem})") from None
    both = {**settings, **its_settings}
    name = next(key for key in both if settings.get(key) != its_settings.get(key))
    raise ValueError(
        f"{path}: fitted with {name} = {its_settings.get(name)}, not {settings.get(name)}"
    )


def _take(kind: type, arrays: Mapping[str, np.ndarray], prefix: str):
    """A NamedTuple of arrays from those of a file."""
    return kind(**{name: arrays[f"{prefix}/{name}"] for name in kind._fields})
