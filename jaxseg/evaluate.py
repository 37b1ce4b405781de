"""The stage that scores a run: reads the files of its workdir and writes `evaluation.json`."""

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from jaxseg.evaluation import (
    PROTOCOLS,
    evaluate_segmentation,
    read_classes,
    read_clusters,
    trivial_baselines,
)
from jaxseg.evaluation.summary import GENERATED, NO_TRUTH, summary_lines

__all__ = ["evaluate", "summary_lines"]

# Part of `evaluation.json` -> what shares a matching there, and the average called pooled.
PARTS = {"full": ("activity", "pooled"), "per_video": ("video", "video")}
COUNTS = ("videos", "videos_skipped", "frames", "segments", "classes")


class Truth(NamedTuple):
    """Labels of the data set; videos are named `<activity>/<name>`, which is unique.

    Attributes:
        labels: video -> int64 [frames], class indices.
        activities: video -> activity.
        classes: class names by index.
        excluded: indices of the classes that are left out.
    """

    labels: dict[str, np.ndarray]
    activities: dict[str, str]
    classes: list[str]
    excluded: list[int]


class Run(NamedTuple):
    """What the members of one seed and variant predict: video -> int64 [frames]."""

    variant: str
    seed: int
    predictions: dict[str, np.ndarray]


def evaluate(workdir: Path, *, protocols: tuple[str, ...], seed: int) -> dict:
    """Scores the predictions of a run under each protocol, the trivial baselines beside them.

    Args:
        workdir: holds `dataset.json`, `members.json`, `truth/<activity>/<video>.txt` (class
            names) and `predictions/<activity>/<directory>/<video>.txt` (cluster numbers).
        protocols: names of `jaxseg.evaluation.PROTOCOLS`.
        seed: of the protocols that draw frames.

    Returns:
        What it writes to `evaluation.json`: scores in percent, with mean, population
        standard deviation and values over the seeds; no scores where there is no truth.

    Raises:
        ValueError: a file that is missing or broken, named with the offending value; then
            nothing is written.
    """
    workdir = Path(workdir)
    dataset = read_json(workdir / "dataset.json")
    evaluation = {"units": "percent", "data": describe(dataset)}
    if any(video["labels"] for video in dataset["videos"]):
        members = read_json(workdir / "members.json")
        evaluation |= score(workdir, dataset, members, protocols, seed)
    else:
        evaluation |= {"protocols": {}, "note": NO_TRUTH}
    write_json(workdir / "evaluation.json", evaluation)
    return evaluation


def describe(dataset: dict) -> dict:
    """What the scores are of: the data set's name, sizes and, where generated, a warning."""
    videos = dataset["videos"]
    return {
        "name": dataset["name"],
        "generated": dataset["generated"],
        "note": GENERATED if dataset["generated"] else "",
        "videos": len(videos),
        "frames": sum(video["frames"] for video in videos),
        "classes": len(dataset["classes"]),
        "activities": sorted({video["activity"] for video in videos}),
    }


def score(
    workdir: Path, dataset: dict, members: list[dict], protocols: Sequence[str], seed: int
) -> dict:
    """The parts of `evaluation.json` that need a truth: protocols and matching."""
    num_clusters = {member["activity"]: member["num_clusters"] for member in members}
    truth = read_truth(workdir, dataset, set(num_clusters))
    runs = read_runs(workdir, truth, members)
    baselines = trivial_baselines(truth.labels, num_clusters, truth.activities)
    entries, matching = {}, {}
    for name in protocols:
        options = {"protocol": name, "seed": seed, "num_clusters": num_clusters}
        results = {key: score_one(truth, run.predictions, options) for key, run in runs.items()}
        trivial = {key: score_one(truth, each, options) for key, each in baselines.items()}
        entries[name] = {
            "settings": settings(trivial["one_class"]["full"]),
            "counts": {key: trivial["one_class"]["full"][key] for key in COUNTS},
            "results": over_seeds(runs, results),
            "baselines": {
                key: reduce_scores([score_tables(result)], lambda values: values[0])
                for key, result in trivial.items()
            },
        }
        # Protocols differ in what they count after the matching, not in the matching.
        matching = {
            f"{activity}/{directory}": pairs
            for directory, result in results.items()
            for activity, pairs in result["full"]["matching"].items()
        }
    return {"protocols": entries, "matching": matching}


def score_one(truth: Truth, predictions: dict, options: dict) -> dict[str, dict]:
    """One set of predictions under one protocol: part -> the evaluator's result."""
    return {
        part: evaluate_segmentation(
            truth.labels,
            predictions,
            match=match,
            activities=truth.activities,
            classes=truth.classes,
            excluded=truth.excluded,
            baselines=False,
            **options,
        )
        for part, (match, _) in PARTS.items()
    }


