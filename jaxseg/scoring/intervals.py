"""The stage that scores a localization run: reads its files and writes `evaluation.json`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from jaxseg.evaluation import evaluate_localization
from jaxseg.evaluation.localization.evaluate import rankings
from jaxseg.evaluation.localization.matching import count, prepare
from jaxseg.evaluation.localization.protocols import find_protocol, parse_tiou
from jaxseg.formats.detections import Segments, select
from jaxseg.formats.wtalc import read_ambiguous
from jaxseg.runfiles.about import LocalizationData, Member, read_dataset, read_members
from jaxseg.runfiles.evaluation import write_evaluation
from jaxseg.runfiles.localization import read_detections, read_truth
from jaxseg.scoring.files import (
    GENERATED,
    over_seeds,
    result_row,
    spread_entry,
    table,
)

NO_SEGMENTS = "the test videos have no true segments: no scores"
CURVES_AT = 0.5  # tIoU of the precision-recall curves


class TestedRun(NamedTuple):
    """Truth and detections of a run in its test videos."""

    truth: Segments  # of the test videos
    members: Sequence[Member]  # all of them
    detections: list[Segments]  # of every member
    checkpoint: str  # a sentence on which parameters were tested; "" where the files do not say


def evaluate(
    workdir: Path,
    *,
    protocols: Sequence[str] = ("anet",),
    tiou: str = "thumos14",
    ambiguous: str = "",
) -> dict[str, Any]:
    """Scores the detections of a run in its test videos under each protocol.

    `protocols` and `tiou` are those of `jaxseg.evaluation.localization.protocols`; `ambiguous` is a
    file of intervals that are neither action nor background, or "". The result is the content of
    `evaluation.json`: scores in percent, with mean, population standard deviation and values over
    the seeds; no scores where the test videos have no truth. ValueError for a file that is missing
    or broken; then nothing is written.
    """
    workdir = Path(workdir)
    data = read_dataset(workdir)
    evaluation = {"task": "localization", "units": "percent", "data": describe(data)}
    run = read_tested_run(workdir, data)
    evaluation["checkpoint"] = run.checkpoint
    if len(run.truth.video):
        thresholds = parse_tiou(tiou)
        intervals = read_ambiguous(Path(ambiguous)) if ambiguous else None
        evaluation["protocols"] = {
            name: score(run, name, thresholds, intervals) for name in protocols
        }
    else:
        evaluation |= {"protocols": {}, "note": NO_SEGMENTS}
    write_evaluation(workdir, evaluation)
    return evaluation


def describe(data: LocalizationData) -> dict[str, Any]:
    """Name and sizes of the data set and, where it is generated, a warning."""
    return {
        "name": data.name,
        "generated": data.generated,
        "note": GENERATED if data.generated else "",
        "videos": len(data.test_videos),
        "classes": len(data.classes),
    }


def read_tested_run(workdir: Path, data: LocalizationData) -> TestedRun:
    """Truth and detections of the test videos; other videos in the files are passed over."""
    truth = read_truth(workdir, data)
    if truth is None:
        raise ValueError(f"{workdir / 'truth.json'}: No such file")
    members, segments, checkpoint = read_members(workdir, data), [], ""
    for member in members:
        detections = read_detections(workdir, member, data)
        segments.append(of_videos(detections.segments, data.test_videos))
        checkpoint = detections.checkpoint
    return TestedRun(of_videos(truth, data.test_videos), members, segments, checkpoint)


def of_videos(segments: Segments, names: Sequence[str]) -> Segments:
    """Segments of some of the videos, video by video in the order of `names`.

    Labels are numbered anew, in order of first appearance: their order is that of the scores.
    """
    place = {name: number for number, name in enumerate(names)}
    places = np.array([place.get(name, -1) for name in segments.videos], np.int64)
    video = places[segments.video]
    order = np.argsort(video, kind="stable")
    kept = select(segments._replace(video=video), order[video[order] >= 0])
    used, first, label = np.unique(kept.label, return_index=True, return_inverse=True)
    by_appearance = np.argsort(first)
    number = np.empty_like(by_appearance)
    number[by_appearance] = np.arange(len(used))
    subsets = dict(zip(segments.videos, segments.subsets, strict=True))
    return kept._replace(
        videos=tuple(names),
        subsets=tuple(subsets[name] for name in names),
        labels=tuple(segments.labels[index] for index in used[by_appearance]),
        label=number[label],
    )


def score(
    run: TestedRun, protocol: str, tiou: Sequence[float], ambiguous: Segments | None
) -> dict[str, Any]:
    """One protocol's entry of `evaluation.json`."""
    results = [
        evaluate_localization(
            run.truth,
            detections,
            protocol=protocol,
            tiou=tiou,
            ambiguous=ambiguous,
            errors=True,
            proposals=True,
        )
        for detections in run.detections
    ]
    rule, first = find_protocol(protocol), results[0]
    notes = {note: None for result in results for note in result["notes"]}
    entries = over_seeds(
        ({"variant": member.variant}, member.seed, score_tables(result))
        for member, result in zip(run.members, results, strict=True)
    )
    variants = [member.variant for member in run.members]
    for entry in entries:
        predictions = run.detections[variants.index(entry["variant"])]
        entry["precision_recall"] = precision_recall(run.truth, predictions, protocol, ambiguous)
    return {
        "settings": {
            "units": "percent",
            "rule": rule.summary,
            "used by": rule.used_by,
            "tiou": first["tiou"],
            "ambiguous": ambiguous.source if ambiguous else "",
        },
        "counts": {
            **{name: first[name] for name in ("videos", "classes", "truths")},
            "predictions": spread_entry([result["predictions"] for result in results]),
        },
        "results": entries,
        "notes": list(notes),
    }


def score_tables(result: dict[str, Any]) -> dict[str, Any]:
    """Scores of one member as `evaluation.json` has them."""
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
    curves = {}
    for label, _, ranked in rankings(count(task, rule, [CURVES_AT])):
        points = np.stack([ranked.recall, ranked.precision], axis=1)[ranked.hits]
        curves[task.classes[label]] = np.round(100 * points, 3).tolist()
    return curves


def summary_lines(evaluation: dict) -> list[str]:
    """The evaluation as a text table for the terminal, line by line."""
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
        scores = [*result["map"].values(), *result["averages"].values()]
        rows.append(result_row(result, [*scores, result["classification_map"]]))
    return [
        f"{name}: {counts['videos']} test videos, {counts['classes']} classes,"
        f" {counts['truths']} true segments, {counts['predictions']['mean']:.0f} predictions;"
        " mAP in percent, mean ± std over seeds",
        *table(rows, width=12),
        *(f"  {note}" for note in entry["notes"]),
    ]
