"""The labels of a run as they are scored: truth, predictions of every seed, splits, score tables.

A video is called `<activity>/<name>` here, which is unique in a run.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from jaxseg.evaluation.segmentation.groups import Labels
from jaxseg.runfiles import segmentation as run_files
from jaxseg.runfiles.about import FrameVideo, Member, SegmentationData
from jaxseg.runfiles.segmentation import Spread
from jaxseg.runfiles.silence import ENDS, SILENCE, classes_with_ends, split_silence

GENERATED = "generated data: these scores are not comparable with any paper's figures"
NO_TRUTH = "no truth: no scores"
# Part of `evaluation.json` -> scope of the matching there, and the average called pooled.
PARTS = {"full": ("activity", "pooled"), "per_video": ("video", "video")}

SPLIT = (
    f"split: {SILENCE} in the first run of a video is {ENDS[0]}, in the last run {ENDS[1]}, "
    f"elsewhere it stays {SILENCE}"
)

SPLITS_NOTE = (
    "each seed is a split of its own: what it learned from its training videos is matched and "
    "scored on its test videos alone; spreads are over splits, baselines are means over splits"
)


class RunTruth(NamedTuple):
    """True labels of a run's videos."""

    labels: dict[str, np.ndarray]  # video -> int64 [frames], class indices
    activities: dict[str, str]  # video -> activity
    classes: Sequence[str]  # class names by index
    excluded: list[int]  # indices of the classes that are not scored

    def of(self, videos: Collection[str]) -> "RunTruth":
        """Truth of some of the videos, in the same order."""
        labels = {video: each for video, each in self.labels.items() if video in videos}
        activities = {video: self.activities[video] for video in labels}
        return self._replace(labels=labels, activities=activities)


class SeedPredictions(NamedTuple):
    """Predictions of the members of one seed and variant, one an activity, by one decoding."""

    variant: str  # of the members, with the decoding's name behind it where that is not ""
    decoding: str  # "" for the config's own
    seed: int  # of the members
    # activity -> directory of the labels below `predictions/<activity>`
    directories: dict[str, str]
    num_clusters: dict[str, int]  # activity -> K
    # video -> cluster numbers, int64 [frames], of the videos that are scored
    labels: dict[str, np.ndarray]


def read_truth(
    workdir: Path, data: SegmentationData, activities: Collection[str], *, split_sil: bool
) -> RunTruth:
    """True labels of the videos of `activities` that have any.

    With `split_sil` silence at the ends of a video becomes two classes, see `split_silence`.
    """
    labels, video_activities = {}, {}
    for activity, videos in data.activities.items():
        if activity in activities:
            for name, each in run_files.read_truth(workdir, videos, data.classes).items():
                labels[f"{activity}/{name}"] = each
                video_activities[f"{activity}/{name}"] = activity
    classes: Sequence[str] = data.classes
    if split_sil:
        try:
            classes = classes_with_ends(classes, data.excluded)
        except ValueError as error:
            raise ValueError(f"{workdir / 'dataset.json'}: {error}") from None
        labels = {video: split_silence(each, classes) for video, each in labels.items()}
    excluded = [data.classes.index(name) for name in data.excluded]
    return RunTruth(labels, video_activities, classes, excluded)


def tested_videos(members: Sequence[Member]) -> dict[int, set[str]]:
    """Seed -> videos that its members are tested on; empty if they have learned from all."""
    tested: dict[int, set[str]] = {}
    for member in members:
        videos = {f"{member.activity}/{name}" for name in member.test}
        tested.setdefault(member.seed, set()).update(videos)
    return tested if any(tested.values()) else {}


def describe_splits(
    videos: Mapping[str, str],
    tested: Mapping[int, Collection[str]],
    labels: Labels,
    classes: Sequence[str],
) -> dict:
    """Sizes of the splits of a run, and classes that only test videos have (TOT, Table 7).

    Args:
        videos: video -> activity, of all videos.
        tested: seed -> videos that it is tested on; it has learned from the others.
        labels: video -> int64 [frames], class indices; videos without a truth may be absent.
        classes: names by index; "" for those that are not scored.
    """
    splits = []
    for seed, chosen in sorted(tested.items()):
        # Activity -> labels of its training and of its test videos.
        present = {activity: (set(), set()) for activity in sorted(set(videos.values()))}
        for video in videos.keys() & labels.keys():
            present[videos[video]][video in chosen].update(np.unique(labels[video]).tolist())
        unseen = {
            activity: [classes[index] for index in sorted(test - train) if classes[index]]
            for activity, (train, test) in present.items()
        }
        splits.append(
            {
                "seed": seed,
                "train": len(videos) - len(chosen),
                "test": len(chosen),
                "unseen": {activity: names for activity, names in unseen.items() if names},
            }
        )
    share = mean([len(chosen) / len(videos) for chosen in tested.values()])
    return {"test_share": round(share, 4), "note": SPLITS_NOTE, "splits": splits}


def by_directory(members: Sequence[Member]) -> list[list[Member]]:
    """Members with the same directory, one an activity, in the order of the first of each."""
    groups: dict[str, list[Member]] = {}
    for member in members:
        groups.setdefault(member.directory, []).append(member)
    return [*groups.values()]


def read_predictions(
    workdir: Path, data: SegmentationData, truth: RunTruth, groups: Sequence[Sequence[Member]]
) -> list[SeedPredictions]:
    """Predictions of groups of members, one an activity, each followed by its other decodings."""
    directories = {member.directory for group in groups for member in group}
    predictions = []
    for group in groups:
        directory, activities = group[0].directory, {member.activity for member in group}
        missing = [video for video, each in truth.activities.items() if each not in activities]
        if missing:
            where = f"{workdir / 'members.json'}: no member in {directory!r}"
            raise ValueError(f"{where} for video {min(missing)!r}")
        for decoding in ("", *run_files.find_decodings(workdir, directory, directories)):
            predictions.append(read_decoding(workdir, data, truth, group, decoding))
    return predictions


