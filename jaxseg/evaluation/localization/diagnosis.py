"""What goes wrong in a list of detections, by kind, after DETAD (Alwassel et al. 2018)."""

import numpy as np

from jaxseg.evaluation.localization.matching import Task, match, places, preferred_pairs
from jaxseg.evaluation.localization.overlaps import pair_blocks, tiou
from jaxseg.evaluation.localization.protocols import Rule, reaches

THRESHOLD = 0.5
NEAR = 0.1
KINDS = ("correct", "double detection", "wrong label", "localization", "confusion", "background")
DEPTHS = range(1, 11)


def detection_errors(task: Task, rule: Rule) -> dict:
    """Counts of each kind of prediction at tIoU 0.5, and of true segments that are missed.

    Of the predictions that are not correct: `double detection` overlaps a true segment of its
    label by 0.5, which is taken; `wrong label` one of another label by 0.5; `localization` one
    of its label by 0.1; `confusion` one of another label by 0.1; `background` none. The first
    that fits counts. Forgiven predictions (see `Task`) are not counted.

    Returns:
        `tiou`, `missed`, `all` {kind: count} and `depths` {kind: [10 counts]}: of the first
        k G predictions of each class with G true segments, k = 1 ... 10.
    """
    matched = match(task, rule, preferred_pairs(task, rule, THRESHOLD), THRESHOLD)
    same, other = best_overlaps(task)
    kind = np.select(
        [
            matched >= 0,
            reaches(rule, same, THRESHOLD),
            reaches(rule, other, THRESHOLD),
            reaches(rule, same, NEAR),
            reaches(rule, other, NEAR),
        ],
        range(5),
        default=5,
    )
    counted = (matched >= 0) | ~task.forgiven
    depth = list_depth(task)
    tables = {k: tally(kind[counted & (depth <= k)]) for k in DEPTHS}
    return {
        "tiou": THRESHOLD,
        "missed": len(task.truth.video) - int(np.count_nonzero(matched >= 0)),
        "all": tally(kind[counted]),
        "depths": {name: [table[name] for table in tables.values()] for name in KINDS},
    }


def best_overlaps(task: Task) -> tuple[np.ndarray, np.ndarray]:
    """Highest tIoU of each prediction with truth of its own label and of others, [n] each."""
    same = np.zeros(len(task.predictions.video))
    other = np.zeros_like(same)
    for i, j in pair_blocks(task.predictions, task.truth, same_label=False):
        values = tiou(task.predictions, i, task.truth, j)
        own = task.predictions.label[i] == task.truth.label[j]
        np.maximum.at(same, i[own], values[own])
        np.maximum.at(other, i[~own], values[~own])
    return same, other


def list_depth(task: Task) -> np.ndarray:
    """Place in the list of its class over the class's true segments, inf for other labels."""
    label = task.predictions.label
    positives = np.bincount(task.truth.label, minlength=label.max(initial=0) + 1)[label]
    return np.divide(
        places(label) + 1, positives, out=np.full(len(label), np.inf), where=positives > 0
    )


def tally(kind: np.ndarray) -> dict[str, int]:
    """How many there are of each kind."""
    return dict(zip(KINDS, np.bincount(kind, minlength=len(KINDS)).tolist(), strict=True))
