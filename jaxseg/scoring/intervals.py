"""The stage that scores a localisation run: reads its files and writes `evaluation.json`."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from jaxseg.evaluation import evaluate_localization
from jaxseg.evaluation.localization.evaluate import ranked_rows
from jaxseg.evaluation.localization.matching import count, prepare
from jaxseg.evaluation.localization.protocols import find_protocol, parse_tiou, ranking
from jaxseg.formats.detections import (
    Segments,
    mapping,
    predicted_segments,
    truth_segments,
)
from jaxseg.formats.files import read_json
from jaxseg.formats.wtalc import read_ambiguous
from jaxseg.scoring.files import write_json
from jaxseg.scoring.score_tables import reduce_scores, spread
from jaxseg.scoring.summary import GENERATED, NO_TRUTH

CURVES_AT = 0.5  # tIoU of the precision-recall curves


class Run(NamedTuple):
    """What one member predicts for the test videos."""

    variant: str
    seed: int
    predictions: Segments


class Files(NamedTuple):
    """What a run's folder holds.

    Attributes:
        truth: of the test videos.
        runs: one a member.
        checkpoint: a sentence on which parameters were tested; "" where the files say none.
    """

    truth: Segments
    runs: list[Run]
    checkpoint: str


def evaluate(
    workdir: Path,
    *,
    protocols: Sequence[str] = ("anet",),
    tiou: str = "thumos14",
    ambiguous: str = "",
) -> dict:
    """Scores the detections of a run in its test videos under each protocol.

    Args:
        workdir: holds `dataset.json`, `members.json`, `truth.json` and
            `predictions/<member>.json`.
        protocols: names of `jaxseg.evaluation.localization.protocols.PROTOCOLS`.
        tiou: thresholds, see `parse_tiou`: "thumos14", "activitynet" or "0.1:0.7:0.1".
        ambiguous: file of intervals that are neither action nor background, for the protocols
            that know such; "" where there is none.

    Returns:
        What it writes to `evaluation.json`: scores in percent, with mean, population standard
        deviation and values over the seeds; no scores where the test videos have no truth.

    Raises:
        ValueError: a file that is missing or broken, named with the offending value; then
            nothing is written.
    """
    workdir = Path(workdir)
    dataset = read_json(workdir / "dataset.json")
    evaluation = {"task": "localization", "units": "percent", "data": describe(dataset)}
    files = read_files(workdir, dataset)
    evaluation["checkpoint"] = files.checkpoint
    if len(files.truth.video):
        thresholds = parse_tiou(tiou)
        intervals = read_ambiguous(Path(ambiguous)) if ambiguous else None
        evaluation["protocols"] = {
            name: score(files, name, thresholds, intervals) for name in protocols
        }
    else:
        evaluation |= {"protocols": {}, "note": NO_TRUTH}
    write_json(workdir / "evaluation.json", evaluation)
    return evaluation


def describe(dataset: dict) -> dict:
    """What the scores are of: the data set's name, sizes and, where generated, a warning."""
    return {
        "name": dataset["name"],
        "generated": dataset["generated"],
        "note": GENERATED if dataset["generated"] else "",
        "videos": len(test_videos(dataset)),
        "classes": len(dataset["classes"]),
    }


def test_videos(dataset: dict) -> list[str]:
    """Names of the videos that are scored."""
    return [video["name"] for video in dataset["videos"] if video["subset"] == "test"]


def read_files(workdir: Path, dataset: dict) -> Files:
    """Truth and predictions of the test videos; others in the files are passed over."""
    names = test_videos(dataset)
    path = workdir / "truth.json"
    truth = truth_segments(of_videos(path, "database", names)[0], str(path))
    runs, checkpoint = [], ""
    for member in read_json(workdir / "members.json"):
        path = workdir / "predictions" / f"{member['directory']}.json"
        results, content = of_videos(path, "results", names)
        segments = predicted_segments(results, str(path))
        runs.append(Run(member["variant"], member["seed"], segments))
        checkpoint = content.get("external_data", {}).get("checkpoint", "")
    return Files(truth, runs, checkpoint)


def of_videos(path: Path, part: str, names: Sequence[str]) -> tuple[dict, dict]:
    """The entries of these videos in a part of a file, and the whole file.

    Raises:
        ValueError: no such file or part, or no entry of a video.
    """
    content = mapping(read_json(path), str(path), f"{part!r}")
    entries = mapping(content.get(part, {}), str(path), "videos")
    for name in names:
        if name not in entries:
            raise ValueError(f"{path}: no {part!r} of the test video {name!r}")
    return {name: entries[name] for name in names}, content


