"""Files of a localization run: truth.json, predictions/, maps/ and clusters.json.

Truth and detections are ActivityNet's JSON, so that its evaluator reads them as they are.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from jaxseg.formats.arrays import read_npz
from jaxseg.formats.detections import Segments, predicted_segments, truth_segments
from jaxseg.formats.files import read_json, write_json
from jaxseg.runfiles.about import LocalizationData, Member
from jaxseg.runfiles.checks import check_array, fields_of, read_record, write_arrays


def write_truth(workdir: Path, database: Mapping[str, Mapping[str, Any]]) -> None:
    """Writes `truth.json`, {video: {"subset", "duration", "annotations"}} of all videos."""
    write_json(workdir / "truth.json", {"database": database})


def read_truth(workdir: Path, data: LocalizationData) -> Segments | None:
    """True segments of all videos in `truth.json`; None where there is none.

    Videos that have a truth and no features are among them.
    """
    path = workdir / "truth.json"
    if not path.is_file():
        return None
    content = read_json(path)
    with fields_of(path):
        database = content["database"]
    truth = truth_segments(database, str(path))
    _check(path, truth, data)
    return truth


class RunDetections(NamedTuple):
    """What one member detects in the test videos, `predictions/<member's directory>.json`."""

    segments: Segments  # of all test videos
    checkpoint: str  # a sentence on which parameters they were made by


def write_detections(
    predictions: Path, directory: str, results: Mapping[str, Sequence[Mapping]], checkpoint: str
) -> None:
    """Writes the detections of one member.

    Args:
        predictions: the folder `predictions`, or the one that takes its name at the end.
        results: {video: [{"label", "score", "segment": [start, end]}]} of all test videos.
        checkpoint: a sentence on which parameters they were made by.
    """
    external = {"checkpoint": checkpoint}
    content = {"version": "jaxseg", "external_data": external, "results": results}
    # Without indentation: a run has tens of thousands of detections.
    write_json(predictions / f"{directory}.json", content, indent=None)


def read_detections(
    workdir: Path, member: Member, data: LocalizationData, *, required: bool = True
) -> RunDetections | None:
    """Reads the detections of one member; None where there is no file and none is `required`."""
    path = workdir / "predictions" / f"{member.directory}.json"
    if not required and not path.is_file():
        return None
    content = read_json(path)
    with fields_of(path):
        results = content["results"]
        checkpoint = content.get("external_data", {}).get("checkpoint", "")
    segments = predicted_segments(results, str(path))
    _check(path, segments, data)
    known = {video.name for video in data.videos}
    if unknown := [name for name in segments.videos if name not in known]:
        raise ValueError(f"{path}: video {unknown[0]!r} is not in dataset.json")
    return RunDetections(segments, checkpoint)


def _check(path: Path, segments: Segments, data: LocalizationData) -> None:
    if unknown := [label for label in segments.labels if label not in data.classes]:
        raise ValueError(f"{path}: class {unknown[0]!r} is not in dataset.json")
    if missing := [name for name in data.test_videos if name not in set(segments.videos)]:
        raise ValueError(f"{path}: no entry of the test video {missing[0]!r}")


class Interval(NamedTuple):
    """A true segment (score 1) or a detection, from `start` to `end` seconds."""

    label: str
    start: float
    end: float
    score: float


def by_video(segments: Segments) -> dict[str, tuple[Interval, ...]]:
    """Video -> its segments in file order; () for a video without any."""
    videos: dict[str, list[Interval]] = {name: [] for name in segments.videos}
    columns = segments.video, segments.label, segments.start, segments.end, segments.score
    for video, label, start, end, score in zip(*(each.tolist() for each in columns), strict=True):
        interval = Interval(segments.labels[label], start, end, score)
        videos[segments.videos[video]].append(interval)
    return {name: tuple(intervals) for name, intervals in videos.items()}


_INTERVAL_PARTS = ("label", "start", "end", "score")


def intervals_in(
    arrays: Mapping[str, np.ndarray],
    prefix: str,
    classes: Sequence[str],
    *,
    seconds: float = 1.0,
) -> tuple[Interval, ...]:
    """Segments from the arrays "<prefix>label", "<prefix>start", "<prefix>end", "<prefix>score".

    All four are [n]; labels are indices into `classes`, starts and ends are in units of `seconds`.
    """
    shape = (arrays[f"{prefix}label"].size,)
    label, start, end, score = (
        check_array(f"{prefix}{part}", arrays[f"{prefix}{part}"], shape) for part in _INTERVAL_PARTS
    )
    if (wrong := label[~np.isin(label, range(len(classes)))]).size:
        raise ValueError(f"{prefix}label has {wrong[0]:g} in it, of {len(classes)} classes")
    for i in np.flatnonzero(end < start)[:1]:
        raise ValueError(f"{prefix}end has {end[i]:g} in it, before its start {start[i]:g}")
    columns = label.astype(int), seconds * start, seconds * end, score
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return tuple(Interval(classes[index], first, last, value) for index, first, last, value in rows)


class ScoreMap(NamedTuple):
    """What a network says of a video of T snippets, `maps/<member's directory>/<video>.npz`."""

    borders: np.ndarray  # seconds [T + 1] between snippets, rising
    scores: np.ndarray  # [T, G] of every class
    attention: Mapping[str, np.ndarray]  # stream ("rgb", "" of a single one) -> [T]; {} without
    clusters: np.ndarray | None  # [T, K] probabilities, None for a method without clusters
    video_scores: np.ndarray  # [G] of the whole video
    instances: tuple[Interval, ...] | None  # detections before fusion, for methods with them


def write_map(
    maps: Path,
    directory: str,
    video: str,
    *,
    scores: np.ndarray,
    video_scores: np.ndarray,
    seconds: float,
    drawn: Mapping[str, np.ndarray],
) -> None:
    """Writes the score map of one video in single precision.

    Args:
        maps: the folder `maps`, or the one that takes its name at the end.
        scores: [T, G].
        video_scores: [G].
        seconds: of all T snippets, which are equally long.
        drawn: the method's further arrays: "attention" or "attention_<stream>" [T], "clusters"
            [T, K], and "instances_" before "label", "start", "end" and "score" [n].
    """
    arrays = {
        "map": scores,
        "video_scores": video_scores,
        "seconds": np.linspace(0, seconds, len(scores) + 1),
    } | dict(drawn)
    arrays = {name: array.astype(np.float32) for name, array in arrays.items()}
    write_arrays(maps / directory / f"{video}.npz", arrays, compressed=True)


def read_maps(workdir: Path, member: Member, data: LocalizationData) -> dict[str, ScoreMap]:
    """Score maps of a member, video -> map, as far as there are files."""
    folder = workdir / "maps" / member.directory
    paths = {video.name: folder / f"{video.name}.npz" for video in data.videos}
    return {
        name: _read_map(path, data.classes, member.num_clusters)
        for name, path in paths.items()
        if path.is_file()
    }


def _read_map(path: Path, classes: Sequence[str], num_clusters: int) -> ScoreMap:
    arrays = read_npz(path)
    with fields_of(path):
        length = len(arrays["map"])
        streams = [name for name in arrays if name.partition("_")[0] == "attention"]
        shapes = dict.fromkeys(streams, (length,)) | {
            "map": (length, len(classes)),
            "video_scores": (len(classes),),
            "seconds": (length + 1,),
        }
        if "clusters" in arrays:
            shapes["clusters"] = (length, num_clusters)
        numbers = {name: check_array(name, arrays[name], shape) for name, shape in shapes.items()}
        if not length or (np.diff(numbers["seconds"]) <= 0).any():
            raise ValueError(f"seconds do not rise over {length} snippets")
        has_instances = any(name.startswith("instances_") for name in arrays)
        return ScoreMap(
            borders=numbers["seconds"],
            scores=numbers["map"],
            attention={name.partition("_")[2]: numbers[name] for name in streams},
            clusters=numbers.get("clusters"),
            video_scores=numbers["video_scores"],
            instances=intervals_in(arrays, "instances_", classes) if has_instances else None,
        )


def write_cluster_roles(workdir: Path, roles: Mapping[str, np.ndarray]) -> None:
    """Writes `clusters.json`.

    The roles are member directory -> [K, 2], each cluster's share of foreground and background.
    """
    content = {directory: each.round(6).tolist() for directory, each in roles.items()}
    write_json(workdir / "clusters.json", content)


def read_cluster_roles(workdir: Path, members: Iterable[Member]) -> dict[str, np.ndarray]:
    """Reads `clusters.json`: member directory -> float64 [K, 2]; {} for a method without it."""
    path = workdir / "clusters.json"
    roles = read_record(path, Mapping[str, np.ndarray])
    if roles is None:
        return {}
    with fields_of(path):
        return {
            name: check_array(repr(name), roles[name], (member.num_clusters, 2))
            for name, member in ((member.directory, member) for member in members)
        }
