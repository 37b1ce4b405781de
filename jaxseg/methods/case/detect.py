"""CASE's test: outputs of both streams -> detections."""

from collections.abc import Mapping

import numpy as np

from jaxseg.methods.case.config import CaseTestConfig
from jaxseg.methods.located import Located
from jaxseg.proposals import localize, score_map, video_scores
from jaxseg.proposals.localize import cluster_probabilities

_LOCALIZE = (
    *("class_threshold", "thresholds", "upsampling", "flank", "gamma"),
    *("nms", "nms_threshold", "nms_alpha"),
)


def locate(outputs: Mapping[str, np.ndarray], settings: CaseTestConfig, seconds: float) -> Located:
    """Detections of one video from what `predict` says of it.

    Args:
        outputs: see `proposals.score_map`; with "cluster_classes".
        settings: how to test.
        seconds: length of the video.

    Raises:
        ValueError: outputs that are not finite.
    """
    scores = score_map(
        outputs,
        outputs["cluster_classes"],
        foreground=settings.foreground,
        omega=settings.omega,
    )
    video = video_scores(outputs, scores, divisor=settings.top_divisor)
    options = {name: getattr(settings, name) for name in _LOCALIZE}
    drawn = {name: outputs[name] for name in ("attention_rgb", "attention_flow")}
    drawn["clusters"] = cluster_probabilities(outputs)
    found = localize(scores, video, seconds=seconds, **options)
    return Located(scores, video, found, drawn)