def score(files: Files, protocol: str, tiou: Sequence[float], ambiguous: Segments | None) -> dict:
    """One protocol's entry of `evaluation.json`."""
    options = {"protocol": protocol, "tiou": tiou, "ambiguous": ambiguous}
    results = [
        evaluate_localization(files.truth, run.predictions, errors=True, proposals=True, **options)
        for run in files.runs
    ]
    first = results[0]
    notes = {note: None for result in results for note in result["notes"]}
    return {
        "settings": settings(protocol, tiou, ambiguous),
        "counts": {
            **{name: first[name] for name in ("videos", "classes", "truths")},
            "predictions": spread([result["predictions"] for result in results]),
        },
        "results": over_seeds(files, results, protocol, ambiguous),
        "notes": list(notes),
    }


def settings(protocol: str, tiou: Sequence[float], ambiguous: Segments | None) -> dict:
    """The rules behind a protocol's scores, for the reader of `evaluation.json`."""
    rule = find_protocol(protocol)
    return {
        "units": "percent",
        "rule": rule.summary,
        "used by": rule.used_by,
        "tiou": list(tiou),
        "ambiguous": ambiguous.source if ambiguous else "",
    }


def over_seeds(
    files: Files, results: list[dict], protocol: str, ambiguous: Segments | None
) -> list[dict]:
    """One entry a variant, with the mean and spread of its seeds, and curves of the first."""
    variants: dict[str, list[int]] = {}
    for index, run in enumerate(files.runs):
        variants.setdefault(run.variant, []).append(index)
    return [
        {"variant": variant, "seeds": [files.runs[index].seed for index in chosen]}
        | reduce_scores([score_tables(results[index]) for index in chosen], spread)
        | {
            "precision_recall": precision_recall(
                files.truth, files.runs[chosen[0]].predictions, protocol, ambiguous
            )
        }
        for variant, chosen in variants.items()
    ]


def score_tables(result: dict) -> dict:
    """The scores of one member, as tables of numbers."""
    names = [f"{threshold:g}" for threshold in result["tiou"]]
    recall = result["proposals"]
    return {
        "predictions": result["predictions"],
        "map": dict(zip(names, result["map"], strict=True)),
        "averages": result["averages"],
        "average_precision": {
            label: dict(zip(names, values, strict=True))
            for label, values in result["classes_ap"].items()
        },
        "classification_map": result["classification_map"],
        "errors": {"all": result["errors"]["all"], "missed": result["errors"]["missed"]},
        "recall": {
            "auc": recall["auc"],
            "ar": dict(zip(map(str, recall["an"]), recall["ar"], strict=True)),
        },
    }


def precision_recall(
    truth: Segments, predictions: Segments, protocol: str, ambiguous: Segments | None
) -> dict[str, list]:
    """Class -> [[recall, precision], ...] in percent at each hit, at tIoU 0.5."""
    rule = find_protocol(protocol)
    task = prepare(truth, predictions, rule, ambiguous)
    counts = count(task, rule, [CURVES_AT])
    curves = {}
    for label, (name, rows) in enumerate(zip(task.classes, ranked_rows(counts), strict=True)):
        ranked = ranking(counts.hits[rows, 0], counts.forgiven[rows], counts.positives[label])
        points = np.stack([ranked.recall, ranked.precision], axis=1)[ranked.hits]
        curves[name] = np.round(100 * points, 3).tolist()
    return curves


def summary_lines(evaluation: dict) -> list[str]:
    """An evaluation as a compact text table, one line an item."""
    lines = [evaluation["note"]] if "note" in evaluation else []
    for name, entry in evaluation["protocols"].items():
        lines += protocol_lines(name, entry)
    if evaluation["checkpoint"]:
        lines.append(evaluation["checkpoint"])
    if evaluation["data"]["generated"]:
        lines = [GENERATED, *lines, GENERATED]
    return lines


def protocol_lines(name: str, entry: dict) -> list[str]:
    """mAP at each tIoU and its means, a line a variant."""
    counts, first = entry["counts"], entry["results"][0]
    titles = [f"@{threshold}" for threshold in first["map"]]
    rows = [("", [*titles, *first["averages"], "class mAP"])]
    for result in entry["results"]:
        seeds = len(result["seeds"])
        label = f"{result['variant'] or 'trained'} ({seeds} {'seed' if seeds == 1 else 'seeds'})"
        scores = [*result["map"].values(), *result["averages"].values()]
        scores.append(result["classification_map"])
        rows.append((label, [f"{each['mean']:.1f} ± {each['std']:.1f}" for each in scores]))
    width = max(len(label) for label, _ in rows)
    return [
        f"{name}: {counts['videos']} test videos, {counts['classes']} classes,"
        f" {counts['truths']} true segments, {counts['predictions']['mean']:.0f} predictions;"
        " mAP in percent, mean ± std over seeds",
        *(
            f"  {label:{width}}" + "".join(f"{value:>12}" for value in values)
            for label, values in rows
        ),
        *(f"  {note}" for note in entry["notes"]),
    ]
