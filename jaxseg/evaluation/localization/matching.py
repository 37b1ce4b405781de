"""Which predictions hit, under any rule: counts of videos that are appended and divided once."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from jaxseg.evaluation.localization.overlaps import Pairs, overlapping_pairs, touching
from jaxseg.evaluation.localization.protocols import Rule, on_grid, reaches
from jaxseg.evaluation.localization.serial_choice import serial_choice
from jaxseg.formats.detections import Segments, select


class Task(NamedTuple):
    """Segments under one rule, with one numbering of videos and labels.

    Attributes:
        truth: true segments in file order.
        predictions: by falling score, those of equal score in file order, without those that
            the rule takes out first.
        forgiven: bool [predictions], those that are no error where they are no hit.
        classes: labels that have an AP; they are numbered before all other labels.
        notes: what a reader has to know of predictions that were taken out.
    """

    truth: Segments
    predictions: Segments
    forgiven: np.ndarray
    classes: tuple[str, ...]
    notes: list[str]


class Counts(NamedTuple):
    """What the predictions of some videos come to; those of other videos are appended.

    Attributes:
        score: float64 [n].
        label: int64 [n], index of the class; labels beyond the classes have no truth.
        hits: bool [n, thresholds].
        forgiven: bool [n], no error where it is no hit.
        positives: int64 [classes], number of true segments.
    """

    score: np.ndarray
    label: np.ndarray
    hits: np.ndarray
    forgiven: np.ndarray
    positives: np.ndarray


def prepare(
    truth: Segments,
    predictions: Segments,
    rule: Rule,
    ambiguous: Segments | None = None,
    classes: Sequence[str] | None = None,
) -> Task:
    """Puts everything on the rule's grid and takes out what it does not count.

    Args:
        classes: labels to score, where more videos are counted elsewhere; None: those of
            `truth` that have segments, in order of first appearance.
    """
    if classes is None:
        classes = tuple(truth.labels[index] for index in sorted(set(truth.label.tolist())))
    videos, labels = {}, {name: index for index, name in enumerate(classes)}
    truth = on_grid(renumber(truth, videos, labels), rule, predicted=False)
    predictions = on_grid(renumber(predictions, videos, labels), rule, predicted=True)
    predictions = select(predictions, np.argsort(-predictions.score, kind="stable"))
    predictions, notes = annotated_only(truth, predictions, rule)
    forgiven = np.zeros(len(predictions.video), bool)
    if ambiguous is not None and rule.ambiguous != "ignored":
        ambiguous = on_grid(renumber(ambiguous, videos, labels), rule, predicted=False)
        forgiven = touching(predictions, ambiguous)
    elif rule.ambiguous != "ignored":
        notes.append("no ambiguous intervals were given, which this protocol knows")
    if rule.ambiguous == "dropped" and forgiven.any():
        notes.append(f"predictions that touch an ambiguous interval: {forgiven.sum()}, taken out")
        predictions, forgiven = select(predictions, ~forgiven), forgiven[~forgiven]
    return Task(truth, predictions, forgiven, tuple(classes), notes)


def renumber(segments: Segments, videos: dict[str, int], labels: dict[str, int]) -> Segments:
    """Numbers videos and labels by the shared vocabularies, which grow by what is new."""
    video = [videos.setdefault(name, len(videos)) for name in segments.videos]
    label = [labels.setdefault(name, len(labels)) for name in segments.labels]
    return segments._replace(
        videos=tuple(videos),
        labels=tuple(labels),
        video=np.array(video, np.int64)[segments.video],
        label=np.array(label, np.int64)[segments.label],
    )


def annotated_only(
    truth: Segments, predictions: Segments, rule: Rule
) -> tuple[Segments, list[str]]:
    """The predictions that count, and a note on those in videos without true segments."""
    known = np.isin(predictions.video, truth.video)
    if known.all():
        return predictions, []
    fate = "taken out" if rule.listed_only else "false positives"
    note = f"predictions in videos without true segments: {(~known).sum()}, {fate}"
    return (select(predictions, known) if rule.listed_only else predictions), [note]


def count(task: Task, rule: Rule, tiou: Sequence[float]) -> Counts:
    """Hits at each threshold, and the true segments of each class."""
    pairs = preferred_pairs(task, rule, lowest=min(tiou))
    hits = [match(task, rule, pairs, threshold) >= 0 for threshold in tiou]
    return Counts(
        task.predictions.score,
        task.predictions.label,
        np.stack(hits, axis=1),
        task.forgiven,
        np.bincount(task.truth.label, minlength=len(task.classes))[: len(task.classes)],
    )


def add(counts: Iterable[Counts]) -> Counts:
    """The counts of several sets of videos as one, in the order given."""
    *columns, positives = zip(*counts, strict=True)
    return Counts(*(np.concatenate(column) for column in columns), sum(positives))


def preferred_pairs(task: Task, rule: Rule, lowest: float) -> Pairs:
    """Pairs of one video and label that reach `lowest`, by turn, each chooser's best first."""
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
    """How many entries of the same group stand before each one, int64 [n]."""
    order = np.argsort(group, kind="stable")
    ordered = group[order]
    place = np.empty(len(group), np.int64)
    place[order] = np.arange(len(group)) - np.searchsorted(ordered, ordered, "left")
    return place
