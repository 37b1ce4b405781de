"""How long scoring takes, beside plain Python that looks at one frame or detection at a time.

Segmentation: labels of Breakfast's size (1,712 videos, 3.6 million frames) under every protocol,
two trivial baselines included. Localization: truth and detections of the size of ActivityNet
v1.3's validation set (4,728 videos, 200 classes, 200 detections for each video) at ten thresholds.

    python -m benchmarks.evaluation
    python -m benchmarks.evaluation --breakfast=breakfast_coarse_xml.tar.gz --task=segmentation
"""

import argparse
import sys
import tarfile
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np

from benchmarks import harness
from benchmarks.harness import Column, Table
from benchmarks.plain_python import mean_ap_by_loop, per_frame_scores
from jaxseg.evaluation import PROTOCOLS, evaluate_segmentation
from jaxseg.evaluation.localization.evaluate import evaluate_localization
from jaxseg.evaluation.localization.protocols import PROTOCOLS as LOCALIZATION_PROTOCOLS
from jaxseg.evaluation.localization.protocols import SETS
from jaxseg.formats.detections import predicted_segments, truth_segments

NUM_VIDEOS, NUM_ACTIVITIES, MEAN_FRAMES = 1712, 10, 2100
NUM_LOCALIZED, NUM_CLASSES, NUM_DETECTIONS, DURATION = 4728, 200, 200, 120.0
TIOU = SETS["activitynet"]
TENTH = 10


class Labels(NamedTuple):
    """Data set of labels: its source, video -> int64 [frames], and video -> activity."""

    source: str
    truth: dict[str, np.ndarray]
    predictions: dict[str, np.ndarray]
    activities: dict[str, str]


def measure(options: argparse.Namespace) -> dict:
    """Numbers of the whole run."""
    results = {}
    if options.task != "localization":
        results["segmentation"] = segmentation_rows(options.scale, options.breakfast)
    if options.task != "segmentation":
        results["localization"] = localization_rows(options.scale)
    return results


def row(work: str, videos: Sequence | Mapping, items: int, seconds: float, **more: object) -> dict:
    """One row: the work, its size, and the processor time on all cores together."""
    return {"work": work, "videos": len(videos), "items": items, "seconds": seconds, **more}


def processor_time(work: Callable[[], object]) -> tuple[float, object]:
    """Seconds of processor time, on however many cores, and the result of a call."""
    return harness.timed(work, time.process_time)


def segmentation_rows(scale: float, archive: Path | None) -> dict:
    """Source of the labels, and rows for every protocol and for the loop on a tenth of them."""
    labels = make_labels(archive)
    names = sorted(labels.truth)[:: max(1, round(1 / scale))]
    frames = sum(len(labels.truth[name]) for name in names)
    rows = []
    for protocol in PROTOCOLS:
        seconds, _ = processor_time(lambda p=protocol: score(labels, names, p))
        rows.append(row(protocol, names, frames, seconds))
    rows.append(row("together", names, frames, sum(each["seconds"] for each in rows)))
    few = names[::TENTH]
    frames = sum(len(labels.truth[name]) for name in few)
    truth = {name: labels.truth[name].tolist() for name in few}
    predictions = {name: labels.predictions[name].tolist() for name in few}
    slow, expected = processor_time(lambda: per_frame_scores(truth, predictions, labels.activities))
    fast, scores = processor_time(
        lambda: [score(labels, few, each, baselines=False) for each in ("asot-exact", "mstcn")]
    )
    scores = scores[0]["averages"]["macro"] | scores[1]["metrics"]
    difference = max(abs(expected[key] - scores[key]) for key in expected)
    rows.append(row("asot-exact and mstcn by a loop, a tenth", few, frames, slow))
    rows.append(row("asot-exact and mstcn, a tenth, no baselines", few, frames, fast))
    return {"source": labels.source, "rows": rows, "largest_difference": difference}


def make_labels(archive: Path | None) -> Labels:
    """Labels of Breakfast's annotation, or generated ones, with generated predictions."""
    if archive:
        source, (truth, activities) = "Breakfast's annotation", read_annotation(archive)
    else:
        source, (truth, activities) = "generated", generate_truth()
    return Labels(source, truth, generate_predictions(truth, activities), activities)


