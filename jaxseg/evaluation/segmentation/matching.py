"""Matching of clusters with classes: confusion counts and their best one-to-one matching."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment

from jaxseg.evaluation.segmentation.groups import ONE_ACTIVITY, Group, Grouped, encode, join

MATCHES = ("activity", "video", "global", "none")
BACKGROUND = -1  # number of the cluster that stands for the background


class Confusion(NamedTuple):
    """Number of frames that each cluster shares with each class."""

    clusters: np.ndarray  # int64 [clusters], numbers of the clusters in order of first appearance
    classes: np.ndarray  # int64 [classes], indices of the classes present, ascending
    frames: np.ndarray  # int64 [clusters, classes], frames that carry both


def confusion(clusters: np.ndarray, truth: np.ndarray) -> Confusion:
    """Counts frames by cluster and class; both arguments are int [frames]."""
    rows, columns = encode(clusters), encode(truth)
    shape = len(rows.labels), len(columns.labels)
    cells = np.bincount(rows.codes * shape[1] + columns.codes, minlength=shape[0] * shape[1])
    # A matching may have ties. With rows in order of appearance the choice among equals does
    # not depend on how the clusters happen to be numbered.
    return Confusion(rows.labels[rows.order], columns.labels, cells.reshape(shape)[rows.order])


def match(frames: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the one-to-one matching that agrees on the most frames.

    It is that of the Hungarian algorithm on `frames` [clusters, classes]; some of the longer side
    stay unmatched. Among equally good matchings the choice is a function of `frames` alone.
    """
    return linear_sum_assignment(frames, maximize=True)


def best_matching(group: Group, *, bound: bool) -> dict[int, int]:
    """Cluster -> class over the scored frames of a group.

    Where the background is `bound`, cluster -1 stands for it and is matched with no class.
    """
    used = group.scored & (group.predicted != BACKGROUND) if bound else group.scored
    table = confusion(group.predicted[used], group.truth[used])
    rows, columns = match(table.frames)
    return dict(zip(table.clusters[rows].tolist(), table.classes[columns].tolist(), strict=True))


def translate(clusters: np.ndarray, matching: Mapping[int, int], *, bound: bool) -> np.ndarray:
    """Class of each frame's cluster, int64 [frames].

    Each unmatched cluster becomes a different number below -1, so that it is always wrong but
    never mixed up with another cluster; the background's -1 stays -1 where it is `bound`.
    """
    encoded = encode(clusters)
    known = {BACKGROUND: BACKGROUND, **matching} if bound else matching
    table = [known.get(number, -2 - at) for at, number in enumerate(encoded.labels.tolist())]
    return np.array(table, np.int64)[encoded.codes]


def match_together(videos: Sequence[Group], *, bound: bool) -> tuple[list[Group], dict[int, int]]:
    """The videos with classes in place of clusters, and the one matching that they share."""
    together = join(videos)
    matching = best_matching(together, bound=bound)
    predicted = translate(together.predicted, matching, bound=bound)
    parts = np.split(predicted, together.starts[1:])
    matched = [video._replace(predicted=part) for video, part in zip(videos, parts, strict=True)]
    return matched, matching


def match_videos(
    grouped: Grouped, how: str, *, bound: bool
) -> tuple[Grouped, dict[str, dict[int, int]]]:
    """The groups with classes in place of clusters, and scope -> cluster -> class.

    A scope is an activity, a video or "all", as `how` asks for: `activity`, `video` or `global`.
    With `none` the labels are classes already. `bound` is that of `best_matching`.
    """
    if how == "none":
        return grouped, {}
    scopes: dict[str, dict[tuple[str, str], Group]] = {}
    for activity, videos in grouped.items():
        for name, video in videos.items():
            scope = {"activity": activity, "video": name, "global": ONE_ACTIVITY}[how]
            scopes.setdefault(scope, {})[activity, name] = video
    matched: Grouped = {activity: {} for activity in grouped}
    matchings = {}
    for scope, members in scopes.items():
        videos, matchings[scope] = match_together([*members.values()], bound=bound)
        for (activity, name), video in zip(members, videos, strict=True):
            matched[activity][name] = video
    return matched, matchings
