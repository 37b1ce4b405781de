"""Scores of segments, maximal runs of one label: F1, edit score and lengths.

First the F1 scores of unsupervised papers, which differ in what makes a truth segment a hit; then
the overlap F1 of TOT's paper, the lengths of HVQ, and the supervised scores of MS-TCN.
"""

from typing import NamedTuple

import numpy as np
from scipy.spatial.distance import jensenshannon

from jaxseg.evaluation.segmentation.groups import (
    Counts,
    Group,
    Unit,
    num_distinct,
    run_lengths,
    run_starts,
)
from jaxseg.evaluation.segmentation.matching import BACKGROUND

NUM_DRAWS = 15
NUM_REPETITIONS = 50
LENGTH_BIN = 20  # frames
OVERLAP_PERCENTS = (10, 25, 50)  # of the supervised F1


def exact_f1(unit: Unit) -> Counts:
    """F1 where a hit has more than half of a segment's frames correct; nothing is drawn."""
    shares = share_within_videos(unit.scored)
    slots = len(unit.scored.starts) * num_distinct(unit.scored.truth)
    return f1_counts(np.count_nonzero(shares > 0.5), slots, len(shares))


def asot_f1(unit: Unit) -> Counts:
    """F1 where a hit has more than half of 15 drawn frames correct, drawn as in ASOT's program."""
    shares = share_with_next_frame(unit.scored)
    slots = len(unit.scored.starts) * num_distinct(unit.scored.truth)
    return f1_counts(majority_hits(shares, unit.rng), slots, len(shares))


def cte_f1(unit: Unit) -> Counts:
    """F1 where a hit has more than half of 15 drawn frames correct, as in CTE's paper."""
    shares = share_within_videos(unit.scored)
    return f1_counts(majority_hits(shares, unit.rng), expected_segments(unit), len(shares))


def soft_f1(unit: Unit) -> Counts:
    """F1 as in CTE's program: hits are shares of correct draws; the last segment is left out."""
    shares = share_across_videos(unit.scored)[:-1]
    hits = draw_correct(shares, unit.rng).sum() / (NUM_DRAWS * NUM_REPETITIONS)
    return f1_counts(hits, expected_segments(unit), len(shares))


def f1_counts(hits: float, slots: int, segments: int) -> Counts:
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


def expected_segments(unit: Unit) -> int:
    """Videos times K; K is the number of classes present where it is not given."""
    return len(unit.scored.starts) * (unit.num_clusters or num_distinct(unit.scored.truth))


def share_within_videos(group: Group) -> np.ndarray:
    """Share of correct frames of each truth segment, float64 [segments]; videos end a segment."""
    correct, length = correct_frames(group, np.union1d(run_starts(group.truth), group.starts))
    return correct / length


def share_across_videos(group: Group) -> np.ndarray:
    """As `share_within_videos`, but a run goes on over the border of two videos."""
    correct, length = correct_frames(group, run_starts(group.truth))
    return correct / length


def share_with_next_frame(group: Group) -> np.ndarray:
    """As `share_across_videos`, by the rule of ASOT's program.

    The first frame of the next segment is one of the frames that may be drawn.
    """
    starts = run_starts(group.truth)
    correct, length = correct_frames(group, starts)
    correct[:-1] += group.predicted[starts[1:]] == group.truth[starts[:-1]]
    length[:-1] += 1
    return correct / length


