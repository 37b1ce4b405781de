"""The stage that scores a segmentation run: reads its files and writes `evaluation.json`.

Each protocol is scored twice: with one matching an activity ("full") and one a video
("per_video"), beside two trivial predictions and k-means, with mean and spread over seeds.
"""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from jaxseg.evaluation import PROTOCOLS, evaluate_segmentation, trivial_baselines
from jaxseg.evaluation.segmentation.groups import Labels
from jaxseg.runfiles.about import Member, SegmentationData, read_dataset, read_members
from jaxseg.runfiles.checks import to_json
from jaxseg.runfiles.evaluation import Finding, write_evaluation
from jaxseg.runfiles.segmentation import KMEANS, KMEANS_WINDOW
from jaxseg.scoring import findings
from jaxseg.scoring.files import (
    GENERATED,
    NO_TRUTH,
    PARTS,
    SPLIT,
    RunTruth,
    SeedPredictions,
    by_directory,
    describe_splits,
    mean,
    over_seeds,
    read_peers,
    read_predictions,
    read_truth,
    reduce_scores,
    result_row,
    score_tables,
    spread_entry,
    table,
    tested_videos,
)

COUNTS = ("videos", "videos_skipped", "frames", "segments", "classes")
# Treatment of excluded classes -> its description, and the evaluator's argument for it.
EXCLUSIONS = {
    "drop": ("drop: frames of excluded classes are removed before the matching", "excluded"),
    "background": (
        "background: label -1 stands for the excluded classes, whose frames count nowhere; "
        "on a frame of another class it is wrong",
        "background",
    ),
}

KMEANS_RULE = (
    f"on the frames that training sees, each averaged over the {KMEANS_WINDOW} around it, K as "
    "the run's, one run for each of its seeds, fitted where the run has learned"
)
BASELINES = {"equal_split": "equal split", "one_class": "one class", KMEANS: "k-means"}
COLUMNS = (
    ("MoF", "full", "macro", "mof"),
    ("F1", "full", "macro", "f1"),
    ("mIoU", "full", "macro", "miou"),
    ("MoF pooled", "full", "pooled", "mof"),
    ("MoF/video", "per_video", "macro", "mof"),
    ("F1/video", "per_video", "macro", "f1"),
    ("mIoU/video", "per_video", "macro", "miou"),
)
SUPERVISED_COLUMNS = (
    ("accuracy", "full", "pooled", "accuracy"),
    ("edit", "full", "pooled", "edit"),
    ("F1@10", "full", "pooled", "f1@10"),
    ("F1@25", "full", "pooled", "f1@25"),
    ("F1@50", "full", "pooled", "f1@50"),
    ("acc./video", "per_video", "macro", "accuracy"),
    ("edit/video", "per_video", "macro", "edit"),
)


