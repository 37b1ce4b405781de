"""`python -m benchmarks.evaluation`: how long scoring takes, beside per-frame Python.

Segmentation: labels of the size of Breakfast (1,712 videos, 3.6 million frames), its own annotation
where that lies beside the repository, under every protocol with both trivial baselines.
Localisation: detections of the size of ActivityNet's validation set at ten thresholds.
"""

import argparse
import sys
import tarfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np

from benchmarks.localization import localization_rows, seconds
from benchmarks.per_frame import per_frame_scores
from jaxseg.evaluation import PROTOCOLS, evaluate_segmentation

ANNOTATION = "../shared/data/breakfast_coarse_xml.tar.gz"
NUM_VIDEOS, NUM_ACTIVITIES, MEAN_FRAMES = 1712, 10, 2100
TENTH = 10


class Labels(NamedTuple):
    """A data set of labels: where from, video -> int64 [frames], and video -> activity."""

    source: str
    truth: dict[str, np.ndarray]
    predictions: dict[str, np.ndarray]
    activities: dict[str, str]


def make_labels() -> Labels:
    """Breakfast's annotation where it is at hand, generated labels elsewhere."""
    archive = Path(__file__).resolve().parents[1] / ANNOTATION
    if archive.is_file():
        source, (truth, activities) = "Breakfast's annotation", read_annotation(archive)
    else:
        source, (truth, activities) = "generated", generate_truth()
    return Labels(source, truth, generate_predictions(truth, activities), activities)


def read_annotation(archive: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Labels and activities from one XML file a video: label, first and last frame from 1 on."""
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
    """Labels of the same size: seven classes an activity, six runs a video."""
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
    """Clusters that follow the truth up to three seconds late, a third of them at random."""
    rng = np.random.default_rng(1)
    predictions = {}
    for name, labels in truth.items():
        late = labels[np.maximum(np.arange(len(labels)) - rng.integers(0, 45), 0)]
        runs = np.cumsum(rng.random(len(labels)) < 1 / 300)
        other = rng.choice(np.unique(labels), runs[-1] + 1)
        random = rng.random(runs[-1] + 1) < 1 / 3
        predictions[name] = np.where(random[runs], other[runs], late)
    return predictions


def print_segmentation(scale: float) -> None:
    """Times of every protocol, and of the loop on a tenth of the videos."""
    labels = make_labels()
    names = sorted(labels.truth)[:: max(1, round(1 / scale))]
    frames = sum(len(labels.truth[name]) for name in names)
    print(f"segmentation: {labels.source}, {len(names):,} videos, {frames:,} frames")
    times = {
        protocol: seconds(lambda p=protocol: score(labels, names, p))[1] for protocol in PROTOCOLS
    }
    for protocol, taken in times.items():
        print(f"  {protocol:<12}{taken:8.2f} s, two trivial baselines included")
    print(f"  {'together':<12}{sum(times.values()):8.2f} s of one core")
    print_loop(labels, names[::TENTH])


def score(labels: Labels, names: Sequence[str], protocol: str, *, baselines: bool = True) -> dict:
    """One protocol on some of the videos, matched by activity where it has a matching."""
    return evaluate_segmentation(
        {name: labels.truth[name] for name in names},
        {name: labels.predictions[name] for name in names},
        protocol=protocol,
        match="activity" if PROTOCOLS[protocol].names else None,
        activities=labels.activities,
        baselines=baselines,
    )


def print_loop(labels: Labels, names: Sequence[str]) -> None:
    """The per-frame loop and the evaluator on the same videos, and whether they agree."""
    truth = {name: labels.truth[name].tolist() for name in names}
    predictions = {name: labels.predictions[name].tolist() for name in names}
    loop, slow = seconds(lambda: per_frame_scores(truth, predictions, labels.activities))
    ours, fast = seconds(
        lambda: [score(labels, names, each, baselines=False) for each in ("asot-exact", "mstcn")]
    )
    found = ours[0]["averages"]["macro"] | ours[1]["metrics"]
    apart = max(abs(loop[key] - found[key]) for key in loop)
    print(f"  asot-exact and mstcn on a tenth, {len(names)} videos, no baselines:")
    print(f"    per-frame Python loop {slow:8.2f} s")
    print(f"    jaxseg.evaluation     {fast:8.2f} s; scores differ by {apart:.1e} at most")


def print_localization(scale: float) -> None:
    """Times of every protocol on detections, and of the loop on a tenth of the videos."""
    rows = localization_rows(scale)
    videos, detections = rows[0]["videos"], rows[0]["detections"]
    print(f"localization: generated, {videos:,} videos, {detections:,} detections")
    for row in rows:
        score = f", mAP {row['map']:.6f}" if "map" in row else ""
        print(f"  {row['work']:<32}{row['seconds']:8.2f} s{score}")


def main(argv: Sequence[str]) -> int:
    """Prints both benchmarks."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.evaluation")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the work (default 1)")
    parser.add_argument("--task", choices=("segmentation", "localization"), help="one alone")
    arguments = parser.parse_args(argv)
    if not 0 < arguments.scale <= 1:
        parser.error(f"--scale: {arguments.scale} is not in (0, 1]")
    if arguments.task != "localization":
        print_segmentation(arguments.scale)
    if arguments.task != "segmentation":
        print_localization(arguments.scale)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
