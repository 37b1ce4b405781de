"""Principal components, as linear projections."""

from typing import NamedTuple

import numpy as np


class Projection(NamedTuple):
    """Linear projection, as of PCA: x -> (x - mean) @ axes."""

    mean: np.ndarray  # float32 [D]
    axes: np.ndarray  # float32 [D, C]

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """float32 [..., C] of float32 [..., D]."""
        return (x - self.mean) @ self.axes


def fit_projection(x: np.ndarray, channels: int) -> Projection:
    """Leading principal axes of N vectors, [N, D], by falling variance.

    They are orthonormal; signs are such that an axis's largest entry is positive. Where N vectors
    span fewer than `channels` dimensions the rest of the axes are zeros.
    """
    x = np.asarray(x, np.float64)
    mean = x.mean(axis=0)
    centered = x - mean
    few = len(x) < x.shape[1]
    # Both products have the same eigenvalues; the smaller one is cheaper.
    gram = centered @ centered.T if few else centered.T @ centered
    values, vectors = np.linalg.eigh(gram)
    count = min(channels, len(values))
    values, vectors = values[::-1][:count], vectors[:, ::-1][:, :count]
    # What rounding has left of dimensions without variance is dropped.
    real = values > 1e-9 * max(values[0], len(x) * 1e-9)
    values, vectors = values[real], vectors[:, real]
    principal = centered.T @ vectors / np.sqrt(values) if few else vectors
    largest = principal[np.abs(principal).argmax(axis=0), range(principal.shape[1])]
    axes = np.zeros((x.shape[1], channels), np.float32)
    axes[:, : principal.shape[1]] = principal * np.sign(largest)
    return Projection(mean.astype(np.float32), axes)


def mixed(projection: Projection) -> Projection:
    """The same space in rotated axes, along all of which the fitted vectors vary alike.

    The last principal channels are mostly noise, which would count as much as all others in methods
    that scale channels to variance 1. Turned by a Hadamard matrix, each channel is a sum or
    difference of all principal ones; distances stay. The number of axes is a power of two.
    """
    hadamard = np.ones((1, 1), np.float32)
    while len(hadamard) < projection.axes.shape[1]:
        hadamard = np.kron(hadamard, np.float32([[1, 1], [1, -1]]))
    scale = np.sqrt(np.float32(len(hadamard)))
    return Projection(projection.mean, projection.axes @ hadamard / scale)


def fit_channels(channels: int, rows: np.ndarray, tell: object = None) -> tuple[Projection, float]:
    """PCA of rows, [N, D], rotated so that all channels vary alike, and their total variance."""
    projection = mixed(fit_projection(rows, channels))
    return projection, float(projection(rows).var(axis=0, dtype=np.float64).sum())
