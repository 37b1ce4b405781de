"""Videos that are scored together: their labels, checked and grouped, and the counts they give.

Labels are reduced to runs wherever that is enough, as a video has far fewer runs than frames. A
score is a pair (numerator, denominator); pairs add up over videos and are divided once.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from jaxseg.formats.labels import largest_cut
from jaxseg.formats.names import hint

ONE_ACTIVITY = "all"
NUM_LABELS = 2**31  # labels have to be smaller

Labels = Mapping[str, np.ndarray]  # video -> labels, int [frames]
Counts = dict[str, tuple[float, float]]  # score -> (numerator, denominator)
Scores = dict[str, float]  # score -> percent


class Group(NamedTuple):
    """One video, or several laid end to end."""

    truth: np.ndarray  # int64 [frames], class indices
    predicted: np.ndarray  # int64 [frames], cluster numbers before the matching, classes after it
    scored: np.ndarray  # bool [frames], False where the truth is background
    starts: np.ndarray  # int64 [videos], index of each video's first frame


Grouped = dict[str, dict[str, Group]]  # activity -> video -> group


class Unit(NamedTuple):
    """Input of a counter: frames that are scored together after the matching."""

    whole: Group  # every frame; `predicted` holds classes, below 0 where a cluster has none
    scored: Group  # the same without background frames
    background: np.ndarray  # int64 [classes], classes that count as background
    bound: bool  # whether -1 is predicted for the background; else it is a label as any other
    num_clusters: int | None  # K where it is given; None: the number that the labels show
    rng: np.random.Generator  # random numbers of this unit alone, whatever other videos there are


def join(groups: Sequence[Group]) -> Group:
    """Lays groups end to end, in the order given."""
    offsets = np.cumsum([0] + [len(group.truth) for group in groups[:-1]])
    starts = [group.starts + at for group, at in zip(groups, offsets, strict=True)]
    return Group(
        truth=np.concatenate([group.truth for group in groups]),
        predicted=np.concatenate([group.predicted for group in groups]),
        scored=np.concatenate([group.scored for group in groups]),
        starts=np.concatenate(starts),
    )


def without_background(group: Group) -> Group:
    """The scored frames of a group; a video that has none is no longer one of its videos."""
    if group.scored.all():
        return group
    kept = group.scored
    lengths = np.add.reduceat(kept, group.starts, dtype=np.int64)
    lengths = lengths[lengths > 0]
    starts = np.cumsum(lengths) - lengths
    return Group(group.truth[kept], group.predicted[kept], scored=kept[kept], starts=starts)


def add_counts(counts: Iterable[Counts]) -> Counts:
    """Sum of counts, score by score; all of them hold the same scores."""
    total: Counts = {}
    for each in counts:
        for key, (numerator, denominator) in each.items():
            before = total.get(key, (0, 0))
            total[key] = before[0] + numerator, before[1] + denominator
    return total


def divide(counts: Counts) -> Scores:
    """Scores in percent. 0 of 0 is 100: there was nothing to find and nothing to get wrong."""
    return {
        key: 100 * float(numerator) / float(denominator) if denominator else 100.0
        for key, (numerator, denominator) in counts.items()
    }


def mean_scores(results: Sequence[Scores]) -> Scores:
    """Plain mean of each score."""
    return {key: float(np.mean([result[key] for result in results])) for key in results[0]}


def by_activity(names: Sequence[str], activities: Mapping[str, str] | None) -> dict[str, list[str]]:
    """Activity -> its videos, both in sorted order; one activity where `activities` is None."""
    videos: dict[str, list[str]] = {}
    for name in sorted(names):
        if activities is not None and name not in activities:
            raise ValueError(f"video {name!r} has no activity{hint(name, activities)}")
        activity = ONE_ACTIVITY if activities is None else activities[name]
        videos.setdefault(activity, []).append(name)
    return dict(sorted(videos.items()))


def group_videos(
    truth: Labels,
    predictions: Labels,
    activities: Mapping[str, str] | None = None,
    *,
    num_classes: int | None = None,
    excluded: Sequence[int] = (),
    background: Sequence[int] = (),
    background_counts: bool = False,
    length_tolerance: int = 0,
) -> Grouped:
    """Activity -> video -> its frames, without those of excluded classes.

    Labels whose lengths differ by at most `length_tolerance` frames, and by at most 5 % of the
    video, are cut to the shorter one. A video with frames of excluded classes only is left out,
    and so is an activity without a scored frame, unless `background_counts`. ValueError where
    videos do not fit or none is left.
    """
    for name in sorted(truth.keys() ^ predictions.keys()):
        side = "prediction" if name in truth else "truth"
        raise ValueError(f"video {name!r} has no {side}")
    highest = NUM_LABELS if num_classes is None else num_classes

    def group(name: str) -> Group:
        classes = check_labels(f"truth of video {name!r}", truth[name], 0, highest)
        clusters = check_labels(f"prediction of video {name!r}", predictions[name], -1, NUM_LABELS)
        limit = largest_cut(max(len(classes), len(clusters)))
        if abs(len(classes) - len(clusters)) > min(length_tolerance, limit):
            raise ValueError(
                f"video {name!r} has {len(classes)} true and {len(clusters)} predicted labels"
                f" (tolerance {length_tolerance}); none goes beyond 5 % of a video, here {limit}"
            )
        length = min(len(classes), len(clusters))
        kept = ~np.isin(classes[:length], excluded)
        classes = classes[:length][kept]
        scored = ~np.isin(classes, background)
        return Group(classes, clusters[:length][kept], scored, starts=np.zeros(1, np.int64))

    grouped = {}
    for activity, names in by_activity(list(truth), activities).items():
        videos = {name: group(name) for name in names}
        videos = {name: video for name, video in videos.items() if len(video.truth)}
        if any(background_counts or video.scored.any() for video in videos.values()):
            grouped[activity] = videos
    if not grouped:
        raise ValueError("no frames to score: no videos, or excluded classes only")
    return grouped


def check_labels(what: str, values, lowest: int, limit: int) -> np.ndarray:
    """`values` as int64 [frames]; ValueError unless they are whole numbers in [lowest, limit)."""
    labels = np.asarray(values)
    if labels.ndim != 1:
        raise ValueError(f"{what}: shape {labels.shape} instead of [frames]")
    if labels.size == 0:
        raise ValueError(f"{what}: empty")
    if labels.dtype.kind not in "iuf":
        raise ValueError(f"{what}: labels of type {labels.dtype} instead of whole numbers")
    valid = (labels >= lowest) & (labels < limit) & (labels == np.floor(labels))
    if not valid.all():
        frame = int(np.argmin(valid))
        raise ValueError(
            f"{what}: label {labels[frame]} of frame {frame} is no whole number"
            f" from {lowest} to {limit - 1}"
        )
    return labels.astype(np.int64)


def run_starts(labels: np.ndarray) -> np.ndarray:
    """Index of the first frame of each maximal run of one label, int64 [runs]."""
    return np.concatenate([[0], np.flatnonzero(labels[1:] != labels[:-1]) + 1])


def run_lengths(labels: np.ndarray) -> np.ndarray:
    """Frames of each maximal run of one label, int64 [runs]."""
    return np.diff(run_starts(labels), append=len(labels))


def num_distinct(labels: np.ndarray) -> int:
    """Number of different labels."""
    return len(set(labels[run_starts(labels)].tolist())) if len(labels) else 0


class Codes(NamedTuple):
    """Labels renumbered from 0."""

    labels: np.ndarray  # int64 [labels], the different labels, ascending
    order: np.ndarray  # int64 [labels], indices into `labels` in the order of first appearance
    codes: np.ndarray  # int64 [frames], index into `labels` of each frame


def encode(labels: np.ndarray) -> Codes:
    """Renumbers labels, int [frames]."""
    if not len(labels):
        return Codes(labels, labels, labels)
    # Runs are sorted and not frames: there are far fewer of them.
    starts = run_starts(labels)
    numbers, first, codes = np.unique(labels[starts], return_index=True, return_inverse=True)
    lengths = np.diff(starts, append=len(labels))
    return Codes(numbers, order=np.argsort(first), codes=np.repeat(codes, lengths))
