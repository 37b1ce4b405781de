"""Scores of frames: MoF, mIoU and the F1 of frames. Each takes a unit and returns counts."""

import numpy as np

from jaxseg.evaluation.segmentation.counts import Counts
from jaxseg.evaluation.segmentation.runs import distinct, encode
from jaxseg.evaluation.segmentation.unit import Unit


def frame_accuracy(unit: Unit) -> Counts:
    """MoF: frames with the right class over frames that are scored."""
    group = unit.scored
    return {"mof": (np.count_nonzero(group.truth == group.predicted), len(group.truth))}


def class_overlap(unit: Unit) -> Counts:
    """mIoU: sum of |and| / |or| of every class over the number of classes present."""
    shared, either = overlaps(unit.scored.truth, unit.scored.predicted, unit.scored.predicted)
    return {"miou": ((shared / either).sum(), len(either))}


def class_overlap_with_background(unit: Unit) -> Counts:
    """mIoU as CTE's program has it: predictions on background frames enlarge the union."""
    shared, either = overlaps(unit.scored.truth, unit.scored.predicted, unit.whole.predicted)
    return {"miou": ((shared / either).sum(), len(either))}


def class_overlap_by_clusters(unit: Unit) -> Counts:
    """mIoU of one video as TW-FINCH has it: divided by the number of clusters, not of classes.

    Where K is not given, it is the number of clusters in the video's own prediction.
    """
    group = unit.scored
    shared, either = overlaps(group.truth, group.predicted, group.predicted)
    return {"miou": ((shared / either).sum() / (unit.num_clusters or distinct(group.predicted)), 1)}


def frame_f1(unit: Unit) -> Counts:
    """Macro F1, precision and recall over the frames of one video.

    The mean runs over every label that truth or prediction holds: a cluster without a class is
    one more label, with F1 0.
    """
    group = unit.scored
    labels, _, codes = encode(np.concatenate([group.truth, group.predicted]))
    truth, predicted = np.split(codes, 2)
    true = np.bincount(truth, minlength=len(labels))
    found = np.bincount(predicted, minlength=len(labels))
    both = np.bincount(truth[truth == predicted], minlength=len(labels))
    return {
        "f1": ((2 * both / (true + found)).mean(), 1),
        "precision": ((both / np.maximum(found, 1)).mean(), 1),
        "recall": ((both / np.maximum(true, 1)).mean(), 1),
    }


def overlaps(
    truth: np.ndarray, predicted: np.ndarray, claimed: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Frames in |and| and in |or| of each class present, both int64 [classes].

    Args:
        truth: int64 [frames].
        predicted: int64 [frames], classes, below 0 for none.
        claimed: int64 [any], every prediction that a class's union counts.
    """
    limit = int(truth.max()) + 1
    true = np.bincount(truth, minlength=limit)
    shared = np.bincount(truth[truth == predicted], minlength=limit)
    found = np.bincount(claimed[(claimed >= 0) & (claimed < limit)], minlength=limit)
    present = true > 0
    return shared[present], (true + found - shared)[present]