def read_annotation(archive: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Reads Breakfast's annotation: one XML file for each video, with frames counted from 1."""
    truth, activities, classes = {}, {}, {}
    with tarfile.open(archive) as files:
        for member in files:
            path = PurePosixPath(member.name)
            if path.suffix != ".xml":
                continue
            runs = [
                (run.get("name"), int(run.get("startPoint")), int(run.get("endPoint")))
                for run in ElementTree.parse(files.extractfile(member)).iter("MotionLabel")
            ]
            name = f"{path.parent.name}/{path.stem}"
            labels = np.zeros(max(last for _, _, last in runs), np.int64)
            for label, first, last in runs:
                labels[first - 1 : last] = classes.setdefault(label, len(classes))
            truth[name], activities[name] = labels, path.parent.name
    return truth, activities


def generate_truth() -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Labels of Breakfast's size: seven classes in an activity, six runs in a video."""
    rng = np.random.default_rng(0)
    truth, activities = {}, {}
    for number in range(NUM_VIDEOS):
        activity = number % NUM_ACTIVITIES
        lengths = 1 + rng.geometric(6 / MEAN_FRAMES, 6)
        name = f"video{number:04}"
        truth[name] = np.repeat(5 * activity + rng.integers(0, 7, 6), lengths)
        activities[name] = f"activity{activity}"
    return truth, activities


def generate_predictions(truth, activities) -> dict[str, np.ndarray]:
    """Predictions that follow the truth at most three seconds late; a third of runs is random."""
    rng = np.random.default_rng(1)
    predictions = {}
    for name, labels in truth.items():
        late = labels[np.maximum(np.arange(len(labels)) - rng.integers(0, 45), 0)]
        runs = np.cumsum(rng.random(len(labels)) < 1 / 300)
        other = rng.choice(np.unique(labels), runs[-1] + 1)
        random = rng.random(runs[-1] + 1) < 1 / 3
        predictions[name] = np.where(random[runs], other[runs], late)
    return predictions


def score(labels: Labels, names: Sequence[str], protocol: str, *, baselines: bool = True) -> dict:
    """Scores of one protocol on some of the videos, matched by activity if it matches clusters."""
    return evaluate_segmentation(
        {name: labels.truth[name] for name in names},
        {name: labels.predictions[name] for name in names},
        protocol=protocol,
        match="activity" if PROTOCOLS[protocol].names else None,
        activities=labels.activities,
        baselines=baselines,
    )


def localization_rows(scale: float) -> list[dict]:
    """Rows for reading, for every protocol, and for a tenth of the videos by both ways.

    The last two rows have `map`, the mean over thresholds in percent, which has to be the same.
    """
    truth, results = generate_detections(max(TENTH, round(NUM_LOCALIZED * scale)))
    seconds, columns = processor_time(lambda: (truth_segments(truth), predicted_segments(results)))
    rows = [_detection_row("reading", results, seconds)]
    for protocol in LOCALIZATION_PROTOCOLS:
        seconds, _ = processor_time(
            lambda p=protocol: evaluate_localization(*columns, protocol=p, tiou=TIOU)
        )
        rows.append(_detection_row(protocol, results, seconds))
    names = list(truth)[::TENTH]
    truth, results = ({name: side[name] for name in names} for side in (truth, results))
    slow, loop = processor_time(lambda: mean_ap_by_loop(truth, results, TIOU))
    fast, ours = processor_time(lambda: evaluate_localization(truth, results, tiou=TIOU)["map"])
    for work, seconds, score in (
        ("anet by a loop, a tenth", slow, loop),
        ("anet with reading, a tenth", fast, ours),
    ):
        rows.append(_detection_row(work, results, seconds, map=float(np.mean(score))))
    return rows


def _detection_row(work: str, results: Mapping[str, Sequence], seconds: float, **more) -> dict:
    return row(work, results, sum(map(len, results.values())), seconds, **more)


def generate_detections(num_videos: int) -> tuple[dict, dict]:
    """Truth and detections in the form of ActivityNet's JSON.

    Half of a video's detections are shifted copies of its true segments, the other half lies
    anywhere; one in ten has another label.
    """
    rng = np.random.default_rng(0)
    truth, results = {}, {}
    for number in range(num_videos):
        count = rng.geometric(0.65)
        label = int(rng.integers(NUM_CLASSES))
        starts = rng.uniform(0, DURATION / 2, count)
        segments = np.stack([starts, starts + rng.uniform(2, DURATION / 2, count)], axis=1)
        copies = segments[rng.integers(count, size=NUM_DETECTIONS // 2)]
        copies = copies + rng.normal(0, 6, copies.shape)
        anywhere = rng.uniform(0, DURATION, (NUM_DETECTIONS - len(copies), 2))
        detected = np.sort(np.maximum(np.concatenate([copies, anywhere]), 0), axis=1)
        other = rng.random(NUM_DETECTIONS) < 0.1
        labels = np.where(other, rng.integers(NUM_CLASSES, size=NUM_DETECTIONS), label)
        scores = rng.random(NUM_DETECTIONS)
        name = f"video{number:05}"
        truth[name] = {
            "annotations": [{"label": str(label), "segment": each} for each in segments.tolist()]
        }
        results[name] = [
            {"label": str(each), "score": score, "segment": segment}
            for each, score, segment in zip(
                labels.tolist(), scores.tolist(), detected.tolist(), strict=True
            )
        ]
    return truth, results


def report(results: dict) -> list[str | Table]:
    """Report of a run."""
    parts: list[str | Table] = ["Seconds of processor time that scoring takes"]
    if "segmentation" in results:
        part = results["segmentation"]
        parts.append(Table(_columns("frames"), part["rows"], f"Segmentation, {part['source']}"))
        parts.append(f"the loop's scores differ by {part['largest_difference']:.1e} at most")
    if "localization" in results:
        *_, loop, ours = rows = results["localization"]
        parts.append(Table(_columns("detections"), rows, "Localization, generated"))
        parts.append(f"mAP by the loop {loop['map']:.6f}, by jaxseg.evaluation {ours['map']:.6f}")
    return parts


def _columns(items: str) -> tuple[Column, ...]:
    return (
        Column("work", "work"),
        Column("videos", "videos", "{:,}".format),
        Column(items, "items", "{:,}".format),
        Column("s", "seconds", "{:.2f}".format),
    )


def share(text: str) -> float:
    """Type of an argument: a number above 0 and at most 1."""
    value = float(text)
    if not 0 < value <= 1:
        raise argparse.ArgumentTypeError(f"{value} is not in (0, 1]")
    return value


def main(arguments: Sequence[str] | None = None) -> int:
    parser = harness.parser("evaluation", __doc__)
    add = parser.add_argument
    add("--scale", type=share, default=1.0, help="share of the work (1)")
    add("--task", choices=("segmentation", "localization"), help="one of the two alone")
    add(
        "--breakfast",
        type=Path,
        metavar="FILE",
        help="Breakfast's coarse annotation as published, breakfast_coarse_xml.tar.gz "
        "(default: generated labels)",
    )
    return harness.run(parser.parse_args(arguments), measure, report)


if __name__ == "__main__":
    sys.exit(main())
