"""mAP under every localization protocol, one prediction at a time, to test the evaluator with."""

import numpy as np


def database(*segments, subset="test"):
    """{video: truth} of (video, label, start, end)."""
    videos = {}
    for video, label, start, end in segments:
        entry = videos.setdefault(video, {"subset": subset, "annotations": []})
        entry["annotations"].append({"label": label, "segment": [start, end]})
    return videos


def detections(*segments):
    """{video: predictions} of (video, label, start, end, score)."""
    videos = {}
    for video, label, start, end, score in segments:
        item = {"label": label, "score": score, "segment": [start, end]}
        videos.setdefault(video, []).append(item)
    return videos


def overlap(one, two):
    """|and| / |or| of two segments, 0 for two of length zero."""
    shared = max(min(one[1], two[1]) - max(one[0], two[0]), 0.0)
    either = (one[1] - one[0]) + (two[1] - two[0]) - shared
    return shared / either if either else 0.0


def grid(segment, wanted):
    """Whole snippets of 16/25 s where `wanted`."""
    return [float(round(time * 25 / 16)) for time in segment] if wanted else segment


def reference_ap(truth, results, protocol, threshold, ambiguous=(), preference=None):
    """{class: AP in percent} by the text of the protocols.

    Args:
        ambiguous: (video, start, end).
        preference: overlaps -> indices of the truths, best first; None: the protocol's own.
    """
    all_grid = protocol in ("wtalc", "rskp")
    truth_grid = all_grid or protocol == "anet-snip"
    # anet-snip leaves predictions off the grid, but in its unit.
    unit = 25 / 16 if protocol == "anet-snip" else 1.0
    true, found = {}, []
    for video, entry in truth.items():
        for item in (
            thinned(entry["annotations"]) if "opentad" in protocol else entry["annotations"]
        ):
            segment = grid(item["segment"], truth_grid)
            true.setdefault(item["label"], {}).setdefault(video, []).append(segment)
    for video, items in results.items():
        for item in items:
            segment = [time * unit for time in grid(item["segment"], all_grid)]
            found.append((video, item["label"], segment, item["score"]))
    annotated = {video for entry in true.values() for video in entry}
    unsure = [(video, grid(segment, truth_grid)) for video, *segment in ambiguous]

    def touches(video, segment):
        return any(video == v and overlap(segment, other) > 0 for v, other in unsure)

    if truth_grid:
        found = [f for f in found if f[0] in annotated and not touches(f[0], f[2])]
    scores = {}
    for label, videos in true.items():
        ranked = sorted((f for f in found if f[1] == label), key=lambda f: -f[3])
        if protocol == "th14":
            hits = hits_by_truth(videos, ranked, threshold)
            kept = [h or not touches(f[0], f[2]) for h, f in zip(hits, ranked, strict=True)]
            hits = [hit for hit, keep in zip(hits, kept, strict=True) if keep]
        else:
            hits = hits_by_prediction(videos, ranked, threshold, preference or ORDERS[protocol])
        scores[label] = 100 * ap(hits, sum(map(len, videos.values())), protocol)
    return scores


def thinned(items):
    """Annotations that last, without those that come again within a millisecond."""
    kept = []
    for item in items:
        label, (start, end) = item["label"], item["segment"]
        same = (
            max(abs(start - other["segment"][0]), abs(end - other["segment"][1])) <= 1e-3
            for other in kept
            if other["label"] == label
        )
        if end > start and not any(same):
            kept.append(item)
    return kept


def reference_recall(truth, results):
    """AR at 1 to 100 proposals a video on average, and AUC, in percent, by ActivityNet's rule."""
    listed = {v: [item["segment"] for item in each["annotations"]] for v, each in truth.items()}
    listed = {video: rows for video, rows in listed.items() if rows}
    found = {
        video: [item["segment"] for item in sorted(items, key=lambda item: -item["score"])]
        for video, items in results.items()
    }
    share = 100 * len(listed) / max(sum(map(len, found.values())), 1)
    found = {video: items[: int(len(items) * share)] for video, items in found.items()}
    total = sum(len(found.get(video, ())) for video in listed)
    recalls = []
    for number in range(1, 101):
        share = number / 100 * (100 * len(listed) / max(total, 1))
        hits = []
        for video, rows in listed.items():
            items = found.get(video, [])
            items = items[: int(len(items) * share)]
            best = [max((overlap(item, row) for item in items), default=0.0) for row in rows]
            hits += [value >= tiou for value in best for tiou in np.linspace(0.5, 0.95, 10)]
        recalls.append(100 * np.mean(hits))
    return recalls, np.trapezoid(recalls) / 100


ORDERS = {
    "anet": lambda overlaps: np.argsort(overlaps, kind="stable")[::-1],
    "anet-opentad": lambda overlaps: np.argsort(overlaps, kind="stable")[::-1],
    "anet-snip": lambda overlaps: np.argsort(overlaps, kind="stable")[::-1],
    "rskp": lambda overlaps: np.argsort([-value for value in overlaps], kind="stable"),
    "wtalc": lambda overlaps: range(len(overlaps)),
}


def hits_by_prediction(videos, ranked, threshold, preference):
    """Each prediction takes the free truth it likes best among those that reach the threshold."""
    taken, hits = set(), []
    for video, _, segment, _ in ranked:
        overlaps = [overlap(segment, other) for other in videos.get(video, [])]
        fits = (
            (video, int(place))
            for place in preference(overlaps)
            if overlaps[place] >= threshold and (video, int(place)) not in taken
        )
        chosen = next(fits, None)
        taken.add(chosen)
        hits.append(chosen is not None)
    return hits


def hits_by_truth(videos, ranked, threshold):
    """Each truth takes the free prediction of highest overlap above the threshold."""
    hits = [False] * len(ranked)
    for video, segments in videos.items():
        for other in segments:
            free = [i for i, f in enumerate(ranked) if f[0] == video and not hits[i]]
            best = max(free, key=lambda i: overlap(ranked[i][2], other), default=None)
            if best is not None and overlap(ranked[best][2], other) > threshold:
                hits[best] = True
    return hits


def ap(hits, positives, protocol):
    """Raw AP under wtalc and th14, the area under the precision envelope elsewhere."""
    precision = [sum(hits[: i + 1]) / (i + 1) for i in range(len(hits))]
    if protocol not in ("wtalc", "th14"):
        precision = [max(precision[i:]) for i in range(len(hits))]
    return sum(p for p, hit in zip(precision, hits, strict=True) if hit) / positives
