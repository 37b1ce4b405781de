"""jaxseg beside other programs on folders of sequences that have a truth.

Every folder is read as configs/asot_folder.py reads it (features and groundTruth/). The rows are

    jaxseg, auto             that config as it is, and the number of actions
    jaxseg, told             the duration of an action and its order given, too
    equal split, one class   the trivial predictions
    k-means, as scaled       on the frames that jaxseg's training sees
    k-means, HMM, TW-FINCH   with the better of two scalings, over the folder or a sequence

The HMM and TW-FINCH are in benchmarks/peers. Scores are those of asot-exact, with one matching for
the whole folder ("MoF") and with one for each sequence ("MoF/seq."). TW-FINCH sees one sequence at
a time: for the first its clusters are joined by k-means of their mean frames. The number of actions
is that of the classes unless it is given, the duration the mean length of a true segment. Long data
are thinned to means of a few frames for the HMM, long sequences for TW-FINCH.

    python -m benchmarks.sequences DATA/gesture_phase DATA/utkinect --seeds=5 --out=OUT
    python -m benchmarks.sequences COFFEE5 --actions=COFFEE5=7 --order=COFFEE5=shared --out=OUT

OUT gets sequences.md, sequences.png, sequences.json and the runs of jaxseg, each with its report.
"""

import argparse
import itertools
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from tqdm import tqdm

from benchmarks import harness
from benchmarks.harness import Column, Report, Table, positive, timed
from benchmarks.peers.programs import PEERS, Peer, Runs
from jaxseg import data as data_sets
from jaxseg.command_line import comma_list
from jaxseg.config.shared import DataConfig
from jaxseg.data.segmentation.records import DataSet
from jaxseg.evaluation import evaluate_segmentation
from jaxseg.formats.files import read_json

PROTOCOL = "asot-exact"
SCALINGS = ("folder", "sequence")
ORDERS = ("shared", "free")
# Column -> part of evaluation.json, scope of the matching, and score.
SCORES = {
    "MoF": ("full", "activity", "mof"),
    "F1": ("full", "activity", "f1"),
    "mIoU": ("full", "activity", "miou"),
    "MoF/seq.": ("per_video", "video", "mof"),
    "F1/seq.": ("per_video", "video", "f1"),
    "mIoU/seq.": ("per_video", "video", "miou"),
}
MAIN = ("MoF", "F1", "mIoU")
OWN = ("jaxseg, auto", "jaxseg, told")
TRIVIAL = {"equal_split": "equal split", "one_class": "one class", "kmeans": "k-means, as scaled"}
PROGRAMS = (*OWN, *TRIVIAL.values(), *PEERS)  # in the order of a table
NO_RIVAL = ("one class",)  # high in MoF wherever one class is, and a segmentation of nothing


class Facts(NamedTuple):
    """What a person who knows the data of a folder would say of it."""

    name: str
    root: Path
    actions: int
    duration: float  # frames
    order: str


def measure(options: argparse.Namespace) -> dict:
    """Numbers of all folders."""
    names = [root.resolve().name for root in options.folders]
    for option in (options.actions, options.order):
        if unknown := sorted(option.keys() - set(names)):
            raise ValueError(f"{unknown[0]!r} is none of the folders: {', '.join(names)}")
    if len(set(names)) < len(names):
        raise ValueError(f"two folders have one name: {', '.join(sorted(names))}")
    rows: list[dict] = []
    folders = []
    with tqdm(total=len(names) * (len(OWN) + len(PEERS)), unit="program") as bar:
        for name, root in zip(names, options.folders, strict=True):
            read = {scaling: load(root, scaling) for scaling in SCALINGS}
            told = facts(name, root, read[SCALINGS[0]], options)
            folders.append(told._asdict() | {"root": str(root), **sizes(read[SCALINGS[0]])})
            found = []
            for own in OWN:
                bar.set_description(f"{name}, {own}")
                found += run_jaxseg(told, own, options)
                bar.update()
            for title, peer in PEERS.items():
                bar.set_description(f"{name}, {title}")
                found.append(run_peer(title, peer, read, told, options.seeds))
                bar.update()
            rows += sorted(found, key=lambda row: PROGRAMS.index(row["program"]))
    return {"seeds": options.seeds, "folders": folders, "rows": rows}


def load(root: Path, scaling: str) -> DataSet:
    """The sequences of a folder, all of which need a truth."""
    loaded = data_sets.load(
        DataConfig(name="folder", root=str(root), scaling=scaling), progress=False
    )
    if not loaded.has_labels:
        raise ValueError(f"{root}: some sequences have no labels in groundTruth/")
    return loaded


def facts(name: str, root: Path, data: DataSet, options: argparse.Namespace) -> Facts:
    """The facts that the options give, and those of the truth."""
    classes = [
        len(np.unique(np.concatenate([video.labels for video in videos])))
        for videos in data.activities.values()
    ]
    segments = sum(1 + np.count_nonzero(np.diff(video.labels)) for video in data.videos)
    return Facts(
        name=name,
        root=root.resolve(),
        actions=options.actions.get(name, max(classes)),
        duration=float(round(sum(video.num_frames for video in data.videos) / segments, 1)),
        order=options.order.get(name, "free"),
    )


