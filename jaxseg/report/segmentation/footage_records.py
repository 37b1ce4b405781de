"""Reads `footage.json`: the videos behind a run, where their segments lie, what they look like."""

import base64
import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from jaxseg.report.files import read_object


class Shot(NamedTuple):
    """A segment, in seconds of the video's own time; `picture` is a data: URI or empty."""

    start: float
    end: float
    cluster: int
    picture: str


class Moment(NamedTuple):
    """A typical moment of a cluster."""

    video: str
    time: float
    picture: str


@dataclasses.dataclass(frozen=True)
class Clip:
    """A video.

    Attributes:
        link: to the file, as seen from the report; empty where it is gone.
        file: its name for people.
        problem: what is wrong with it, a sentence, or empty.
        exports: suffix -> link to a table of its segments.
        shown: whether pictures of its segments were to be taken.
    """

    name: str
    link: str
    file: str
    problem: str
    exports: Mapping[str, str]
    shown: bool
    shots: tuple[Shot, ...]


@dataclasses.dataclass(frozen=True)
class Footage:
    """An activity's videos, and each cluster's typical moments, best first."""

    clips: Mapping[str, Clip]
    moments: tuple[tuple[Moment, ...], ...]


def read_footage(workdir: Path) -> dict[str, Footage]:
    """Activity -> footage; {} of a run without videos.

    Raises:
        ValueError: the file is not JSON or lacks a field; with its path.
    """
    path = workdir / "footage" / "footage.json"
    activities = read_object(path).get("activities", {})
    try:
        return {name: _footage(workdir, content) for name, content in activities.items()}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(
            f"{path}: a field is missing or is not what it should be: {error!r}"
        ) from None


def _footage(workdir: Path, content: Mapping[str, Any]) -> Footage:
    clips = {name: _clip(workdir, name, each) for name, each in content["videos"].items()}
    moments = tuple(
        tuple(
            Moment(m["video"], float(m["time"]), _picture(workdir, m.get("picture")))
            for m in found
            if m["video"] in clips
        )
        for found in content["moments"]
    )
    return Footage(clips, moments)


def _clip(workdir: Path, name: str, content: Mapping[str, Any]) -> Clip:
    shots = tuple(
        Shot(float(start), float(end), int(cluster), _picture(workdir, picture))
        for start, end, cluster, picture in content["segments"]
    )
    if not shots:
        raise ValueError(f"no segments of {name!r}")
    return Clip(
        name=name,
        link=content["link"] or "",
        file=content["file"],
        problem=content["problem"],
        exports=dict(content["exports"]),
        shown=bool(content["shown"]),
        shots=shots,
    )


def _picture(workdir: Path, place: str | None) -> str:
    """A JPEG as part of the page; nothing where there is none."""
    path = workdir / place if place else None
    if path is None or not path.is_file():
        return ""
    return f"data:image/jpeg;base64,{base64.b64encode(path.read_bytes()).decode()}"
