"""Videos at a few lengths, so that XLA compiles a few programs instead of one a video."""

import numpy as np

SHORTEST = 256  # compiling one more program takes a second, these frames a millisecond


def padded_length(length: int) -> int:
    """The least of 256, 384, 512, 768, 1024, ... that is not below `length`."""
    power = max(SHORTEST, 1 << (length - 1).bit_length())
    between = 3 * power // 4
    return between if between > SHORTEST and length <= between else power


def pad(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A matrix [N, K] with rows of zeros behind it, and bool [padded], True on its own rows."""
    length = padded_length(len(matrix))
    padded = np.zeros((length, *matrix.shape[1:]), matrix.dtype)
    padded[: len(matrix)] = matrix
    return padded, np.arange(length) < len(matrix)