def settings(result: dict) -> dict:
    """The rules behind a protocol's scores, for the reader of `evaluation.json`."""
    return {
        "units": "percent",
        "rule": PROTOCOLS[result["protocol"]].text.replace("\n", " "),
        "matching": "one to one: full by activity, per_video by video",
        "excluded": result["exclude"]["drop"],
        "exclusion": "drop",
        "seed": result["seed"],
        "length_tolerance": result["length_tolerance"],
    }


def score_tables(results: dict[str, dict]) -> dict[str, dict]:
    """The scores of both parts: `macro` and `pooled` averages, and by activity."""
    tables = {}
    for part, (_, pooled) in PARTS.items():
        averages = results[part]["averages"]
        tables[part] = {
            "macro": averages["macro"],
            "pooled": averages[pooled],
            "by_activity": {
                activity: {key: scores[key] for key in averages["macro"]}
                for activity, scores in results[part]["activities"].items()
            },
        }
    return tables


def read_truth(workdir: Path, dataset: dict, activities: set[str]) -> Truth:
    """Labels of the videos of `activities` that have any."""
    classes = dataset["classes"]
    for name in dataset["excluded"]:
        if name not in classes:
            raise ValueError(f"{workdir / 'dataset.json'}: excluded {name!r} is no class")
    videos = {
        f"{video['activity']}/{video['name']}": video["activity"]
        for video in dataset["videos"]
        if video["labels"] and video["activity"] in activities
    }
    labels = {video: read_classes(workdir / "truth" / f"{video}.txt", classes) for video in videos}
    return Truth(labels, videos, classes, [classes.index(name) for name in dataset["excluded"]])


def read_runs(workdir: Path, truth: Truth, members: list[dict]) -> dict[str, Run]:
    """Directory -> predictions of all its members, for the videos that have a truth."""
    runs: dict[str, Run] = {}
    for member in members:
        directory = member["directory"]
        run = runs.setdefault(directory, Run(member["variant"], member["seed"], {}))
        for video, activity in truth.activities.items():
            if activity == member["activity"]:
                name = video.removeprefix(f"{activity}/")
                path = workdir / "predictions" / activity / directory / f"{name}.txt"
                run.predictions[video] = read_prediction(path, len(truth.labels[video]))
    for directory, run in runs.items():
        if missing := sorted(truth.labels.keys() - run.predictions.keys()):
            raise ValueError(
                f"{workdir / 'members.json'}: no member in {directory!r} for video {missing[0]!r}"
            )
    return runs


def read_prediction(path: Path, num_frames: int) -> np.ndarray:
    """Cluster numbers of one video; ValueError where there are not as many as frames."""
    clusters = read_clusters(path)
    if len(clusters) != num_frames:
        raise ValueError(f"{path}: {len(clusters)} labels for {num_frames} frames with a truth")
    return clusters


def over_seeds(runs: dict[str, Run], results: dict[str, dict]) -> list[dict]:
    """One entry a variant, with the mean and spread of its seeds."""
    variants: dict[str, dict[int, dict]] = {}
    for directory, run in runs.items():
        variants.setdefault(run.variant, {})[run.seed] = results[directory]
    return [
        {"variant": variant, "seeds": sorted(seeds)}
        | reduce_scores([score_tables(seeds[seed]) for seed in sorted(seeds)], spread)
        for variant, seeds in variants.items()
    ]


def spread(values: list[float]) -> dict:
    """Mean, population standard deviation and the values themselves."""
    return {"mean": float(np.mean(values)), "std": float(np.std(values)), "values": values}


def reduce_scores(results: list, reduce: Callable[[list[float]], object]):
    """Puts `reduce` of all results in place of every score of tables within tables."""
    if not isinstance(results[0], dict):
        return reduce(results)
    return {key: reduce_scores([each[key] for each in results], reduce) for key in results[0]}


def read_json(path: Path):
    """The contents of a JSON file; ValueError where it is missing or broken."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise ValueError(f"{path}: no JSON: {error}") from None


def write_json(path: Path, contents: dict) -> None:
    """Writes a JSON file whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_text(json.dumps(contents, indent=1, allow_nan=False), encoding="utf-8")
        os.replace(temporary, path)
    except OSError as error:
        raise ValueError(f"{path}: cannot be written: {error.strerror}") from None
    finally:
        temporary.unlink(missing_ok=True)
