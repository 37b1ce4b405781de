"""CASE's test: two streams' outputs -> a score map -> detections of a video.

The map has a score for each snippet and class. Classes that the video shows are looked for in it:
runs above thresholds, outer-inner scores, suppression of those that overlap.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from jaxseg.proposals.curves import finite, map_and_scores, outer_inner, runs, upsample
from jaxseg.proposals.instances import NO_INSTANCES, Detections, Instances, join, select

STREAMS = ("rgb", "flow")
FOREGROUNDS = ("both", "attention", "clusters")
THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
EXTRA_SECONDS = 1.0  # what CASE's program adds to lengths and intersections
SUPPRESSIONS = ("soft", "hard", "none")


def score_map(
    outputs: Mapping[str, np.ndarray],
    cluster_classes: ArrayLike | None = None,
    *,
    foreground: str = "both",
    omega: float = 0.0,
) -> np.ndarray:
    """Weighted mean of class probability and foreground probability of each snippet.

    `clusters` and `both` are CASE's clustering-assisted testing (Liu et al., ICCV 2023, Table 7):
    a snippet's foreground probability P_T is that of its clusters, by the law of total
    probability. The class probability P_V is the mean of the streams' softmax.

    Args:
        outputs: of a video with T snippets, for each stream `class_logits_<stream>` [T, G] and,
            where the foreground needs them, `attention_<stream>` [T] in [0, 1] and
            `cluster_logits_<stream>` [T, K].
        cluster_classes: [K, 2], probability of foreground and background of each cluster, or
            [2, K, 2] where each stream, RGB first, has its own; needed unless `foreground` is
            "attention".
        foreground: estimate of action against background: "attention" (P_A), "clusters" (P_T)
            or "both".
        omega: share of P_V, the paper's 0.25. 0 gives every term the same share, as CASE's
            program does: 1/5 beside both streams' P_A and P_T, 1/3 beside one of them.

    Returns:
        float64 [T, G].

    Raises:
        ValueError: an unknown foreground, omega outside [0, 1], a missing output or
            `cluster_classes`, shapes that do not fit, or values that are not finite.
    """
    if foreground not in FOREGROUNDS:
        raise ValueError(f"foreground must be one of {', '.join(FOREGROUNDS)}, got {foreground!r}")
    if not 0 <= omega <= 1:
        raise ValueError(f"omega must be in [0, 1], got {omega}")
    classes = np.mean([softmax(logits) for logits in _both(outputs, "class_logits", 2)], axis=0)
    terms = []
    if foreground != "clusters":
        terms += _both(outputs, "attention", 1)
    if foreground != "attention":
        terms += _cluster_foreground(outputs, cluster_classes)
    lengths = {len(classes), *map(len, terms)}
    if len(lengths) > 1:
        raise ValueError(f"outputs of {', '.join(map(str, sorted(lengths)))} snippets in one video")
    omega = omega or 1 / (1 + len(terms))
    return omega * classes + (1 - omega) * np.mean(terms, axis=0)[:, None]


def video_scores(
    outputs: Mapping[str, np.ndarray], scores: ArrayLike, *, divisor: int = 8
) -> np.ndarray:
    """Score of each class for the whole video, from its best snippets; they add up to 1.

    For each class the logits of the T // divisor snippets (at least one) that score highest in
    the map are averaged; then softmax over classes, then the mean over streams. Of snippets that
    score the same, the earlier ones count.

    Args:
        outputs: see `score_map`.
        scores: [T, G], the map.
        divisor: 8 on THUMOS14, 2 on ActivityNet.

    Returns:
        float64 [G].

    Raises:
        ValueError: as `score_map`; a divisor below 1, or no snippet.
    """
    scores = finite("score map", scores, 2)
    if divisor < 1:
        raise ValueError(f"divisor must be at least 1, got {divisor}")
    if not len(scores):
        raise ValueError("a video without snippets has no score")
    best = np.argsort(-scores, axis=0, kind="stable")[: max(1, len(scores) // divisor)]
    streams = _both(outputs, "class_logits", 2)
    if streams[0].shape != scores.shape:
        raise ValueError(f"score map of shape {scores.shape}, class logits {streams[0].shape}")
    means = [np.take_along_axis(logits, best, axis=0).mean(0) for logits in streams]
    return np.mean([softmax(mean) for mean in means], axis=0)


def cluster_probabilities(outputs: Mapping[str, np.ndarray]) -> np.ndarray:
    """Mean over the streams of each snippet's cluster probabilities P_S, float64 [T, K]."""
    return np.mean([softmax(logits) for logits in _both(outputs, "cluster_logits", 2)], axis=0)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities along the last axis."""
    raised = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return raised / raised.sum(axis=-1, keepdims=True)


def localize(
    score_map: ArrayLike,
    video_scores: ArrayLike,
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

    CASE's program defines a `gamma` of 0.15 and passes it where `flank` is expected. So it runs,
    and its published numbers were reached, with flanks of 0.15 and the video score times 0.2.
    The intended constants are `flank=0.25, gamma=0.15`.

    Args:
        score_map: [T, G], snippets that are spread evenly over the video.
        video_scores: [G]; classes that reach `class_threshold`, or else the best one, are
            searched.
        seconds: length of the video.
        thresholds: see `runs`; applied to the curve of a class after `upsample` by `upsampling`.
        flank: width of each flank of a run, as a share of its length, see `outer_inner`.
        gamma: weight of the video score that is added to the outer-inner score.
        nms: "soft" or "hard", with the program's extra second in each length, or "none".
        nms_threshold: tIoU from which on the lower score is suppressed.
        nms_alpha: width of the decay of "soft".

    Returns:
        Detections; none where the map is below every threshold, or has no snippets.

    Raises:
        ValueError: shapes that do not fit, values that are not finite, or settings out of range.
    """
    score_map, video_scores = map_and_scores(score_map, video_scores)
    if not (np.isfinite(seconds) and seconds >= 0):
        raise ValueError(f"seconds must be finite and not negative, got {seconds}")
    if nms not in SUPPRESSIONS:
        raise ValueError(f"nms must be one of {', '.join(SUPPRESSIONS)}, got {nms!r}")
    shown = np.flatnonzero(video_scores >= class_threshold)
    if not len(shown) and len(video_scores):
        shown = np.argmax(video_scores, keepdims=True)  # the first of the best
    groups = [NO_INSTANCES]
    for label in shown:
        start, end, score = propose(
            score_map[:, label], thresholds, upsampling=upsampling, flank=flank
        )
        second = seconds / (upsampling * len(score_map)) if len(start) else 0.0
        score = score + gamma * video_scores[label]
        groups.append(
            Instances(np.full(len(start), label), start * second, end * second, score, score)
        )
    kept = select(
        join(groups),
        method=nms,
        nms_threshold=nms_threshold,
        nms_alpha=nms_alpha,
        extra=EXTRA_SECONDS,
    )
    return Detections(kept.label, kept.score, kept.start, kept.end)


