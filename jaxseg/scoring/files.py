"""What of a workdir is scored: the truth, and what every seed, variant and decoding predicts.

Scores are written beside them, whole or not at all.
"""

import json
import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from jaxseg.evaluation import read_classes, read_clusters
from jaxseg.scoring.silence import classes_with_ends, split_silence


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

    def of(self, videos: Collection[str]) -> "Truth":
        """The same for some of the videos, in the same order."""
        labels = {video: each for video, each in self.labels.items() if video in videos}
        activities = {video: self.activities[video] for video in labels}
        return self._replace(labels=labels, activities=activities)


class Run(NamedTuple):
    """What the members of one seed and variant predict, by one way of decoding.

    Attributes:
        variant: of the members; where the decoding is not the config's own, its name behind it.
        decoding: "" for the config's own.
        seed: of the members.
        folders: activity -> the folder below it that they are in.
        num_clusters: activity -> K.
        predictions: video -> int64 [frames], for the videos that have a truth and are tested on.
    """

    variant: str
    decoding: str
    seed: int
    folders: dict[str, str]
    num_clusters: dict[str, int]
    predictions: dict[str, np.ndarray]


def read_truth(
    workdir: Path, dataset: dict, activities: Collection[str], *, split_sil: bool
) -> Truth:
    """Labels of the videos of `activities` that have any."""
    path, classes = workdir / "dataset.json", dataset["classes"]
    for name in dataset["excluded"]:
        if name not in classes:
            raise ValueError(f"{path}: excluded {name!r} is no class")
    excluded = [classes.index(name) for name in dataset["excluded"]]
    videos = {
        f"{video['activity']}/{video['name']}": video["activity"]
        for video in dataset["videos"]
        if video["labels"] and video["activity"] in activities
    }
    labels = {video: read_classes(workdir / "truth" / f"{video}.txt", classes) for video in videos}
    if split_sil:
        try:
            classes = classes_with_ends(classes, dataset["excluded"])
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from None
        labels = {video: split_silence(each, classes) for video, each in labels.items()}
    return Truth(labels, videos, classes, excluded)


def tested_videos(workdir: Path, dataset: dict, members: Sequence[dict]) -> dict[int, set[str]]:
    """Seed -> the videos that its members are tested on; empty where they have learned from all.

    Raises:
        ValueError: a test video that the data set does not have, or members with test videos
            beside others without.
    """
    path = workdir / "members.json"
    videos = {f"{video['activity']}/{video['name']}" for video in dataset["videos"]}
    tested: dict[int, set[str]] = {}
    for member in members:
        chosen = {f"{member['activity']}/{name}" for name in member.get("test", ())}
        if unknown := sorted(chosen - videos):
            raise ValueError(f"{path}: test video {unknown[0]!r} is not in dataset.json")
        if bool(chosen) != bool(members[0].get("test")):
            where = f"{member['activity']}/{member['directory']}"
            raise ValueError(f"{path}: some members have test videos, others not, as {where!r}")
        tested.setdefault(member["seed"], set()).update(chosen)
    return tested if any(tested.values()) else {}


def by_directory(members: Sequence[dict]) -> list[list[dict]]:
    """Members with the same directory, one an activity, in the order of the first of each."""
    together: dict[str, list[dict]] = {}
    for member in members:
        together.setdefault(member["directory"], []).append(member)
    return [*together.values()]


def read_runs(workdir: Path, truth: Truth, groups: Sequence[Sequence[dict]]) -> list[Run]:
    """Predictions of groups of members, one an activity; a decoding's after its members' own.

    Raises:
        ValueError: an activity without a member, a prediction that is missing or broken or of a
            video that is not tested on, a decoding that is not there for all activities.
    """
    directories = {member["directory"] for group in groups for member in group}
    runs = []
    for group in groups:
        first = group[0]["directory"]
        lonely = set(truth.activities.values()) - {member["activity"] for member in group}
        if missing := [v for v, activity in truth.activities.items() if activity in lonely]:
            where = f"{workdir / 'members.json'}: no member in {first!r}"
            raise ValueError(f"{where} for video {min(missing)!r}")
        for folder in (first, *decodings(workdir, first, directories)):
            runs.append(read_run(workdir, truth, group, folder[len(first) + 1 :]))
    return runs


def decodings(workdir: Path, directory: str, directories: Collection[str]) -> list[str]:
    """Folders with other decodings of a directory's members: its name, a comma, the decoding's.

    The directory of a sweep's member may begin like that, too, and have decodings of its own.
    """
    found = {path.name for path in (workdir / "predictions").glob("*/*,*")}
    owners = {
        name: max((d for d in directories if name.startswith(f"{d},")), key=len, default=None)
        for name in found.difference(directories)
    }
    return sorted(name for name, owner in owners.items() if owner == directory)


def read_run(workdir: Path, truth: Truth, members: Sequence[dict], decoding: str) -> Run:
    """The predictions of one member of each activity by a decoding, "" for the config's own."""
    first, predictions, folders = members[0], {}, {}
    for member in members:
        folder = ",".join(filter(None, (member["directory"], decoding)))
        place = workdir / "predictions" / member["activity"] / folder
        if decoding and not place.is_dir():
            raise ValueError(f"{place}: no such folder, as other activities have of {decoding!r}")
        check_tested(place, member)
        for name, video in scored_videos(workdir, truth, member).items():
            path, frames = place / f"{name}.txt", len(truth.labels[video])
            predictions[video] = read_prediction(path, frames)
        folders[member["activity"]] = folder
    variant = ",".join(filter(None, (first["variant"], decoding)))
    counts = {member["activity"]: member["num_clusters"] for member in members}
    return Run(variant, decoding, first["seed"], folders, counts, predictions)


def check_tested(folder: Path, member: dict) -> None:
    """Raises ValueError for a prediction of a video that the member has learned from."""
    test = member.get("test", ())
    for path in sorted(folder.glob("*.txt")) if test else ():
        if path.stem not in test:
            where = f"{member['activity']}/{member['directory']}"
            raise ValueError(f"{path}: video {path.stem!r} is no test video of {where!r}")


def scored_videos(workdir: Path, truth: Truth, member: dict) -> dict[str, str]:
    """Name -> video, of those that the member is tested on and that have a truth.

    Raises:
        ValueError: a test part of which no frame is scored.
    """
    activity, test = member["activity"], member.get("test", ())
    own = [video for video, each in truth.activities.items() if each == activity]
    names = {video.removeprefix(f"{activity}/"): video for video in own}
    if not test or not own:
        return names
    chosen = {name: video for name, video in names.items() if name in test}
    if all(np.isin(truth.labels[video], truth.excluded).all() for video in chosen.values()):
        where = f"{activity}/{member['directory']}"
        raise ValueError(
            f"{workdir / 'members.json'}: the test videos of {where!r} have no frame to score"
        )
    return chosen


def read_prediction(path: Path, num_frames: int) -> np.ndarray:
    """Cluster numbers of one video; ValueError where there are not as many as frames."""
    clusters = read_clusters(path)
    if len(clusters) != num_frames:
        raise ValueError(f"{path}: {len(clusters)} labels for {num_frames} frames with a truth")
    return clusters


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


def read_json(path: Path):
    """The contents of a JSON file; ValueError where it is missing or broken."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise ValueError(f"{path}: no JSON: {error}") from None
