"""Scores of videos whose truth is known: right on the whole, with flickers in between."""

from pathlib import Path

import numpy as np

CLASSES = 4
LENGTHS = {"v1": 60, "v2": 75, "v3": 90, "v4": 66}


def truth(length: int) -> np.ndarray:
    """Three segments of three classes; the last class is in no video."""
    return np.arange(length) * 3 // length


def probabilities(length: int, seed: int) -> np.ndarray:
    """[N, 4]: .7 for the true class, but for one frame in ten, where another one has it."""
    rng = np.random.default_rng(seed)
    best = truth(length)
    wrong = rng.choice(length, length // 10, replace=False)
    best[wrong] = rng.integers(0, CLASSES, len(wrong))
    scores = np.full((length, CLASSES), 0.1, np.float32)
    scores[np.arange(length), best] = 0.7
    return scores


def score_set() -> dict[str, np.ndarray]:
    return {
        name: probabilities(length, seed) for seed, (name, length) in enumerate(LENGTHS.items())
    }


def write_arrays(folder: Path, arrays: dict[str, np.ndarray]) -> Path:
    folder.mkdir(parents=True)
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
    return folder


def write_truth(folder: Path) -> Path:
    """Label files, numbers a line."""
    folder.mkdir(parents=True)
    for name, length in LENGTHS.items():
        (folder / f"{name}.txt").write_text("".join(f"{label}\n" for label in truth(length)))
    return folder


def cells(arrays: list[np.ndarray]) -> np.ndarray:
    """A MATLAB cell array."""
    content = np.empty(len(arrays), object)
    content[:] = arrays
    return content
