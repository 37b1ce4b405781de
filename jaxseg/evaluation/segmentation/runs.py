"""Runs of one label: what most of a video's frames can be reduced to before anything is counted."""

from typing import NamedTuple

import numpy as np


class Codes(NamedTuple):
    """Labels renumbered from 0.

    Attributes:
        labels: int64 [labels], the different labels, ascending.
        order: int64 [labels], indices into `labels` in the order of first appearance.
        codes: int64 [frames], index into `labels` of each frame.
    """

    labels: np.ndarray
    order: np.ndarray
    codes: np.ndarray


def run_starts(labels: np.ndarray) -> np.ndarray:
    """Index of the first frame of each maximal run of one label, int64 [runs]."""
    return np.concatenate([[0], np.flatnonzero(labels[1:] != labels[:-1]) + 1])


def run_lengths(labels: np.ndarray) -> np.ndarray:
    """Frames of each maximal run of one label, int64 [runs]."""
    return np.diff(run_starts(labels), append=len(labels))


def run_labels(labels: np.ndarray) -> np.ndarray:
    """Label of each maximal run, int64 [runs]."""
    return labels[run_starts(labels)]


def distinct(labels: np.ndarray) -> int:
    """How many different labels there are."""
    return len(set(run_labels(labels).tolist())) if len(labels) else 0


def encode(labels: np.ndarray) -> Codes:
    """Renumbers labels, int [frames]; sorts runs, of which there are few, and not frames."""
    if not len(labels):
        return Codes(labels, labels, labels)
    starts = run_starts(labels)
    numbers, place, codes = np.unique(labels[starts], return_index=True, return_inverse=True)
    lengths = np.diff(starts, append=len(labels))
    return Codes(numbers, np.argsort(place), np.repeat(codes, lengths))
