"""Matching of predicted with true segments by their overlap in time, under any protocol's rule.

`prepare` makes a task of truth and predictions, `count` its hits.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from jaxseg.evaluation.localization.protocols import Rule, on_grid, reaches
from jaxseg.formats.detections import Segments, select, split_ambiguous

BLOCK = 1 << 20  # pairs of segments that are compared at once
SAME = 1e-3  # seconds between the ends of true segments that count as one: OpenTAD's tolerance


class Task(NamedTuple):
    """Truth and predictions under one rule, with the same numbers for videos and labels."""

    truth: Segments  # true segments in file order
    # By falling score, equal scores in file order, without those that the rule takes out
    predictions: Segments
    forgiven: np.ndarray  # bool [predictions], no error where it is no hit
    classes: tuple[str, ...]  # labels that have an AP; they are numbered before all other labels
    notes: list[str]  # sentences on predictions that were taken out or do not count


class Counts(NamedTuple):
    """Hits of the predictions, and positives of each class."""

    score: np.ndarray  # float64 [n]
    label: np.ndarray  # int64 [n], index of the class; labels beyond the classes have no truth
    hits: np.ndarray  # bool [n, thresholds]
    forgiven: np.ndarray  # bool [n], no error where it is no hit
    positives: np.ndarray  # int64 [classes], number of true segments


class Pairs(NamedTuple):
    """Pairs of a prediction and a true segment of its video."""

    prediction: np.ndarray  # int64 [pairs], index of the prediction
    truth: np.ndarray  # int64 [pairs], index of the true segment
    tiou: np.ndarray  # float64 [pairs], |and| / |or|


def prepare(
    truth: Segments, predictions: Segments, rule: Rule, ambiguous: Segments | None = None
) -> Task:
    """Converts segments in seconds to the rule's unit, and takes out what it does not count.

    The classes are the labels of `truth` that have segments, in order of first appearance.
    Ambiguous intervals, given or among the truth, are neither action nor background, and no more
    is what is predicted where a label is known to be true without a time.
    """
    truth, marked = split_ambiguous(truth)
    intervals = [each for each in (ambiguous, marked) if each is not None and len(each.video)]
    predictions, untimed = without_untimed(truth, predictions)
    truth, notes = thin(truth, rule)
    notes += untimed
    if len(marked.video):
        notes.append(f"true segments labeled as ambiguous: {len(marked.video):,}, no class")
    classes = tuple(truth.labels[index] for index in sorted(set(truth.label.tolist())))
    videos, labels = {}, {name: index for index, name in enumerate(classes)}
    truth = on_grid(renumber(truth, videos, labels), rule, predicted=False)
    predictions = on_grid(renumber(predictions, videos, labels), rule, predicted=True)
    predictions = select(predictions, np.argsort(-predictions.score, kind="stable"))
    annotated = np.isin(predictions.video, truth.video)
    if not annotated.all():
        treatment = "taken out" if rule.listed_only else "false positives"
        number = np.count_nonzero(~annotated)
        notes.append(f"predictions in videos without true segments: {number}, {treatment}")
        predictions = select(predictions, annotated) if rule.listed_only else predictions
    forgiven = np.zeros(len(predictions.video), bool)
    if rule.ambiguous != "ignored" and ambiguous is None and not intervals:
        notes.append("no ambiguous intervals were given, which this protocol knows")
    for each in intervals if rule.ambiguous != "ignored" else ():
        each = on_grid(renumber(each, videos, labels), rule, predicted=False)
        forgiven |= touching(predictions, each)
    if rule.ambiguous == "dropped" and forgiven.any():
        notes.append(f"predictions that touch an ambiguous interval: {forgiven.sum()}, taken out")
        predictions, forgiven = select(predictions, ~forgiven), forgiven[~forgiven]
    return Task(truth, predictions, forgiven, classes, notes)


def untimed_videos(truth: Segments) -> set[str]:
    """The videos that have labels, but none with a time: nothing in them can be scored."""
    timed = {truth.videos[video] for video in np.unique(truth.video)}
    return {video for video in truth.videos if video in truth.untimed} - timed


def without_untimed(truth: Segments, predictions: Segments) -> tuple[Segments, list[str]]:
    """Predictions but those in `untimed_videos`, or of a label that their video has untimed."""
    whole, videos = untimed_videos(truth), set(truth.videos)
    labels = {video: found for video, found in truth.untimed.items() if video in videos}
    if not labels:
        return predictions, []
    unknown = np.zeros((len(predictions.videos), len(predictions.labels)), bool)
    for row, video in enumerate(predictions.videos):
        found = labels.get(video, ())
        unknown[row] = [video in whole or label in found for label in predictions.labels]
    taken = unknown[predictions.video, predictions.label]
    return select(predictions, ~taken), [
        f"videos with labels that have no time: {len(labels):,}, {len(whole):,} of them with no "
        f"others; predictions of them: {np.count_nonzero(taken):,}, taken out"
    ]


def thin(truth: Segments, rule: Rule) -> tuple[Segments, list[str]]:
    """The truth without what the rule drops, and sentences on empty and repeated segments."""
    lengths, again, number = truth.end - truth.start, repeated(truth), len(truth.video)
    fate = "dropped" if rule.thinned else "each counts"
    kinds = {
        "of length 0": lengths <= 0,
        f"that repeat an earlier one of their video and label (within {SAME:g} s)": again,
    }
    notes = [
        f"true segments {kind}: {np.count_nonzero(mask):,} of {number:,}, {fate}"
        for kind, mask in kinds.items()
        if mask.any()
    ]
    short = np.count_nonzero((lengths > 0) & (lengths < SAME))
    if rule.thinned and short:
        notes.append(f"true segments shorter than {SAME:g} s: {short:,}; ActionFormer drops them")
    return (select(truth, ~again & (lengths > 0)) if rule.thinned else truth), notes


def repeated(truth: Segments) -> np.ndarray:
    """Which segments have both ends within `SAME` of an earlier one that is kept, bool [n].

    Both are of one video and label; segments of length 0 are neither repeated nor kept.
    """
    group = truth.video * (1 + truth.label.max(initial=0)) + truth.label
    lasting = np.flatnonzero(truth.end > truth.start)
    order = lasting[np.lexsort((truth.start[lasting], group[lasting]))]
    # Those that start near one another stand together, and few do.
    near = (np.diff(group[order]) == 0) & (np.diff(truth.start[order]) <= SAME)
    again = np.zeros(len(truth.video), bool)
    kept: dict[int, list[int]] = {}
    run = np.concatenate([[0], np.cumsum(~near)]) if len(order) else order
    crowded = np.bincount(run)[run] > 1
    for row, number in sorted(zip(order[crowded].tolist(), run[crowded].tolist(), strict=True)):
        others = kept.setdefault(number, [])
        ends = truth.start[row], truth.end[row]
        again[row] = any(
            abs(ends[0] - truth.start[other]) <= SAME and abs(ends[1] - truth.end[other]) <= SAME
            for other in others
        )
        if not again[row]:
            others.append(row)
    return again


def renumber(segments: Segments, videos: dict[str, int], labels: dict[str, int]) -> Segments:
    """Segments numbered by shared tables of videos and labels, which grow by new names."""
    video = [videos.setdefault(name, len(videos)) for name in segments.videos]
    label = [labels.setdefault(name, len(labels)) for name in segments.labels]
    return segments._replace(
        videos=tuple(videos),
        labels=tuple(labels),
        video=np.array(video, np.int64)[segments.video],
        label=np.array(label, np.int64)[segments.label],
    )


def count(task: Task, rule: Rule, tiou: Sequence[float]) -> Counts:
    """Hits at each threshold, and the true segments of each class."""
    pairs = preferred_pairs(task, rule, lowest=min(tiou))
    hits = [match(task, rule, pairs, threshold) >= 0 for threshold in tiou]
    positives = np.bincount(task.truth.label, minlength=len(task.classes))
    return Counts(
        score=task.predictions.score,
        label=task.predictions.label,
        hits=np.stack(hits, axis=1),
        forgiven=task.forgiven,
        positives=positives[: len(task.classes)],
    )


def preferred_pairs(task: Task, rule: Rule, lowest: float) -> Pairs:
    """Pairs of one video and label that reach `lowest`, in the order in which they are matched.

    Segments that choose (predictions, or truths under "truth") come in their turn, the pairs of
    each from its best to its worst choice.
    """
    pairs = overlapping_pairs(task.predictions, task.truth, lowest)
    keys = {
        "first": (pairs.truth, pairs.prediction),
        "best": (pairs.truth, -pairs.tiou, pairs.prediction),
        "best-last": (-pairs.truth, -pairs.tiou, pairs.prediction),
        "truth": (pairs.prediction, -pairs.tiou, pairs.truth),
    }
    order = np.lexsort(keys[rule.matching])
    return Pairs(*(column[order] for column in pairs))


def match(task: Task, rule: Rule, pairs: Pairs, threshold: float) -> np.ndarray:
    """The true segment of each prediction, int64 [predictions], -1 for none."""
    reached = reaches(rule, pairs.tiou, threshold)
    prediction, truth = pairs.prediction[reached], pairs.truth[reached]
    sizes = len(task.predictions.video), len(task.truth.video)
    if rule.matching != "truth":
        return serial_choice(prediction, truth, *sizes)
    chosen = serial_choice(truth, prediction, *sizes[::-1])
    matched = np.full(sizes[0], -1)
    matched[chosen[chosen >= 0]] = np.flatnonzero(chosen >= 0)
    return matched


def places(group: np.ndarray) -> np.ndarray:
    """Number of earlier entries of the same group, for each entry, int64 [n]."""
    order = np.argsort(group, kind="stable")
    ordered = group[order]
    place = np.empty(len(group), np.int64)
    place[order] = np.arange(len(group)) - np.searchsorted(ordered, ordered, "left")
    return place


def serial_choice(
    chooser: np.ndarray, choice: np.ndarray, num_choosers: int, num_choices: int
) -> np.ndarray:
    """Result of choosers 0, 1, 2, ... taking, in turn, the best choice that is left.

    `chooser` is int64 [pairs], ascending; `choice`, int64 [pairs], has the choices that each one
    accepts, best first. The result is the choice of each, int64 [choosers], -1 for none.

    The turns are not taken one by one, which would be a Python loop over predictions. All choosers
    ask at once for their best choice that has not refused them yet; a choice keeps the earliest of
    those who ask. As all choices rank the choosers in the same order, this deferred acceptance
    (Gale and Shapley 1962) ends where the turns would.
    """
    turn = np.searchsorted(chooser, np.arange(num_choosers))
    end = np.searchsorted(chooser, np.arange(num_choosers), side="right")
    holder = np.full(num_choices, num_choosers)
    asking = np.flatnonzero(turn < end)
    while asking.size:
        asked = choice[turn[asking]]
        before = holder[asked]
        np.minimum.at(holder, asked, asking)
        after = holder[asked]
        displaced = np.unique(before[(before != after) & (before < num_choosers)])
        refused = np.concatenate([asking[asking != after], displaced])
        turn[refused] += 1
        asking = refused[turn[refused] < end[refused]]
    result = np.full(num_choosers, -1)
    taken = np.flatnonzero(holder < num_choosers)
    result[holder[taken]] = taken
    return result


def tiou(one: Segments, i: np.ndarray, two: Segments, j: np.ndarray) -> np.ndarray:
    """Temporal IoU |and| / |or| of the segments `one[i]` and `two[j]`, 0 if both have length 0.

    For whole numbers it is the IoU of the sets {start, ..., end - 1}.
    """
    shared = np.minimum(one.end[i], two.end[j]) - np.maximum(one.start[i], two.start[j])
    shared = np.maximum(shared, 0)
    either = (one.end - one.start)[i] + (two.end - two.start)[j] - shared
    # 0 / 0 is no overlap here, as in OpenTAD's program. In ActivityNet's it is NaN, which passes
    # every threshold.
    return np.divide(shared, either, out=np.zeros_like(shared), where=either > 0)


def pair_blocks(
    predictions: Segments, truth: Segments, *, same_label: bool
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """All pairs (predictions, truths) of one video, or of one video and label.

    They are ordered by prediction, then by truth, and come in blocks of about a million, so that
    memory stays bounded however many predictions a video has.
    """
    num_labels = 1 + max(predictions.label.max(initial=0), truth.label.max(initial=0))
    prediction_keys, truth_keys = (
        each.video * num_labels + each.label if same_label else each.video
        for each in (predictions, truth)
    )
    order = np.argsort(truth_keys, kind="stable")
    first = np.searchsorted(truth_keys[order], prediction_keys, "left")
    num_truths = np.searchsorted(truth_keys[order], prediction_keys, "right") - first
    paired = np.flatnonzero(num_truths)
    total = np.cumsum(num_truths[paired])
    cuts = np.searchsorted(total, np.arange(BLOCK, total.max(initial=0) + BLOCK, BLOCK), "right")
    for block in np.split(paired, np.unique(cuts)):
        prediction = np.repeat(block, num_truths[block])
        starts = np.cumsum(num_truths[block]) - num_truths[block]
        step = np.arange(len(prediction)) - np.repeat(starts, num_truths[block])
        yield prediction, order[first[prediction] + step]


def overlapping_pairs(predictions: Segments, truth: Segments, lowest: float) -> Pairs:
    """The pairs of one video and label that reach the tIoU `lowest`, above 0.

    They are ordered by prediction, then by truth.
    """
    kept = [Pairs(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))]
    for i, j in pair_blocks(predictions, truth, same_label=True):
        values = tiou(predictions, i, truth, j)
        near = values >= lowest
        kept.append(Pairs(i[near], j[near], values[near]))
    return Pairs(*(np.concatenate(column) for column in zip(*kept, strict=True)))


def touching(predictions: Segments, intervals: Segments) -> np.ndarray:
    """Whether each prediction shares time with any interval of its video, bool [n]."""
    touched = np.zeros(len(predictions.video), bool)
    for i, j in pair_blocks(predictions, intervals, same_label=False):
        touched[i[tiou(predictions, i, intervals, j) > 0]] = True
    return touched
