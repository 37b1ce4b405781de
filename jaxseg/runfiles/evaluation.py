"""The scores of a run, evaluation.json: what scoring has written, as the report reads it.

All scores are in percent. A score over seeds is a `Spread`.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from jaxseg.formats.files import write_text
from jaxseg.runfiles.checks import fields_of, finite, read_optional
from jaxseg.runfiles.segmentation import Spread

NAME = "evaluation.json"


def write_evaluation(workdir: Path, evaluation: Mapping[str, Any]) -> None:
    """Writes `evaluation.json` of a run of either task.

    Raises:
        ValueError: a score is not finite.
        OSError: with the file's name.
    """
    write_text(workdir / NAME, json.dumps(evaluation, indent=1, allow_nan=False))


class SegmentationScores(NamedTuple):
    """The scores of a segmentation run.

    Attributes:
        protocols: name -> {"settings", "counts", "baselines", "results"}. A result is
            {"variant", "decoding", "seeds"} and, for the parts "full" and "per_video",
            {"macro": {metric: score}, "pooled": {...}, "by_activity": {activity: {...}}}, where
            a score is {"mean", "std", "values"}; a baseline has the parts with plain numbers.
        matching: "<activity>/<directory>" -> cluster -> class, where one was matched.
        split_sil: whether Breakfast's SIL was scored as two classes.
        splits: {"train", "test", "seed", "unseen"} of each split; empty where members are tested
            on what they have learned from.
        split_note: how the splits were drawn, a sentence without its full stop; "" without any.
        test_share: share of the videos that a split is tested on; 0 without any.
    """

    protocols: Mapping[str, Mapping[str, Any]]
    matching: Mapping[str, Mapping[int, str]]
    split_sil: bool
    splits: tuple[Mapping[str, Any], ...]
    split_note: str
    test_share: float


def read_segmentation_scores(workdir: Path) -> SegmentationScores | None:
    """Reads `evaluation.json` of a segmentation run; None where there is none.

    Raises:
        ValueError: a field is missing or of another kind.
    """
    path = workdir / NAME
    content = read_optional(path)
    if content is None:
        return None
    with fields_of(path):
        tested = content.get("generalisation", {})
        for entry in content["protocols"].values():
            _check_protocol(entry)
        return SegmentationScores(
            protocols=content["protocols"],
            matching={
                key: {int(cluster): label for cluster, label in matched.items()}
                for key, matched in content.get("matching", {}).items()
            },
            split_sil=content.get("split_sil", False),
            splits=tuple(tested.get("splits", ())),
            split_note=tested.get("note", ""),
            test_share=tested.get("test_share", 0.0),
        )


def _check_protocol(entry: Mapping[str, Any]) -> None:
    """Raises KeyError or ValueError unless the averages have the shape that is documented."""
    entry["settings"], entry["counts"]
    for baseline in entry["baselines"].values():
        for part in ("full", "per_video"):
            for average in ("macro", "pooled"):
                for score in baseline[part][average].values():
                    finite(score)
    for result in entry["results"]:
        result["variant"], result["decoding"], result["seeds"]
        for part in ("full", "per_video"):
            tables = [result[part]["macro"], result[part]["pooled"]]
            for table in [*tables, *result[part]["by_activity"].values()]:
                for score in table.values():
                    _spread(score)


class LocalizationResult(NamedTuple):
    """Scores of one variant under a protocol, over its seeds.

    Attributes:
        scores: tIoU threshold, as in the file -> mAP.
        averages: range of thresholds ("0.1:0.7") -> mean mAP.
        classes: class -> threshold -> AP.
        classification: mAP of whole videos' classes.
        errors: kind -> mean count of detections.
        missed: mean count of true segments that no detection meets.
        recall: number of proposals a video -> average recall.
        curves: class -> [n, 2] recall and precision at each hit, tIoU 0.5, first seed.
    """

    variant: str
    seeds: tuple[int, ...]
    scores: Mapping[str, Spread]
    averages: Mapping[str, Spread]
    classes: Mapping[str, Mapping[str, Spread]]
    classification: Spread
    errors: Mapping[str, float]
    missed: float
    recall: Mapping[str, Spread]
    curves: Mapping[str, np.ndarray]


class LocalizationProtocol(NamedTuple):
    """What was scored under one protocol.

    Attributes:
        settings: its rules, for people.
        counts: of videos, classes, true segments; the mean of detections.
        results: one a variant.
        notes: remarks, one sentence each.
    """

    settings: Mapping[str, Any]
    counts: Mapping[str, float]
    results: tuple[LocalizationResult, ...]
    notes: tuple[str, ...]


class LocalizationScores(NamedTuple):
    """The scores of a localization run.

    Attributes:
        checkpoint: a sentence on which parameters were scored.
        protocols: name -> scores; empty where there is no truth.
    """

    checkpoint: str
    protocols: Mapping[str, LocalizationProtocol]


def read_localization_scores(workdir: Path) -> LocalizationScores | None:
    """Reads `evaluation.json` of a localization run; None where there is none.

    Raises:
        ValueError: a field is missing or of another kind.
    """
    path = workdir / NAME
    content = read_optional(path)
    if content is None:
        return None
    with fields_of(path):
        protocols = {name: _protocol(entry) for name, entry in content["protocols"].items()}
        return LocalizationScores(content["checkpoint"], protocols)


def _protocol(entry: Mapping[str, Any]) -> LocalizationProtocol:
    return LocalizationProtocol(
        settings=entry["settings"],
        counts={name: _mean(value) for name, value in entry["counts"].items()},
        results=tuple(_result(result) for result in entry["results"]),
        notes=tuple(entry["notes"]),
    )


def _result(entry: Mapping[str, Any]) -> LocalizationResult:
    by_class = entry["average_precision"]
    return LocalizationResult(
        variant=entry["variant"],
        seeds=tuple(entry["seeds"]),
        scores=_spreads(entry["map"]),
        averages=_spreads(entry["averages"]),
        classes={name: _spreads(scores) for name, scores in by_class.items()},
        classification=_spread(entry["classification_map"]),
        errors={kind: _mean(count) for kind, count in entry["errors"]["all"].items()},
        missed=_mean(entry["errors"]["missed"]),
        recall=_spreads(entry["recall"]["ar"]),
        curves={name: _curve(points) for name, points in entry["precision_recall"].items()},
    )


def _spreads(scores: Mapping[str, Any]) -> dict[str, Spread]:
    return {name: _spread(score) for name, score in scores.items()}


def _spread(score: Mapping[str, Any]) -> Spread:
    values = [finite(value) for value in score["values"]]
    return Spread(mean=finite(score["mean"]), std=finite(score["std"]), values=values)


def _mean(value: float | Mapping[str, Any]) -> float:
    """A number, or the mean of one that has a spread over seeds."""
    return finite(value["mean"] if isinstance(value, Mapping) else value)


def _curve(points: Any) -> np.ndarray:
    curve = np.array(points, float).reshape(-1, 2)
    if not np.isfinite(curve).all():
        raise ValueError("a precision or recall that is not finite")
    return curve
