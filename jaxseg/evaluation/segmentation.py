"""MoF, mIoU and segment F1 as counts that add up over groups and are divided once."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from jaxseg.evaluation.groups import Group
from jaxseg.evaluation.matching import Confusion

NUM_DRAWS = 15
NUM_REPETITIONS = 50


class Counts(NamedTuple):
    """Numerators and denominators of one group of videos, or of several added up.

    Attributes:
        frames: frames scored.
        correct: frames whose cluster is matched with their class.
        iou: sum of |and| / |or| over matched pairs.
        classes: classes present in the truth.
        hits: truth segments found (an average over repetitions where they are sampled).
        slots: videos times classes present, the denominator of precision.
        segments: truth segments, the denominator of recall.
    """

    frames: int
    correct: int
    iou: float
    classes: int
    hits: float
    slots: int
    segments: int


def add(counts: Iterable[Counts]) -> Counts:
    """Sum of counts, field by field."""
    return Counts(*(sum(field) for field in zip(*counts, strict=True)))


def scores(counts: Counts) -> dict[str, float]:
    """Scores in percent.

    Precision counts one expected segment for each video and class, whatever the truth
    repeats or omits, so that it can pass 100. `f1_ceiling` is the F1 of a prediction that
    finds every segment: F1 = 2 hits / (slots + segments), and hits <= segments.
    """
    return {
        "mof": 100 * counts.correct / counts.frames,
        "f1": 200 * counts.hits / (counts.slots + counts.segments),
        "precision": 100 * counts.hits / counts.slots,
        "recall": 100 * counts.hits / counts.segments,
        "miou": 100 * counts.iou / counts.classes,
        "f1_ceiling": 200 * counts.segments / (counts.slots + counts.segments),
    }


def mean_scores(results: Sequence[dict[str, float]]) -> dict[str, float]:
    """Plain mean of each score."""
    return {key: float(np.mean([result[key] for result in results])) for key in results[0]}


def agreement(table: Confusion, rows: np.ndarray, columns: np.ndarray) -> tuple[int, float]:
    """Correct frames and the sum of |and| / |or| over the matched pairs of a confusion table."""
    both = table.frames[rows, columns]
    either = table.frames.sum(axis=1)[rows] + table.frames.sum(axis=0)[columns] - both
    return int(both.sum()), float((both / either).sum())


def run_starts(labels: np.ndarray) -> np.ndarray:
    """Index of the first frame of each maximal run of one label, int64 [runs]."""
    return np.concatenate([[0], np.flatnonzero(labels[1:] != labels[:-1]) + 1])


def share_within_videos(group: Group, matched: np.ndarray) -> np.ndarray:
    """Share of right frames of each truth segment, float64 [segments]; videos end a segment.

    Args:
        group: truth and borders of the videos.
        matched: int [frames], class of each frame's cluster, -1 for none.
    """
    starts = np.union1d(run_starts(group.truth), group.starts)
    right = np.add.reduceat(matched == group.truth, starts, dtype=np.int64)
    return right / np.diff(starts, append=len(group.truth))


def share_across_videos(group: Group, matched: np.ndarray) -> np.ndarray:
    """As `share_within_videos`, by the rule of ASOT's program.

    Runs are taken in the concatenation of the videos, so that a segment may cross a border,
    and the first frame of the next segment is one of the frames that may be drawn.
    """
    starts = run_starts(group.truth)
    right = np.add.reduceat(matched == group.truth, starts, dtype=np.int64)
    lengths = np.diff(starts, append=len(group.truth))
    right[:-1] += matched[starts[1:]] == group.truth[starts[:-1]]
    lengths[:-1] += 1
    return right / lengths


def exact_hits(shares: np.ndarray, rng: np.random.Generator) -> float:
    """Segments of which more than half is right; nothing is drawn."""
    return float(np.count_nonzero(shares > 0.5))


def sampled_hits(shares: np.ndarray, rng: np.random.Generator) -> float:
    """Mean over 50 repetitions of the segments of which most of 15 drawn frames are right."""
    # Frames are drawn with replacement: the right ones among them are a binomial number.
    right = rng.binomial(NUM_DRAWS, shares, size=(NUM_REPETITIONS, len(shares)))
    return np.count_nonzero(2 * right > NUM_DRAWS) / NUM_REPETITIONS