def sizes(data: DataSet) -> dict[str, int]:
    """Numbers for the head of a table."""
    frames = sum(video.num_frames for video in data.videos)
    return {"sequences": len(data.videos), "frames": frames, "channels": data.num_channels}


def run_jaxseg(told: Facts, own: str, options: argparse.Namespace) -> list[dict]:
    """Rows of a run of jaxseg and, of the first, of what stands beside it in its scores."""
    values: dict[str, Any] = {
        "data.root": told.root,
        "model.num_clusters": told.actions,
        "seeds": options.seeds,
        "evaluation.protocols": PROTOCOL,
    }
    if own == OWN[1]:
        values |= {"duration": told.duration, "order": told.order}
    workdir = options.out.resolve() / "runs" / told.name / own.rpartition(" ")[2]
    arguments = [f"--config.{key}={value}" for key, value in values.items()]
    seconds, _ = timed(
        lambda: harness.run_main(*arguments, config=options.config.resolve(), workdir=workdir)
    )
    entry = read_json(workdir / "evaluation.json")["protocols"][PROTOCOL]
    scored = {own: entry["results"][0]}
    if own == OWN[0]:
        scored |= {TRIVIAL[key]: scores for key, scores in entry["baselines"].items()}
    return [
        {
            "data": told.name,
            "program": program,
            "scaling": "",
            "seconds": seconds if program == own else None,
            **{
                column: spread(scores[part]["macro"][key])
                for column, (part, _, key) in SCORES.items()
            },
        }
        for program, scores in scored.items()
    ]


def spread(score: Mapping | float | Sequence[float]) -> dict:
    """Mean, population standard deviation and values, of values or of a score of a run."""
    if isinstance(score, Mapping):
        score = score["values"]
    values = [score] if isinstance(score, float) else list(score)
    return {"mean": statistics.fmean(values), "std": statistics.pstdev(values), "values": values}


def run_peer(
    title: str, peer: Peer, read: Mapping[str, DataSet], told: Facts, seeds: int
) -> dict[str, Any]:
    """Row of a peer, by the scaling with the higher mean of the three main scores."""
    best: dict[str, Any] = {}
    for scaling, data in read.items():
        seconds, runs = timed(lambda data=data: run_all(peer, data, told.actions, seeds))
        scored = {column: spread(scores(data, runs, column)) for column in SCORES}
        row = {"data": told.name, "program": title, "scaling": scaling, "seconds": seconds}
        row |= scored
        if not best or main_mean(row) > main_mean(best):
            best = row
    return best


def run_all(peer: Peer, data: DataSet, actions: int, seeds: int) -> Runs:
    """A peer on each activity of a data set; the labels of its videos, in their order."""
    groups = [peer(videos, actions, seeds) for videos in data.activities.values()]
    return Runs(
        *(
            [list(itertools.chain(*of_seed)) for of_seed in zip(*scope, strict=True)]
            for scope in zip(*groups, strict=True)
        )
    )


def main_mean(row: Mapping) -> float:
    """Mean of a row's main scores."""
    return statistics.fmean(row[column]["mean"] for column in MAIN)


def scores(data: DataSet, runs: Runs, column: str) -> list[float]:
    """One score of the labels of every seed."""
    names = [f"{video.activity}/{video.name}" for video in data.videos]
    truth = {name: video.labels for name, video in zip(names, data.videos, strict=True)}
    activities = {name: video.activity for name, video in zip(names, data.videos, strict=True)}
    _, match, key = SCORES[column]
    return [
        evaluate_segmentation(
            truth,
            dict(zip(names, labels, strict=True)),
            protocol=PROTOCOL,
            match=match,
            activities=activities,
            baselines=False,
        )["averages"]["macro"][key]
        for labels in getattr(runs, match)
    ]


def verdict(rows: Sequence[Mapping], own: str) -> str:
    """In which of the main scores a row of jaxseg is above all rivals, and what is above it."""
    (ours,) = (row for row in rows if row["program"] == own)
    rivals = [row for row in rows if row["program"] not in (*OWN, *NO_RIVAL)]
    above, below = [], []
    for column in MAIN:
        best = max(rivals, key=lambda row, column=column: row[column]["mean"])
        gain = ours[column]["mean"] - best[column]["mean"]
        if gain > 0:
            above.append(column)
        else:
            margin = f"{-gain:.1f} (± {ours[column]['std']:.1f})"
            below.append(f"in {column} {best['program']} is {margin} above")
    words = "; ".join([f"above all rivals in {', '.join(above) or 'no score'}", *below])
    return f"{own}: {len(above)} of {len(MAIN)}, {words}."


