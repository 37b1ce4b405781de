"""Score map -> detections: runs, outer-inner scores, suppression or fusion. NumPy only."""

from jaxseg.proposals.curves import inner_means, outer_inner, runs, upsample
from jaxseg.proposals.fusion import Fusion, fuse
from jaxseg.proposals.instances import (
    Detections,
    Instances,
    as_segments,
    find_instances,
    select,
    to_detections,
)
from jaxseg.proposals.localize import localize, propose, score_map, video_scores
from jaxseg.proposals.nms import hard_nms, soft_nms

__all__ = [
    "Detections",
    "Fusion",
    "Instances",
    "as_segments",
    "find_instances",
    "fuse",
    "hard_nms",
    "inner_means",
    "localize",
    "outer_inner",
    "propose",
    "runs",
    "score_map",
    "select",
    "soft_nms",
    "to_detections",
    "upsample",
    "video_scores",
]
