"""Reads the files of a localisation run; knows their formats, and nothing of how they are drawn."""

import math
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from jaxseg.report.files import read_json, read_losses, read_object
from jaxseg.report.localization.arrays import check_array
from jaxseg.report.localization.maps import read_maps
from jaxseg.report.localization.records import Interval, Localization, Video
from jaxseg.report.localization.refreshes import read_refreshes
from jaxseg.report.localization.scores import read_evaluation
from jaxseg.report.segmentation.records import Member

_FILES = (
    *("config.json", "versions.json", "dataset.json", "members.json", "metrics.jsonl"),
    *("truth.json", "predictions/", "maps/", "pseudo_labels/"),
    *("clusters.json", "evaluation.json"),
)


def read_localization(workdir: Path) -> Localization:
    """Reads the workdir of a localisation run.

    `config.json`, `dataset.json` and `members.json` are required; every other file may be absent.

    Raises:
        ValueError: a required file is missing, or a file does not hold what it should.
    """
    config = read_object(workdir / "config.json", required=True)
    described = _read_dataset(workdir / "dataset.json")
    members = _read_members(workdir / "members.json")
    first, classes = members[0], described["classes"]
    names = [video.name for video in described["videos"]]
    steps, losses = read_losses(workdir / "metrics.jsonl", len(members))
    return Localization(
        name=workdir.resolve().name,
        config=config,
        versions=read_object(workdir / "versions.json"),
        members=members,
        steps=steps,
        losses=losses,
        truth=_read_truth(workdir / "truth.json", classes),
        proposals=_read_proposals(
            workdir / "predictions" / f"{first.directory}.json", classes, names
        ),
        maps=read_maps(workdir / "maps" / first.directory, names, classes, first),
        refreshes=read_refreshes(
            workdir / "pseudo_labels", first.directory, described["videos"], classes
        ),
        roles=_read_roles(workdir / "clusters.json", members),
        evaluation=read_evaluation(workdir / "evaluation.json"),
        files=tuple(name for name in _FILES if (workdir / name).exists()),
        **described,
    )


def _read_dataset(path: Path) -> dict[str, Any]:
    dataset = read_json(path, required=True)
    try:
        everywhere = dataset.get("seconds_per_snippet")
        videos = tuple(_video(video, everywhere) for video in dataset["videos"])
        return {
            "data_name": dataset["name"],
            "generated": bool(dataset["generated"]),
            "classes": tuple(dataset["classes"]),
            "videos": videos,
        }
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path}: a field is missing or of another kind: {error}") from None


def _video(entry: Mapping[str, Any], snippet_seconds: float | None) -> Video:
    """One of the data set; a snippet's seconds are those of all videos or follow from its own."""
    seconds, snippets = entry.get("seconds"), entry.get("snippets")
    seconds = None if seconds is None else float(seconds)
    if snippet_seconds is None and seconds and snippets:
        snippet_seconds = seconds / snippets
    return Video(entry["name"], entry["subset"], seconds, snippets, snippet_seconds)


def _read_members(path: Path) -> tuple[Member, ...]:
    entries = read_json(path, required=True)
    try:
        members = tuple(Member(**entry) for entry in entries)
    except TypeError as error:
        raise ValueError(f"{path}: a field is missing or unknown: {error}") from None
    if not members:
        raise ValueError(f"{path}: no members")
    return members


def _read_truth(path: Path, classes: Collection[str]) -> dict[str, tuple[Interval, ...]]:
    """Videos beyond those of the data set may be in it: truth without features still counts."""
    return {
        video: _intervals(path, video, entry, classes)
        for video, entry in _section(path, "database").items()
    }


def _read_proposals(
    path: Path, classes: Collection[str], names: Sequence[str]
) -> dict[str, tuple[Interval, ...]]:
    results = _section(path, "results")
    if unknown := sorted(results.keys() - set(names)):
        raise ValueError(f"{path}: video {unknown[0]!r} is not in dataset.json")
    return {
        video: _intervals(path, video, {"annotations": entries}, classes, scored=True)
        for video, entries in results.items()
    }


def _section(path: Path, name: str) -> dict[str, Any]:
    """One part of a JSON file, video -> content; {} where the file is absent."""
    if not path.is_file():
        return {}
    section = read_object(path).get(name)
    if not isinstance(section, dict):
        raise ValueError(f"{path}: it has no {name!r} of videos")
    return section


def _intervals(
    path: Path, video: str, entry: Any, classes: Collection[str], *, scored: bool = False
) -> tuple[Interval, ...]:
    try:
        entries = list(entry["annotations"])
    except (KeyError, TypeError):
        raise ValueError(f"{path}: video {video!r} has no list of segments") from None
    return tuple(_interval(path, video, each, classes, scored) for each in entries)


def _interval(
    path: Path, video: str, entry: Any, classes: Collection[str], scored: bool
) -> Interval:
    try:
        start, end = map(float, entry["segment"])
        label, score = entry["label"], float(entry["score"]) if scored else 1.0
    except (KeyError, TypeError, ValueError):
        wanted = "a label, a score and a segment" if scored else "a label and a segment"
        raise ValueError(f"{path}: video {video!r}: {entry!r} is not {wanted}") from None
    if label not in classes:
        raise ValueError(f"{path}: video {video!r}: class {label!r} is not in dataset.json")
    if not all(map(math.isfinite, (start, end, score))) or end < start:
        wrong = f"segment {start:g} to {end:g} of score {score:g}"
        raise ValueError(f"{path}: video {video!r}: {wrong} is not one")
    return Interval(label, start, end, score)


def _read_roles(path: Path, members: Sequence[Member]) -> dict[str, np.ndarray]:
    content = read_object(path)
    roles = {}
    for member in members:
        if member.directory not in content:
            continue
        try:
            rows = np.array(content[member.directory], float)
        except (TypeError, ValueError):
            raise ValueError(f"{path}: {member.directory!r} is not a row a cluster") from None
        shape = (member.num_clusters, 2)
        roles[member.directory] = check_array(path, repr(member.directory), rows, shape)
    return roles