class Rules(NamedTuple):
    """Rules of scoring; the fields are arguments of `evaluate`."""

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

    A member with test videos is scored on these only.

    Args:
        workdir: of the run.
        protocols: names of `jaxseg.evaluation.PROTOCOLS`.
        seed: of the protocols that draw frames.
        exclusion: of `EXCLUSIONS`, treatment of the data set's excluded classes.
        split_sil: whether Breakfast's SIL becomes `action_start` at the start of a video and
            `action_end` at its end.

    Returns:
        Content of `evaluation.json`: scores in percent, with mean, population standard deviation
        and values over the seeds, or none where there is no truth; what is wrong with the
        predictions (`findings.look`). ValueError for a file that is missing or broken; then
        nothing is written.
    """
    if exclusion not in EXCLUSIONS:
        raise ValueError(f"unknown exclusion {exclusion!r}: choose from {', '.join(EXCLUSIONS)}")
    workdir = Path(workdir)
    data = read_dataset(workdir)
    members = read_members(workdir, data)
    evaluation = {"units": "percent", "data": describe(data)}
    if any(video.labels for video in data.videos):
        rules = Rules(protocols, seed, exclusion, split_sil)
        evaluation |= score(workdir, data, members, rules)
    else:
        evaluation |= {"protocols": {}, "note": NO_TRUTH}
    found = findings.look(workdir, data, members)
    found += findings.beaten_by_kmeans(workdir, data, evaluation["protocols"])
    found += findings.doubts(workdir, data)
    evaluation["findings"] = to_json(found)
    write_evaluation(workdir, evaluation)
    return evaluation


def describe(data: SegmentationData) -> dict[str, Any]:
    """Name and sizes of the data set and, where it is generated, a warning."""
    return {
        "name": data.name,
        "generated": data.generated,
        "note": GENERATED if data.generated else "",
        "videos": len(data.videos),
        "frames": sum(video.frames for video in data.videos),
        "classes": len(data.classes),
        "activities": sorted(data.activities),
    }


def score(
    workdir: Path,
    data: SegmentationData,
    members: Sequence[Member],
    rules: Rules,
) -> dict[str, Any]:
    """The parts of `evaluation.json` that need a truth: protocols, matching and splits."""
    activities = {member.activity for member in members}
    truth = read_truth(workdir, data, activities, split_sil=rules.split_sil)
    predictions = read_predictions(workdir, data, truth, by_directory(members))
    peers = read_peers(workdir, data, truth, members)
    entries, matching = {}, {}
    for name in rules.protocols:
        options = {"protocol": name, "seed": rules.seed}
        if truth.excluded:
            options[EXCLUSIONS[rules.exclusion][1]] = truth.excluded
        results, peer_results = (
            [
                score_one(truth, each.labels, options | {"num_clusters": each.num_clusters})
                for each in group
            ]
            for group in (predictions, peers)
        )
        entry = trivial_scores(truth, predictions, options, rules)
        if peers:
            tables = [score_tables(result) for result in peer_results]
            entry["baselines"][KMEANS] = reduce_scores(tables, spread_entry)
            entry["settings"][BASELINES[KMEANS]] = KMEANS_RULE
        entries[name] = {
            **entry,
            "results": over_seeds(
                ({"variant": each.variant, "decoding": each.decoding}, each.seed, tables)
                for each, tables in zip(predictions, map(score_tables, results), strict=True)
            ),
        }
        # Protocols differ in what they count after the matching, not in the matching.
        matching = {
            f"{activity}/{each.directories[activity]}": pairs
            for each, result in zip(predictions, results, strict=True)
            for activity, pairs in result["full"]["matching"].items()
        }
    parts = {"protocols": entries, "matching": matching, "split_sil": rules.split_sil}
    if tested := tested_videos(members):
        videos = {
            f"{activity}/{video.name}": activity
            for activity in activities
            for video in data.activities[activity]
        }
        scored = ["" if at in truth.excluded else name for at, name in enumerate(truth.classes)]
        # Readers of older runs know the key by this spelling.
        parts["generalization"] = describe_splits(videos, tested, truth.labels, scored)
    return parts


def score_one(truth: RunTruth, predictions: Labels, options: dict[str, Any]) -> dict[str, dict]:
    """Scores of predictions under one protocol: part -> the evaluator's result."""
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


def trivial_scores(
    truth: RunTruth,
    predictions: Sequence[SeedPredictions],
    options: dict[str, Any],
    rules: Rules,
) -> dict[str, Any]:
    """Settings, counts and trivial baselines of one protocol; means, where seeds are splits."""
    options = options | {"num_clusters": predictions[0].num_clusters}
    scores: dict[str, list[dict]] = {}
    for videos in scored_parts(predictions):
        part = truth.of(videos)
        trivial = trivial_baselines(part.labels, options["num_clusters"], part.activities)
        for key, labels in trivial.items():
            scores.setdefault(key, []).append(score_one(part, labels, options))
    results = [each["full"] for each in scores["one_class"]]
    return {
        "settings": settings(results[0], rules),
        "counts": {key: one_or_all([result[key] for result in results]) for key in COUNTS},
        "baselines": {
            key: reduce_scores([score_tables(result) for result in each], mean)
            for key, each in scores.items()
        },
    }


def scored_parts(predictions: Sequence[SeedPredictions]) -> list[Collection[str]]:
    """Scored videos of each seed, or once where every seed has the same."""
    by_seed = {each.seed: frozenset(each.labels) for each in predictions}
    parts = [by_seed[seed] for seed in sorted(by_seed)]
    return parts if len(set(parts)) > 1 else parts[:1]


def one_or_all(values: list[int]) -> int | list[int]:
    """The common value, or all values, one a split, where they differ."""
    return values if len(set(values)) > 1 else values[0]


