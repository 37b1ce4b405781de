"""GauFuse's test: a network's outputs of one whole video -> instances, fused -> detections."""

from collections.abc import Mapping

import numpy as np

from jaxseg.methods.gaufuse.config import GaufuseTestConfig, InstancesConfig
from jaxseg.methods.located import Located
from jaxseg.proposals import Instances, find_instances, select, to_detections
from jaxseg.proposals.localize import softmax

_FIND = ("class_threshold", "thresholds", "shortest", "compat")
_SELECT = (
    *("method", "overlap", "distribution", "weight"),
    *("nms_threshold", "nms_alpha"),
)


def locate(
    outputs: Mapping[str, np.ndarray], settings: GaufuseTestConfig, seconds: float
) -> Located:
    """Detections of one video from what `predict` says of it.

    Args:
        outputs: see `score_map`.
        settings: how to test.
        seconds: length of the video.

    Raises:
        ValueError: outputs that are not finite.
    """
    scores = score_map(outputs, share=settings.share, foreground=settings.foreground)[:, :-1]
    video = video_scores(outputs, share=settings.video_share)[:-1]
    found = instances(scores, video, settings)
    chosen = choose(found, settings, tau=settings.tau)
    second = seconds / len(scores) if len(scores) else 0.0
    drawn = {
        "attention": outputs["attention"],
        "instances_start": found.start * second,
        "instances_end": found.end * second,
        "instances_score": found.score,
        "instances_label": found.label,
    }
    if "cluster_logits" in outputs:
        drawn["clusters"] = softmax(outputs["cluster_logits"])
    detections = to_detections(chosen, seconds_per_snippet=second, duration=seconds)
    return Located(scores, video, detections, drawn)


def instances(scores: np.ndarray, video: np.ndarray, settings: InstancesConfig) -> Instances:
    """All instances of a map [T, C] under a config, in snippets."""
    return find_instances(scores, video, **{name: getattr(settings, name) for name in _FIND})


def choose(found: Instances, settings: InstancesConfig, *, tau: float) -> Instances:
    """What fusion or suppression makes of them under a config."""
    return select(found, tau=tau, **{name: getattr(settings, name) for name in _SELECT})


def score_map(
    outputs: Mapping[str, np.ndarray], *, share: float, foreground: str = "attention"
) -> np.ndarray:
    """m = lam (a softmax(o) + (1 - a) softmax(o^)) of T snippets, float64 [T, G + 1].

    Args:
        outputs: "class_logits" and "propagated_logits" [T, G + 1], "attention" [T]; with CASE's
            clusters "cluster_logits" [T, K] and "cluster_classes" [K, 2].
        share: a.
        foreground: "attention" for lam; CASE's "clusters", or the mean of "both", in its place.
    """
    own, propagated = (
        softmax(np.asarray(outputs[name], np.float64))
        for name in ("class_logits", "propagated_logits")
    )
    terms = []
    if foreground != "clusters":
        terms.append(np.asarray(outputs["attention"], np.float64))
    if foreground != "attention":
        clusters = softmax(np.asarray(outputs["cluster_logits"], np.float64))
        terms.append(clusters @ np.asarray(outputs["cluster_classes"], np.float64)[:, 0])
    return np.mean(terms, axis=0)[:, None] * (share * own + (1 - share) * propagated)


def video_scores(outputs: Mapping[str, np.ndarray], *, share: float) -> np.ndarray:
    """How surely the video shows each class, .6 p_ca + .4 p^_ca, float64 [G + 1]."""
    own, propagated = (
        np.asarray(outputs[name], np.float64)
        for name in ("video_scores", "propagated_video_scores")
    )
    return share * own + (1 - share) * propagated
