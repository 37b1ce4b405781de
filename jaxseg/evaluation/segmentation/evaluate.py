"""The one function that scores predictions under any segmentation protocol."""

import numpy as np

from jaxseg.evaluation.segmentation.baselines import trivial_baselines
from jaxseg.evaluation.segmentation.counts import Counts, Scores, add
from jaxseg.evaluation.segmentation.groups import Group, Labels, group_videos, join
from jaxseg.evaluation.segmentation.matching import Grouped, match_videos
from jaxseg.evaluation.segmentation.options import Options, check_options, chosen_videos, label_name
from jaxseg.evaluation.segmentation.results import (
    Counted,
    activity_results,
    all_averages,
    own_average,
    own_metrics,
    sizes,
)
from jaxseg.evaluation.segmentation.runs import distinct
from jaxseg.evaluation.segmentation.unit import make_unit


def evaluate_segmentation(
    truth: Labels, predictions: Labels, *, baselines: bool = True, **options
) -> dict:
    """Scores of one set of predictions under one protocol, in percent.

    Args:
        truth: video -> int [frames], class indices from 0.
        predictions: video -> int [frames]: cluster numbers, or class indices where `match` is
            "none". -1 is a cluster like any other, but the background's where one is named.
        baselines: score the two trivial predictions beside it.
        protocol: a key of `PROTOCOLS`; default "asot-exact".
        match: what shares a matching: "activity", "video", "global", or "none"; default: the
            protocol's own.
        activities: video -> activity; default: all one activity.
        splits: split -> its videos; only these videos are scored, and "mstcn" becomes the mean
            over splits.
        classes: class names by index, used in the result.
        excluded: classes whose frames are dropped before matching.
        background: classes whose frames count in no numerator and no denominator; cluster -1 is
            bound to them. Under "mstcn": ignored in edit score and F1, not in accuracy.
        merge: class of each class that scores count in, put in place after the matching.
        num_clusters: activity -> K of the protocols that divide by it and of the baselines;
            default: the classes present (cte, cte-soft, baselines) or the clusters of the video
            (twfinch).
        seed: of the drawing, where the protocol draws; an activity's draws depend on the seed and
            its own name alone.
        length_tolerance: frames by which truth and prediction may differ in length.

    Returns:
        A dictionary of plain values. `metrics` are the protocol's own averages, `averages` all of
        them: `macro` is the plain mean of activities, `pooled` adds counts over activities and
        divides once, `video` is the plain mean of videos, `splits` that of splits. An activity's
        scores come from its videos together; where `match` is "video" they are the mean of its
        videos. `f1_ceiling` is what no prediction's F1 can pass on this truth. `jsd` is weighted
        by the frames of the activities; of it alone less is better.

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
            "background": [label_name(index, settings.classes) for index in settings.background],
        },
        "average": own_average(settings),
        "seed": settings.seed if settings.rule.sampled else None,
        "length_tolerance": settings.length_tolerance,
        **sizes(grouped, chosen_videos(truth, settings), settings),
        "metrics": own_metrics(counted, averages, grouped, settings),
        "averages": averages,
        "activities": activity_results(counted, grouped, settings),
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
        background=options.background,
        background_counts=options.rule.names,
        length_tolerance=options.length_tolerance,
    )
    bound = bool(len(options.background))
    grouped, matchings = match_videos(grouped, options.matching, bound=bound)
    if options.merge is not None:
        table = np.asarray(options.merge, np.int64)
        grouped = {
            activity: {name: merged(video, table) for name, video in videos.items()}
            for activity, videos in grouped.items()
        }
    return grouped, matchings


def merged(video: Group, table: np.ndarray) -> Group:
    """Coarser classes, int64 [classes], in place of classes; what is no class stays none."""
    known = (video.predicted >= 0) & (video.predicted < len(table))
    coarse = table[np.where(known, video.predicted, 0)]
    none = np.where(video.predicted < 0, video.predicted, -2 - video.predicted)
    return video._replace(truth=table[video.truth], predicted=np.where(known, coarse, none))


def count(grouped: Grouped, options: Options) -> Counted:
    """Counts of every video and every activity that has frames to count."""
    rule, counted = options.rule, Counted({}, {})
    background = np.asarray(options.background, np.int64)
    if options.merge is not None:
        background = np.asarray(options.merge, np.int64)[background]
    for activity, videos in grouped.items():
        common = {
            "background": background,
            "num_clusters": (options.num_clusters or {}).get(activity),
            "seed": options.seed,
        }
        counted.videos[activity] = {
            name: run_counters(rule.by_video + rule.joined, make_unit(video, name, **common))
            for name, video in videos.items()
            # Of a video that is all background, `mstcn` alone has something to say.
            if rule.names or video.scored.any()
        }
        total = add(counted.videos[activity].values())
        if options.matching != "video" and rule.joined:
            unit = make_unit(join(list(videos.values())), activity, **common)
            total |= run_counters(rule.joined, unit)
        counted.activities[activity] = total
    return counted


def run_counters(counters, unit) -> Counts:
    """The counts of all counters together."""
    return {key: pair for counter in counters for key, pair in counter(unit).items()}


def baseline_metrics(truth: Labels, grouped: Grouped, options: Options) -> dict[str, Scores]:
    """Metrics of the two trivial predictions, which are clusters and have to be matched."""
    truth = chosen_videos(truth, options)
    clusters = {}
    for activity, videos in grouped.items():
        group = join(list(videos.values()))
        present = distinct(group.truth[group.scored])
        clusters[activity] = (options.num_clusters or {}).get(activity, present)
    match = "activity" if options.matching == "none" else options.matching
    settings = options._replace(match=match)._asdict()
    return {
        name: evaluate_segmentation(truth, labels, baselines=False, **settings)["metrics"]
        for name, labels in trivial_baselines(truth, clusters, options.activities).items()
    }
