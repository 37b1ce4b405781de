"""Which cluster stands for which class: confusion counts and their best one-to-one matching."""

from typing import NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment


class Confusion(NamedTuple):
    """How often each cluster meets each class.

    Attributes:
        clusters: int64 [clusters], numbers of the clusters in order of first appearance.
        classes: int64 [classes], indices of the classes present, ascending.
        frames: int64 [clusters, classes], frames that carry both.
    """

    clusters: np.ndarray
    classes: np.ndarray
    frames: np.ndarray


def confusion(clusters: np.ndarray, truth: np.ndarray) -> Confusion:
    """Counts frames by cluster and class; both arguments are int [frames]."""
    numbers, first, row = np.unique(clusters, return_index=True, return_inverse=True)
    classes, column = np.unique(truth, return_inverse=True)
    shape = len(numbers), len(classes)
    cells = np.bincount(row * shape[1] + column, minlength=shape[0] * shape[1])
    # A matching may have ties. Rows in order of appearance make the choice among them
    # independent of how the clusters happen to be numbered.
    order = np.argsort(first)
    return Confusion(numbers[order], classes, cells.reshape(shape)[order])


def match(frames: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The one-to-one matching that agrees on the most frames (Hungarian algorithm).

    Args:
        frames: [clusters, classes], any shape; the longer side keeps unmatched members.

    Returns:
        Rows and columns of the min(clusters, classes) pairs. Among equally good matchings
        the choice is a function of `frames` alone.
    """
    return linear_sum_assignment(frames, maximize=True)


def translate(clusters: np.ndarray, matching: dict[int, int]) -> np.ndarray:
    """Class of each frame's cluster, int64 [frames]; -1 where the cluster is unmatched."""
    numbers, row = np.unique(clusters, return_inverse=True)
    return np.array([matching.get(number, -1) for number in numbers.tolist()])[row]
