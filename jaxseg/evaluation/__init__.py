"""Scores of predictions, whoever made them, under the field's protocols. NumPy and SciPy only."""

from jaxseg.evaluation.baselines import trivial_baselines
from jaxseg.evaluation.formats import (
    read_classes,
    read_clusters,
    read_folder,
    read_names,
    write_folder,
    write_labels,
)
from jaxseg.evaluation.protocols import PROTOCOLS, evaluate_segmentation

__all__ = [
    "PROTOCOLS",
    "evaluate_segmentation",
    "read_classes",
    "read_clusters",
    "read_folder",
    "read_names",
    "trivial_baselines",
    "write_folder",
    "write_labels",
]
