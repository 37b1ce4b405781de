"""How long scoring detections takes, beside plain Python over them.

Truth and detections of the size of ActivityNet v1.3's validation set: 4,728 videos of 200 classes
with 1.5 true segments each and 200 detections each, ten thresholds.
"""

import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from jaxseg.evaluation.localization.evaluate import evaluate_localization
from jaxseg.evaluation.localization.protocols import PROTOCOLS, SETS
from jaxseg.formats.detections import predicted_segments, truth_segments

NUM_VIDEOS, NUM_CLASSES, NUM_DETECTIONS, DURATION = 4728, 200, 200, 120.0
TIOU = SETS["activitynet"]
TENTH = 10


def localization_rows(scale: float = 1.0) -> list[dict]:
    """A row for each step at `scale` times the size, then both ways on a tenth of the videos.

    Each holds `work`, `videos`, `detections` and `seconds` of processor time; the last ones
    `map`, the mean over thresholds in percent, to show that both ways agree.
    """
    truth, results = generate(max(TENTH, round(NUM_VIDEOS * scale)))
    names = list(truth)[::TENTH]
    columns, taken = seconds(lambda: (truth_segments(truth), predicted_segments(results)))
    rows = [row("reading", results, taken)]
    for protocol in PROTOCOLS:
        _, taken = seconds(
            lambda p=protocol: evaluate_localization(*columns, protocol=p, tiou=TIOU)
        )
        rows.append(row(protocol, results, taken))
    few = [{name: side[name] for name in names} for side in (truth, results)]
    slow, slow_taken = seconds(lambda: mean_ap_by_loop(*few, TIOU))
    fast, fast_taken = seconds(lambda: evaluate_localization(*few, tiou=TIOU)["map"])
    rows.append(row("anet by a Python loop, a tenth", few[1], slow_taken, np.mean(slow)))
    rows.append(row("anet with reading, a tenth", few[1], fast_taken, np.mean(fast)))
    return rows


def row(
    work: str, results: Mapping[str, Sequence], taken: float, score: float | None = None
) -> dict:
    """One line of the benchmark."""
    detections = sum(map(len, results.values()))
    line = {"work": work, "videos": len(results), "detections": detections}
    return line | {"seconds": round(taken, 2)} | ({} if score is None else {"map": float(score)})


def seconds(work: Callable[[], object]) -> tuple[object, float]:
    """What a call returned, and the processor time it took on however many cores."""
    start = time.process_time()
    result = work()
    return result, time.process_time() - start


def generate(num_videos: int) -> tuple[dict, dict]:
    """Truth and detections as ActivityNet's JSON holds them.

    Half of a video's detections are shifted copies of its true segments, half of them lie
    anywhere; one in ten has another label.
    """
    rng = np.random.default_rng(0)
    truth, results = {}, {}
    for number in range(num_videos):
        count = rng.geometric(0.65)
        label = int(rng.integers(NUM_CLASSES))
        starts = rng.uniform(0, DURATION / 2, count)
        own = np.stack([starts, starts + rng.uniform(2, DURATION / 2, count)], axis=1)
        copies = own[rng.integers(count, size=NUM_DETECTIONS // 2)]
        copies = copies + rng.normal(0, 6, copies.shape)
        anywhere = rng.uniform(0, DURATION, (NUM_DETECTIONS - len(copies), 2))
        segments = np.sort(np.maximum(np.concatenate([copies, anywhere]), 0), axis=1)
        other = rng.random(NUM_DETECTIONS) < 0.1
        labels = np.where(other, rng.integers(NUM_CLASSES, size=NUM_DETECTIONS), label)
        scores = rng.random(NUM_DETECTIONS)
        name = f"video{number:05}"
        truth[name] = {
            "annotations": [{"label": str(label), "segment": each} for each in own.tolist()]
        }
        results[name] = [
            {"label": str(each), "score": score, "segment": segment}
            for each, score, segment in zip(
                labels.tolist(), scores.tolist(), segments.tolist(), strict=True
            )
        ]
    return truth, results


def mean_ap_by_loop(
    truth: Mapping[str, Mapping], results: Mapping[str, Sequence], tiou: Sequence[float]
) -> list[float]:
    """mAP in percent by the rules of `anet`, one detection at a time in plain Python."""
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
    """AP of one class: hits by falling score, then the precision envelope from the end."""
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
    found, highest, area = sum(hits), 0.0, 0.0
    for place in range(len(hits), 0, -1):
        highest = max(highest, found / place)
        if hits[place - 1]:
            area += highest
            found -= 1
    return area / sum(map(len, annotated.values()))


def segment_overlap(one: Sequence[float], two: Sequence[float]) -> float:
    """|and| / |or| of two segments."""
    shared = max(min(one[1], two[1]) - max(one[0], two[0]), 0.0)
    either = (one[1] - one[0]) + (two[1] - two[0]) - shared
    return shared / either if either > 0 else 0.0
