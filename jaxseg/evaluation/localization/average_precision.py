"""Average precision from a ranked list of hits and misses."""

from typing import NamedTuple

import numpy as np


class Ranking(NamedTuple):
    """Predictions of one class by falling score at one threshold.

    Attributes:
        recall: float64 [n], share of the positives found up to each prediction.
        precision: float64 [n], share of hits up to each prediction.
        hits: bool [n].
    """

    recall: np.ndarray
    precision: np.ndarray
    hits: np.ndarray


def ranking(hits: np.ndarray, forgiven: np.ndarray, positives: int) -> Ranking:
    """Recall and precision along a list.

    Args:
        hits: bool [n], by falling score.
        forgiven: bool [n], predictions that are no error where they are no hit.
        positives: number of true segments, at least 1.
    """
    found = np.cumsum(hits)
    shown = np.cumsum(hits | ~forgiven)
    return Ranking(found / positives, found / np.maximum(shown, 1), hits)


def envelope(precision: np.ndarray) -> np.ndarray:
    """The highest precision at each place of the list or below it."""
    return np.maximum.accumulate(precision[::-1])[::-1]


def raw(ranked: Ranking, positives: int) -> float:
    """Sum of the precision at each hit over the number of positives."""
    return float(ranked.precision[ranked.hits].sum() / positives)


def interpolated(ranked: Ranking, positives: int) -> float:
    """Area under the precision envelope, over all points of recall."""
    # Recall rises by 1 / positives at each hit and nowhere else.
    return float(envelope(ranked.precision)[ranked.hits].sum() / positives)


def curve(ranked: Ranking, recalls: np.ndarray) -> np.ndarray:
    """The precision envelope at given recalls, 0 beyond the last that is reached."""
    heights = np.append(envelope(ranked.precision), 0.0)
    # 29 of 100 found is not quite 0.29 in every way of computing it.
    return heights[np.searchsorted(ranked.recall, recalls - 1e-9)]
