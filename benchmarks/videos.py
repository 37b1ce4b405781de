"""From pixels to segments, on videos whose truth is known: each kind of features, beside baselines.

The videos are those that configs/asot_videos.py joins of recordings of signs, and the generated
films of benchmarks.films; on request also one long video of each person's signs, or many short ones
(--sets=long,short). Every run is that config, whose rows are

    ASOT, auto    told the number of actions; duration and order come from the data
    ASOT, told    told the mean length of a true segment and that actions recur, too
    ASOT, K = 7   told nothing: 7 is what is taken where nobody says how many there are

beside the trivial predictions and k-means on the same frames. Scores are those of asot-exact, with
one matching for each activity; boundaries are those of all videos together, paired within half a
second. The number of actions is that of the truth, for each person of the signs.

    python -m benchmarks.videos
    python -m benchmarks.videos --sets=signs --kinds=motion --rows=auto --json=videos.json
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks import films, harness
from benchmarks.harness import ROOT, Column, Table, positive, timed
from benchmarks.sequences import MAIN, SCORES, main_mean, score_text, spread
from jaxseg.command_line import comma_list
from jaxseg.evaluation import trivial_baselines
from jaxseg.evaluation.segmentation.groups import run_starts
from jaxseg.features.kinds import FITTED
from jaxseg.footage import signs
from jaxseg.formats.files import read_json
from jaxseg.formats.labels import read_names

REACH = 0.5  # seconds by which a boundary may be off
PROTOCOL = "asot-exact"
ONE_LONG = {"num_videos": 1, "num_segments": (120, 120)}  # about five minutes
MANY_SHORT = {"num_videos": 20, "num_segments": (2, 3)}  # about six seconds each
BOUNDARIES = "F1 ±0.5 s"
SEGMENTS = "segments"  # mean number a video
OWN = {"auto": "ASOT, auto", "told": "ASOT, told", "guess": "ASOT, K = 7"}
PEERS = {"equal_split": "equal split", "one_class": "one class", "kmeans": "k-means"}


class Set(NamedTuple):
    """Videos whose truth is known."""

    title: str
    make: Callable[[Path], Path]  # into a folder
    actions: int = 0  # of each activity; 0: as the config knows it


SETS = {
    "signs": Set("Signs", signs.make),
    "films": Set("Generated films", films.make, len(films.ACTIONS)),
    "long": Set("Signs, one long video of each person", partial(signs.make, **ONE_LONG)),
    "short": Set("Signs, many short videos", partial(signs.make, **MANY_SHORT)),
}

Labels = Mapping[tuple[str, str], np.ndarray]  # (activity, video) -> [frames]


def measure(options: argparse.Namespace) -> dict:
    """Numbers of all sets and kinds."""
    with tempfile.TemporaryDirectory() as temporary:
        top = (options.workdir or Path(temporary)).resolve()
        rows = []
        for name in options.sets:
            videos = SETS[name].make(top / name / "videos")
            for kind in options.kinds:
                rows += run_kind(name, kind, videos, top / name / kind, options)
        return {"seeds": options.seeds, "rows": rows}


def run_kind(
    name: str, kind: str, videos: Path, folder: Path, options: argparse.Namespace
) -> list[dict]:
    """Rows of one kind of features; they are made once, in the first run."""
    rows, first = [], folder / options.rows[0]
    for own in options.rows:
        workdir = folder / own
        if workdir != first and not (workdir / "features").exists():
            shutil.copytree(first / "features", workdir / "features")
        values = {
            "data.videos": videos,
            "data.features": kind,
            "seeds": options.seeds,
            "evaluation.protocols": PROTOCOL,
        }
        if own == "guess":
            values["num_actions"] = 7
        elif SETS[name].actions:
            values["num_actions"] = SETS[name].actions
        if own == "told":
            values |= {"duration": mean_segment(videos), "order": "free"}
        arguments = [f"--config.{key}={value}" for key, value in values.items()]
        config = ROOT / "configs" / "asot_videos.py"
        seconds, _ = timed(lambda: harness.run_main(*arguments, config=config, workdir=workdir))  # noqa: B023
        found = score(workdir, OWN[own], peers=workdir == first)
        found[0]["seconds"] = seconds
        rows += [{"videos": name, "features": kind, **row} for row in found]
    return rows


def mean_segment(videos: Path) -> float:
    """Mean length of a true segment, in seconds."""
    tables = [path.read_text().splitlines()[1:] for path in videos.glob("groundTruth/**/*.csv")]
    ends = [float(lines[-1].split(",")[1]) for lines in tables]
    return round(sum(ends) / sum(map(len, tables)), 1)


def score(workdir: Path, title: str, *, peers: bool) -> list[dict]:
    """Row of a run, and those of what its evaluation has beside it."""
    fps = read_json(workdir / "features" / "features.json")["fps"]
    scores = read_json(workdir / "evaluation.json")["protocols"][PROTOCOL]
    members = read_json(workdir / "members.json")
    clusters = {member["activity"]: member["num_clusters"] for member in members}
    truth = read_labels(workdir / "truth", "", clusters)
    seeds = sorted({member["seed"] for member in members})
    runs = {title: [read_labels(workdir / "predictions", f"seed{n}", clusters) for n in seeds]}
    found = {title: scores["results"][0]}
    if peers:
        found |= {PEERS[key]: entry for key, entry in scores["baselines"].items()}
        runs["k-means"] = [
            read_labels(workdir / "peers", f"kmeans,seed{n}", clusters) for n in seeds
        ]
        runs |= {PEERS[key]: [labels] for key, labels in trivial(truth, clusters).items()}
    rows = []
    for program, entry in found.items():
        parts = {column: (entry[SCORES[column][0]]["macro"], SCORES[column][2]) for column in MAIN}
        borders = [boundary_f1(truth, run, round(REACH * fps)) for run in runs[program]]
        rows.append(
            {
                "program": program,
                "seconds": None,
                **{column: spread(scores[key]) for column, (scores, key) in parts.items()},
                BOUNDARIES: spread(borders),
                SEGMENTS: float(np.mean([num_segments(run) for run in runs[program]])),
            }
        )
    return rows


def read_labels(folder: Path, directory: str, activities: Mapping[str, int]) -> Labels:
    """Labels of all videos: numbers that are equal where the lines of a file are."""
    return {
        (activity, path.stem): np.unique(read_names(path), return_inverse=True)[1]
        for activity in activities
        for path in sorted((folder / activity / directory).glob("*.txt"))
    }


def trivial(truth: Labels, clusters: Mapping[str, int]) -> dict[str, Labels]:
    """Labels of the trivial predictions, by their name."""
    found: dict[str, dict] = {}
    for activity, count in clusters.items():
        own = {video: labels for (where, video), labels in truth.items() if where == activity}
        for name, labels in trivial_baselines(own, {"all": count}).items():
            keyed = {(activity, video): each for video, each in labels.items()}
            found.setdefault(name, {}).update(keyed)
    return found


def num_segments(labels: Labels) -> float:
    """Mean number of segments a video."""
    return float(np.mean([len(run_starts(each)) for each in labels.values()]))


def boundary_f1(truth: Labels, predicted: Labels, reach: int) -> float:
    """F1 of boundaries over all videos together, in percent."""
    counts = [count_boundaries(truth[name], predicted[name], reach) for name in truth]
    return 100 * add_boundaries(counts).f1


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
    """A table for each set, mean and deviation over seeds, and which kind of features is best."""
    parts: list[str | Table] = [
        f"Videos whose segments are known, {results['seeds']} seeds, percent, {PROTOCOL}"
    ]
    columns = (
        Column("features", "features"),
        Column("", "program"),
        *(Column(name, name, score_text) for name in (*MAIN, BOUNDARIES)),
        Column("segments", SEGMENTS, "{:.1f}".format),
        Column("seconds", "seconds", "{:.0f}".format),
    )
    for name in dict.fromkeys(row["videos"] for row in results["rows"]):
        rows = [row for row in results["rows"] if row["videos"] == name]
        parts.append(Table(columns, rows, SETS[name].title))
    auto = [row for row in results["rows"] if row["program"] == OWN["auto"]]
    kinds = dict.fromkeys(row["features"] for row in auto)
    means = {
        kind: float(np.mean([main_mean(row) for row in auto if row["features"] == kind]))
        for kind in kinds
    }
    words = ", ".join(f"{kind} {mean:.1f}" for kind, mean in means.items())
    parts.append(f"Mean of MoF, F1 and mIoU over all videos, ASOT, auto: {words or 'not run'}")
    parts.append(
        f"{BOUNDARIES}: of boundaries that are within half a second of a true one; segments: of a "
        "video; seconds: of the whole run, in the first row of each kind features included"
    )
    return parts


def some_of(*names: str) -> Callable[[str], list[str]]:
    """Type of an argument: some of these names, with commas between them."""

    def parse(text: str) -> list[str]:
        found = comma_list(text)
        if unknown := [name for name in found if name not in names]:
            raise argparse.ArgumentTypeError(f"{unknown[0]!r} is none of {', '.join(names)}")
        return list(found)

    return parse


def main(arguments: Sequence[str] | None = None) -> int:
    parser = harness.parser("videos", __doc__)
    add = parser.add_argument
    usual = {"sets": ["signs", "films"], "kinds": list(FITTED), "rows": list(OWN)}
    for option, names in (("sets", SETS), ("kinds", FITTED), ("rows", OWN)):
        default, kind = usual[option], some_of(*names)
        help = f"of {', '.join(names)} ({','.join(default)})"
        add(f"--{option}", type=kind, default=default, metavar="X,...", help=help)
    add("--workdir", type=Path, metavar="DIR", help="of the runs, which are continued")
    add("--seeds", type=positive, default=5, metavar="S", help="runs (5)")
    return harness.run(parser.parse_args(arguments), measure, report)


if __name__ == "__main__":
    sys.exit(main())
