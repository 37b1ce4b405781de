"""The stage that scores a run: reads the files of its workdir and writes `evaluation.json`."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from jaxseg.evaluation import PROTOCOLS, evaluate_segmentation, trivial_baselines
from jaxseg.scoring.files import (
    Run,
    Truth,
    by_directory,
    read_json,
    read_runs,
    read_truth,
    tested_videos,
    write_json,
)
from jaxseg.scoring.generalisation import describe_splits
from jaxseg.scoring.num_clusters import choose, chosen_first, tries_counts
from jaxseg.scoring.score_tables import PARTS, mean, reduce_scores, score_tables, spread
from jaxseg.scoring.silence import SPLIT
from jaxseg.scoring.summary import GENERATED, NO_TRUTH, summary_lines

__all__ = ["evaluate", "summary_lines"]

COUNTS = ("videos", "videos_skipped", "frames", "segments", "classes")
# What becomes of excluded classes, in words, and the evaluator's argument that does it.
EXCLUSIONS = {
    "drop": ("drop: frames of excluded classes are removed before the matching", "excluded"),
    "background": (
        "background: label -1 stands for the excluded classes, whose frames count nowhere; "
        "on a frame of another class it is wrong",
        "background",
    ),
}


class Rules(NamedTuple):
    """How a run is scored; the fields are arguments of `evaluate`."""

    protocols: tuple[str, ...]
    seed: int
    exclusion: str
    split_sil: bool


def evaluate(
    workdir: Path,
    *,
    protocols: tuple[str, ...],
    seed: int,
    exclusion: str = "drop",
    split_sil: bool = False,
) -> dict:
    """Scores the predictions of a run under each protocol, the trivial baselines beside them.

    Where the run has tried a range of clusters, K is chosen first (`num_clusters.choose`): the
    members that have it are the first result, and the others are scored behind them.

    Args:
        workdir: holds `dataset.json`, `members.json`, `truth/<activity>/<video>.txt` (class
            names) and `predictions/<activity>/<directory>/<video>.txt` (cluster numbers); labels
            of another decoding stand in `<directory>,<decoding>`. A member of `members.json`
            with the key "test" is scored on these of its videos alone.
        protocols: names of `jaxseg.evaluation.PROTOCOLS`.
        seed: of the protocols that draw frames.
        exclusion: "drop" or "background", for the data set's excluded classes under every
            protocol; see `EXCLUSIONS`.
        split_sil: whether Breakfast's SIL becomes `action_start` at the start of a video and
            `action_end` at its end.

    Returns:
        What it writes to `evaluation.json`: scores in percent, with mean, population
        standard deviation and values over the seeds; no scores where there is no truth.

    Raises:
        ValueError: a file that is missing or broken, named with the offending value; then
            nothing is written.
    """
    if exclusion not in EXCLUSIONS:
        raise ValueError(f"unknown exclusion {exclusion!r}: choose from {', '.join(EXCLUSIONS)}")
    workdir = Path(workdir)
    dataset = read_json(workdir / "dataset.json")
    members = read_json(workdir / "members.json")
    choice = choose(workdir, dataset, members) if tries_counts(members) else None
    evaluation = {"units": "percent", "data": describe(dataset)}
    if choice:
        evaluation["num_clusters"] = {
            activity: {name: found[name] for name in ("chosen", "runners_up")}
            for activity, found in choice["activities"].items()
        }
    if any(video["labels"] for video in dataset["videos"]):
        rules = Rules(protocols, seed, exclusion, split_sil)
        evaluation |= score(workdir, dataset, members, choice, rules)
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
    workdir: Path, dataset: dict, members: list[dict], choice: dict | None, rules: Rules
) -> dict:
    """The parts of `evaluation.json` that need a truth: protocols, matching and splits."""
    activities = {member["activity"] for member in members}
    truth = read_truth(workdir, dataset, activities, split_sil=rules.split_sil)
    tested = tested_videos(workdir, dataset, members)
    groups = chosen_first(members, choice) if choice else by_directory(members)
    runs = read_runs(workdir, truth, groups)
    entries, matching = {}, {}
    for name in rules.protocols:
        options = {"protocol": name, "seed": rules.seed}
        options[EXCLUSIONS[rules.exclusion][1]] = truth.excluded
        results = [
            score_one(truth, run.predictions, options | {"num_clusters": run.num_clusters})
            for run in runs
        ]
        entries[name] = {
            **trivial_scores(truth, runs, options, rules),
            "results": over_seeds(runs, results),
        }
        # Protocols differ in what they count after the matching, not in the matching.
        matching = {
            f"{activity}/{run.folders[activity]}": pairs
            for run, result in zip(runs, results, strict=True)
            for activity, pairs in result["full"]["matching"].items()
        }
    parts = {"protocols": entries, "matching": matching, "split_sil": rules.split_sil}
    if tested:
        parts["generalisation"] = generalisation(dataset, activities, tested, truth)
    return parts


def score_one(truth: Truth, predictions: dict, options: dict) -> dict[str, dict]:
    """Predictions of all or some videos under one protocol: part -> the evaluator's result."""
    part = truth.of(predictions)
    return {
        name: evaluate_segmentation(
            part.labels,
            predictions,
            match=match,
            activities=part.activities,
            classes=part.classes,
            baselines=False,
            **options,
        )
        for name, (match, _) in PARTS.items()
    }


