"""Scores of predictions, whoever made them, under the field's protocols. NumPy and SciPy only."""

from jaxseg.evaluation.localization.evaluate import evaluate_localization
from jaxseg.evaluation.segmentation.evaluate import evaluate_segmentation, trivial_baselines
from jaxseg.evaluation.segmentation.protocols import PROTOCOLS

__all__ = ["PROTOCOLS", "evaluate_localization", "evaluate_segmentation", "trivial_baselines"]
