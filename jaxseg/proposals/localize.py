"""A map of scores -> detections of a video: classes, runs, outer-inner scores, suppression."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from jaxseg.proposals.checks import map_and_scores
from jaxseg.proposals.nms import hard_nms, soft_nms
from jaxseg.proposals.outer_inner import outer_inner
from jaxseg.proposals.runs import runs
from jaxseg.proposals.upsample import upsample

THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
EXTRA_SECONDS = 1.0  # what CASE's program adds to lengths and intersections
SUPPRESSIONS = ("soft", "hard", "none")


class Detections(NamedTuple):
    """What was found in one video, class by class, by falling score within each.

    Attributes:
        label: int64 [n], index of the class.
        score: float64 [n], higher is surer.
        start: float64 [n], seconds.
        end: float64 [n], seconds.
    """

    label: np.ndarray
    score: np.ndarray
    start: np.ndarray
    end: np.ndarray


def localize(
    score_map,
    video_scores,
    *,
    seconds: float,
    class_threshold: float = 0.25,
    thresholds: Sequence[float] = THRESHOLDS,
    upsampling: int = 24,
    flank: float = 0.15,
    gamma: float = 0.2,
    nms: str = "soft",
    nms_threshold: float = 0.4,
    nms_alpha: float = 0.35,
) -> Detections:
    """Detections of the classes that a video shows; the defaults are CASE's on THUMOS14.

    CASE's program has a `gamma` of 0.15 and passes it where `flank` is expected: it runs, and
    its published numbers were reached, with flanks of 0.15 and the video score times 0.2. The
    constants that were meant are `flank=0.25, gamma=0.15`.

    Args:
        score_map: [T, G], snippets that are spread evenly over the video.
        video_scores: [G]; classes that reach `class_threshold`, or else the best one, are looked
            for.
        seconds: length of the video.
        thresholds: see `runs`; applied to the curve of a class after `upsample` by `upsampling`.
        flank: width of each flank of a run, as a share of its length, see `outer_inner`.
        gamma: weight of the video score that is added to the outer-inner score.
        nms: "soft" or "hard", with the program's extra second in each length, or "none".
        nms_threshold: tIoU from which on the lower score is suppressed.
        nms_alpha: width of the decay of "soft".

    Returns:
        Detections; none where the map stays below every threshold, or has no snippets.

    Raises:
        ValueError: shapes that do not fit, values that are not finite, or settings out of range.
    """
    score_map, video_scores = map_and_scores(score_map, video_scores)
    if not (np.isfinite(seconds) and seconds >= 0):
        raise ValueError(f"seconds must be finite and not negative, got {seconds}")
    if nms not in SUPPRESSIONS:
        raise ValueError(f"nms must be one of {', '.join(SUPPRESSIONS)}, got {nms!r}")
    found = [(np.zeros(0, np.int64), *np.zeros((3, 0)))]
    for label in shown_classes(video_scores, class_threshold):
        start, end, score = propose(
            score_map[:, label], thresholds, upsampling=upsampling, flank=flank
        )
        second = seconds / (upsampling * len(score_map)) if len(start) else 0.0
        start, end, score = start * second, end * second, score + gamma * video_scores[label]
        score, kept = _suppressed(start, end, score, nms, nms_threshold, nms_alpha)
        found.append((np.full(len(kept), label), score[kept], start[kept], end[kept]))
    return Detections(*(np.concatenate(column) for column in zip(*found, strict=True)))


def shown_classes(video_scores: np.ndarray, threshold: float) -> np.ndarray:
    """The classes whose score reaches the threshold, or else the first of the best, int64 [n]."""
    shown = np.flatnonzero(video_scores >= threshold)
    if len(shown) or not len(video_scores):
        return shown
    return np.argmax(video_scores, keepdims=True)


def propose(
    curve, thresholds: Sequence[float] = THRESHOLDS, *, upsampling: int = 24, flank: float = 0.15
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Runs of an upsampled curve with their outer-inner scores, before any suppression.

    Returns:
        First position and position after the last, int64 [n] of the finer curve, and score
        float64 [n]; threshold by threshold.
    """
    curve = upsample(curve, upsampling)
    start, end = runs(curve, thresholds)
    return start, end, outer_inner(curve, start, end, flank * (end - start))


def _suppressed(start, end, score, nms: str, threshold: float, alpha: float):
    """Scores after suppression, and the indices of what stays by falling score."""
    if nms == "hard":
        return score, hard_nms(start, end, score, threshold=threshold, extra=EXTRA_SECONDS)
    if nms == "soft":
        settings = {"threshold": threshold, "alpha": alpha, "extra": EXTRA_SECONDS}
        score = soft_nms(start, end, score, **settings)
    return score, np.lexsort((end, start, -score))


def as_segments(
    detections: Detections, classes: Sequence[str], *, digits: int | None = 6
) -> list[dict]:
    """A video's entry in ActivityNet's JSON: [{"label", "score", "segment": [start, end]}].

    Args:
        classes: names by index.
        digits: decimals that are kept of scores and seconds; None keeps all.
    """
    if digits is not None:
        label, *numbers = detections
        detections = Detections(label, *(np.round(column, digits) for column in numbers))
    rows = zip(*(column.tolist() for column in detections), strict=True)
    return [
        {"label": classes[label], "score": score, "segment": [start, end]}
        for label, score, start, end in rows
    ]
