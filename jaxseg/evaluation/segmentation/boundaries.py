"""Where segments change: how many of the true changes were found, and how many found are true."""

from typing import NamedTuple

import numpy as np


class BoundaryCounts(NamedTuple):
    """Counts of one video, or of several added up.

    Attributes:
        matched: pairs of a found and a true boundary, each in one pair at most.
        true, found: boundaries.
    """

    matched: int
    true: int
    found: int

    @property
    def precision(self) -> float:
        """Share of the found boundaries that are true; 0 where none was found."""
        return self.matched / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        """Share of the true boundaries that were found; 0 where there are none."""
        return self.matched / self.true if self.true else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall, in [0, 1]."""
        total = self.true + self.found
        return 2 * self.matched / total if total else 0.0


def boundaries(labels: np.ndarray) -> np.ndarray:
    """The frames whose label differs from the one before, [boundaries]."""
    return np.flatnonzero(np.diff(labels)) + 1


def count_boundaries(truth: np.ndarray, predicted: np.ndarray, tolerance: int) -> BoundaryCounts:
    """Matches the boundaries of two labellings of one video, which need no common names.

    Most pairs win: as all boundaries reach equally far, pairing each true one in turn with the
    first free one within reach makes as many pairs as any other way.

    Args:
        truth, predicted: labels [frames].
        tolerance: frames by which a pair may differ.

    Raises:
        ValueError: labellings of different lengths, or a negative tolerance.
    """
    if len(truth) != len(predicted) or tolerance < 0:
        raise ValueError(
            f"{len(truth)} true and {len(predicted)} predicted frames, tolerance {tolerance}: "
            "equally many frames and a tolerance of at least 0 are needed"
        )
    true, found = boundaries(truth), boundaries(predicted)
    matched = place = 0
    for boundary in true:
        while place < len(found) and found[place] < boundary - tolerance:
            place += 1
        if place < len(found) and found[place] <= boundary + tolerance:
            matched += 1
            place += 1
    return BoundaryCounts(matched, len(true), len(found))


def add(counts: list[BoundaryCounts]) -> BoundaryCounts:
    """The counts of several videos together."""
    return BoundaryCounts(*(int(total) for total in np.sum([(0, 0, 0), *counts], axis=0)))
