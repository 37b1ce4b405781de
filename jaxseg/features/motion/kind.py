"""Features of motion: HOG, HOF and MBH along dense tracks, Fisher vectors, PCA.

The family of the features that Breakfast and 50 Salads are published with (Kuehne, Gall and
Serre, "An end-to-end generative framework for video segmentation and recognition", WACV 2016):
improved dense trajectories, reduced to 64 channels a frame; here as a stream.
"""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from jaxseg.features.fitting.projection import Projection
from jaxseg.features.fitting.windows import HEIGHT
from jaxseg.features.kinds import MOTION, ROWS, FittedKind, Progress
from jaxseg.features.motion.descriptors import BINS, TIME
from jaxseg.features.motion.fisher import FisherEncoder, Mixture, Words
from jaxseg.features.motion.fitting import Layout, fit

VERSION = 1  # to be raised where the same settings would give other features


@dataclasses.dataclass(frozen=True)
class Settings:
    """What the features of motion depend on, besides frames a second."""

    channels: int = 64  # columns of the features, a power of two
    # Half a second each: 15 frames is a track's usual length (Wang and Schmid, "Action recognition
    # with improved trajectories", ICCV 2013). Twice as long, borders of short actions blur.
    window: float = 0.5  # seconds around a frame whose tracks make its row
    track: float = 0.5  # seconds that a track lasts
    components: int = 16  # Gaussians of each mixture
    seed: int = 0  # of the sample that is learned from and of the mixtures' starts


class Motion(FittedKind):
    """The kind `motion`; its settings are the fields of `Settings`."""

    name = MOTION
    height = HEIGHT
    requires = ("cv2", "sklearn")
    part_types: ClassVar = {
        ROWS: Projection,
        **{f"{name}/projection": Projection for name in BINS},
        **{f"{name}/mixture": Mixture for name in BINS},
    }

    def __init__(self, **settings):
        super().__init__()
        self._settings = Settings(**settings)
        self.channels = self._settings.channels

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
        words, projection, self.variance = fit(
            videos, layout, seed=self._settings.seed, progress=progress
        )
        parts = {ROWS: projection}
        for name in BINS:
            parts[f"{name}/projection"], parts[f"{name}/mixture"] = words[name]
        self.fps, self.parts = layout.fps, parts

    def encoder(self) -> FisherEncoder:
        layout, parts = self.layout(self.fps), self.parts
        words = {
            name: Words(parts[f"{name}/projection"], parts[f"{name}/mixture"]) for name in BINS
        }
        return FisherEncoder(words, layout.length, layout.reach, parts[ROWS])
