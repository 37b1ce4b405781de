"""Segmentation scores one frame at a time in plain Python, to stand beside the evaluator's."""

from collections import Counter
from collections.abc import Mapping, Sequence

from scipy.optimize import linear_sum_assignment

NONE = -1


def per_frame_scores(
    truth: Mapping[str, Sequence[int]],
    predictions: Mapping[str, Sequence[int]],
    activities: Mapping[str, str],
) -> dict[str, float]:
    """MoF, mIoU, F1 of `asot-exact`, and accuracy, edit score and F1@50 of `mstcn`, in percent.

    Clusters are matched by activity; the first three are means of activities.
    """
    by_activity: dict[str, list[str]] = {}
    for name in sorted(truth):
        by_activity.setdefault(activities[name], []).append(name)
    mof, miou, f1 = [], [], []
    right, frames, edits, hits, segments = 0, 0, 0.0, 0, 0
    for names in by_activity.values():
        matched = match_clusters([(truth[name], predictions[name]) for name in names])
        unsupervised = activity_scores(matched)
        mof.append(unsupervised[0])
        miou.append(unsupervised[1])
        f1.append(unsupervised[2])
        for labels, found in matched:
            right += sum(one == other for one, other in zip(labels, found, strict=True))
            frames += len(labels)
            ours, theirs = find_segments(found), find_segments(labels)
            edits += edit_similarity([run[0] for run in theirs], [run[0] for run in ours])
            hits += count_hits(theirs, ours, 0.5)
            segments += len(ours) + len(theirs)
    return {
        "mof": 100 * sum(mof) / len(mof),
        "miou": 100 * sum(miou) / len(miou),
        "f1": 100 * sum(f1) / len(f1),
        "accuracy": 100 * right / frames,
        "edit": 100 * edits / len(truth),
        "f1@50": 200 * hits / segments,
    }


def match_clusters(videos: list[tuple]) -> list[tuple[list[int], list[int]]]:
    """Truth and prediction of each video, with classes for clusters."""
    together: Counter = Counter()
    for labels, clusters in videos:
        for label, cluster in zip(labels, clusters, strict=True):
            together[cluster, label] += 1
    clusters = sorted({cluster for cluster, _ in together})
    classes = sorted({label for _, label in together})
    table = [[together[cluster, label] for label in classes] for cluster in clusters]
    rows, columns = linear_sum_assignment(table, maximize=True)
    matching = {clusters[row]: classes[column] for row, column in zip(rows, columns, strict=True)}
    # A cluster without a class is a label of its own, and never right.
    return [
        (list(labels), [matching.get(cluster, NONE - cluster) for cluster in found])
        for labels, found in videos
    ]


def activity_scores(videos: list[tuple]) -> tuple[float, float, float]:
    """MoF, mIoU and F1 of one activity, as fractions."""
    right, frames, hits, runs = 0, 0, 0, 0
    both: Counter = Counter()
    true: Counter = Counter()
    found: Counter = Counter()
    for labels, predicted in videos:
        for label, prediction in zip(labels, predicted, strict=True):
            frames += 1
            true[label] += 1
            found[prediction] += 1
            if label == prediction:
                right += 1
                both[label] += 1
        for label, start, end in find_segments(labels):
            runs += 1
            same = sum(predicted[frame] == label for frame in range(start, end))
            hits += 2 * same > end - start
    iou = sum(both[label] / (true[label] + found[label] - both[label]) for label in true)
    return right / frames, iou / len(true), 2 * hits / (len(videos) * len(true) + runs)


def find_segments(labels: Sequence[int]) -> list[tuple[int, int, int]]:
    """Label, first frame and frame after the last of every run."""
    segments, start = [], 0
    for frame in range(1, len(labels) + 1):
        if frame == len(labels) or labels[frame] != labels[start]:
            segments.append((labels[start], start, frame))
            start = frame
    return segments


def edit_similarity(one: Sequence[int], other: Sequence[int]) -> float:
    """1 - Levenshtein distance / length of the longer sequence."""
    row = list(range(len(other) + 1))
    for count, label in enumerate(one, start=1):
        above, row = row, [count]
        for place, another in enumerate(other, start=1):
            change = above[place - 1] + (label != another)
            row.append(min(above[place] + 1, row[-1] + 1, change))
    return 1 - row[-1] / max(len(one), len(other))


def count_hits(truth: Sequence[tuple], predicted: Sequence[tuple], threshold: float) -> int:
    """Predicted segments whose best truth segment reaches the threshold and is not yet taken."""
    taken = set()
    for label, start, end in predicted:
        best, highest = None, 0.0
        for place, (true_label, first, last) in enumerate(truth):
            shared = min(end, last) - max(start, first)
            iou = shared / (max(end, last) - min(start, first))
            if label == true_label and iou > highest:
                best, highest = place, iou
        if highest >= threshold:
            taken.add(best)
    return len(taken)
