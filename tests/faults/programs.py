"""Programs that the trials run: their commands, and small data generated from fixed seeds."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
LAUNCHER = ROOT / "launch" / "local_processes.sh"
CHANNELS = 6
CLASSES = ("reach", "cut", "stir", "serve")
FRAMES = {"salad": (12, 19, 33), "soup": (26, 40)}  # of the videos of each activity
SNIPPETS = {"train": (40, 64, 30, 80, 22, 55, 90, 33), "test": (50, 70, 25)}
SECONDS = 16 / 25  # of a snippet, THUMOS14's
EVERY = 10  # steps between checkpoints, unless a program sets its own


class Program(NamedTuple):
    """A run that is disturbed.

    Attributes:
        config: file of `configs/`.
        data: "frames" or "snippets".
        overrides: config key -> value.
        num_steps: steps of training.
        every: steps between checkpoints.
        processes: number of processes of the run.
    """

    config: str
    data: str
    overrides: Mapping[str, object]
    num_steps: int = 60
    every: int = EVERY
    processes: int = 1

    def command(self, data: Path, workdir: Path) -> list[str]:
        """The command as a user types it."""
        values = {"data.root": data / self.data, "checkpoint.every": self.every, **self.overrides}
        arguments = [
            f"--config={ROOT / 'configs' / self.config}.py",
            f"--workdir={workdir}",
            *(f"--config.{name}={value}" for name, value in values.items()),
        ]
        if self.processes == 1:
            return [sys.executable, "-m", "jaxseg.main", *arguments]
        return ["bash", str(LAUNCHER), str(self.processes), *arguments]


# Settings that save time and have nothing to do with faults.
_QUICK = {"seeds": 2, "report.max_videos": 1}
_FRAMES = _QUICK | {
    "data.name": "folder",
    "data.frames_per_video": 16,
    "model.num_clusters": 4,
    "model.layers": f"({CHANNELS},8,5)",
    "num_epochs": 30,  # of at most two steps
    "predict.num_buckets": 1,
}
_ASOT = _FRAMES | {
    "model.kmeans": False,
    "solver.train.num_iterations": 5,
    "solver.eval.num_iterations": 5,
}
_TOT = _FRAMES | {
    "data.bins": 4,
    "data.neighbor_window": 3,
    "optimizer.freeze_steps": 10,
    "optimizer.learning_rate": 0.01,
}
_SNIPPETS = _QUICK | {"model.num_clusters": 4, "model.hidden": 16, "predict.maps": 2}
_CASE = _SNIPPETS | {
    "data.num_snippets": 16,
    "data.videos_per_batch": 8,
    "num_epochs": 60,
    "optimizer.learning_rate": 0.01,
}
_GAUFUSE = _SNIPPETS | {
    "data.videos_per_batch": 4,
    "model.num_means": 4,
    "model.memory_slots": 2,
    "num_epochs": 14,  # of two steps: enough for all six refreshes
    "optimizer.learning_rate": 0.005,
}
_ORACLE = _CASE | {"checkpoint.rule": "oracle-test", "checkpoint.watch_every": 5}

PROGRAMS = {
    "asot": Program("asot_folder", "frames", _ASOT),
    "tot": Program("tot_desktop_assembly", "frames", _TOT),
    "case": Program("case_thumos14", "snippets", _CASE),
    "case-oracle": Program("case_thumos14", "snippets", _ORACLE),
    "gaufuse": Program("gaufuse_thumos14", "snippets", _GAUFUSE, num_steps=28, every=3),
    "asot-by-2": Program("asot_folder", "frames", _ASOT, processes=2),
    "case-by-2": Program(
        "case_thumos14", "snippets", _CASE | {"mesh.member": 1, "mesh.data": 2}, processes=2
    ),
}


def write_data(folder: Path) -> None:
    """Writes both data sets: `frames` as text files, which are cached, and `snippets` as arrays."""
    _write_frames(folder / "frames")
    _write_snippets(folder / "snippets")


def _write_frames(root: Path) -> None:
    """Videos with the four actions in order; each activity has its own mean feature for each."""
    rng = np.random.default_rng(7)
    for activity, lengths in FRAMES.items():
        means = rng.standard_normal((len(CLASSES), CHANNELS))
        for number, length in enumerate(lengths):
            labels = np.arange(length) * len(CLASSES) // length
            features = means[labels] + 0.3 * rng.standard_normal((length, CHANNELS))
            file = _made(root / "features" / activity) / f"{activity}{number}.txt"
            np.savetxt(file, features, fmt="%.6f")
            names = "".join(f"{CLASSES[label]}\n" for label in labels)
            (_made(root / "groundTruth") / file.name).write_text(names)


def _write_snippets(root: Path) -> None:
    """Videos of which a quarter shows the class, around its own mean feature in each stream."""
    rng = np.random.default_rng(8)
    means = 2 * rng.standard_normal((2, len(CLASSES), CHANNELS))
    database = {}
    for subset, lengths in SNIPPETS.items():
        for number, length in enumerate(lengths):
            label, start = number % len(CLASSES), int(rng.integers(0, length - length // 4))
            features = 0.5 * rng.standard_normal((2, length, CHANNELS))
            features[:, start : start + length // 4] += means[:, label, None]
            for stream, array in zip(("rgb", "flow"), features, strict=True):
                folder = _made(root / "features" / subset / stream)
                np.save(folder / f"{subset}{number}.npy", array.astype(np.float32))
            segment = [start * SECONDS, (start + length // 4) * SECONDS]
            annotations = [{"label": CLASSES[label], "segment": segment}]
            database[f"{subset}{number}"] = {"subset": subset, "annotations": annotations}
        names = [name for name, video in database.items() if video["subset"] == subset]
        (root / f"split_{subset}.txt").write_text("".join(f"{name}\n" for name in names))
    (root / "gt.json").write_text(json.dumps({"database": database}))


def _made(folder: Path) -> Path:
    """The folder, created if it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder
