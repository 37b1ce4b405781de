"""Curves of scores over time: finer positions, runs above thresholds, outer-inner scores.

The checks at the end are those of all functions here: right dimensions and finite numbers.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike


def upsample(curve: ArrayLike, factor: int) -> np.ndarray:
    """Linear interpolation between snippets: value i of the curve goes to position i * factor.

    The last value is `factor - 1` positions before the end; from there the last slope goes on, as
    in CASE's program, so that values may leave the curve's range. A single value is repeated.

    Args:
        curve: [T].
        factor: positions for each value, at least 1.

    Returns:
        float64 [T * factor].

    Raises:
        ValueError: a curve that is not 1-D or not finite, or a factor below 1.
    """
    curve = finite("curve", curve, 1)
    if factor < 1:
        raise ValueError(f"factor must be at least 1, got {factor}")
    slope = np.zeros(len(curve))
    if len(curve) > 1:
        slope[:-1] = np.diff(curve)
        slope[-1] = slope[-2]
    return (curve[:, None] + slope[:, None] * (np.arange(factor) / factor)).ravel()


def runs(
    curve: ArrayLike, thresholds: Sequence[float], *, shortest: int = 1, strict: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Maximal runs [start, end) of positions that reach a threshold: the proposals.

    A run that several thresholds give is returned once for each of them.

    Args:
        curve: [N].
        thresholds: CASE 0.1, 0.2, ..., 0.9; GauFuse 0.001, 0.003, ..., 0.039.
        shortest: runs of fewer positions are left out (GauFuse: 2).
        strict: positions have to be above the threshold, as in GauFuse, not just equal to it.

    Returns:
        Starts and ends, int64 [n] each, threshold by threshold, in order of time.

    Raises:
        ValueError: a curve that is not 1-D or not finite, or a threshold that is not finite.
    """
    curve = finite("curve", curve, 1)
    starts, ends = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    above = np.zeros(len(curve) + 2, bool)  # False beyond both ends, so that every run has borders
    for threshold in finite("thresholds", thresholds, 1):
        above[1:-1] = curve > threshold if strict else curve >= threshold
        borders = np.flatnonzero(above[1:] != above[:-1])
        start, end = borders[::2], borders[1::2]
        kept = end - start >= shortest
        starts.append(start[kept])
        ends.append(end[kept])
    return np.concatenate(starts), np.concatenate(ends)


def outer_inner(
    curve: ArrayLike,
    start: ArrayLike,
    end: ArrayLike,
    width: ArrayLike,
    *,
    horizon: int | None = None,
) -> np.ndarray:
    """Outer-inner score: mean inside each interval minus the mean over both flanks together.

    Without flanks the mean of the flanks counts as 0. Outer borders that fall between positions
    are rounded down, so that the left flank may be one position wider than the right one; flanks
    end where the curve ends.

    Args:
        curve: [N].
        start: int [n], first position of each interval.
        end: int [n], position after its last one.
        width: [n] or a number, positions of a flank, not rounded: for an interval of length L
            CASE's program takes 0.15 L, GauFuse 0.0785 L^0.9.
        horizon: first position that is part of no flank; None: the end of the curve.

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
    left = np.maximum(np.floor(start - width), 0).astype(np.int64)
    horizon = len(curve) if horizon is None else min(horizon, len(curve))
    # The last position that a flank reaches, plus one: not floor(end + width), which rounds
    # differently where the sum passes a power of two.
    right = np.minimum(np.floor(end - 1 + width) + 1, horizon).astype(np.int64)
    right = np.maximum(right, end)
    total = _running_sum(curve)
    inside = total[end] - total[start]
    around = total[right] - total[left] - inside
    count = right - left - (end - start)
    outer = np.divide(around, count, out=np.zeros(len(count)), where=count > 0)
    return inside / (end - start) - outer


def inner_means(curve: ArrayLike, start: ArrayLike, end: ArrayLike) -> np.ndarray:
    """Mean of the curve in each interval, float64 [n]; arguments as for `outer_inner`."""
    curve, (start, end) = finite("curve", curve, 1), _inside(curve, start, end)
    total = _running_sum(curve)
    return (total[end] - total[start]) / (end - start)


def _running_sum(curve: np.ndarray) -> np.ndarray:
    """Sums of the first 0, 1, ..., N values: the sum of an interval is a difference of two."""
    return np.concatenate([[0.0], np.cumsum(curve)])


def _inside(curve: np.ndarray, start: ArrayLike, end: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Starts and ends as int64 [n]; ValueError unless each interval lies within the curve."""
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


def finite(name: str, values: ArrayLike, num_dimensions: int) -> np.ndarray:
    """Values as float64; ValueError for another number of dimensions, or one that is not finite."""
    values = np.asarray(values, np.float64)
    if values.ndim != num_dimensions:
        raise ValueError(f"{name} must be {num_dimensions}-D, got shape {values.shape}")
    if not np.isfinite(values).all():
        index = np.unravel_index(np.argmin(np.isfinite(values)), values.shape)
        raise ValueError(f"{name} holds {values[index]} at {[int(number) for number in index]}")
    return values


def scored_intervals(
    start: ArrayLike, end: ArrayLike, score: ArrayLike
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Finite starts, ends and scores as float64 [n]; ValueError for an early end."""
    start, end, score = (
        finite(name, values, 1)
        for name, values in (("start", start), ("end", end), ("score", score))
    )
    if not len(start) == len(end) == len(score):
        raise ValueError(f"{len(start)} starts, {len(end)} ends and {len(score)} scores")
    early = np.flatnonzero(end < start)
    if len(early):
        raise ValueError(
            f"interval {early[0]}, [{start[early[0]]}, {end[early[0]]}], ends before it starts"
        )
    return start, end, score


def map_and_scores(score_map: ArrayLike, video_scores: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """A score map [T, G] and the video's scores [G] as float64; ValueError unless they fit."""
    score_map = finite("score map", score_map, 2)
    video_scores = finite("video scores", video_scores, 1)
    if video_scores.shape != score_map.shape[1:]:
        raise ValueError(
            f"{len(video_scores)} video scores for a map of {score_map.shape[1]} classes"
        )
    return score_map, video_scores
