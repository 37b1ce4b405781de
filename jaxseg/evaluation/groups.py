"""Videos that are scored together, and the checks that every label passes on its way there."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

ONE_ACTIVITY = "all"
NUM_LABELS = 2**31

Labels = Mapping[str, np.ndarray]


class Group(NamedTuple):
    """Videos laid end to end without their excluded frames.

    Attributes:
        truth: int64 [frames], class indices.
        clusters: int64 [frames], predicted cluster numbers.
        starts: int64 [videos], index of each video's first frame.
    """

    truth: np.ndarray
    clusters: np.ndarray
    starts: np.ndarray


def join(groups: Sequence[Group]) -> Group:
    """Lays groups end to end, in the order given."""
    offsets = np.cumsum([0] + [len(group.truth) for group in groups[:-1]])
    return Group(
        np.concatenate([group.truth for group in groups]),
        np.concatenate([group.clusters for group in groups]),
        np.concatenate([group.starts + at for group, at in zip(groups, offsets, strict=True)]),
    )


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
    length_tolerance: int = 0,
) -> dict[str, dict[str, Group]]:
    """Activity -> video -> its frames as a group, which is empty if all are excluded.

    Lengths that differ by no more than `length_tolerance` frames are cut to the shorter one.

    Raises:
        ValueError: a video on one side only or without an activity; labels that are empty,
            no whole numbers or out of range; lengths that differ by more.
    """
    for name in sorted(truth.keys() ^ predictions.keys()):
        side = "prediction" if name in truth else "truth"
        raise ValueError(f"video {name!r} has no {side}")
    limit = NUM_LABELS if num_classes is None else num_classes

    def group(name: str) -> Group:
        classes = check_labels(f"truth of video {name!r}", truth[name], 0, limit)
        clusters = check_labels(f"prediction of video {name!r}", predictions[name], -1, NUM_LABELS)
        return one_video(name, classes, clusters, excluded, length_tolerance)

    videos = by_activity(list(truth), activities)
    return {activity: {name: group(name) for name in names} for activity, names in videos.items()}


def one_video(
    name: str,
    truth: np.ndarray,
    clusters: np.ndarray,
    excluded: Sequence[int],
    length_tolerance: int,
) -> Group:
    """The frames of one video that are scored; ValueError where the lengths differ too much."""
    if abs(len(truth) - len(clusters)) > length_tolerance:
        raise ValueError(
            f"video {name!r} has {len(truth)} true and {len(clusters)} predicted labels"
            f" (tolerance {length_tolerance})"
        )
    length = min(len(truth), len(clusters))
    kept = ~np.isin(truth[:length], list(excluded))
    return Group(truth[:length][kept], clusters[:length][kept], np.zeros(1, np.int64))


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
