"""Scores beside mAP: kinds of errors, recall of proposals, mAP of whole videos' classes."""

import numpy as np

from jaxseg.evaluation.localization.matching import (
    Task,
    match,
    pair_blocks,
    places,
    preferred_pairs,
    tiou,
)
from jaxseg.evaluation.localization.protocols import SETS, Rule, ranking, raw, reaches
from jaxseg.formats.detections import select

THRESHOLD = 0.5  # tIoU of a correct detection
NEAR = 0.1  # tIoU from which on an error is one of localization
KINDS = ("correct", "double detection", "wrong label", "localization", "confusion", "background")
DEPTHS = range(1, 11)
MOST_PROPOSALS = 100


def detection_errors(task: Task, rule: Rule) -> dict:
    """Numbers of predictions of each kind at tIoU 0.5, and of missed true segments.

    The kinds follow DETAD (Alwassel et al. 2018).

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
        alike = task.predictions.label[i] == task.truth.label[j]
        np.maximum.at(same, i[alike], values[alike])
        np.maximum.at(other, i[~alike], values[~alike])
    return same, other


def list_depth(task: Task) -> np.ndarray:
    """Rank of each prediction in its class over the class's number of true segments, [n].

    It is infinite for labels without true segments.
    """
    label = task.predictions.label
    positives = np.bincount(task.truth.label, minlength=label.max(initial=0) + 1)[label]
    return np.divide(
        places(label) + 1, positives, out=np.full(len(label), np.inf), where=positives > 0
    )


def tally(kind: np.ndarray) -> dict[str, int]:
    """Number of predictions of each kind."""
    return dict(zip(KINDS, np.bincount(kind, minlength=len(KINDS)).tolist(), strict=True))


def proposals_recall(task: Task) -> dict:
    """Average recall AR@AN as ActivityNet's proposal task computes it, in percent.

    AN is an average over the videos that have truth: every video keeps the same share of its own
    detections, rounded down, those of highest score, of any label. A true segment is covered at
    a threshold if one of them reaches it; shares are averaged over the thresholds 0.5 to 0.95 by
    0.05. A segment that is predicted with two labels is two proposals.

    Returns:
        `tiou`, `an` [1 ... 100], `ar` [100] and `auc`, the area under the curve of `ar` over
        `an` divided by 100.
    """
    thresholds = np.array(SETS["activitynet"])
    number = np.bincount(task.predictions.video, minlength=task.truth.video.max() + 1)
    listed = np.unique(task.truth.video)
    # The program's order of operations: where the shares are not whole, roundoff decides.
    wanted = MOST_PROPOSALS * float(len(listed))
    ratio = wanted / max(number.sum(), 1)
    longest = np.minimum((number * ratio).astype(np.int64), number)
    total = longest[listed].sum()
    steps = np.arange(1, MOST_PROPOSALS + 1)
    shares = steps / float(MOST_PROPOSALS) * (wanted / max(total, 1))
    place = places(task.predictions.video)
    early = place < longest[task.predictions.video]
    predictions, place = select(task.predictions, early), place[early]
    # Place in its video's list at which each true segment is first covered.
    covered = np.full((len(task.truth.video), len(thresholds)), np.iinfo(np.int64).max)
    for i, j in pair_blocks(predictions, task.truth, same_label=False):
        values = tiou(predictions, i, task.truth, j)
        for column, threshold in enumerate(thresholds):
            near = values >= threshold
            np.minimum.at(covered[:, column], j[near], place[i[near]])
    length = longest[task.truth.video]
    recall = np.array(
        [
            100 * np.mean(covered < np.minimum((length * share).astype(np.int64), length)[:, None])
            for share in shares
        ]
    )
    return {
        "tiou": np.round(thresholds, 10).tolist(),
        "an": steps.tolist(),
        "ar": recall.tolist(),
        "auc": float(np.trapezoid(recall) / MOST_PROPOSALS),
    }


def classification_map(task: Task) -> float:
    """Mean AP of the videos ranked by class, in percent.

    A video's score for a class is that of its best detection of the class; a video without one
    is not in the list. AP is the raw one: precision at each video that shows the class, over
    the number of such videos.
    """
    truth, predictions = task.truth, task.predictions
    num_labels = 1 + max(truth.label.max(initial=0), predictions.label.max(initial=0))
    shown = np.unique(truth.video * num_labels + truth.label)
    # Predictions come by falling score: the first of a video and class is its best.
    keys = predictions.video * num_labels + predictions.label
    listed, best = np.unique(keys, return_index=True)
    listed = listed[np.argsort(best, kind="stable")]
    hits = np.isin(listed, shown)
    precisions = []
    for label in range(len(task.classes)):
        ranked = hits[listed % num_labels == label]
        positives = np.count_nonzero(shown % num_labels == label)
        precisions.append(raw(ranking(ranked, np.zeros_like(ranked), positives), positives))
    return 100 * float(np.mean(precisions))
