"""A kind of features for tests: a frame's mean color, a few frames late, as flow would be."""

import os
import signal
import time
from pathlib import Path

import numpy as np


class MeanColor:
    """Channels: red, green, blue, in 0 to 255; with `fitted`, less the mean over the videos."""

    name = "mean"
    channels = 3
    height, fps = None, None
    requires = ()

    def __init__(
        self, *, fitted=False, height=None, note="", delay=2, dies_above=None, seconds=0.0
    ):
        self.fitted_file = "mean.npz" if fitted else None
        self.needs_fitting = fitted
        self.height = height
        self.mean = np.zeros(3, np.float32)
        self.fits = 0
        self._note, self._delay, self._dies_above = note, delay, dies_above
        self._seconds = seconds

    def settings(self):
        return {"note": self._note, "pair": [1, 2]}

    def fit(self, videos, fps, progress):
        self.fits += 1
        self.mean = np.full(3, len(videos), np.float32)
        progress(1.0, 2.0)
        self.needs_fitting = False

    def save(self, path: Path):
        with path.open("wb") as file:
            np.savez(file, mean=self.mean)

    def load(self, path: Path):
        with np.load(path) as content:
            self.mean = content["mean"]
        self.needs_fitting = False

    def encoder(self):
        return MeanEncoder(self.mean, self._delay, self._dies_above, self._seconds)


class MeanEncoder:
    def __init__(self, mean, delay, dies_above, seconds):
        self._seconds = seconds
        self._mean, self._delay, self._dies_above = mean, delay, dies_above
        self._rows = []

    def push(self, frame):
        time.sleep(self._seconds)
        row = frame.mean((0, 1), dtype=np.float32)
        if self._dies_above is not None and row.max() > self._dies_above:
            os.kill(os.getpid(), signal.SIGKILL)
        self._rows.append(row - self._mean)
        return [self._rows.pop(0)] if len(self._rows) > self._delay else []

    def finish(self):
        return self._rows