def settings(result: dict, rules: Rules) -> dict:
    """Rules behind a protocol's scores, for the reader of `evaluation.json`."""
    exclusion, _ = EXCLUSIONS[rules.exclusion]
    return {
        "units": "percent",
        "rule": PROTOCOLS[result["protocol"]].text.replace("\n", " "),
        "matching": "one to one: full by activity, per_video by video",
        "excluded": result["exclude"]["drop"] + result["exclude"]["background"],
        "exclusion": exclusion,
        "silence": SPLIT if rules.split_sil else "as labelled",
        "seed": result["seed"],
        "length_tolerance": result["length_tolerance"],
    }


def summary_lines(evaluation: dict) -> list[str]:
    """The evaluation as a text table for the terminal, line by line."""
    lines = [evaluation["note"]] if "note" in evaluation else []
    splits = evaluation.get("generalization", {}).get("splits", [])
    lines += split_lines(splits)
    for name, entry in evaluation["protocols"].items():
        lines += protocol_lines(name, entry, "split" if splits else "seed")
    found = [Finding(**each) for each in evaluation.get("findings", [])]
    lines += [f"{each.kind}: {each}" for each in found]
    if evaluation["data"]["generated"]:
        lines = [GENERATED, *lines, GENERATED]
    return lines


def split_lines(splits: Sequence[dict]) -> list[str]:
    """Sizes of training and test parts, and classes that only test videos have."""
    if not splits:
        return []
    train, test = (extent([split[part] for split in splits]) for part in ("train", "test"))
    lines = [f"generalization: trained on {train} videos, tested on {test} others"]
    for split in splits:
        for activity, classes in split["unseen"].items():
            where = f"in the test videos alone of {activity}, split {split['seed']}"
            lines.append(f"note: {', '.join(classes)} {where}")
    return lines


def protocol_lines(name: str, entry: dict, repeat: str = "seed") -> list[str]:
    """Table of one protocol: variants, then baselines, then the highest F1 possible.

    `entry` is its part of `evaluation.json`; spreads are over each `repeat`, "seed" or "split".
    """
    counts, baselines = entry["counts"], entry["baselines"]
    parts = [baselines["equal_split"][part]["macro"] for part in PARTS]
    columns = SUPERVISED_COLUMNS if "accuracy" in parts[0] else COLUMNS
    rows = [("", [title for title, *_ in columns])]
    for result in entry["results"]:
        rows.append(result_row(result, cells(result, columns), repeat))
    own = cells(entry["results"][0], columns)
    for key in filter(baselines.__contains__, BASELINES):
        scores = zip(cells(baselines[key], columns), own, strict=True)
        rows.append((BASELINES[key], [baseline_cell(*pair) for pair in scores]))
    marks = ["  * above this run"] if any("*" in cell for _, row in rows for cell in row) else []
    ceiling = []
    if all("f1_ceiling" in scores for scores in parts):
        full, by_video = (scores["f1_ceiling"] for scores in parts)
        ceiling = [f"  F1 is at most {full:.1f} on this truth, F1/video {by_video:.1f}"]
    return [
        f"{name}: {extent(counts['videos'])} videos, {extent(counts['frames'])} frames,"
        f" {extent(counts['classes'])} classes; percent, mean ± std over {repeat}s",
        *table(rows, width=13),
        *marks,
        *ceiling,
    ]


def baseline_cell(score: float | dict, own: dict) -> str:
    """A score of a baseline, mean ± spread where it has seeds; starred above the run's mean."""
    has_seeds = isinstance(score, dict)
    mean = score["mean"] if has_seeds else score
    text = f"{mean:.1f} ± {score['std']:.1f}" if has_seeds else f"{mean:.1f}"
    return text + ("*" if mean > own["mean"] else "")


def extent(counts: int | Sequence[int]) -> str:
    """A number, or the range from the least to the greatest of several."""
    if isinstance(counts, int):
        return f"{counts}"
    low, high = min(counts), max(counts)
    return f"{low}" if low == high else f"{low}-{high}"


def cells(result: dict, columns: Sequence[tuple[str, str, str, str]]) -> list[Any]:
    """Scores of one row of the table."""
    return [result[part][average][key] for _, part, average, key in columns]
