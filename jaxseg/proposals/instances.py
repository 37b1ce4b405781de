"""GauFuse's instances: runs of a class's curve, what is kept of them, detections in seconds."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from jaxseg.proposals.checks import finite, intervals, map_and_scores
from jaxseg.proposals.fusion import fuse
from jaxseg.proposals.localize import Detections
from jaxseg.proposals.nms import hard_nms, soft_nms
from jaxseg.proposals.outer_inner import inner_means, outer_inner
from jaxseg.proposals.runs import runs

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


def find_instances(
    score_map,
    video_scores,
    *,
    class_threshold: float = 0.16,
    thresholds: Sequence[float] = THRESHOLDS,
    shortest: int = 2,
    compat: str = "",
) -> Instances:
    """Runs of snippets above a threshold, of every class that the video shows.

    The authors' program takes the end of a run, which is the snippet after it already, for its
    last one, and adds one more: `compat="gaufuse"`. An instance then ends one snippet late, even
    after the video, its inner mean counts that snippet, which is below the threshold, in, and its
    right flank begins behind; the last snippet of a video is never a flank. As nothing asks for
    an interval that is longer at one end only, that is an accident, and not the default.

    Args:
        score_map: [T, C].
        video_scores: [C]; classes below `class_threshold` have no instances.
        thresholds: of the map; what several of them find comes several times.
        shortest: snippets of a run.
        compat: "" or "gaufuse".

    Raises:
        ValueError: shapes that do not fit, values that are not finite, an unknown `compat`.
    """
    score_map, video_scores = map_and_scores(score_map, video_scores)
    if compat not in COMPATS:
        raise ValueError(f"compat must be one of {COMPATS}, got {compat!r}")
    found = [(np.zeros(0, np.int64), *np.zeros((4, 0)))]
    for label in np.flatnonzero(video_scores >= class_threshold):
        curve = score_map[:, label]
        start, end = runs(curve, thresholds, shortest=shortest, strict=True)
        found.append((np.full(len(start), label), *_scored(curve, start, end, compat)))
    return Instances(*(np.concatenate(column) for column in zip(*found, strict=True)))


def _scored(curve: np.ndarray, start: np.ndarray, end: np.ndarray, compat: str):
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
    """Makes one instance of those that mean the same, class by class, by falling score.

    Args:
        instances: of one video, in any order and unit.
        method: "fusion"; "soft" or "hard" suppression; or "none", which only sorts.
        tau, overlap, distribution, weight: of the fusion, see `fuse`.
        nms_threshold: tIoU from which on suppression takes out the lower score.
        nms_alpha: width of the decay of "soft".
        extra: added to every length and every intersection, see `fuse`.

    Raises:
        ValueError: an unknown method, its settings out of range, values that are not finite.
    """
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, got {method!r}")
    thinning = {"threshold": nms_threshold, "extra": extra}
    fusing = {"tau": tau, "overlap": overlap, "distribution": distribution, "weight": weight}
    choose = {
        "fusion": lambda own: _fused(own, **fusing, extra=extra),
        "soft": lambda own: own._replace(score=soft_nms(*own[1:4], **thinning, alpha=nms_alpha)),
        "hard": lambda own: _pick(own, hard_nms(*own[1:4], **thinning)),
        "none": lambda own: own,
    }[method]
    instances = _checked(instances)
    # First no instances at all: for empty columns, and for a complaint about bad settings.
    found = [choose(_pick(instances, slice(0)))]
    for label in np.unique(instances.label):
        chosen = choose(_pick(instances, instances.label == label))
        found.append(_pick(chosen, np.lexsort((chosen.end, chosen.start, -chosen.score))))
    return Instances(*(np.concatenate(column) for column in zip(*found, strict=True)))


def _fused(own: Instances, **settings) -> Instances:
    fused = fuse(*own[1:], **settings)
    return Instances(own.label[fused.seed], *fused[:3], own.inner_mean[fused.seed])


def to_detections(
    instances: Instances, *, seconds_per_snippet: float, duration: float
) -> Detections:
    """Instances in seconds, cut where the video ends.

    Args:
        instances: in snippets.
        seconds_per_snippet: length of one.
        duration: seconds of the video.

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


def _pick(instances: Instances, kept: np.ndarray) -> Instances:
    return Instances(*(column[kept] for column in instances))


def _checked(instances: Instances) -> Instances:
    """Columns of one length and finite values."""
    label = np.asarray(instances.label, np.int64)
    start, end, score = intervals(instances.start, instances.end, instances.score)
    inner_mean = finite("inner_mean", instances.inner_mean, 1)
    for name, column in (("labels", label), ("inner means", inner_mean)):
        if column.shape != start.shape:
            raise ValueError(f"{name} of shape {column.shape} for {len(start)} instances")
    return Instances(label, start, end, score, inner_mean)
