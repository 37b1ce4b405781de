"""GauFuse's test: a network's outputs for one whole video -> instances, fused -> detections.

The fusion itself, with the supplement's Eq. 2 to 13, is `jaxseg.proposals.fusion`.
"""

from collections.abc import Mapping

import numpy as np

from jaxseg.methods.gaufuse.config import GaufuseTestConfig, InstancesConfig
from jaxseg.methods.method import Located
from jaxseg.proposals import Instances, find_instances, select, to_detections
from jaxseg.proposals.localize import softmax


def locate(
    outputs: Mapping[str, np.ndarray], settings: GaufuseTestConfig, seconds: float
) -> Located:
    """Detections of one video from the outputs of `predict`.

    Args:
        outputs: see `score_map`.
        settings: how to test.
        seconds: length of the video.

    Raises:
        ValueError: outputs that are not finite.
    """
    scores = score_map(outputs, share=settings.share, foreground=settings.foreground)[:, :-1]
    video = video_scores(outputs, share=settings.video_share)[:-1]
    candidates = instances(scores, video, settings)
    chosen = choose(candidates, settings, tau=settings.tau)
    second = seconds / len(scores) if len(scores) else 0.0
    drawn = {
        "attention": outputs["attention"],
        "instances_start": candidates.start * second,
        "instances_end": candidates.end * second,
        "instances_score": candidates.score,
        "instances_label": candidates.label,
    }
    if "cluster_logits" in outputs:
        drawn["clusters"] = softmax(outputs["cluster_logits"])
    detections = to_detections(chosen, seconds_per_snippet=second, duration=seconds)
    return Located(score_map=scores, video_scores=video, detections=detections, drawn=drawn)


def instances(scores: np.ndarray, video: np.ndarray, settings: InstancesConfig) -> Instances:
    """All instances of a map [T, C] under a config, in snippets."""
    return find_instances(
        scores,
        video,
        class_threshold=settings.class_threshold,
        thresholds=settings.thresholds,
        shortest=settings.shortest,
        compat=settings.compat,
    )


def choose(candidates: Instances, settings: InstancesConfig, *, tau: float) -> Instances:
    """Instances that fusion or suppression leaves of them under a config."""
    return select(
        candidates,
        tau=tau,
        method=settings.method,
        overlap=settings.overlap,
        distribution=settings.distribution,
        weight=settings.weight,
        nms_threshold=settings.nms_threshold,
        nms_alpha=settings.nms_alpha,
    )


def score_map(
    outputs: Mapping[str, np.ndarray], *, share: float, foreground: str = "attention"
) -> np.ndarray:
    """m = lam (a softmax(o) + (1 - a) softmax(o^)) of T snippets, float64 [T, G + 1].

    Args:
        outputs: "class_logits" and "propagated_logits" [T, G + 1], "attention" [T]; with CASE's
            clusters "cluster_logits" [T, K] and "cluster_classes" [K, 2].
        share: a.
        foreground: "attention" for lam; "clusters", CASE's, or the mean of "both", instead.
    """
    original, propagated = (
        softmax(np.asarray(outputs[name], np.float64))
        for name in ("class_logits", "propagated_logits")
    )
    terms = []
    if foreground != "clusters":
        terms.append(np.asarray(outputs["attention"], np.float64))
    if foreground != "attention":
        clusters = softmax(np.asarray(outputs["cluster_logits"], np.float64))
        terms.append(clusters @ np.asarray(outputs["cluster_classes"], np.float64)[:, 0])
    return np.mean(terms, axis=0)[:, None] * (share * original + (1 - share) * propagated)


def video_scores(outputs: Mapping[str, np.ndarray], *, share: float) -> np.ndarray:
    """Score of each class in the video, .6 p_ca + .4 p^_ca, float64 [G + 1]."""
    original, propagated = (
        np.asarray(outputs[name], np.float64)
        for name in ("video_scores", "propagated_video_scores")
    )
    return share * original + (1 - share) * propagated
