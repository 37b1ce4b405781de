"""Non-maximum suppression of the intervals of one class in one video."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from jaxseg.proposals.curves import scored_intervals


class Suppression(NamedTuple):
    """Result of greedy suppression."""

    # int64 [n], intervals by falling score; equal scores by start, then by end, so that the order
    # in which intervals are given does not matter
    order: np.ndarray
    # int64 [n], the kept interval that suppresses each one; its own index if it is kept
    by: np.ndarray
    overlap: np.ndarray  # float64 [n], tIoU with that interval

    @property
    def kept(self) -> np.ndarray:
        """Whether each interval is kept, bool [n]."""
        return self.by == np.arange(len(self.by))


def hard_nms(
    start: ArrayLike,
    end: ArrayLike,
    score: ArrayLike,
    *,
    threshold: float = 0.4,
    extra: float = 0.0,
) -> np.ndarray:
    """Indices of the kept intervals by falling score; arguments as for `suppress`."""
    result = suppress(start, end, score, threshold=threshold, extra=extra)
    return result.order[result.kept[result.order]]


def soft_nms(
    start: ArrayLike,
    end: ArrayLike,
    score: ArrayLike,
    *,
    threshold: float = 0.4,
    alpha: float = 0.35,
    extra: float = 1.0,
) -> np.ndarray:
    """Scores after CASE's soft suppression.

    An interval that hard suppression would remove is kept, with its score times
    exp(-tIoU^2 / alpha). Unlike in soft-NMS as first proposed (Bodla et al. 2017), its score
    decays once, and it suppresses no other. A score below 0, which the factor would raise, stays.

    Args:
        start, end, score, threshold, extra: see `suppress`.
        alpha: width of the decay, positive.

    Returns:
        float64 [n], in the order of the given intervals.

    Raises:
        ValueError: see `suppress`; alpha that is not positive.
    """
    if not alpha > 0:
        raise ValueError(f"alpha must be positive, got {alpha}")
    result = suppress(start, end, score, threshold=threshold, extra=extra)
    decay = np.where(result.kept, 1.0, np.exp(-np.square(result.overlap) / alpha))
    score = np.asarray(score, np.float64)
    return np.where(score > 0, score * decay, score)


def suppress(
    start: ArrayLike, end: ArrayLike, score: ArrayLike, *, threshold: float, extra: float
) -> Suppression:
    """Greedy suppression: the best interval that is left removes those that overlap it enough.

    Args:
        start, end: [n], in any unit.
        score: [n], higher is better.
        threshold: tIoU in (0, 1] from which on an interval is removed.
        extra: added to every length and every intersection. CASE's and GauFuse's programs add 1,
            whatever the unit, as is right for intervals of frames that include their last one.

    Raises:
        ValueError: intervals that are not finite or end early, a threshold outside (0, 1], a
            negative `extra`.
    """
    start, end, score = scored_intervals(start, end, score)
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold must be in (0, 1], got {threshold}")
    if not 0 <= extra < np.inf:
        raise ValueError(f"extra must be finite and not negative, got {extra}")
    order = np.lexsort((end, start, -score))
    # In order of start, so that `reach` bounds what is compared; `rank` leads there.
    timeline = np.argsort(start, kind="stable")
    rank = np.empty_like(timeline)
    rank[timeline] = np.arange(len(start))
    start, end = start[timeline], end[timeline] + extra
    first, last = reach(start, end, threshold)
    length = end - start
    by, overlap = np.arange(len(start)), np.ones(len(start))
    left = np.ones(len(start), bool)
    for best in rank[order].tolist():
        if not left[best]:
            continue
        left[best] = False
        near = slice(first[best], last[best])
        common = np.minimum(end[near], end[best]) - np.maximum(start[near], start[best])
        union = length[near] + length[best] - common
        # Two intervals of length zero at the same place are equal: tIoU 1.
        tiou = np.divide(common, union, out=(union == 0).astype(float), where=union > 0)
        removed = np.flatnonzero(left[near] & (tiou >= threshold)) + first[best]
        left[removed] = False
        by[removed], overlap[removed] = best, tiou[removed - first[best]]
    return Suppression(order, timeline[by][rank], overlap[rank])


def reach(start: np.ndarray, end: np.ndarray, threshold: float) -> tuple[np.ndarray, np.ndarray]:
    """First index and index after the last of the intervals that can have this tIoU with each one.

    Intervals are in order of start. One with this tIoU touches the interval and is at most as
    long as its length over the threshold; the slice keeps suppression near linear in the number
    of intervals. The same bound holds if that share of the other's length has to lie in the
    interval, as in GauFuse's fusion.
    """
    longest = (end - start) / threshold
    rounding = 1e-9 * (np.abs(start) + longest)
    earliest = np.searchsorted(start, start - longest - rounding)
    return earliest, np.searchsorted(start, end, side="right")
