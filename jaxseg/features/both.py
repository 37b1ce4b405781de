"""Features of kind motion+image: those of motion and those of images, side by side.

Each half is divided by the root of its total variance over the sample of the folder, the sum over
all its channels. So both weigh the same, in whatever units they come.
"""

import math
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np

from jaxseg.features.fitting.windows import HEIGHT
from jaxseg.features.image.kind import Image
from jaxseg.features.kinds import BOTH, IMAGE, MOTION, ROWS, Encoder, FittedKind, Progress
from jaxseg.features.motion.kind import Motion


class Both(FittedKind):
    """The kind `motion+image`; channels of motion come first."""

    name = BOTH
    height = HEIGHT
    requires = tuple(dict.fromkeys((*Motion.requires, *Image.requires)))
    part_types: ClassVar = {
        f"{name}/{part}": made
        for name, half in ((MOTION, Motion), (IMAGE, Image))
        for part, made in half.part_types.items()
    }

    def __init__(self, motion: Motion | None = None, image: Image | None = None):
        super().__init__()
        self.halves = {MOTION: motion or Motion(), IMAGE: image or Image()}
        self.channels = sum(half.channels for half in self.halves.values())

    def settings(self) -> dict:
        return {
            f"{name}.{key}": value
            for name, half in self.halves.items()
            for key, value in half.settings().items()
        }

    def fit(self, videos: Sequence[Path], fps: float, progress: Progress | None = None) -> None:
        """Fits both halves, one after the other, and scales their projections."""
        before = 0.0  # seconds of video that the first half has learned from
        last = 0.0
        parts = {}

        def tell(done: float, total: float) -> None:
            nonlocal last
            last = total
            if progress is not None:
                # The second half is expected to take as long as the first one.
                progress(before + done, (before or total) + total)

        for name, half in self.halves.items():
            half.fit(videos, fps, tell)
            before += last
            scale = 1 / math.sqrt(half.variance or 1.0)
            rows = half.parts[ROWS]
            scaled = {**half.parts, ROWS: rows._replace(axes=rows.axes * np.float32(scale))}
            parts |= {f"{name}/{part}": value for part, value in scaled.items()}
        self.fps, self.parts, self.variance = float(fps), parts, float(len(self.halves))

    def encoder(self) -> "BothEncoder":
        encoders = []
        for name, half in self.halves.items():
            half.fps = self.fps
            half.parts = {part: self.parts[f"{name}/{part}"] for part in half.part_types}
            encoders.append(half.encoder())
        return BothEncoder(encoders)


class BothEncoder:
    """Encoder (see `kinds.Encoder`) whose rows are those of several encoders, joined.

    One encoder's rows may come out a second or so behind another's; they wait until all are there.
    """

    def __init__(self, encoders: Sequence[Encoder]):
        self._encoders = encoders
        self._waiting: list[deque[np.ndarray]] = [deque() for _ in encoders]

    def push(self, frame: np.ndarray) -> list[np.ndarray]:
        return self._joined(encoder.push(frame) for encoder in self._encoders)

    def finish(self) -> list[np.ndarray]:
        return self._joined(encoder.finish() for encoder in self._encoders)

    def _joined(self, arrived) -> list[np.ndarray]:
        for waiting, rows in zip(self._waiting, arrived, strict=True):
            waiting.extend(rows)
        count = min(map(len, self._waiting))
        return [
            np.concatenate([waiting.popleft() for waiting in self._waiting]) for _ in range(count)
        ]
