"""Mean average precision of detections under the protocols of the field, by name."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np

from jaxseg.evaluation.localization.diagnosis import (
    classification_map,
    detection_errors,
    proposals_recall,
)
from jaxseg.evaluation.localization.matching import Counts, count, prepare, untimed_videos
from jaxseg.evaluation.localization.notes import check_videos, data_notes, label_notes
from jaxseg.evaluation.localization.protocols import (
    SETS,
    Ranking,
    Rule,
    averages,
    check_tiou,
    curve,
    find_protocol,
    ranking,
)
from jaxseg.formats.detections import (
    UNLABELED,
    Segments,
    predicted_segments,
    select_subset,
    split_ambiguous,
    truth_segments,
)

RECALLS = np.linspace(0, 1, 101)


def evaluate_localization(
    truth: Segments | Mapping,
    predictions: Segments | Mapping,
    *,
    protocol: str = "anet",
    tiou: Sequence[float] | None = None,
    subset: str | None = None,
    ambiguous: Segments | None = None,
    errors: bool = False,
    proposals: bool = False,
    curves: bool = False,
) -> dict:
    """Scores detections against true segments, in percent.

    Predictions of equal score keep the order of their file. The mean is over the classes that
    have truth in the subset: one without predictions has AP 0 (and makes the whole mAP 0 under
    `wtalc` and `rskp`), a predicted label without truth has no AP, and a note says so.
    Predictions in videos without true segments are false positives under `anet` and `th14`;
    the other protocols, whose programs walk the list of annotated videos, leave them out.

    Args:
        truth: what `read_truth` or `read_wtalc` return, or {video: {"subset", "annotations":
            [{"label", "segment": [start, end]}]}} in seconds.
        predictions: what `read_predictions` returns, or {video: [{"label", "score",
            "segment"}]}. A video that is missing has no detections.
        protocol: a key of `protocols.PROTOCOLS`.
        tiou: thresholds, rising within (0, 1]; None: 0.1 to 0.7 by 0.1, as on THUMOS14.
        subset: None takes all videos, if the truth is of one subset.
        ambiguous: what `read_ambiguous` returns, for the protocols that know such intervals.
        errors: adds `errors`, see `detection_errors`.
        proposals: adds `proposals`, see `proposals_recall`.
        curves: adds `curves`: `recall` [101] and, for each threshold, `precision` [101], the
            precision envelope averaged over classes.

    Returns:
        `protocol`, `subset`, `videos`, `classes`, `truths`, `predictions` (those that count),
        `tiou`, `map` [thresholds], `averages`, `classes_ap` {class: [thresholds]},
        `classification_map` (see there) and `notes` [sentences].

    Raises:
        ValueError: unknown protocol or subset, thresholds out of range, segments of another
            shape, no true segments, or no predicted video that the truth knows.
    """
    rule = find_protocol(protocol)
    tiou = check_tiou(SETS["thumos14"] if tiou is None else tiou)
    truth = truth if isinstance(truth, Segments) else truth_segments(truth)
    if not isinstance(predictions, Segments):
        predictions = predicted_segments(predictions)
    all_truth, truth = truth, select_subset(truth, subset)
    actions, _ = split_ambiguous(truth)
    check_videos(actions, predictions, all_truth)
    task = prepare(truth, predictions, rule, ambiguous)
    if not task.classes:
        raise ValueError(f"{truth.source}: no true segment that lasts, which {protocol} needs")
    result = {
        "protocol": protocol,
        "subset": truth.subsets[0] or None,
        "videos": len(np.unique(task.truth.video) if rule.listed_only else truth.videos)
        - (0 if rule.listed_only else len(untimed_videos(actions))),
        "classes": len(task.classes),
        "truths": len(task.truth.video),
        "predictions": len(task.predictions.video),
        "notes": data_notes(actions, predictions, all_truth) + task.notes,
    }
    if proposals:
        result["proposals"] = proposals_recall(task)
    unlabeled = unlabeled_note(predictions)
    if unlabeled and not proposals:
        raise ValueError(
            f"{predictions.source}: {unlabeled}, which mAP needs; --proposals (proposals=True)"
            " scores them without"
        )
    if unlabeled:
        result["notes"].append(f"{unlabeled}: no mAP, recall of proposals alone")
        return result
    counts = count(task, rule, tiou)
    precisions = 100 * average_precisions(counts, rule)
    # Longer than the classes where predictions have labels without truth.
    predicted = np.bincount(counts.label, minlength=len(task.classes))
    empty = [name for name, number in zip(task.classes, predicted, strict=False) if not number]
    zeroed = rule.empty_class_zeroes and bool(empty)
    mean = np.zeros(len(tiou)) if zeroed else precisions.mean(axis=0)
    result |= {
        "tiou": [round(each, 10) for each in tiou],
        "map": mean.tolist(),
        "averages": averages(tiou, mean.tolist()),
        "classes_ap": dict(zip(task.classes, precisions.tolist(), strict=True)),
        "classification_map": classification_map(task),
    }
    result["notes"] += label_notes(task, all_truth, empty, zeroed)
    if errors:
        result["errors"] = detection_errors(task, rule)
    if curves:
        result["curves"] = mean_curves(counts)
    return result


def unlabeled_note(predictions: Segments) -> str:
    """How many detections have no label, "" where all have one."""
    unlabeled = [place for place, name in enumerate(predictions.labels) if name == UNLABELED]
    number = np.count_nonzero(np.isin(predictions.label, unlabeled))
    return f"{number:,} of {len(predictions.label):,} detections have no 'label'" if number else ""


def rankings(counts: Counts) -> Iterator[tuple[int, int, Ranking]]:
    """Index of a class, index of a threshold and the ranked list there, for all of them."""
    # By falling score; equal scores keep their order.
    order = np.lexsort((-counts.score, counts.label))
    borders = np.searchsorted(counts.label[order], np.arange(len(counts.positives) + 1))
    for label, (start, end) in enumerate(pairwise(borders)):
        rows = order[start:end]
        for column, hits in enumerate(counts.hits[rows].T):
            yield label, column, ranking(hits, counts.forgiven[rows], counts.positives[label])


def average_precisions(counts: Counts, rule: Rule) -> np.ndarray:
    """AP of each class, which has true segments, at each threshold, [classes, thresholds]."""
    precisions = np.zeros((len(counts.positives), counts.hits.shape[1]))
    for label, column, ranked in rankings(counts):
        precisions[label, column] = rule.average_precision(ranked, counts.positives[label])
    return precisions


def mean_curves(counts: Counts) -> dict:
    """Precision envelopes in percent at 101 recalls, averaged over classes."""
    heights = np.zeros((counts.hits.shape[1], len(RECALLS)))
    for _, column, ranked in rankings(counts):
        heights[column] += curve(ranked, RECALLS)
    precision = 100 * heights / len(counts.positives)
    return {"recall": (100 * RECALLS).tolist(), "precision": precision.tolist()}