def score_text(score: Mapping) -> str:
    """Mean and, of several seeds, their standard deviation."""
    several = len(score["values"]) > 1
    return f"{score['mean']:.1f}" + (f" ± {score['std']:.1f}" if several else "")


COLUMNS = (
    Column("", "program"),
    *(Column(column, column, score_text) for column in SCORES),
    Column("scaling", "scaling"),
    Column("seconds", "seconds", "{:.0f}".format),
)


def report(results: dict) -> Report:
    """A table for each folder, each followed by what it says of jaxseg."""
    parts: list[str | Table] = [
        f"Sequences: jaxseg beside other programs, {results['seeds']} seeds, {PROTOCOL}"
    ]
    for folder in results["folders"]:
        rows = [row for row in results["rows"] if row["data"] == folder["name"]]
        title = (
            "{name}: {sequences} sequences, {frames} frames, {channels} channels, "
            "K = {actions}; told: {duration:g} frames, {order}".format(**folder)
        )
        parts.append(Table(COLUMNS, rows, title))
        parts += [verdict(rows, own) for own in OWN]
    return parts


def draw(results: dict, path: Path) -> None:
    """A column of panels for each folder, a row for each main score; a dot for each program."""
    from matplotlib.figure import Figure  # slow to import

    names = [folder["name"] for folder in results["folders"]]
    programs = [name for name in PROGRAMS if any(name == r["program"] for r in results["rows"])]
    own, other, _ = harness.COLORS
    figure = Figure(figsize=(1.9 + 2.2 * len(names), 0.6 + 2.1 * len(MAIN)), layout="constrained")
    grid = figure.subplots(len(MAIN), len(names), sharey=True, squeeze=False)
    for line, column in zip(grid, MAIN, strict=True):
        for axes, name in zip(line, names, strict=True):
            rows = {row["program"]: row for row in results["rows"] if row["data"] == name}
            rivals = [
                row[column]["mean"] for key, row in rows.items() if key not in (*OWN, *NO_RIVAL)
            ]
            axes.axvline(max(rivals), color=other, linewidth=0.8, linestyle="--")
            for place, program in enumerate(programs):
                score = rows[program][column]
                color = own if program in OWN else other
                places = [place] * len(score["values"])
                axes.plot(score["values"], places, ".", color=color, alpha=0.4)
                axes.plot(score["mean"], place, "|", color=color, markersize=12, markeredgewidth=2)
            axes.set_yticks(range(len(programs)), programs)
            axes.set(ylim=(len(programs) - 0.5, -0.5), xlim=(0, None))
            axes.grid(axis="x", alpha=0.3, linewidth=0.5)
            axes.set_xlabel(f"{column} [%]")
            if column == MAIN[0]:
                axes.set_title(name, fontsize="medium")
    note = "dots: seeds; bars: their mean; dashed: the best rival of jaxseg"
    figure.supxlabel(note, fontsize="small")
    figure.savefig(path, dpi=harness.DPI)


def pairs(kind: Callable[[str], Any]) -> Callable[[str], dict[str, Any]]:
    """Type of an argument: NAME=VALUE, separated by commas."""

    def parse(text: str) -> dict[str, Any]:
        found = {}
        for part in comma_list(text):
            name, is_pair, value = part.rpartition("=")
            if not is_pair:
                raise argparse.ArgumentTypeError(f"{part!r} is not NAME=VALUE")
            found[name] = kind(value)
        return found

    return parse


def order(text: str) -> str:
    """Type of an argument: an order."""
    if text not in ORDERS:
        raise argparse.ArgumentTypeError(f"{text!r} is not {' or '.join(ORDERS)}")
    return text


def main(arguments: Sequence[str] | None = None) -> int:
    parser = harness.parser("sequences", __doc__)
    add = parser.add_argument
    add("folders", nargs="+", type=Path, metavar="DIR", help="each with features and groundTruth/")
    actions = "K of some folders (as many as there are classes)"
    add("--actions", type=pairs(positive), default={}, metavar="NAME=K,...", help=actions)
    orders = "order that jaxseg is told of some folders: shared or free (free)"
    add("--order", type=pairs(order), default={}, metavar="NAME=ORDER,...", help=orders)
    add("--seeds", type=positive, default=5, metavar="S", help="runs of each program (5)")
    config = harness.ROOT / "configs" / "asot_folder.py"
    add("--config", type=Path, default=config, metavar="FILE", help="of jaxseg (asot_folder)")
    add("--out", type=Path, required=True, metavar="OUT", help="folder for all that is written")
    options = parser.parse_args(arguments)
    options.json = options.json or options.out / "sequences.json"
    options.markdown = options.markdown or options.out / "sequences.md"

    def measure_and_draw(options: argparse.Namespace) -> dict:
        options.out.mkdir(parents=True, exist_ok=True)
        results = measure(options)
        draw(results, options.out / "sequences.png")
        return results

    return harness.run(options, measure_and_draw, report)


if __name__ == "__main__":
    sys.exit(main())
