"""A score is a numerator and a denominator: counts add up, and are divided once at the end."""

from collections.abc import Iterable, Sequence

import numpy as np

Counts = dict[str, tuple[float, float]]
Scores = dict[str, float]


def add(counts: Iterable[Counts]) -> Counts:
    """Sum of counts, score by score; all hold the same scores."""
    total: Counts = {}
    for each in counts:
        for key, (numerator, denominator) in each.items():
            so_far = total.get(key, (0, 0))
            total[key] = so_far[0] + numerator, so_far[1] + denominator
    return total


def divide(counts: Counts) -> Scores:
    """Scores in percent. Nought of nought is 100: there was nothing to find or to get wrong."""
    return {
        key: 100 * float(numerator) / float(denominator) if denominator else 100.0
        for key, (numerator, denominator) in counts.items()
    }


def mean_scores(results: Sequence[Scores]) -> Scores:
    """Plain mean of each score."""
    return {key: float(np.mean([result[key] for result in results])) for key in results[0]}
