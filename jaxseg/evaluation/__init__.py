"""Scores of predictions, whoever made them, under the field's protocols. NumPy and SciPy only."""

from jaxseg.evaluation.localization.evaluate import evaluate_localization
from jaxseg.evaluation.segmentation.evaluate import evaluate_segmentation, trivial_baselines
from jaxseg.evaluation.segmentation.protocols import PROTOCOLS
from jaxseg.formats.labels import (
    find_videos,
    read_classes,
    read_clusters,
    read_folder,
    read_labels,
    read_names,
    write_folder,
    write_labels,
)

__all__ = [
    "PROTOCOLS",
    "evaluate_localization",
    "evaluate_segmentation",
    "find_videos",
    "read_classes",
    "read_clusters",
    "read_folder",
    "read_labels",
    "read_names",
    "trivial_baselines",
    "write_folder",
    "write_labels",
]
