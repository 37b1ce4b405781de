"""The videos behind a segmentation run, footage/footage.json, and pictures in footage/pictures/."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from jaxseg.formats.files import write_json
from jaxseg.runfiles.checks import read_record, to_json

NAME = "footage/footage.json"


class Shot(NamedTuple):
    """A segment, in seconds of the video's own time; `picture`: its file in the run, or None."""

    start: float
    end: float
    cluster: int
    picture: str | None


class Moment(NamedTuple):
    """A typical moment of a cluster; `picture` as in `Shot`, `similarity` as in typical.json."""

    video: str
    time: float
    similarity: float
    picture: str | None = None


class Clip(NamedTuple):
    """A video."""

    file: str  # its name for people
    link: str | None  # to the file, as seen from the run; None where it is gone
    problem: str  # what is wrong with it, a sentence, or empty
    exports: Mapping[str, str]  # suffix -> link to a table of its segments
    shown: bool  # whether pictures of its segments were to be taken
    segments: tuple[Shot, ...]  # one at least
    notes: tuple[str, ...] = ()  # sentences: what of it was mended or left out, when it was read


class Footage(NamedTuple):
    """The videos of one activity."""

    member: str  # directory of the member whose segments they are
    videos: Mapping[str, Clip]  # by name
    moments: tuple[tuple[Moment, ...], ...]  # each cluster's typical ones, best first


class _File(NamedTuple):
    fps: float
    activities: Mapping[str, Footage]


def write_footage(folder: Path, fps: float, activities: Mapping[str, Footage]) -> None:
    """Writes `footage.json` into `folder`, which is `footage` or takes that name at the end."""
    write_json(folder / Path(NAME).name, to_json(_File(fps, activities)))


def read_footage(workdir: Path) -> Mapping[str, Footage]:
    """Activity -> footage; {} of a run without videos."""
    path = workdir / NAME
    activities = read_record(path, _File, default=_File(0.0, {})).activities
    for footage in activities.values():
        if empty := [name for name, clip in footage.videos.items() if not clip.segments]:
            raise ValueError(f"{path}: no segments of {empty[0]!r}")
    return activities
