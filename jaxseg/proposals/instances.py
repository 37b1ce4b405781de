"""GauFuse's test: instances from runs of a class's curve, their fusion, detections in seconds."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from jaxseg.proposals.curves import (
    finite,
    inner_means,
    map_and_scores,
    outer_inner,
    runs,
    scored_intervals,
)
from jaxseg.proposals.fusion import fuse
from jaxseg.proposals.nms import hard_nms, soft_nms

THRESHOLDS = tuple(round(0.001 + 0.002 * step, 3) for step in range(20))
FLANK, FLANK_POWER = 0.0785, 0.9  # a run of L snippets has flanks of 0.0785 L^0.9
METHODS = ("fusion", "soft", "hard", "none")
COMPATS = ("", "gaufuse")


class Instances(NamedTuple):
    """Scored intervals of one video, class by class.

    Attributes:
        label: int64 [n], index of the class.
        start: float64 [n], first snippet.
        end: float64 [n], snippet after the last one.
        score: float64 [n], q: mean inside minus mean of the flanks.
        inner_mean: float64 [n], mean inside; of a fused instance that of its group's best.
    """

    label: np.ndarray
    start: np.ndarray
    end: np.ndarray
    score: np.ndarray
    inner_mean: np.ndarray


NO_INSTANCES = Instances(np.zeros(0, np.int64), *np.zeros((4, 0)))


class Detections(NamedTuple):
    """Detections in one video, class by class, by falling score within each.

    Attributes:
        label: int64 [n], index of the class.
        score: float64 [n], higher is more certain.
        start: float64 [n], seconds.
        end: float64 [n], seconds.
    """

    label: np.ndarray
    score: np.ndarray
    start: np.ndarray
    end: np.ndarray


def find_instances(
    score_map: ArrayLike,
    video_scores: ArrayLike,
    *,
    class_threshold: float = 0.16,
    thresholds: Sequence[float] = THRESHOLDS,
    shortest: int = 2,
    compat: str = "",
) -> Instances:
    """Runs of snippets above a threshold, of every class that the video shows, with scores.

    The authors' program takes the end of a run, which is the snippet after it, for its last
    snippet, and adds one more: `compat="gaufuse"`. An instance then ends one snippet late, even
    after the video; its inner mean includes that snippet, which is below the threshold, and its
    right flank begins after it; the last snippet of a video is never a flank. Nothing asks for an
    interval that is longer at one end only, so it is taken for a slip, and is not the default.

    Args:
        score_map: [T, C].
        video_scores: [C]; classes below `class_threshold` have no instances.
        thresholds: of the map; a run that several of them give is returned several times.
        shortest: fewest snippets of a run.
        compat: "" or "gaufuse".

    Raises:
        ValueError: shapes that do not fit, values that are not finite, an unknown `compat`.
    """
    score_map, video_scores = map_and_scores(score_map, video_scores)
    if compat not in COMPATS:
        raise ValueError(f"compat must be one of {COMPATS}, got {compat!r}")
    groups = [NO_INSTANCES]
    for label in np.flatnonzero(video_scores >= class_threshold):
        curve = score_map[:, label]
        start, end = runs(curve, thresholds, shortest=shortest, strict=True)
        groups.append(Instances(np.full(len(start), label), *_scored(curve, start, end, compat)))
    return join(groups)


def _scored(
    curve: np.ndarray, start: np.ndarray, end: np.ndarray, compat: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Start, end, q and inner mean of runs [start, end)."""
    width = FLANK * (end - start) ** FLANK_POWER
    inside, horizon = end, None
    if compat == "gaufuse":
        inside, horizon, end = np.minimum(end + 1, len(curve)), len(curve) - 1, end + 1
    score = outer_inner(curve, start, inside, width, horizon=horizon)
    return start.astype(float), end.astype(float), score, inner_means(curve, start, inside)


