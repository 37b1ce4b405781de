"""The scores of a localisation run, from `evaluation.json`, checked as they are read."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from jaxseg.report.files import read_object


class Result(NamedTuple):
    """Scores of one variant under a protocol, in percent over its seeds.

    A score is {"mean", "std", "values"}, as the tables take it, or None.

    Attributes:
        scores: tIoU threshold, as in the file -> mAP.
        averages: range of thresholds ("0.1:0.7") -> mean mAP.
        classes: class -> threshold -> AP; empty where it was not kept.
        classification: mAP of whole videos' classes.
        errors: kind -> mean count of predictions; empty where they were not counted.
        missed: mean count of true segments that no prediction found.
        recall: number of proposals a video -> average recall.
        curves: class -> [n, 2] recall and precision at each hit, tIoU 0.5, first seed.
    """

    variant: str
    seeds: tuple[int, ...]
    scores: Mapping[str, Any]
    averages: Mapping[str, Any]
    classes: Mapping[str, Mapping[str, Any]]
    classification: Mapping[str, Any] | None
    errors: Mapping[str, float]
    missed: float | None
    recall: Mapping[str, Any]
    curves: Mapping[str, np.ndarray]


class Protocol(NamedTuple):
    """What was scored under one protocol: its rules, sizes, a result a variant, remarks."""

    settings: Mapping[str, Any]
    counts: Mapping[str, float]
    results: tuple[Result, ...]
    notes: tuple[str, ...]


class Evaluation(NamedTuple):
    """Scores by protocol, and which parameters were scored."""

    checkpoint: str
    protocols: Mapping[str, Protocol]


def read_evaluation(path: Path) -> Evaluation | None:
    """Reads `evaluation.json`; None where there is none.

    Raises:
        ValueError: a field is missing or of another kind; one line with the file.
    """
    if not path.is_file():
        return None
    content = read_object(path)
    try:
        protocols = {name: _protocol(entry) for name, entry in content["protocols"].items()}
        return Evaluation(str(content.get("checkpoint", "")), protocols)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        wrong = f"a field is missing or of another kind: {type(error).__name__} {error}"
        raise ValueError(f"{path}: {wrong}") from None


def _protocol(entry: Mapping[str, Any]) -> Protocol:
    return Protocol(
        settings=dict(entry.get("settings", {})),
        counts={name: _mean(value) for name, value in entry.get("counts", {}).items()},
        results=tuple(_result(result) for result in entry["results"]),
        notes=tuple(map(str, entry.get("notes", ()))),
    )


def _result(entry: Mapping[str, Any]) -> Result:
    errors, curves = entry.get("errors", {}), entry.get("precision_recall", {})
    by_class = entry.get("average_precision", {})
    return Result(
        variant=entry["variant"],
        seeds=tuple(entry["seeds"]),
        scores=_spreads(entry["map"]),
        averages=_spreads(entry.get("averages", {})),
        classes={name: _spreads(scores) for name, scores in by_class.items()},
        classification=_spread(entry.get("classification_map")),
        errors={kind: _mean(count) for kind, count in errors.get("all", {}).items()},
        missed=_mean(errors["missed"]) if "missed" in errors else None,
        recall=_spreads(entry.get("recall", {}).get("ar", {})),
        curves={name: _curve(points) for name, points in curves.items()},
    )


def _spreads(scores: Mapping[str, Any]) -> dict[str, Any]:
    """Scores by a number, such as a threshold."""
    return {name: _spread(score) for name, score in scores.items()}


def _spread(score: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if score is None:
        return None
    values = [_finite(value) for value in score["values"]]
    return {"mean": _finite(score["mean"]), "std": _finite(score["std"]), "values": values}


def _mean(value: float | Mapping[str, Any]) -> float:
    """A number, or the mean of one that has a spread over seeds."""
    return _finite(value["mean"] if isinstance(value, Mapping) else value)


def _finite(value: Any) -> float:
    if not math.isfinite(float(value)):
        raise ValueError(f"a score of {value}")
    return float(value)


def _curve(points: Any) -> np.ndarray:
    curve = np.array(points, float).reshape(-1, 2)
    if not np.isfinite(curve).all():
        raise ValueError("a precision or recall that is not finite")
    return curve
