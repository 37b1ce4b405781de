"""A toy data set and a config that trains on it in seconds, in memory or as files."""

import copy
from collections.abc import Mapping
from pathlib import Path

import jax
import numpy as np

from jaxseg.config import Config
from jaxseg.data.segmentation.records import DataSet
from jaxseg.data.segmentation.video import Video
from jaxseg.methods import from_dict
from jaxseg.training import loop
from jaxseg.training.setup import set_up

CLASSES = ("reach", "cut", "stir", "serve")
LENGTHS = {"salad": (12, 19, 33), "soup": (26, 40)}  # one video is shorter than a sample
CHANNELS = 6
VALUES = {
    "seeds": 1,
    "num_epochs": 3,  # salad takes 6 steps, soup 3
    "data": {"name": "folder", "root": "toy", "frames_per_video": 16},
    "model": {"layers": (CHANNELS, 8, 5), "clusters_by_activity": {"salad": 4, "soup": 3}},
    "solver": {"train": {"num_iterations": 5}, "eval": {"num_iterations": 5}},
}
TOT_VALUES = {
    "method": "tot",
    "seeds": 1,
    "num_epochs": 3,
    "data": VALUES["data"] | {"bins": 4, "neighbor_window": 3},
    "model": VALUES["model"],
    "optimizer": {"freeze_steps": 2},  # soup then has one step with all parameters
}


def make_config(overrides: Mapping | None = None, values: Mapping = VALUES) -> Config:
    """make_config({"solver.train.alpha": 0.2}): a tiny network, few iterations."""
    values = copy.deepcopy(values)
    for path, value in (overrides or {}).items():
        *parents, last = path.split(".")
        node = values
        for parent in parents:
            node = node.setdefault(parent, {})
        node[last] = value
    return from_dict(values)


def make_tot_config(overrides: Mapping | None = None) -> Config:
    """The same for TOT: make_tot_config({"tcl": True})."""
    return make_config(overrides, TOT_VALUES)


def make_video(activity: str, number: int, frames: int) -> Video:
    """Four actions in a row, each with a look of its own."""
    rng = np.random.default_rng([len(activity), number])
    labels = np.arange(frames) * len(CLASSES) // frames
    looks = np.random.default_rng(len(activity)).standard_normal((len(CLASSES), CHANNELS))
    features = looks[labels] + 0.3 * rng.standard_normal((frames, CHANNELS))
    return Video(f"{activity}{number}", activity, features.astype("f4"), labels.astype("i4"))


def make_data() -> DataSet:
    """Two activities with three and two videos."""
    videos = [make_video(a, i, n) for a, lengths in LENGTHS.items() for i, n in enumerate(lengths)]
    return DataSet("toy", tuple(videos), CLASSES)


def write_files(root: Path, *, labels: bool = True) -> Path:
    """The same as a folder that people have: features/<activity>/<video>.npy, groundTruth/."""
    for video in make_data().videos:
        file = root / "features" / video.activity / f"{video.name}.npy"
        file.parent.mkdir(parents=True, exist_ok=True)
        np.save(file, video.features)
        if labels:
            (root / "groundTruth").mkdir(exist_ok=True)
            names = "".join(f"{CLASSES[label]}\n" for label in video.labels)
            (root / "groundTruth" / f"{video.name}.txt").write_text(names)
    return root


def train(config: Config, workdir: Path, data: DataSet | None = None):
    """Trains to the end; returns the setup and the state in NumPy."""
    setup = set_up(config, data or make_data())
    state = loop.train(config, setup, workdir, progress=False)
    return setup, jax.tree.map(np.asarray, state)
