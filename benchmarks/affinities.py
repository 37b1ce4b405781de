"""Problems from affinities of frames to actions, as ASOT's network makes them, at its settings."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from jaxseg.data import DATA_SETS
from jaxseg.data.twins.segmentation import make_twin
from jaxseg.evaluation.segmentation.matching import confusion, match
from jaxseg.formats.arrays import read_npy
from jaxseg.formats.labels import read_names
from jaxseg.solvers.priors import asot_prior

# ASOT's settings for training and evaluation, and those of the example in its authors' program.
BREAKFAST = {
    "training": {"epsilon": 0.07, "alpha": 0.4, "radius": 0.04, "lambda_actions": 0.1},
    "evaluation": {"epsilon": 0.04, "alpha": 0.7, "radius": 0.04, "lambda_actions": 0.01},
}
ASSEMBLY = {
    "training": {"epsilon": 0.07, "alpha": 0.3, "radius": 0.02, "lambda_actions": 0.16},
    "evaluation": {"epsilon": 0.04, "alpha": 0.6, "radius": 0.02, "lambda_actions": 0.01},
}
EXAMPLE = {"epsilon": 0.01, "alpha": 0.6, "radius": 0.04, "lambda_actions": 0.06}
BREAKFAST_PRIOR, ASSEMBLY_PRIOR = 0.2, 0.25  # rho


class Problem(NamedTuple):
    """One video at one setting.

    Attributes:
        name: names of the video and the setting.
        cost: [N, K] float32.
        numbers: keyword arguments of `fugw.solve`.
        truth: int [N]; None without labels.
    """

    name: str
    cost: np.ndarray
    numbers: dict[str, float]
    truth: np.ndarray | None


def read_problems(folder: Path) -> list[Problem]:
    """Reads every `affinity/NAME.npy` [N, K] and, if it exists, `gt/NAME`, a label a line.

    Raises:
        ValueError: the folder has no affinities, or a file is broken or has another length.
    """
    paths = sorted(folder.glob("affinity/*.npy"))
    if not paths:
        raise ValueError(f"{folder / 'affinity'}: no affinities *.npy")
    return [problem for path in paths for problem in _read(path, folder / "gt" / path.stem)]


def _read(path: Path, labels: Path) -> list[Problem]:
    affinity = read_npy(path)
    if affinity.ndim != 2 or affinity.dtype.kind != "f":
        raise ValueError(f"{path}: {affinity.dtype}{list(affinity.shape)}, not floats [N, K]")
    truth = None
    if labels.is_file():
        truth = np.unique(read_names(labels), return_inverse=True)[1]
        if len(truth) != len(affinity):
            raise ValueError(f"{labels}: {len(truth)} labels for {len(affinity)} frames")
    return at_settings(path.stem, affinity, truth)


def make_problems() -> list[Problem]:
    """Problems of a generated video: cosines of its frames with the mean feature of each action."""
    video = make_twin(DATA_SETS["breakfast"].twin, ("salat",), scaling="frame")[0][0]
    truth = np.unique(video.labels, return_inverse=True)[1]
    features = _unit(video.features)
    means = np.stack([features[truth == action].mean(0) for action in range(truth.max() + 1)])
    return at_settings("P00_salat", features @ _unit(means).T, truth)


def _unit(vectors):
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)


def at_settings(name: str, affinity: np.ndarray, truth: np.ndarray | None) -> list[Problem]:
    """A video at the settings of its data set; Breakfast's names begin with the person, as P03_.

    The example's setting has no temporal prior.
    """
    breakfast = re.match(r"P\d\d_", name)
    settings = BREAKFAST if breakfast else ASSEMBLY
    cost = (1 - affinity).astype(np.float32)
    prior = (BREAKFAST_PRIOR if breakfast else ASSEMBLY_PRIOR) * np.asarray(asot_prior(*cost.shape))
    problems = [
        Problem(f"{name}, {setting}", cost + prior, numbers, truth)
        for setting, numbers in settings.items()
    ]
    return [*problems, Problem(f"{name}, example", cost, EXAMPLE, truth)]


def accuracy(labels: np.ndarray, truth: np.ndarray | None) -> float | None:
    """MoF of one video under its best matching of clusters [N] to classes [N]."""
    if truth is None:
        return None
    frames = confusion(labels, truth).frames
    return float(frames[match(frames)].sum() / len(truth))


def names(problems: Sequence[Problem]) -> str:
    """Names and sizes of the videos, in words."""
    sizes = {problem.name.split(",")[0]: problem.cost.shape for problem in problems}
    return "; ".join(f"{name} {shape[0]:,} x {shape[1]}" for name, shape in sizes.items())
