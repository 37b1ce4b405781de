"""Reads what a run says of its videos: labels, typical moments, where the files are."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jaxseg.footage.segments import Segment, segments_of
from jaxseg.formats.files import read_json
from jaxseg.formats.labels import read_clusters


@dataclasses.dataclass(frozen=True)
class Video:
    """A video of an activity.

    Attributes:
        source: the file, whether or not it is still there; None where nobody knows it.
        entry: what `features.json` says of it, {} where it does not know it.
    """

    name: str
    activity: str
    source: Path | None
    entry: Mapping[str, Any]

    @property
    def first(self) -> float:
        """The first timestamp, in seconds."""
        return float(self.entry.get("first_timestamp") or 0)


@dataclasses.dataclass(frozen=True)
class Activity:
    """`members`: directories of the main variant's members; `typical`: of the first of them."""

    name: str
    members: tuple[str, ...]
    videos: tuple[Video, ...]
    typical: list[list[dict[str, Any]]]


@dataclasses.dataclass(frozen=True)
class Run:
    """A run whose features were made from videos; `fps`: rows of features a second."""

    folder: Path
    fps: float
    activities: tuple[Activity, ...]

    def segments(self, video: Video, member: str) -> list[Segment]:
        """What a member made of a video; [] where it has no prediction of it.

        Raises:
            ValueError: the file is not one cluster number a line.
        """
        path = self.folder / "predictions" / video.activity / member / f"{video.name}.txt"
        if not path.is_file():
            return []
        duration = video.entry.get("duration")
        return segments_of(read_clusters(path), self.fps, first=video.first, duration=duration)


def read_run(folder: Path) -> Run:
    """Reads dataset.json, members.json, typical.json and features/features.json.

    Where a range of K was tried, num_clusters.json says which variant is the main one; else it
    is the first.

    Raises:
        ValueError: one of them is missing, is not JSON or lacks a field; with its path.
    """
    dataset, members = read_json(folder / "dataset.json"), read_json(folder / "members.json")
    features = read_json(folder / "features" / "features.json")
    typical, path = read_json(folder / "typical.json"), folder / "num_clusters.json"
    chosen = read_json(path)["activities"] if path.exists() else {}
    try:
        names = dict.fromkeys(video["activity"] for video in dataset["videos"])
        activities = [
            _activity(name, dataset, members, features, typical, chosen) for name in names
        ]
        fps = float(dataset["fps"] or features["fps"])
    except (KeyError, TypeError, AttributeError) as error:
        files = "dataset.json, members.json, typical.json and features/features.json"
        raise ValueError(f"{folder}: {files} do not hold what they should: {error!r}") from None
    return Run(folder, fps, tuple(activities))


def _activity(name: str, dataset, members, features, typical, chosen) -> Activity:
    own = [member for member in members if member["activity"] == name]
    variant = chosen[name]["variant"] if name in chosen else own[0]["variant"] if own else None
    main = tuple(member["directory"] for member in own if member["variant"] == variant)
    names = sorted(video["name"] for video in dataset["videos"] if video["activity"] == name)
    moments = typical.get(name, {}).get(main[0], []) if main else []
    return Activity(name, main, tuple(_video(each, name, features) for each in names), moments)


def _video(name: str, activity: str, features: Mapping[str, Any]) -> Video:
    """A video's entry goes by its path: with the activity in front, or without subfolders."""
    known = features["videos"]
    entry = known.get(f"{activity}/{name}") or known.get(name) or {}
    source = Path(features["folder"], entry["source"]) if entry else None
    return Video(name, activity, source, entry)
