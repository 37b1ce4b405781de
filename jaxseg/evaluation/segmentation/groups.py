"""Videos that are scored together, and the checks that every label passes on its way there."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

ONE_ACTIVITY = "all"
NUM_LABELS = 2**31

Labels = Mapping[str, np.ndarray]


class Group(NamedTuple):
    """One video, or several laid end to end.

    Attributes:
        truth: int64 [frames], class indices.
        predicted: int64 [frames], cluster numbers before the matching, classes after it.
        scored: bool [frames], False where the truth is background.
        starts: int64 [videos], index of each video's first frame.
    """

    truth: np.ndarray
    predicted: np.ndarray
    scored: np.ndarray
    starts: np.ndarray


def join(groups: Sequence[Group]) -> Group:
    """Lays groups end to end, in the order given."""
    offsets = np.cumsum([0] + [len(group.truth) for group in groups[:-1]])
    return Group(
        np.concatenate([group.truth for group in groups]),
        np.concatenate([group.predicted for group in groups]),
        np.concatenate([group.scored for group in groups]),
        np.concatenate([group.starts + at for group, at in zip(groups, offsets, strict=True)]),
    )


def without_background(group: Group) -> Group:
    """The scored frames alone; a video that has none is no longer one of the group's videos."""
    if group.scored.all():
        return group
    lengths = np.add.reduceat(group.scored, group.starts, dtype=np.int64)
    lengths = lengths[lengths > 0]
    kept = group.scored
    return Group(group.truth[kept], group.predicted[kept], kept[kept], np.cumsum(lengths) - lengths)


def by_activity(names: Sequence[str], activities: Mapping[str, str] | None) -> dict[str, list[str]]:
    """Activity -> its videos, both in sorted order; one activity where `activities` is None.

    Raises:
        ValueError: a video without an activity.
    """
    videos: dict[str, list[str]] = {}
    for name in sorted(names):
        if activities is not None and name not in activities:
            raise ValueError(f"video {name!r} has no activity")
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
) -> dict[str, dict[str, Group]]:
    """Activity -> video -> its frames, without those of excluded classes.

    Lengths that differ by no more than `length_tolerance` frames are cut to the shorter one. A
    video with frames of excluded classes only is left out, and so is an activity without a scored
    frame, unless `background_counts`.

    Raises:
        ValueError: a video on one side only or without an activity; labels that are empty,
            no whole numbers or out of range; lengths that differ by more; nothing left.
    """
    for name in sorted(truth.keys() ^ predictions.keys()):
        side = "prediction" if name in truth else "truth"
        raise ValueError(f"video {name!r} has no {side}")
    limit = NUM_LABELS if num_classes is None else num_classes

    def group(name: str) -> Group:
        classes = check_labels(f"truth of video {name!r}", truth[name], 0, limit)
        clusters = check_labels(f"prediction of video {name!r}", predictions[name], -1, NUM_LABELS)
        length = common_length(name, len(classes), len(clusters), length_tolerance)
        kept = ~np.isin(classes[:length], excluded)
        classes = classes[:length][kept]
        scored = ~np.isin(classes, background)
        return Group(classes, clusters[:length][kept], scored, np.zeros(1, np.int64))

    grouped = {
        activity: {name: group(name) for name in names}
        for activity, names in by_activity(list(truth), activities).items()
    }
    return keep_filled(grouped, background_counts)


def keep_filled(
    grouped: dict[str, dict[str, Group]], background_counts: bool
) -> dict[str, dict[str, Group]]:
    """The videos that have frames, and the activities that have something to score."""
    kept = {
        activity: {name: video for name, video in videos.items() if len(video.truth)}
        for activity, videos in grouped.items()
    }
    kept = {
        activity: videos
        for activity, videos in kept.items()
        if any(background_counts or video.scored.any() for video in videos.values())
    }
    if not kept:
        raise ValueError("no frames to score: no videos, or excluded classes only")
    return kept


def common_length(name: str, truth: int, prediction: int, tolerance: int) -> int:
    """Frames that both sides have; ValueError where one has more than `tolerance` too many."""
    if abs(truth - prediction) > tolerance:
        raise ValueError(
            f"video {name!r} has {truth} true and {prediction} predicted labels"
            f" (tolerance {tolerance})"
        )
    return min(truth, prediction)


def check_labels(what: str, values, lowest: int, limit: int) -> np.ndarray:
    """`values` as int64 [frames].

    Raises:
        ValueError: no frames, another shape, or a value that is no whole number in
            [lowest, limit) (NaN included).
    """
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
