"""Scores of predictions under a segmentation protocol: matched, counted, averaged, reported."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from jaxseg.evaluation.segmentation.groups import (
    Counts,
    Group,
    Grouped,
    Labels,
    Scores,
    Unit,
    add_counts,
    by_activity,
    divide,
    group_videos,
    join,
    mean_scores,
    num_distinct,
    without_background,
)
from jaxseg.evaluation.segmentation.matching import match_videos
from jaxseg.evaluation.segmentation.protocols import (
    Options,
    check_options,
    chosen_videos,
    label_name,
)

F1_SCORES = ("f1", "precision", "recall", "f1_ceiling")


class Counted(NamedTuple):
    """Counts and scores under one protocol."""

    activities: dict[str, Counts]  # activity -> counts of its videos together
    videos: dict[str, dict[str, Counts]]  # activity -> video -> counts
    # activity -> scores of its videos together; their mean where each video is matched by itself
    scores: dict[str, Scores]


def evaluate_segmentation(
    truth: Labels, predictions: Labels, *, baselines: bool = True, **options
) -> dict:
    """Scores of one set of predictions under one protocol, in percent.

    Args:
        truth: video -> int [frames], class indices from 0.
        predictions: video -> int [frames]: cluster numbers, or class indices where `match` is
            "none". Where a background is named, -1 is its cluster; else -1 is an ordinary one.
        baselines: also score the two trivial predictions.
        protocol: a key of `PROTOCOLS`; default "asot-exact".
        match: scope of a matching: "activity", "video", "global" (all videos), or "none";
            default: the protocol's own.
        activities: video -> activity; default: all one activity.
        splits: split -> its videos; only these videos are scored, and "mstcn" and "mstcn2" become
            the mean over splits.
        classes: class names by index, used in the result.
        excluded: classes whose frames are dropped before matching.
        background: classes whose frames count in no numerator and no denominator; cluster -1 is
            bound to them. Under "mstcn" and "mstcn2": ignored in edit score and F1, not in
            accuracy; default there: the class that `classes` calls "background", as in their
            programs, to which no cluster is bound. () leaves none out.
        merge: coarser class that replaces each class after the matching; scores count these.
        num_clusters: activity -> K of the protocols that divide by it and of the baselines;
            default: the classes present (cte, cte-soft, baselines) or the clusters of the video
            (twfinch).
        seed: of the protocols that draw frames; an activity's draws depend on the seed and its
            own name alone.
        length_tolerance: frames by which truth and prediction may differ in length, of which
            5 % of a video count at most.

    Returns:
        A dictionary of plain values. `metrics` are the averages that the protocol reports,
        `averages` all of them: `macro` is the plain mean of activities, `pooled` adds counts over
        activities and divides once, `video` is the plain mean of videos, `splits` that of splits.
        An activity's scores come from its videos together; where `match` is "video" they are the
        mean of its videos. `f1_ceiling` is the highest F1 that any prediction can reach on this
        truth. `jsd` is weighted by the frames of the activities; it is a distance: less is better.

    Raises:
        ValueError: unknown protocol, a video on one side only, labels that are empty or out of
            range, unequal lengths, or no frame left after exclusion.
    """
    settings = Options(**options)
    check_options(settings)
    grouped, matchings = matched_videos(truth, predictions, settings)
    counted = count(grouped, settings)
    averages = all_averages(counted, settings)
    result = {
        "protocol": settings.protocol,
        "match": settings.matching,
        "exclude": {
            "drop": [label_name(index, settings.classes) for index in settings.excluded],
            "background": [label_name(index, settings.classes) for index in settings.left_out],
        },
        "average": reported_average(settings),
        "seed": settings.seed if settings.rule.sampled else None,
        "length_tolerance": settings.length_tolerance,
        **sizes(grouped, chosen_videos(truth, settings), settings),
        "metrics": reported_metrics(counted, averages, grouped, settings),
        "averages": averages,
        "activities": activity_results(counted.scores, grouped),
        "matching": {
            scope: {
                str(cluster): label_name(index, settings.classes)
                for cluster, index in sorted(matching.items())
            }
            for scope, matching in matchings.items()
        },
    }
    if baselines:
        result["baselines"] = baseline_metrics(truth, grouped, settings)
    return result


def matched_videos(
    truth: Labels, predictions: Labels, options: Options
) -> tuple[Grouped, dict[str, dict[int, int]]]:
    """Activity -> video -> frames with classes in place of clusters, and the matchings."""
    for split, names in (options.splits or {}).items():
        for name in names:
            if name not in truth and name not in predictions:
                raise ValueError(f"video {name!r} of split {split!r} has no truth")
    grouped = group_videos(
        chosen_videos(truth, options),
        chosen_videos(predictions, options),
        options.activities,
        num_classes=options.num_classes,
        excluded=options.excluded,
        background=options.background or (),
        background_counts=options.rule.names,
        length_tolerance=options.length_tolerance,
    )
    grouped, matchings = match_videos(grouped, options.matching, bound=options.bound)
    if options.background is None and options.left_out:
        # The protocol's own background takes part in the matching as any class does.
        grouped = {
            activity: {
                name: video._replace(scored=~np.isin(video.truth, options.left_out))
                for name, video in videos.items()
            }
            for activity, videos in grouped.items()
        }
    if options.merge is not None:
        table = np.asarray(options.merge, np.int64)
        grouped = {
            activity: {name: merged(video, table) for name, video in videos.items()}
            for activity, videos in grouped.items()
        }
    return grouped, matchings


def merged(video: Group, table: np.ndarray) -> Group:
    """The video with the coarser classes of `table`, int64 [classes], in place of its classes."""
    known = (video.predicted >= 0) & (video.predicted < len(table))
    coarse = table[np.where(known, video.predicted, 0)]
    # Numbers that are no class stay so: those beyond the classes become numbers below -1.
    none = np.where(video.predicted < 0, video.predicted, -2 - video.predicted)
    return video._replace(truth=table[video.truth], predicted=np.where(known, coarse, none))


def count(grouped: Grouped, options: Options) -> Counted:
    """Counts of every video and every activity that has frames to count."""
    rule, counted = options.rule, Counted({}, {}, {})
    background = np.asarray(options.left_out, np.int64)
    if options.merge is not None:
        background = np.asarray(options.merge, np.int64)[background]

    def unit(group: Group, activity: str, name: str) -> Unit:
        """Frames to score; random draws depend on the seed and the name alone."""
        return Unit(
            whole=group,
            scored=without_background(group),
            background=background,
            bound=options.bound,
            num_clusters=(options.num_clusters or {}).get(activity),
            rng=np.random.default_rng([options.seed, *name.encode()]),
        )

    for activity, videos in grouped.items():
        counted.videos[activity] = {
            name: run_counters(rule.by_video + rule.joined, unit(video, activity, name))
            for name, video in videos.items()
            # Only `mstcn` and `mstcn2` score a video that is all background.
            if rule.names or video.scored.any()
        }
        total = add_counts(counted.videos[activity].values())
        if options.matching != "video" and rule.joined:
            together = join(list(videos.values()))
            total |= run_counters(rule.joined, unit(together, activity, activity))
        counted.activities[activity] = total
        if options.matching == "video":
            by_video = [divide(each) for each in counted.videos[activity].values()]
            counted.scores[activity] = mean_scores(by_video)
        else:
            counted.scores[activity] = divide(total)
    return counted


def run_counters(counters: Sequence[Callable[[Unit], Counts]], unit: Unit) -> Counts:
    """Counts of several counters in one dictionary."""
    return {key: pair for counter in counters for key, pair in counter(unit).items()}


def all_averages(counted: Counted, options: Options) -> dict[str, Scores]:
    """Every average of every score."""
    videos = {name: each for group in counted.videos.values() for name, each in group.items()}
    averages = {
        "macro": mean_scores(list(counted.scores.values())),
        "pooled": divide(add_counts(counted.activities.values())),
        "video": mean_scores([divide(each) for each in videos.values()]),
    }
    if options.splits is not None and not options.rule.joined:
        # Of each split the counts of its videos are added and divided once.
        splits = (
            [videos[name] for name in names if name in videos] for names in options.splits.values()
        )
        averages["splits"] = mean_scores([divide(add_counts(each)) for each in splits if each])
    return averages


def reported_average(options: Options) -> str:
    """Name of the average that the protocol reports as F1 with these options."""
    if options.rule.names and options.splits is not None:
        return "splits"
    return "video" if options.matching == "video" else options.rule.average


def reported_metrics(
    counted: Counted, averages: dict[str, Scores], grouped: Grouped, options: Options
) -> Scores:
    """The scores that the protocol reports, each with its average."""
    average = averages[reported_average(options)]
    if options.rule.names:
        return average
    miou = "video" if options.matching == "video" else options.rule.miou_average
    weights = [
        sum(np.count_nonzero(video.scored) for video in videos.values())
        for videos in grouped.values()
    ]
    jsd = [scores["jsd"] for scores in counted.scores.values()]
    return {
        "mof_pooled": averages["pooled"]["mof"],
        "mof_macro": averages["macro"]["mof"],
        "mof_video": averages["video"]["mof"],
        **{key: average[key] for key in F1_SCORES if key in average},
        "miou": averages[miou]["miou"],
        "jsd": float(np.average(jsd, weights=weights)),
    }


def sizes(grouped: Grouped, truth: Labels, options: Options) -> dict[str, int]:
    """Numbers of scored videos, frames, segments and classes.

    `videos_skipped` had frames of excluded classes only. Background segments and classes are not
    counted, nor are background frames, except where the protocol's accuracy counts them.
    """
    videos = [video for group in grouped.values() for video in group.values()]
    everything = join(videos)
    starts = np.union1d(np.flatnonzero(np.diff(everything.truth)) + 1, everything.starts)
    return {
        "videos": len(videos),
        "videos_skipped": len(truth) - len(videos),
        "frames": int(np.count_nonzero(everything.scored | options.rule.names)),
        "segments": int(np.count_nonzero(everything.scored[starts])),
        "classes": num_distinct(everything.truth[everything.scored]),
    }


def activity_results(scores: dict[str, Scores], grouped: Grouped) -> dict[str, dict]:
    """Scores and sizes of each activity."""
    results = {}
    for activity, each in scores.items():
        group = join(list(grouped[activity].values()))
        results[activity] = each | {
            "videos": len(group.starts),
            "frames": int(np.count_nonzero(group.scored)),
            "classes": num_distinct(group.truth[group.scored]),
            "clusters_used": num_distinct(group.predicted),
        }
    return results


def baseline_metrics(truth: Labels, grouped: Grouped, options: Options) -> dict[str, Scores]:
    """Reported scores of the two trivial predictions.

    They are clusters and need a matching: by activity, where the predictions have none.
    """
    truth = chosen_videos(truth, options)
    groups = {activity: join(list(videos.values())) for activity, videos in grouped.items()}
    matched = {
        # The protocol's own background is a class to be matched, and not one that -1 stands for.
        name: each.truth if options.background is None else each.truth[each.scored]
        for name, each in groups.items()
    }
    present = {name: num_distinct(labels) for name, labels in matched.items()}
    clusters = present | dict(options.num_clusters or {})
    match = "activity" if options.matching == "none" else options.matching
    settings = options._replace(match=match)._asdict()
    return {
        name: evaluate_segmentation(truth, labels, baselines=False, **settings)["metrics"]
        for name, labels in trivial_baselines(truth, clusters, options.activities).items()
    }


def trivial_baselines(
    truth: Labels,
    num_clusters: Mapping[str, int],
    activities: Mapping[str, str] | None = None,
) -> dict[str, dict[str, np.ndarray]]:
    """Cluster numbers of the two trivial predictions, each {video: int64 [frames]}.

    `equal_split` cuts a video of N frames into K equal parts, frame i into floor(i K / N);
    `one_class` puts every frame into one cluster, which the matching then gives to the
    activity's most frequent class.

    Args:
        truth: video -> labels [frames]; only the lengths are used.
        num_clusters: activity -> K ("all" where `activities` is None).
        activities: video -> activity; None: all one activity.

    Raises:
        ValueError: an activity without a K, or a K below 1.
    """
    equal_split, one_class = {}, {}
    for activity, names in by_activity(list(truth), activities).items():
        num_parts = num_clusters.get(activity, 0)
        if num_parts < 1:
            raise ValueError(f"activity {activity!r}: {num_parts} clusters, at least 1 needed")
        for name in names:
            length = len(truth[name])
            equal_split[name] = np.arange(length) * num_parts // length
            one_class[name] = np.zeros(length, np.int64)
    return {"equal_split": equal_split, "one_class": one_class}