def trivial_scores(truth: Truth, runs: Sequence[Run], options: dict, rules: Rules) -> dict:
    """Settings, counts and trivial baselines of one protocol; means, where seeds are splits."""
    options = options | {"num_clusters": runs[0].num_clusters}
    scores: dict[str, list[dict]] = {}
    for videos in scored_parts(runs):
        part = truth.of(videos)
        trivial = trivial_baselines(part.labels, options["num_clusters"], part.activities)
        for key, predictions in trivial.items():
            scores.setdefault(key, []).append(score_one(part, predictions, options))
    results = [each["full"] for each in scores["one_class"]]
    return {
        "settings": settings(results[0], rules),
        "counts": {key: one_or_all([result[key] for result in results]) for key in COUNTS},
        "baselines": {
            key: reduce_scores([score_tables(result) for result in each], mean)
            for key, each in scores.items()
        },
    }


def scored_parts(runs: Sequence[Run]) -> list[Collection[str]]:
    """The scored videos of each seed, or once where every seed has the same."""
    by_seed = {run.seed: frozenset(run.predictions) for run in runs}
    parts = [by_seed[seed] for seed in sorted(by_seed)]
    return parts if len(set(parts)) > 1 else parts[:1]


def one_or_all(values: list[int]) -> int | list[int]:
    """The value, or one a split where they differ."""
    return values if len(set(values)) > 1 else values[0]


def settings(result: dict, rules: Rules) -> dict:
    """The rules behind a protocol's scores, for the reader of `evaluation.json`."""
    words, _ = EXCLUSIONS[rules.exclusion]
    return {
        "units": "percent",
        "rule": PROTOCOLS[result["protocol"]].text.replace("\n", " "),
        "matching": "one to one: full by activity, per_video by video",
        "excluded": result["exclude"]["drop"] + result["exclude"]["background"],
        "exclusion": words,
        "silence": SPLIT if rules.split_sil else "as labelled",
        "seed": result["seed"],
        "length_tolerance": result["length_tolerance"],
    }


def generalisation(
    dataset: dict, activities: Collection[str], tested: Mapping[int, Collection[str]], truth: Truth
) -> dict:
    """What `evaluation.json` says of the splits."""
    videos = {
        f"{video['activity']}/{video['name']}": video["activity"]
        for video in dataset["videos"]
        if video["activity"] in activities
    }
    named = ["" if at in truth.excluded else name for at, name in enumerate(truth.classes)]
    return describe_splits(videos, tested, truth.labels, named)


def over_seeds(runs: Sequence[Run], results: Sequence[dict]) -> list[dict]:
    """One entry a variant and decoding, with the mean and spread of its seeds."""
    variants: dict[tuple[str, str], dict[int, dict]] = {}
    for run, result in zip(runs, results, strict=True):
        variants.setdefault((run.variant, run.decoding), {})[run.seed] = result
    return [
        {"variant": variant, "decoding": decoding, "seeds": sorted(seeds)}
        | reduce_scores([score_tables(seeds[seed]) for seed in sorted(seeds)], spread)
        for (variant, decoding), seeds in variants.items()
    ]
