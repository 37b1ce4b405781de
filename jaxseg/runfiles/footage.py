"""The videos behind a segmentation run, footage/footage.json, and pictures in footage/pictures/."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from jaxseg.runfiles.checks import fields_of, read_optional

NAME = "footage/footage.json"


class Shot(NamedTuple):
    """A segment, in seconds of the video's own time; `picture`: its file in the run, or None."""

    start: float
    end: float
    cluster: int
    picture: str | None


class Moment(NamedTuple):
    """A typical moment of a cluster; `picture` as in `Shot`."""

    video: str
    time: float
    picture: str | None


class Clip(NamedTuple):
    """A video.

    Attributes:
        link: to the file, as seen from the run; empty where it is gone.
        file: its name for people.
        problem: what is wrong with it, a sentence, or empty.
        exports: suffix -> link to a table of its segments.
        shown: whether pictures of its segments were to be taken.
        shots: its segments, one at least.
    """

    name: str
    link: str
    file: str
    problem: str
    exports: Mapping[str, str]
    shown: bool
    shots: tuple[Shot, ...]


class Footage(NamedTuple):
    """An activity's videos by name, and each cluster's typical moments, best first."""

    clips: Mapping[str, Clip]
    moments: tuple[tuple[Moment, ...], ...]


def read_footage(workdir: Path) -> dict[str, Footage]:
    """Activity -> footage; {} of a run without videos.

    Raises:
        ValueError: a field is missing or of another kind.
    """
    path = workdir / NAME
    content = read_optional(path)
    if content is None:
        return {}
    with fields_of(path):
        return {name: _footage(each) for name, each in content["activities"].items()}


def _footage(content: Mapping[str, Any]) -> Footage:
    clips = {name: _clip(name, each) for name, each in content["videos"].items()}
    moments = tuple(
        tuple(
            Moment(moment["video"], float(moment["time"]), moment.get("picture"))
            for moment in moments
            if moment["video"] in clips
        )
        for moments in content["moments"]
    )
    return Footage(clips, moments)


def _clip(name: str, content: Mapping[str, Any]) -> Clip:
    shots = tuple(
        Shot(float(start), float(end), int(cluster), picture)
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
