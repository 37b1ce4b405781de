"""What every function here asks of its arrays: the right dimensions and finite numbers."""

import numpy as np


def finite(name: str, values, num_dimensions: int) -> np.ndarray:
    """The values as float64.

    Raises:
        ValueError: another number of dimensions, or the first value that is not finite.
    """
    values = np.asarray(values, np.float64)
    if values.ndim != num_dimensions:
        raise ValueError(f"{name} must be {num_dimensions}-D, got shape {values.shape}")
    if not np.isfinite(values).all():
        place = np.unravel_index(np.argmin(np.isfinite(values)), values.shape)
        raise ValueError(f"{name} holds {values[place]} at {[int(index) for index in place]}")
    return values


def intervals(start, end, score) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Starts, ends and scores as float64 [n].

    Raises:
        ValueError: lengths that differ, values that are not finite, or an early end.
    """
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


def map_and_scores(score_map, video_scores) -> tuple[np.ndarray, np.ndarray]:
    """A score map [T, G] and the video's scores [G] as float64.

    Raises:
        ValueError: shapes that do not fit, or values that are not finite.
    """
    score_map = finite("score map", score_map, 2)
    video_scores = finite("video scores", video_scores, 1)
    if video_scores.shape != score_map.shape[1:]:
        raise ValueError(
            f"{len(video_scores)} video scores for a map of {score_map.shape[1]} classes"
        )
    return score_map, video_scores
