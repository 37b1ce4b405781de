"""Scores of predictions, whoever made them, under the field's protocols. NumPy and SciPy only."""

from jaxseg.evaluation.baselines import trivial_baselines
from jaxseg.evaluation.formats import (
    find_videos,
    read_classes,
    read_clusters,
    read_folder,
    read_labels,
    read_names,
    write_folder,
    write_labels,
)
from jaxseg.evaluation.localization import evaluate_localization
from jaxseg.evaluation.protocols import PROTOCOLS
from jaxseg.evaluation.segmentation import evaluate_segmentation

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
