"""Scores of frames: MoF, mIoU and the F1 of frames. Each counter takes a unit, returns counts."""

import numpy as np

from jaxseg.evaluation.segmentation.groups import Counts, Unit, encode, num_distinct


def frame_accuracy(unit: Unit) -> Counts:
    """MoF: correct frames over scored frames."""
    group = unit.scored
    return {"mof": (np.count_nonzero(group.truth == group.predicted), len(group.truth))}


def class_overlap(unit: Unit) -> Counts:
    """mIoU: sum of |and| / |or| of every class over the number of classes present."""
    shared, either = overlaps(unit.scored.truth, unit.scored.predicted, unit.scored.predicted)
    return {"miou": ((shared / either).sum(), len(either))}


def class_overlap_with_background(unit: Unit) -> Counts:
    """mIoU as in CTE's program: predictions on background frames enlarge the union."""
    shared, either = overlaps(unit.scored.truth, unit.scored.predicted, unit.whole.predicted)
    return {"miou": ((shared / either).sum(), len(either))}


def class_overlap_by_clusters(unit: Unit) -> Counts:
    """mIoU of one video as in TW-FINCH: divided by the number of clusters, not of classes.

    Where K is not given, it is the number of clusters in the video's own prediction.
    """
    group = unit.scored
    shared, either = overlaps(group.truth, group.predicted, group.predicted)
    clusters = unit.num_clusters or num_distinct(group.predicted)
    return {"miou": ((shared / either).sum() / clusters, 1)}


def frame_f1(unit: Unit) -> Counts:
    """Macro F1, precision and recall over the frames of one video.

    The mean runs over every label of truth or prediction: a cluster without a class is one more
    label, with F1 0.
    """
    group = unit.scored
    labels, _, codes = encode(np.concatenate([group.truth, group.predicted]))
    truth, predicted = np.split(codes, 2)
    in_truth = np.bincount(truth, minlength=len(labels))
    in_prediction = np.bincount(predicted, minlength=len(labels))
    in_both = np.bincount(truth[truth == predicted], minlength=len(labels))
    return {
        "f1": ((2 * in_both / (in_truth + in_prediction)).mean(), 1),
        "precision": ((in_both / np.maximum(in_prediction, 1)).mean(), 1),
        "recall": ((in_both / np.maximum(in_truth, 1)).mean(), 1),
    }


def overlaps(
    truth: np.ndarray, predicted: np.ndarray, claimed: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Frames in |and| and in |or| of each class present, both int64 [classes].

    `claimed`, int64 [any], holds every prediction that counts in a class's union. A prediction
    below 0 stands for no class.
    """
    limit = int(truth.max()) + 1
    in_truth = np.bincount(truth, minlength=limit)
    shared = np.bincount(truth[truth == predicted], minlength=limit)
    in_claimed = np.bincount(claimed[(claimed >= 0) & (claimed < limit)], minlength=limit)
    present = in_truth > 0
    return shared[present], (in_truth + in_claimed - shared)[present]
