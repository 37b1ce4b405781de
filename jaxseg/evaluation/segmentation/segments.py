"""Scores of segments, maximal runs of one label: the F1 of unsupervised papers, and lengths."""

from typing import NamedTuple

import numpy as np
from scipy.spatial.distance import jensenshannon

from jaxseg.evaluation.segmentation.counts import Counts
from jaxseg.evaluation.segmentation.groups import Group
from jaxseg.evaluation.segmentation.runs import distinct, run_lengths, run_starts
from jaxseg.evaluation.segmentation.unit import Unit

NUM_DRAWS = 15
NUM_REPETITIONS = 50
LENGTH_BIN = 20


def right_and_length(group: Group, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Right frames and frames of the segments that begin at `starts`, both int64 [segments]."""
    right = np.add.reduceat(group.truth == group.predicted, starts, dtype=np.int64)
    return right, np.diff(starts, append=len(group.truth))


def share_within_videos(group: Group) -> np.ndarray:
    """Share of right frames of each truth segment, float64 [segments]; videos end a segment."""
    right, length = right_and_length(group, np.union1d(run_starts(group.truth), group.starts))
    return right / length


def share_across_videos(group: Group) -> np.ndarray:
    """As `share_within_videos`, but a run goes on over the border of two videos."""
    right, length = right_and_length(group, run_starts(group.truth))
    return right / length


def share_with_next_frame(group: Group) -> np.ndarray:
    """As `share_across_videos`, by the rule of ASOT's program.

    The first frame of the next segment is one of the frames that may be drawn.
    """
    starts = run_starts(group.truth)
    right, length = right_and_length(group, starts)
    right[:-1] += group.predicted[starts[1:]] == group.truth[starts[:-1]]
    length[:-1] += 1
    return right / length


def drawn_right(shares: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Right ones among 15 frames drawn from each segment, int64 [repetitions, segments]."""
    # Frames are drawn with replacement: the right ones among them are a binomial number.
    return rng.binomial(NUM_DRAWS, shares, size=(NUM_REPETITIONS, len(shares)))


def majority_hits(shares: np.ndarray, rng: np.random.Generator) -> float:
    """Mean over 50 repetitions of the segments of which most of the drawn frames are right."""
    return np.count_nonzero(2 * drawn_right(shares, rng) > NUM_DRAWS) / NUM_REPETITIONS


def found(hits: float, slots: int, segments: int) -> Counts:
    """Counts of F1 where precision expects each of K classes once in every video.

    Precision counts one expected segment for each video and class, whatever the truth repeats
    or omits, so that it can pass 100. `f1_ceiling` is the F1 of a prediction that finds every
    segment: F1 = 2 hits / (slots + segments), and hits <= segments.
    """
    return {
        "f1": (2 * hits, slots + segments),
        "precision": (hits, slots),
        "recall": (hits, segments),
        "f1_ceiling": (2 * segments, slots + segments),
    }


def exact_f1(unit: Unit) -> Counts:
    """A hit has more than half of a segment's frames right; nothing is drawn."""
    shares = share_within_videos(unit.scored)
    slots = len(unit.scored.starts) * distinct(unit.scored.truth)
    return found(np.count_nonzero(shares > 0.5), slots, len(shares))


def asot_f1(unit: Unit) -> Counts:
    """A hit has more than half of 15 drawn frames right, as ASOT's program draws them."""
    shares = share_with_next_frame(unit.scored)
    slots = len(unit.scored.starts) * distinct(unit.scored.truth)
    return found(majority_hits(shares, unit.rng), slots, len(shares))


def expected_segments(unit: Unit) -> int:
    """Videos times K; K is the number of classes present where it is not given."""
    return len(unit.scored.starts) * (unit.num_clusters or distinct(unit.scored.truth))


def cte_f1(unit: Unit) -> Counts:
    """A hit has more than half of 15 drawn frames right, as CTE's paper says it."""
    shares = share_within_videos(unit.scored)
    return found(majority_hits(shares, unit.rng), expected_segments(unit), len(shares))


def soft_f1(unit: Unit) -> Counts:
    """As CTE's program has it: a hit is the share of right draws; the last segment is left out."""
    shares = share_across_videos(unit.scored)[:-1]
    hits = drawn_right(shares, unit.rng).sum() / (NUM_DRAWS * NUM_REPETITIONS)
    return found(hits, expected_segments(unit), len(shares))


class Pieces(NamedTuple):
    """Where a predicted and a truth segment meet, in time order; each field is int64 [pieces].

    Attributes:
        starts: first frame.
        lengths: frames.
        predicted: index of the predicted segment.
        truth: index of the truth segment.
    """

    starts: np.ndarray
    lengths: np.ndarray
    predicted: np.ndarray
    truth: np.ndarray


def cut(truth: np.ndarray, predicted: np.ndarray) -> Pieces:
    """Cuts one video at every change of either labelling, both int64 [frames]."""
    ours, theirs = run_starts(predicted), run_starts(truth)
    starts = np.union1d(ours, theirs)
    return Pieces(
        starts,
        np.diff(starts, append=len(truth)),
        np.searchsorted(ours, starts, side="right") - 1,
        np.searchsorted(theirs, starts, side="right") - 1,
    )


def overlap_f1(unit: Unit) -> Counts:
    """F1 of one video as TOT's paper says it.

    A predicted segment is positive when more than half of it lies in one truth segment of its
    class. Precision is the positive share of the predicted segments, recall the share of truth
    segments in which a positive one lies.
    """
    truth, predicted = unit.scored.truth, unit.scored.predicted
    pieces = cut(truth, predicted)
    lengths = np.bincount(pieces.predicted, weights=pieces.lengths)
    half = 2 * pieces.lengths > lengths[pieces.predicted]
    positive = half & (predicted[pieces.starts] == truth[pieces.starts])
    precision = np.count_nonzero(positive) / len(lengths)
    recall = distinct(pieces.truth[positive]) / (pieces.truth[-1] + 1)
    f1 = 2 * precision * recall / (precision + recall) if precision else 0.0
    return {"f1": (f1, 1), "precision": (precision, 1), "recall": (recall, 1)}


def segment_lengths(unit: Unit) -> Counts:
    """Jensen-Shannon distance of one video's histograms of predicted and true segment lengths.

    Bins of 20 frames, natural logarithm (HVQ): 0 is best, 83.3 the farthest.
    """
    truth = run_lengths(unit.scored.truth) // LENGTH_BIN
    predicted = run_lengths(unit.scored.predicted) // LENGTH_BIN
    bins = max(truth.max(), predicted.max()) + 1
    histograms = (np.bincount(each, minlength=bins) for each in (truth, predicted))
    return {"jsd": (float(jensenshannon(*histograms)), 1)}
