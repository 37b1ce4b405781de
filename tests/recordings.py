"""Generated recordings: each action is a point in space, with noise around it."""

from collections.abc import Sequence

import numpy as np
from scipy.signal import lfilter


def bouts(
    rng: np.random.Generator, actions: Sequence[int], frames: int, shortest: int, longest: int
) -> np.ndarray:
    """Actions in random order, none twice in a row, each for a random time; int [frames]."""
    found: list[int] = []
    while len(found) < frames:
        action = rng.choice([each for each in actions if not found or each != found[-1]])
        found += [int(action)] * int(rng.integers(shortest, longest + 1))
    return np.array(found[:frames])


def looks(rng: np.random.Generator, actions: int, channels: int, apart: float) -> np.ndarray:
    """Points as far apart, on average, as `apart` deviations of noise a channel."""
    return rng.standard_normal((actions, channels)) * apart / np.sqrt(2)


def render(
    rng: np.random.Generator, labels: np.ndarray, points: np.ndarray, memory: float = 0.0
) -> np.ndarray:
    """Frames float32 [frames, channels] with noise of variance 1.

    Args:
        memory: correlation of the noise of frames next to each other.
    """
    drawn = rng.standard_normal((len(labels), points.shape[1]))
    noise = lfilter([np.sqrt(1 - memory**2)], [1, -memory], drawn, axis=0)
    return (points[labels] + noise).astype(np.float32)