def correct_frames(group: Group, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Correct frames and all frames of the segments that begin at `starts`, int64 [segments]."""
    correct = np.add.reduceat(group.truth == group.predicted, starts, dtype=np.int64)
    return correct, np.diff(starts, append=len(group.truth))


def draw_correct(shares: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Correct frames among 15 drawn from each segment, int64 [repetitions, segments]."""
    # Frames are drawn with replacement: the number of correct ones is binomial.
    return rng.binomial(NUM_DRAWS, shares, size=(NUM_REPETITIONS, len(shares)))


def majority_hits(shares: np.ndarray, rng: np.random.Generator) -> float:
    """Segments most of whose drawn frames are correct, mean over 50 repetitions."""
    return np.count_nonzero(2 * draw_correct(shares, rng) > NUM_DRAWS) / NUM_REPETITIONS


class Pieces(NamedTuple):
    """Overlaps of predicted with truth segments, in time order; each field is int64 [pieces]."""

    starts: np.ndarray  # first frame
    lengths: np.ndarray  # frames
    predicted: np.ndarray  # index of the predicted segment
    truth: np.ndarray  # index of the truth segment


def cut(truth: np.ndarray, predicted: np.ndarray) -> Pieces:
    """Cuts one video wherever truth or prediction, both int64 [frames], changes its label."""
    predicted_starts, true_starts = run_starts(predicted), run_starts(truth)
    starts = np.union1d(predicted_starts, true_starts)
    return Pieces(
        starts=starts,
        lengths=np.diff(starts, append=len(truth)),
        predicted=np.searchsorted(predicted_starts, starts, side="right") - 1,
        truth=np.searchsorted(true_starts, starts, side="right") - 1,
    )


def overlap_f1(unit: Unit) -> Counts:
    """F1 of one video as in TOT's paper.

    A predicted segment is positive when more than half of it lies in one truth segment of its
    class. Precision is the positive share of the predicted segments, recall the share of truth
    segments in which a positive one lies.
    """
    truth, predicted = unit.scored.truth, unit.scored.predicted
    pieces = cut(truth, predicted)
    lengths = np.bincount(pieces.predicted, weights=pieces.lengths)
    majority = 2 * pieces.lengths > lengths[pieces.predicted]
    positive = majority & (predicted[pieces.starts] == truth[pieces.starts])
    precision = np.count_nonzero(positive) / len(lengths)
    recall = num_distinct(pieces.truth[positive]) / (pieces.truth[-1] + 1)
    f1 = 2 * precision * recall / (precision + recall) if precision else 0.0
    return {"f1": (f1, 1), "precision": (precision, 1), "recall": (recall, 1)}


def segment_lengths(unit: Unit) -> Counts:
    """Jensen-Shannon distance of one video's histograms of predicted and true segment lengths.

    Bins of 20 frames, natural logarithm (HVQ): 0 is best, 83.3 the worst.
    """
    truth = run_lengths(unit.scored.truth) // LENGTH_BIN
    predicted = run_lengths(unit.scored.predicted) // LENGTH_BIN
    bins = max(truth.max(), predicted.max()) + 1
    histograms = (np.bincount(each, minlength=bins) for each in (truth, predicted))
    return {"jsd": (float(jensenshannon(*histograms)), 1)}


def supervised(unit: Unit, *, lost_frames: int = 0) -> Counts:
    """Accuracy, edit score and F1 at three overlaps of one video (MS-TCN).

    Background is ignored in edit score and F1, not in accuracy. In F1 the last segments of truth
    and prediction end `lost_frames` early, 0 or 1.
    """
    group, background = unit.whole, unit.background
    # A prediction of -1 is background under any of its names. Where no background is named, it
    # is one more label, and its segments are wrong ones.
    unnamed = group.predicted == BACKGROUND if unit.bound else np.zeros(len(group.truth), bool)
    correct = (group.truth == group.predicted) | (~group.scored & unnamed)
    ignored = np.append(background, BACKGROUND) if unit.bound else background
    truth, predicted = transcript(group.truth, ignored), transcript(group.predicted, ignored)
    # 2 TP + FP + FN is the number of predicted and true segments together.
    total = len(truth) + len(predicted)
    hits = true_positives(group, ignored, lost_frames)
    return {
        "accuracy": (np.count_nonzero(correct), len(correct)),
        "edit": (edit_similarity(truth, predicted), 1),
        **{
            f"f1@{percent}": (2 * count, total)
            for percent, count in zip(OVERLAP_PERCENTS, hits, strict=True)
        },
    }


def supervised_short_end(unit: Unit) -> Counts:
    """As `supervised`, with last segments that end a frame early in F1 (MS-TCN++)."""
    return supervised(unit, lost_frames=1)


def transcript(labels: np.ndarray, ignored: np.ndarray) -> np.ndarray:
    """Label of each maximal run but those of ignored labels, int64 [segments]."""
    runs = labels[run_starts(labels)]
    return runs[~np.isin(runs, ignored)]


def edit_similarity(truth: np.ndarray, predicted: np.ndarray) -> float:
    """1 - Levenshtein distance / length of the longer transcript; 1 where both are empty."""
    longer = max(len(truth), len(predicted))
    return 1 - levenshtein(truth, predicted) / longer if longer else 1.0


def levenshtein(one: np.ndarray, other: np.ndarray) -> int:
    """Fewest insertions, deletions and substitutions that turn one sequence into the other."""
    steps = np.arange(len(other) + 1)
    row = steps
    for count, label in enumerate(one, start=1):
        best = np.minimum(row[:-1] + (other != label), row[1:] + 1)
        # Insertions run along the row: cell j is the least of any cell k <= j plus j - k.
        row = np.minimum.accumulate(np.append(count, best) - steps) + steps
    return int(row[-1])


def true_positives(group: Group, ignored: np.ndarray, lost_frames: int = 0) -> list[int]:
    """True positives of one video at each IoU of `OVERLAP_PERCENTS`, without ignored labels.

    A predicted segment belongs to the truth segment of its class with the highest IoU, the first
    of equal ones. Each truth segment yields one true positive at most, so that the true positives
    are the different truth segments that are reached. The last segments end `lost_frames` early.
    """
    truth, predicted = group.truth, group.predicted
    pieces = cut(truth, predicted)
    pieces.lengths[-1] -= lost_frames  # the last piece is of both last segments
    true_lengths = np.bincount(pieces.truth, weights=pieces.lengths)
    lengths = np.bincount(pieces.predicted, weights=pieces.lengths)
    either = true_lengths[pieces.truth] + lengths[pieces.predicted] - pieces.lengths
    labels = predicted[pieces.starts]
    same = (labels == truth[pieces.starts]) & ~np.isin(labels, ignored)
    # Nothing is left where both were of one frame: 0 of 0 is no hit.
    iou = np.where(same, pieces.lengths / np.maximum(either, 1), 0.0)
    best = first_best(iou, pieces.predicted)
    reached = (pieces.truth[best[iou[best] >= percent / 100]] for percent in OVERLAP_PERCENTS)
    return [num_distinct(segments) for segments in reached]


def first_best(values: np.ndarray, owners: np.ndarray) -> np.ndarray:
    """Index of the first highest value of each owner; `owners` is ascending from 0, no gaps."""
    highest = np.maximum.reduceat(values, run_starts(owners))
    at_best = np.flatnonzero(values == highest[owners])
    return at_best[run_starts(owners[at_best])]
