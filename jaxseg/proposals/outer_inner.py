"""The outer-inner score of an interval: its mean against that of its flanks."""

import numpy as np

from jaxseg.proposals.checks import finite


def outer_inner(curve, start, end, width, *, horizon: int | None = None) -> np.ndarray:
    """Mean inside each interval minus the mean over its two flanks together, 0 without flanks.

    Outer borders that fall between positions are rounded down, so that the left flank may be one
    position wider than the right one; flanks end where the curve ends.

    Args:
        curve: [N].
        start: int [n], first position of each interval.
        end: int [n], position after its last one.
        width: [n] or a number, positions of a flank, not rounded: CASE's program takes 0.15 of
            the length L, GauFuse 0.0785 L^0.9.
        horizon: position from which on nothing counts as a flank; None: where the curve ends.

    Returns:
        float64 [n].

    Raises:
        ValueError: a curve that is not finite, intervals without a position or outside of it,
            or widths that are negative or not finite.
    """
    curve, (start, end) = finite("curve", curve, 1), _inside(curve, start, end)
    width = finite("width", np.broadcast_to(width, start.shape), 1)
    if (width < 0).any():
        raise ValueError(f"width of a flank must not be negative, got {width.min()}")
    # The last position that a flank reaches, plus one: not floor(end + width), which rounds
    # differently where the sum passes a power of two.
    left = np.maximum(np.floor(start - width), 0).astype(np.int64)
    horizon = len(curve) if horizon is None else min(horizon, len(curve))
    right = np.minimum(np.floor(end - 1 + width) + 1, horizon).astype(np.int64)
    right = np.maximum(right, end)
    total = _running_sum(curve)
    inside = total[end] - total[start]
    around = total[right] - total[left] - inside
    count = right - left - (end - start)
    outer = np.divide(around, count, out=np.zeros(len(count)), where=count > 0)
    return inside / (end - start) - outer


def inner_means(curve, start, end) -> np.ndarray:
    """Mean of the curve in each interval, float64 [n]; arguments as for `outer_inner`."""
    curve, (start, end) = finite("curve", curve, 1), _inside(curve, start, end)
    total = _running_sum(curve)
    return (total[end] - total[start]) / (end - start)


def _running_sum(curve: np.ndarray) -> np.ndarray:
    """Sums of the first 0, 1, ..., N values: any interval's sum is a difference of two."""
    return np.concatenate([[0.0], np.cumsum(curve)])


def _inside(curve, start, end) -> tuple[np.ndarray, np.ndarray]:
    start, end = np.asarray(start, np.int64), np.asarray(end, np.int64)
    if start.ndim != 1 or start.shape != end.shape:
        raise ValueError(f"starts of shape {start.shape} and ends of shape {end.shape}")
    wrong = np.flatnonzero((start < 0) | (end <= start) | (end > len(curve)))
    if len(wrong):
        first = wrong[0]
        raise ValueError(
            f"interval {first}, [{start[first]}, {end[first]}), is empty or outside of "
            f"[0, {len(curve)})"
        )
    return start, end
