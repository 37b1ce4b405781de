"""Temporal intersection over union between segments of the same video."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from jaxseg.formats.detections import Segments

BLOCK = 1 << 20


class Pairs(NamedTuple):
    """Predictions beside true segments of their video.

    Attributes:
        prediction: int64 [pairs], index of the prediction.
        truth: int64 [pairs], index of the true segment.
        tiou: float64 [pairs], |and| / |or|.
    """

    prediction: np.ndarray
    truth: np.ndarray
    tiou: np.ndarray


def tiou(one: Segments, i: np.ndarray, two: Segments, j: np.ndarray) -> np.ndarray:
    """|and| / |or| of the segments `one[i]` and `two[j]`, 0 where both are of length zero.

    On whole numbers it is that of the sets {start, ..., end - 1}.
    """
    shared = np.minimum(one.end[i], two.end[j]) - np.maximum(one.start[i], two.start[j])
    shared = np.maximum(shared, 0)
    either = (one.end - one.start)[i] + (two.end - two.start)[j] - shared
    # 0 / 0 is no overlap. ActivityNet's program makes it NaN, which passes every threshold.
    return np.divide(shared, either, out=np.zeros_like(shared), where=either > 0)


def pair_blocks(
    predictions: Segments, truth: Segments, *, same_label: bool
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """All pairs (predictions, truths) of one video, or of one video and label.

    They come ordered by prediction, then by truth, in blocks of about a million, so that
    memory stays bounded however many predictions a video has.
    """
    spread = 1 + max(predictions.label.max(initial=0), truth.label.max(initial=0))
    of_predictions, of_truth = (
        s.video * spread + s.label if same_label else s.video for s in (predictions, truth)
    )
    order = np.argsort(of_truth, kind="stable")
    first = np.searchsorted(of_truth[order], of_predictions, "left")
    count = np.searchsorted(of_truth[order], of_predictions, "right") - first
    busy = np.flatnonzero(count)
    total = np.cumsum(count[busy])
    cuts = np.searchsorted(total, np.arange(BLOCK, total.max(initial=0) + BLOCK, BLOCK), "right")
    for block in np.split(busy, np.unique(cuts)):
        prediction = np.repeat(block, count[block])
        starts = np.cumsum(count[block]) - count[block]
        step = np.arange(len(prediction)) - np.repeat(starts, count[block])
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
    """Which predictions share time with any of the intervals of their video, bool [n]."""
    touched = np.zeros(len(predictions.video), bool)
    for i, j in pair_blocks(predictions, intervals, same_label=False):
        touched[i[tiou(predictions, i, intervals, j) > 0]] = True
    return touched
