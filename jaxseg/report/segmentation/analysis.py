"""What is counted from labels for the report's own pictures; scores come from evaluation.json."""

from collections.abc import Sequence

import numpy as np

from jaxseg.report.drawing.bars import runs
from jaxseg.report.segmentation.records import Activity, Member, Run


def choose(videos: Sequence[str], count: int) -> dict[str, str]:
    """Up to `count` of the videos, in their order: the first, middle and last thirds of a list.

    Returns:
        video -> "best", "middle" or "worst"; "" where all videos are shown.
    """
    if len(videos) <= count:
        return dict.fromkeys(videos, "")
    best, worst = (count + 2) // 3, (count + 1) // 3
    middle = count - best - worst
    start = (len(videos) - middle) // 2
    chosen = dict.fromkeys(videos[:best], "best")
    chosen |= dict.fromkeys(videos[start : start + middle], "middle")
    return chosen | dict.fromkeys(videos[len(videos) - worst :], "worst")


def accuracies(run: Run, activity: Activity, member: Member) -> dict[str, float]:
    """Percent of right frames by video after matching, best first; excluded classes left out.

    Empty where the member has no matching; videos without truth or prediction are not in it.
    """
    if not activity.matching[member.directory]:
        return {}
    scores = {}
    for video in activity.predictions[member.directory].keys() & activity.truth.keys():
        truth, predicted = _scored_frames(run, activity, member, video)
        if len(truth):
            scores[video] = 100 * float(np.mean(truth == predicted))
    return dict(sorted(scores.items(), key=lambda item: (-item[1], item[0])))


def confusion(run: Run, activity: Activity) -> tuple[np.ndarray, list[str]]:
    """Frames by truth and matched prediction, summed over the seeds.

    Returns:
        counts [C, C + 1] over the classes that occur in the activity, unmatched clusters last,
        and the names of those classes. Excluded classes and members without a matching are left
        out.
    """
    size = len(run.classes)
    counts = np.zeros((size, size + 1), int)
    for member in activity.members:
        if not activity.matching[member.directory]:
            continue
        for video in activity.predictions[member.directory].keys() & activity.truth.keys():
            truth, predicted = _scored_frames(run, activity, member, video)
            # -1, an unmatched cluster, indexes the last column.
            np.add.at(counts, (truth, predicted), 1)
    present = np.flatnonzero(counts.sum(axis=1))
    elsewhere = np.setdiff1d(np.arange(size), present)
    # A class that never occurs here can still be matched; it is as wrong as an unmatched cluster.
    counts[:, -1] += counts[:, elsewhere].sum(axis=1)
    return counts[np.ix_(present, [*present, size])], [run.classes[i] for i in present]


def segment_lengths(run: Run, activity: Activity) -> dict[str, np.ndarray]:
    """Lengths of all segments of "truth" and "prediction" (all seeds), in seconds or frames."""
    predicted = [v for videos in activity.predictions.values() for v in videos.values()]
    sources = {"truth": list(activity.truth.values()), "prediction": predicted}
    return {
        source: np.array([b - a for labels in videos for a, b, _ in runs(labels)]) / (run.fps or 1)
        for source, videos in sources.items()
        if any(len(labels) for labels in videos)
    }


def segments_per_video(activity: Activity) -> dict[str, float]:
    """Mean number of segments a video, by source as in `segment_lengths`."""
    predicted = [v for videos in activity.predictions.values() for v in videos.values()]
    sources = {"truth": list(activity.truth.values()), "prediction": predicted}
    return {
        s: float(np.mean([len(runs(v)) for v in videos])) for s, videos in sources.items() if videos
    }


def _scored_frames(
    run: Run, activity: Activity, member: Member, video: str
) -> tuple[np.ndarray, np.ndarray]:
    """Truth and matched prediction as class indices (-1 unmatched), excluded classes dropped."""
    matching = activity.matching[member.directory]
    to_class = np.full(member.num_clusters + 1, -1)  # the last one serves cluster -1
    for cluster, label in matching.items():
        to_class[cluster] = run.classes.index(label)
    truth, clusters = activity.truth[video], activity.predictions[member.directory][video]
    frames = min(len(truth), len(clusters))  # files may differ by the run's length tolerance
    truth, clusters = truth[:frames], clusters[:frames]
    kept = ~np.isin(
        truth, [run.classes.index(name) for name in run.excluded if name in run.classes]
    )
    return truth[kept], to_class[clusters[kept]]
