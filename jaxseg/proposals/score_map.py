"""CASE's test: two streams' outputs -> a score for each snippet and class, one for each class."""

from collections.abc import Mapping

import numpy as np

from jaxseg.proposals.checks import finite

STREAMS = ("rgb", "flow")
FOREGROUNDS = ("both", "attention", "clusters")


def score_map(
    outputs: Mapping[str, np.ndarray],
    cluster_classes=None,
    *,
    foreground: str = "both",
    omega: float = 0.0,
) -> np.ndarray:
    """Class probability plus foreground probability of each snippet, as a weighted mean.

    `clusters` and `both` are CASE's clustering-assisted testing (Liu et al., ICCV 2023, Table 7):
    a snippet's foreground probability P_T is that of its clusters, by the law of total
    probability. The class probability P_V is the mean of the streams' softmax.

    Args:
        outputs: of a video with T snippets, for each stream `class_logits_<stream>` [T, G] and,
            as far as the foreground needs them, `attention_<stream>` [T] in [0, 1] and
            `cluster_logits_<stream>` [T, K].
        cluster_classes: [K, 2], probability of foreground and background of each cluster, or
            [2, K, 2] where the streams, RGB first, have their own; needed unless `foreground` is
            "attention".
        foreground: what tells action from background: "attention" (P_A), "clusters" (P_T) or
            "both".
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


def video_scores(outputs: Mapping[str, np.ndarray], scores, *, divisor: int = 8) -> np.ndarray:
    """How surely the video shows each class, by its best snippets; the scores add up to 1.

    For each class the logits of the T // divisor snippets (at least one) that stand highest in
    the map are averaged; then softmax over classes, then the mean over streams. Of snippets that
    are equal in the map the earlier ones count.

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


def _cluster_foreground(outputs, cluster_classes) -> list[np.ndarray]:
    """P_T of each stream, [T]."""
    if cluster_classes is None:
        raise ValueError("cluster_classes [K, 2] are needed where clusters tell the foreground")
    logits = _both(outputs, "cluster_logits", 2)
    num_clusters = logits[0].shape[1]
    classes = np.asarray(cluster_classes, np.float64)
    if classes.shape not in ((num_clusters, 2), (2, num_clusters, 2)):
        raise ValueError(f"cluster_classes of shape {classes.shape} for {num_clusters} clusters")
    classes = finite("cluster_classes", np.broadcast_to(classes, (2, num_clusters, 2)), 3)
    return [softmax(each) @ own[:, 0] for each, own in zip(logits, classes, strict=True)]


def _both(outputs: Mapping[str, np.ndarray], name: str, num_dimensions: int) -> list[np.ndarray]:
    """One kind of output of both streams, as float64 of one shape."""
    names = [f"{name}_{stream}" for stream in STREAMS]
    for each in names:
        if each not in outputs:
            raise ValueError(f"no {each!r} among the outputs {', '.join(outputs)}")
    rgb, flow = (finite(each, outputs[each], num_dimensions) for each in names)
    if rgb.shape != flow.shape:
        raise ValueError(f"{names[0]} of shape {rgb.shape}, {names[1]} of shape {flow.shape}")
    return [rgb, flow]