def read_decoding(
    workdir: Path,
    data: SegmentationData,
    truth: RunTruth,
    members: Sequence[Member],
    decoding: str,
) -> SeedPredictions:
    """Predictions of one member of each activity by a decoding, "" for the config's own."""
    labels, directories = {}, {}
    for member in members:
        directory = run_files.decoding_directory(member.directory, decoding)
        folder = workdir / "predictions" / member.activity / directory
        if decoding and not folder.is_dir():
            raise ValueError(f"{folder}: no such folder, as other activities have of {decoding!r}")
        for path in sorted(folder.glob("*.txt")) if member.test else ():
            if path.stem not in member.test:
                where = f"{member.activity}/{member.directory}"
                raise ValueError(f"{path}: video {path.stem!r} is no test video of {where!r}")
        videos = scored_videos(workdir, data, truth, member)
        clusters = run_files.read_labels(workdir, member, videos, decoding=decoding)
        labels |= {f"{member.activity}/{name}": each for name, each in clusters.items()}
        directories[member.activity] = directory
    first = members[0]
    return SeedPredictions(
        variant=",".join(filter(None, (first.variant, decoding))),
        decoding=decoding,
        seed=first.seed,
        directories=directories,
        num_clusters={member.activity: member.num_clusters for member in members},
        labels=labels,
    )


def read_peers(
    workdir: Path, data: SegmentationData, truth: RunTruth, members: Sequence[Member]
) -> list[SeedPredictions]:
    """Labels by k-means for each seed of the members; [] where the run has none of them."""
    seeds: dict[int, dict[str, Member]] = {}  # variants of a seed share its peer
    for member in members:
        seeds.setdefault(member.seed, {}).setdefault(member.activity, member)
    peers = []
    for seed, by_activity in seeds.items():
        labels: dict[str, np.ndarray] = {}
        for activity, member in by_activity.items():
            videos = scored_videos(workdir, data, truth, member)
            clusters = run_files.read_peer_labels(workdir, run_files.KMEANS, member, videos)
            if clusters is None:
                return []
            labels |= {f"{activity}/{name}": each for name, each in clusters.items()}
        directory = run_files.peer_directory(run_files.KMEANS, seed)
        peers.append(
            SeedPredictions(
                variant=run_files.KMEANS,
                decoding="",
                seed=seed,
                directories=dict.fromkeys(by_activity, directory),
                num_clusters={name: each.num_clusters for name, each in by_activity.items()},
                labels=labels,
            )
        )
    return peers


def scored_videos(
    workdir: Path, data: SegmentationData, truth: RunTruth, member: Member
) -> list[FrameVideo]:
    """Videos that a member is tested on and that have a truth; some frame of them is scored."""
    videos = [video for video in data.activities[member.activity] if video.labels]
    if not member.test or not videos:
        return videos
    tested = [video for video in videos if video.name in member.test]
    labels = [truth.labels[f"{member.activity}/{video.name}"] for video in tested]
    if all(np.isin(each, truth.excluded).all() for each in labels):
        where = f"{member.activity}/{member.directory}"
        raise ValueError(
            f"{workdir / 'members.json'}: the test videos of {where!r} have no frame to score"
        )
    return tested


def score_tables(results: dict[str, dict]) -> dict[str, dict]:
    """Part -> scores as `evaluation.json` has them, of the evaluator's results for one seed."""
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


def over_seeds(
    results: Iterable[tuple[dict[str, str], int, dict[str, Any]]],
) -> list[dict[str, Any]]:
    """Entries of `evaluation.json`, one a variant, with the mean and spread of its seeds.

    Each result is of one member: the fields that tell its variant from others, its seed, and its
    scores as nested tables.
    """
    variants: dict[tuple, dict[int, dict]] = {}
    for fields, seed, tables in results:
        variants.setdefault(tuple(fields.items()), {})[seed] = tables
    return [
        dict(fields)
        | {"seeds": sorted(seeds)}
        | reduce_scores([seeds[seed] for seed in sorted(seeds)], spread_entry)
        for fields, seeds in variants.items()
    ]


def reduce_scores(results: Sequence[Any], reduce: Callable[[list[float]], Any]) -> Any:
    """Nested tables of the same scores as one, where `reduce` has made one value of several."""
    if not isinstance(results[0], dict):
        return reduce(results)
    return {key: reduce_scores([each[key] for each in results], reduce) for key in results[0]}


def mean(values: Sequence[float]) -> float:
    """Plain mean."""
    return float(np.mean(values))


def spread_entry(values: Sequence[float]) -> dict[str, Any]:
    """Spread of values as `evaluation.json` has it."""
    return Spread.of(values)._asdict()


def result_row(
    result: dict[str, Any], scores: Iterable[Mapping[str, float]], repeat: str = "seed"
) -> tuple[str, list[str]]:
    """Row of a table for one variant: its label, and mean and standard deviation of each score.

    The spread is over each `repeat`, "seed" or "split".
    """
    number = len(result["seeds"])
    label = f"{result['variant'] or 'trained'} ({number} {repeat}{'s' * (number > 1)})"
    return label, [f"{each['mean']:.1f} ± {each['std']:.1f}" for each in scores]


def table(rows: Sequence[tuple[str, Sequence[str]]], width: int) -> list[str]:
    """Lines of a table: a label and cells, which are `width` characters wide, in each row."""
    indent = max(len(label) for label, _ in rows)
    return [
        f"  {label:{indent}}" + "".join(f"{cell:>{width}}" for cell in cells)
        for label, cells in rows
    ]