def propose(
    curve: ArrayLike,
    thresholds: Sequence[float] = THRESHOLDS,
    *,
    upsampling: int = 24,
    flank: float = 0.15,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Runs of an upsampled curve with their outer-inner scores, before any suppression.

    Returns:
        First position and position after the last one, int64 [n] of the finer curve, and score
        float64 [n]; threshold by threshold.
    """
    curve = upsample(curve, upsampling)
    start, end = runs(curve, thresholds)
    return start, end, outer_inner(curve, start, end, flank * (end - start))


def _cluster_foreground(
    outputs: Mapping[str, np.ndarray], cluster_classes: ArrayLike | None
) -> list[np.ndarray]:
    """P_T of each stream, [T]."""
    if cluster_classes is None:
        raise ValueError("cluster_classes [K, 2] are needed where clusters tell the foreground")
    logits = _both(outputs, "cluster_logits", 2)
    num_clusters = logits[0].shape[1]
    classes = np.asarray(cluster_classes, np.float64)
    if classes.shape not in ((num_clusters, 2), (2, num_clusters, 2)):
        raise ValueError(f"cluster_classes of shape {classes.shape} for {num_clusters} clusters")
    classes = finite("cluster_classes", np.broadcast_to(classes, (2, num_clusters, 2)), 3)
    return [softmax(each) @ table[:, 0] for each, table in zip(logits, classes, strict=True)]


def _both(outputs: Mapping[str, np.ndarray], name: str, num_dimensions: int) -> list[np.ndarray]:
    """One kind of output of both streams, RGB first, as float64 of one shape."""
    names = [f"{name}_{stream}" for stream in STREAMS]
    for each in names:
        if each not in outputs:
            raise ValueError(f"no {each!r} among the outputs {', '.join(outputs)}")
    rgb, flow = (finite(each, outputs[each], num_dimensions) for each in names)
    if rgb.shape != flow.shape:
        raise ValueError(f"{names[0]} of shape {rgb.shape}, {names[1]} of shape {flow.shape}")
    return [rgb, flow]
