"""What is reported of the counts: averages over activities, videos and splits, and sizes."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from jaxseg.evaluation.segmentation.counts import Counts, Scores, add, divide, mean_scores
from jaxseg.evaluation.segmentation.groups import Labels, join
from jaxseg.evaluation.segmentation.matching import Grouped
from jaxseg.evaluation.segmentation.options import Options
from jaxseg.evaluation.segmentation.runs import distinct

F1_SCORES = ("f1", "precision", "recall", "f1_ceiling")


class Counted(NamedTuple):
    """Counts under one protocol: activity -> its own, and activity -> video -> the video's."""

    activities: dict[str, Counts]
    videos: dict[str, dict[str, Counts]]


def activity_scores(counted: Counted, options: Options) -> dict[str, Scores]:
    """Scores of each activity: its videos together, or their mean where each has its matching."""
    if options.matching == "video":
        return {
            activity: mean_scores([divide(each) for each in videos.values()])
            for activity, videos in counted.videos.items()
        }
    return {activity: divide(counts) for activity, counts in counted.activities.items()}


def all_averages(counted: Counted, options: Options) -> dict[str, Scores]:
    """Every average of every score."""
    videos = {name: each for group in counted.videos.values() for name, each in group.items()}
    averages = {
        "macro": mean_scores(list(activity_scores(counted, options).values())),
        "pooled": divide(add(counted.activities.values())),
        "video": mean_scores([divide(each) for each in videos.values()]),
    }
    if options.splits is not None and not options.rule.joined:
        averages["splits"] = mean_scores(split_scores(videos, options.splits.values()))
    return averages


def split_scores(videos: dict[str, Counts], splits: Iterable[Sequence[str]]) -> list[Scores]:
    """Scores of each split: the counts of its videos, added and divided once."""
    present = ([name for name in names if name in videos] for names in splits)
    return [divide(add(videos[name] for name in names)) for names in present if names]


def own_average(options: Options) -> str:
    """The average of F1 that the protocol asks for in this setting."""
    if options.rule.names and options.splits is not None:
        return "splits"
    return "video" if options.matching == "video" else options.rule.average


def own_metrics(
    counted: Counted, averages: dict[str, Scores], grouped: Grouped, options: Options
) -> Scores:
    """The protocol's scores, each by its own average."""
    average = averages[own_average(options)]
    if options.rule.names:
        return average
    miou = "video" if options.matching == "video" else options.rule.miou_average
    weights = [
        sum(np.count_nonzero(video.scored) for video in videos.values())
        for videos in grouped.values()
    ]
    jsd = [scores["jsd"] for scores in activity_scores(counted, options).values()]
    return {
        "mof_pooled": averages["pooled"]["mof"],
        "mof_macro": averages["macro"]["mof"],
        "mof_video": averages["video"]["mof"],
        **{key: average[key] for key in F1_SCORES if key in average},
        "miou": averages[miou]["miou"],
        "jsd": float(np.average(jsd, weights=weights)),
    }


def sizes(grouped: Grouped, truth: Labels, options: Options) -> dict[str, int]:
    """What was scored; `videos_skipped` had frames of excluded classes only.

    Segments and classes are those that are not background; where names are compared, accuracy
    counts the frames of all.
    """
    videos = [video for group in grouped.values() for video in group.values()]
    everything = join(videos)
    starts = np.union1d(np.flatnonzero(np.diff(everything.truth)) + 1, everything.starts)
    return {
        "videos": len(videos),
        "videos_skipped": len(truth) - len(videos),
        "frames": int(np.count_nonzero(everything.scored | options.rule.names)),
        "segments": int(np.count_nonzero(everything.scored[starts])),
        "classes": distinct(everything.truth[everything.scored]),
    }


def activity_results(counted: Counted, grouped: Grouped, options: Options) -> dict[str, dict]:
    """The scores of each activity, its sizes beside them."""
    results = {}
    for activity, scores in activity_scores(counted, options).items():
        group = join(list(grouped[activity].values()))
        results[activity] = scores | {
            "videos": len(group.starts),
            "frames": int(np.count_nonzero(group.scored)),
            "classes": distinct(group.truth[group.scored]),
            "clusters_used": distinct(group.predicted),
        }
    return results
