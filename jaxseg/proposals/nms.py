"""Non-maximum suppression of the intervals of one class in one video."""

from typing import NamedTuple

import numpy as np

from jaxseg.proposals.checks import intervals


class Suppression(NamedTuple):
    """Who suppresses whom.

    Attributes:
        order: int64 [n], intervals by falling score; equal scores by start, then by end, so
            that the order in which intervals are given does not matter.
        by: int64 [n], the kept interval that takes each one out; its own index where it is kept.
        overlap: float64 [n], its tIoU with that one.
    """

    order: np.ndarray
    by: np.ndarray
    overlap: np.ndarray

    @property
    def kept(self) -> np.ndarray:
        """bool [n]."""
        return self.by == np.arange(len(self.by))


def hard_nms(start, end, score, *, threshold: float = 0.4, extra: float = 0.0) -> np.ndarray:
    """Indices of the intervals that stay, by falling score; see `suppress`."""
    found = suppress(start, end, score, threshold=threshold, extra=extra)
    return found.order[found.kept[found.order]]


def soft_nms(
    start, end, score, *, threshold: float = 0.4, alpha: float = 0.35, extra: float = 1.0
) -> np.ndarray:
    """Scores after CASE's soft suppression.

    What hard suppression would take out stays with its score times exp(-tIoU^2 / alpha). Unlike
    in soft-NMS as first proposed (Bodla et al. 2017), it decays once and suppresses nothing. A
    score below 0, which the factor would raise, stays as it is.

    Args:
        start, end, score, threshold, extra: see `suppress`.
        alpha: width of the decay, positive.

    Returns:
        float64 [n], in the order of the intervals that are given.

    Raises:
        ValueError: see `suppress`; alpha that is not positive.
    """
    if not alpha > 0:
        raise ValueError(f"alpha must be positive, got {alpha}")
    found = suppress(start, end, score, threshold=threshold, extra=extra)
    decay = np.where(found.kept, 1.0, np.exp(-np.square(found.overlap) / alpha))
    score = np.asarray(score, np.float64)
    return np.where(score > 0, score * decay, score)


def suppress(start, end, score, *, threshold: float, extra: float) -> Suppression:
    """Greedy suppression: the best interval that is left takes out what overlaps it enough.

    Args:
        start, end: [n], in any unit.
        score: [n], higher is better.
        threshold: tIoU in (0, 1] from which on an interval is taken out.
        extra: added to every length and every intersection. CASE's and GauFuse's programs add
            1, whatever the unit, as for frames that count their last one.

    Raises:
        ValueError: intervals that are not finite or end early, a threshold outside (0, 1], a
            negative `extra`.
    """
    start, end, score = intervals(start, end, score)
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold must be in (0, 1], got {threshold}")
    if not 0 <= extra < np.inf:
        raise ValueError(f"extra must be finite and not negative, got {extra}")
    timeline = np.argsort(start, kind="stable")
    first, last = reach(start[timeline], end[timeline] + extra, threshold)
    rank = np.empty_like(timeline)
    rank[timeline] = np.arange(len(start))
    order = np.lexsort((end, start, -score))
    by, overlap = _choose(
        start[timeline], end[timeline] + extra, rank[order], first, last, threshold
    )
    return Suppression(order, timeline[by][rank], overlap[rank])


def reach(start, end, threshold) -> tuple[np.ndarray, np.ndarray]:
    """The slice of intervals, in order of start, that can have a tIoU of `threshold` with each.

    One that does is no longer than this one's length over the threshold, and touches it: the
    slice keeps the choice near linear in the number of intervals. The same holds where that share
    of the other's own length has to lie in this one, as in GauFuse's fusion.
    """
    longest = (end - start) / threshold
    rounding = 1e-9 * (np.abs(start) + longest)
    earliest = np.searchsorted(start, start - longest - rounding)
    return earliest, np.searchsorted(start, end, side="right")


def _choose(start, end, order, first, last, threshold) -> tuple[np.ndarray, np.ndarray]:
    """`by` and `overlap` of a Suppression, for intervals in order of start."""
    by, overlap = np.arange(len(start)), np.ones(len(start))
    left = np.ones(len(start), bool)
    length = end - start
    for best in order.tolist():
        if not left[best]:
            continue
        left[best] = False
        near = slice(first[best], last[best])
        common = np.minimum(end[near], end[best]) - np.maximum(start[near], start[best])
        union = length[near] + length[best] - common
        # Two intervals of no length at one place are the same one.
        tiou = np.divide(common, union, out=(union == 0).astype(float), where=union > 0)
        taken = np.flatnonzero(left[near] & (tiou >= threshold)) + first[best]
        left[taken] = False
        by[taken], overlap[taken] = best, tiou[taken - first[best]]
    return by, overlap
