"""The supervised protocol of MS-TCN: accuracy, edit score and F1 at three overlaps."""

import numpy as np

from jaxseg.evaluation.segmentation.counts import Counts
from jaxseg.evaluation.segmentation.groups import Group
from jaxseg.evaluation.segmentation.matching import BACKGROUND
from jaxseg.evaluation.segmentation.runs import distinct, run_labels, run_starts
from jaxseg.evaluation.segmentation.segments import cut
from jaxseg.evaluation.segmentation.unit import Unit

THRESHOLDS = (10, 25, 50)


def supervised(unit: Unit) -> Counts:
    """Counts of one video. Background is ignored in edit score and F1, not in accuracy."""
    group, background = unit.whole, unit.background
    # A prediction of -1 is background of whatever name. Where no background is named, it is one
    # more label, and its segments are wrong ones.
    unnamed = group.predicted == BACKGROUND
    right = (group.truth == group.predicted) | (~group.scored & unnamed)
    ignored = np.append(background, BACKGROUND) if len(background) else background
    truth, predicted = transcript(group.truth, ignored), transcript(group.predicted, ignored)
    # 2 TP + FP + FN is the number of predicted and true segments together.
    total = len(truth) + len(predicted)
    return {
        "accuracy": (np.count_nonzero(right), len(right)),
        "edit": (edit_similarity(truth, predicted), 1),
        **{
            f"f1@{percent}": (2 * hits, total)
            for percent, hits in zip(THRESHOLDS, true_positives(group, ignored), strict=True)
        },
    }


def transcript(labels: np.ndarray, ignored: np.ndarray) -> np.ndarray:
    """Label of each maximal run but those of ignored labels, int64 [segments]."""
    runs = run_labels(labels)
    return runs[~np.isin(runs, ignored)]


def edit_similarity(truth: np.ndarray, predicted: np.ndarray) -> float:
    """1 - Levenshtein distance / length of the longer one; 1 where both are empty."""
    longer = max(len(truth), len(predicted))
    return 1 - levenshtein(truth, predicted) / longer if longer else 1.0


def levenshtein(one: np.ndarray, other: np.ndarray) -> int:
    """Insertions, deletions and substitutions from one sequence to the other."""
    steps = np.arange(len(other) + 1)
    row = steps
    for count, label in enumerate(one, start=1):
        best = np.minimum(row[:-1] + (other != label), row[1:] + 1)
        # Insertions run along the row: cell j is the least of any cell k <= j plus j - k.
        row = np.minimum.accumulate(np.append(count, best) - steps) + steps
    return int(row[-1])


def true_positives(group: Group, ignored: np.ndarray) -> list[int]:
    """True positives of one video at each threshold of IoU, ignored labels apart.

    A predicted segment belongs to the truth segment of its class with the highest IoU, the first
    of equal ones. Each truth segment yields one true positive at most, so that the true positives
    are the different truth segments that are reached.
    """
    truth, predicted = group.truth, group.predicted
    pieces = cut(truth, predicted)
    true_lengths = np.bincount(pieces.truth, weights=pieces.lengths)
    lengths = np.bincount(pieces.predicted, weights=pieces.lengths)
    either = true_lengths[pieces.truth] + lengths[pieces.predicted] - pieces.lengths
    labels = predicted[pieces.starts]
    same = (labels == truth[pieces.starts]) & ~np.isin(labels, ignored)
    iou = np.where(same, pieces.lengths / either, 0.0)
    best = first_best(iou, pieces.predicted)
    return [distinct(pieces.truth[best[iou[best] >= percent / 100]]) for percent in THRESHOLDS]


def first_best(values: np.ndarray, owners: np.ndarray) -> np.ndarray:
    """Index of the first highest value of each owner; `owners` is ascending from 0, no gaps."""
    highest = np.maximum.reduceat(values, run_starts(owners))
    at_best = np.flatnonzero(values == highest[owners])
    return at_best[run_starts(owners[at_best])]
