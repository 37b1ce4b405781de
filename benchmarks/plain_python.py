"""Scores in plain Python, a frame or a detection at a time, to compare with the evaluator."""

from collections import Counter
from collections.abc import Mapping, Sequence

from scipy.optimize import linear_sum_assignment

NONE = -1


def per_frame_scores(
    truth: Mapping[str, Sequence[int]],
    predictions: Mapping[str, Sequence[int]],
    activities: Mapping[str, str],
) -> dict[str, float]:
    """MoF, mIoU and F1 of `asot-exact`; accuracy, edit score and F1@50 of `mstcn`; in percent.

    Clusters are matched by activity; the first three scores are means over activities.
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
        for labels, predicted in matched:
            right += sum(one == other for one, other in zip(labels, predicted, strict=True))
            frames += len(labels)
            true_runs, runs = find_segments(labels), find_segments(predicted)
            edits += edit_similarity([run[0] for run in true_runs], [run[0] for run in runs])
            hits += count_hits(true_runs, runs, 0.5)
            segments += len(true_runs) + len(runs)
    return {
        "mof": 100 * sum(mof) / len(mof),
        "miou": 100 * sum(miou) / len(miou),
        "f1": 100 * sum(f1) / len(f1),
        "accuracy": 100 * right / frames,
        "edit": 100 * edits / len(truth),
        "f1@50": 200 * hits / segments,
    }


def match_clusters(videos: list[tuple]) -> list[tuple[list[int], list[int]]]:
    """Truth and prediction of each video, with clusters replaced by their classes."""
    together: Counter = Counter()
    for labels, clusters in videos:
        for label, cluster in zip(labels, clusters, strict=True):
            together[cluster, label] += 1
    clusters = sorted({cluster for cluster, _ in together})
    classes = sorted({label for _, label in together})
    table = [[together[cluster, label] for label in classes] for cluster in clusters]
    rows, columns = linear_sum_assignment(table, maximize=True)
    matching = {clusters[row]: classes[column] for row, column in zip(rows, columns, strict=True)}
    # A cluster without a class gets a label of its own that no class has.
    return [
        (list(labels), [matching.get(cluster, NONE - cluster) for cluster in clusters])
        for labels, clusters in videos
    ]


def activity_scores(videos: list[tuple]) -> tuple[float, float, float]:
    """MoF, mIoU and F1 of one activity, as fractions."""
    right, frames, hits, runs = 0, 0, 0, 0
    both: Counter = Counter()
    true: Counter = Counter()
    predicted_counts: Counter = Counter()
    for labels, predicted in videos:
        for label, prediction in zip(labels, predicted, strict=True):
            frames += 1
            true[label] += 1
            predicted_counts[prediction] += 1
            if label == prediction:
                right += 1
                both[label] += 1
        for label, start, end in find_segments(labels):
            runs += 1
            same = sum(predicted[frame] == label for frame in range(start, end))
            hits += 2 * same > end - start
    iou = sum(both[label] / (true[label] + predicted_counts[label] - both[label]) for label in true)
    return right / frames, iou / len(true), 2 * hits / (len(videos) * len(true) + runs)


def find_segments(labels: Sequence[int]) -> list[tuple[int, int, int]]:
    """Runs of equal labels: label, first frame, frame after the last."""
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
    """Number of true segments that are the best match of a prediction and overlap it enough."""
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


def mean_ap_by_loop(
    truth: Mapping[str, Mapping], results: Mapping[str, Sequence], tiou: Sequence[float]
) -> list[float]:
    """mAP in percent at each threshold by the rules of `anet`, one detection at a time."""
    annotated: dict[str, dict[str, list]] = {}
    for video, entry in truth.items():
        for item in entry["annotations"]:
            annotated.setdefault(item["label"], {}).setdefault(video, []).append(item["segment"])
    detected: dict[str, list] = {label: [] for label in annotated}
    for video, items in results.items():
        for item in items:
            if item["label"] in detected:
                detected[item["label"]].append((item["score"], video, item["segment"]))
    for items in detected.values():
        items.sort(key=lambda item: -item[0])
    return [
        100
        * sum(loop_ap(annotated[each], detected[each], threshold) for each in annotated)
        / len(annotated)
        for threshold in tiou
    ]


def loop_ap(annotated: Mapping[str, list], detected: Sequence[tuple], threshold: float) -> float:
    """AP of one class: hits by descending score, then the precision envelope from the end."""
    free = {video: list(range(len(segments))) for video, segments in annotated.items()}
    hits = []
    for _, video, segment in detected:
        best, chosen = threshold, None
        for place in free.get(video, ()):
            overlap = segment_overlap(segment, annotated[video][place])
            if overlap >= best:
                best, chosen = overlap, place
        if chosen is not None:
            free[video].remove(chosen)
        hits.append(chosen is not None)
    remaining, highest, area = sum(hits), 0.0, 0.0
    for place in range(len(hits), 0, -1):
        highest = max(highest, remaining / place)
        if hits[place - 1]:
            area += highest
            remaining -= 1
    return area / sum(map(len, annotated.values()))


def segment_overlap(one: Sequence[float], two: Sequence[float]) -> float:
    """Intersection over union of two segments."""
    shared = max(min(one[1], two[1]) - max(one[0], two[0]), 0.0)
    either = (one[1] - one[0]) + (two[1] - two[0]) - shared
    return shared / either if either > 0 else 0.0