def select(
    instances: Instances,
    *,
    method: str = "fusion",
    tau: float = 0.2,
    overlap: float = 0.25,
    distribution: str = "gaussian",
    weight: str = "inner_mean",
    nms_threshold: float = 0.4,
    nms_alpha: float = 0.35,
    extra: float = 1.0,
) -> Instances:
    """Fuses or suppresses instances that overlap, class by class; the result by falling score.

    Args:
        instances: of one video, in any order and unit.
        method: "fusion"; "soft" or "hard" suppression; or "none", which only sorts.
        tau, overlap, distribution, weight: of the fusion, see `fuse`.
        nms_threshold: tIoU from which on the lower score is suppressed.
        nms_alpha: width of the decay of "soft".
        extra: added to every length and every intersection, see `fuse`.

    Raises:
        ValueError: an unknown method, its settings out of range, values that are not finite.
    """
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, got {method!r}")
    instances = _checked(instances)

    def choose(group: Instances) -> Instances:
        """Instances of one class after `method`."""
        start, end, score = group.start, group.end, group.score
        if method == "fusion":
            fused = fuse(
                start,
                end,
                score,
                group.inner_mean,
                tau=tau,
                overlap=overlap,
                distribution=distribution,
                weight=weight,
                extra=extra,
            )
            best = _pick(group, fused.seed)
            return best._replace(start=fused.start, end=fused.end, score=fused.score)
        if method == "soft":
            score = soft_nms(
                start, end, score, threshold=nms_threshold, alpha=nms_alpha, extra=extra
            )
            return group._replace(score=score)
        if method == "hard":
            return _pick(group, hard_nms(start, end, score, threshold=nms_threshold, extra=extra))
        return group

    # First no instances at all: for an error where settings are wrong, and for empty columns.
    groups = [choose(NO_INSTANCES)]
    for label in np.unique(instances.label):
        chosen = choose(_pick(instances, instances.label == label))
        groups.append(_pick(chosen, np.lexsort((chosen.end, chosen.start, -chosen.score))))
    return join(groups)


def to_detections(
    instances: Instances, *, seconds_per_snippet: float, duration: float
) -> Detections:
    """Instances in seconds, cut at the end of the video.

    Args:
        instances: in snippets.
        seconds_per_snippet: length of a snippet.
        duration: of the video, in seconds.

    Raises:
        ValueError: an instance that begins before the video or only after it, values that are not
            finite, a negative length.
    """
    for name, value in (("seconds_per_snippet", seconds_per_snippet), ("duration", duration)):
        if not 0 <= value < np.inf:
            raise ValueError(f"{name} must be finite and not negative, got {value}")
    label, start, end, score, _ = _checked(instances)
    start, end = start * seconds_per_snippet, end * seconds_per_snippet
    outside = np.flatnonzero((start < 0) | (start >= duration))
    if len(outside):
        first = outside[0]
        raise ValueError(
            f"instance {first} from {start[first]} s to {end[first]} s lies outside of the "
            f"video's {duration} s"
        )
    return Detections(label, score, start, np.minimum(end, duration))


def as_segments(
    detections: Detections, classes: Sequence[str], *, digits: int | None = 6
) -> list[dict]:
    """A video's entry in ActivityNet's JSON: [{"label", "score", "segment": [start, end]}].

    Args:
        classes: names by index; "" of proposals without a label, which get none.
        digits: decimals that are kept of scores and seconds; None keeps all.
    """
    if digits is not None:
        label, *numbers = detections
        detections = Detections(label, *(np.round(column, digits) for column in numbers))
    rows = zip(*(column.tolist() for column in detections), strict=True)
    return [
        ({"label": classes[label]} if classes[label] else {})
        | {"score": score, "segment": [start, end]}
        for label, score, start, end in rows
    ]


def join(groups: Sequence[Instances]) -> Instances:
    """The instances of all groups, in their order."""
    return Instances(*(np.concatenate(column) for column in zip(*groups, strict=True)))


def _pick(instances: Instances, kept: np.ndarray) -> Instances:
    """The instances that a mask or indices select."""
    return Instances(*(column[kept] for column in instances))


def _checked(instances: Instances) -> Instances:
    """The instances; ValueError unless columns have the same length and finite values."""
    label = np.asarray(instances.label, np.int64)
    start, end, score = scored_intervals(instances.start, instances.end, instances.score)
    inner_mean = finite("inner_mean", instances.inner_mean, 1)
    for name, column in (("labels", label), ("inner means", inner_mean)):
        if column.shape != start.shape:
            raise ValueError(f"{name} of shape {column.shape} for {len(start)} instances")
    return Instances(label, start, end, score, inner_mean)
