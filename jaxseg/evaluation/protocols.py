"""The protocols by name, and the one function that scores predictions under any of them."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from jaxseg.evaluation import groups, segmentation
from jaxseg.evaluation.groups import Group, Labels
from jaxseg.evaluation.matching import confusion, match, translate
from jaxseg.evaluation.segmentation import Counts, mean_scores, scores


class Protocol(NamedTuple):
    """What sets one protocol apart.

    Attributes:
        shares: (group, matched classes) -> share of right frames of each truth segment.
        hits: (shares, rng) -> number of segments found.
        sampled: whether the seed matters.
        f1: the rule of F1 in words, for the reader of a result.
    """

    shares: Callable[[Group, np.ndarray], np.ndarray]
    hits: Callable[[np.ndarray, np.random.Generator], float]
    sampled: bool
    f1: str


PROTOCOLS = {
    "asot": Protocol(
        segmentation.share_across_videos,
        segmentation.sampled_hits,
        sampled=True,
        f1="15 frames drawn from each truth segment and the next one's first frame, more than"
        " half right; 50 repetitions; segments are runs of the videos laid end to end",
    ),
    "asot-exact": Protocol(
        segmentation.share_within_videos,
        segmentation.exact_hits,
        sampled=False,
        f1="more than half of a truth segment's frames right; segments end with their video",
    ),
}


class Outcome(NamedTuple):
    """One group under one protocol: its counts, its labels and cluster -> class.

    Attributes:
        counts: the sums behind its scores.
        videos: number of videos.
        classes: int64 [classes], those present in the truth.
        clusters: int64 [clusters], those present in the prediction.
        matching: cluster -> class, one to one.
    """

    counts: Counts
    videos: int
    classes: np.ndarray
    clusters: np.ndarray
    matching: dict[int, int]


def evaluate_segmentation(
    truth: Labels,
    predictions: Labels,
    *,
    protocol: str = "asot-exact",
    activities: Mapping[str, str] | None = None,
    classes: Sequence[str] | None = None,
    excluded: Sequence[int] = (),
    seed: int = 0,
    length_tolerance: int = 0,
) -> dict:
    """Scores clusters against classes after the best one-to-one matching, in percent.

    Args:
        truth: video -> int [frames], class indices from 0.
        predictions: video -> int [frames], cluster numbers; -1 is a cluster like any other.
        protocol: a key of `PROTOCOLS`.
        activities: video -> activity, whose videos share a matching; None: all one activity.
        classes: class names by index, used in the result.
        excluded: classes whose frames are dropped before matching.
        seed: of the drawing, where the protocol draws; a group's draws depend on the seed
            and its own name alone.
        length_tolerance: frames by which truth and prediction may differ in length.

    Returns:
        A dictionary of plain values, with `protocol`, `settings`, `counts`, `full` (one
        matching an activity) and `per_video` (one matching a video). The latter two hold
        `by_activity`, `macro` (plain mean over activities) and `pooled`: counts added over
        activities and divided once (`full`), plain mean over all videos (`per_video`).
        Each holds `mof`, `f1`, `precision`, `recall`, `miou` and `f1_ceiling`, which no
        prediction's F1 can pass on this truth.

    Raises:
        ValueError: unknown protocol, a video on one side only, labels that are empty or out
            of range, unequal lengths, or no frame left after exclusion.
    """
    rule = find_protocol(protocol)
    check_settings(classes, excluded, seed, length_tolerance)
    grouped = groups.group_videos(
        truth,
        predictions,
        activities,
        num_classes=None if classes is None else len(classes),
        excluded=excluded,
        length_tolerance=length_tolerance,
    )
    scored = drop_empty(grouped)
    full = {
        activity: score_group(groups.join(list(videos.values())), rule, seed, activity)
        for activity, videos in scored.items()
    }
    alone = {
        activity: [score_group(video, rule, seed, name) for name, video in videos.items()]
        for activity, videos in scored.items()
    }
    num_videos = sum(map(len, grouped.values()))
    return {
        "protocol": protocol,
        "settings": {
            "units": "percent",
            "matching": "one to one: full by activity, per_video by video",
            "excluded": [label_name(index, classes) for index in excluded],
            "exclusion": "drop",
            "f1": rule.f1,
            "seed": seed if rule.sampled else None,
            "length_tolerance": length_tolerance,
        },
        "counts": summed_counts(full, num_videos),
        "full": full_scores(full, classes),
        "per_video": per_video_scores(alone),
    }


def find_protocol(name: str) -> Protocol:
    """The protocol of that name; ValueError with the known names otherwise."""
    if name not in PROTOCOLS:
        raise ValueError(f"unknown protocol {name!r}: choose from {', '.join(PROTOCOLS)}")
    return PROTOCOLS[name]


def check_settings(classes, excluded: Sequence[int], seed: int, length_tolerance: int) -> None:
    """Raises ValueError for a setting out of its range."""
    for index in excluded:
        if index < 0 or (classes is not None and index >= len(classes)):
            raise ValueError(f"excluded class {index} is no index of a class")
    if seed < 0:
        raise ValueError(f"seed {seed} is negative")
    if length_tolerance < 0:
        raise ValueError(f"length tolerance {length_tolerance} is negative")


def drop_empty(grouped: dict[str, dict[str, Group]]) -> dict[str, dict[str, Group]]:
    """The videos, and the activities, that have frames left to score."""
    kept = {
        activity: {name: video for name, video in videos.items() if len(video.truth)}
        for activity, videos in grouped.items()
    }
    kept = {activity: videos for activity, videos in kept.items() if videos}
    if not kept:
        raise ValueError("no frames to score: no videos, or excluded classes only")
    return kept


def score_group(group: Group, rule: Protocol, seed: int, name: str) -> Outcome:
    """Matches the clusters of one group and counts what agrees."""
    table = confusion(group.clusters, group.truth)
    rows, columns = match(table.frames)
    pairs = zip(table.clusters[rows].tolist(), table.classes[columns].tolist(), strict=True)
    matching = dict(pairs)
    correct, iou = segmentation.agreement(table, rows, columns)
    shares = rule.shares(group, translate(group.clusters, matching))
    # Seeded by the group's name, so that other videos do not change its draws.
    rng = np.random.default_rng([seed, *name.encode()])
    counts = Counts(
        frames=len(group.truth),
        correct=correct,
        iou=iou,
        classes=len(table.classes),
        hits=rule.hits(shares, rng),
        slots=len(group.starts) * len(table.classes),
        segments=len(shares),
    )
    return Outcome(counts, len(group.starts), table.classes, table.clusters, matching)


def summed_counts(full: dict[str, Outcome], num_videos: int) -> dict[str, int]:
    """Sizes of what was scored; `videos_skipped` had frames of excluded classes only."""
    videos = sum(outcome.videos for outcome in full.values())
    present = {index for outcome in full.values() for index in outcome.classes.tolist()}
    return {
        "videos": videos,
        "videos_skipped": num_videos - videos,
        "frames": sum(outcome.counts.frames for outcome in full.values()),
        "segments": sum(outcome.counts.segments for outcome in full.values()),
        "classes": len(present),
    }


def full_scores(full: dict[str, Outcome], classes: Sequence[str] | None) -> dict:
    """Scores with one matching an activity."""
    counts = [outcome.counts for outcome in full.values()]
    return {
        "macro": mean_scores([scores(each) for each in counts]),
        "pooled": scores(segmentation.add(counts)),
        "by_activity": {
            activity: scores(outcome.counts) | facts(outcome, classes)
            for activity, outcome in full.items()
        },
    }


def facts(outcome: Outcome, classes: Sequence[str] | None) -> dict:
    """What stands beside an activity's scores: sizes, and the matching by name."""
    return {
        "frames": outcome.counts.frames,
        "videos": outcome.videos,
        "classes": outcome.counts.classes,
        "clusters_used": len(outcome.clusters),
        "matching": {
            str(cluster): label_name(index, classes)
            for cluster, index in sorted(outcome.matching.items())
        },
    }


def per_video_scores(alone: dict[str, list[Outcome]]) -> dict:
    """Scores with one matching a video: plain means of the videos' scores."""
    videos = {
        activity: [scores(outcome.counts) for outcome in outcomes]
        for activity, outcomes in alone.items()
    }
    by_activity = {activity: mean_scores(each) for activity, each in videos.items()}
    return {
        "macro": mean_scores(list(by_activity.values())),
        "pooled": mean_scores([video for each in videos.values() for video in each]),
        "by_activity": by_activity,
    }


def label_name(index: int, classes: Sequence[str] | None) -> str | int:
    """A class's name, or its index where there are no names."""
    return int(index) if classes is None else classes[index]
