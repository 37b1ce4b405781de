"""How many clusters the members of an activity have: one number, or the range that is tried."""

from collections.abc import Sequence

from jaxseg.config import Config
from jaxseg.data.segmentation.records import DataSet, Video


def cluster_counts(config: Config, activity: str, videos: Sequence[Video]) -> list[int]:
    """K of each of an activity's variants, ascending.

    Raises:
        ValueError: no number of clusters for the activity, more clusters than frames in one of
            its videos, or too few frames in it to try two numbers of them.
    """
    if config.model.chooses:
        return _range(config, activity, videos)
    count = config.model.num_clusters or config.model.clusters_by_activity.get(activity, 0)
    if not count:
        raise ValueError(
            f"no number of clusters for activity {activity!r}: give --config.model.num_clusters=K"
        )
    if config.task == "segmentation":
        _check_lengths(activity, videos, count)
    return [count]


def variant_name(count: int) -> str:
    """What sets apart the members that try `count` clusters: "K=7"."""
    return f"K={count}"


def clipping_notes(config: Config, data: DataSet) -> list[str]:
    """A line for each activity whose shortest video is too short for the whole range."""
    if not config.model.chooses:
        return []
    low, high = config.model.cluster_range
    notes = []
    for activity, videos in data.activities.items():
        shortest = _shortest(videos)
        if shortest.num_frames < high:
            notes.append(
                f"{activity}: {low} to {shortest.num_frames} clusters are tried instead of {low} "
                f"to {high}: video {shortest.name} has {shortest.num_frames} frames"
            )
    return notes


def _range(config: Config, activity: str, videos: Sequence[Video]) -> list[int]:
    low, high = config.model.cluster_range
    shortest = _shortest(videos)
    if shortest.num_frames <= low:
        raise ValueError(
            f"video {activity}/{shortest.name} has {shortest.num_frames} frames: too few to try "
            f"the {low} to {high} clusters of config.model.cluster_range"
        )
    return list(range(low, min(high, shortest.num_frames) + 1))


def _check_lengths(activity: str, videos: Sequence[Video], clusters: int) -> None:
    shortest = _shortest(videos)
    if shortest.num_frames < clusters:
        raise ValueError(
            f"video {activity}/{shortest.name} has {shortest.num_frames} frames, fewer than "
            f"its activity's {clusters} clusters (config.model.num_clusters)"
        )


def _shortest(videos: Sequence[Video]) -> Video:
    return min(videos, key=lambda video: video.num_frames)
