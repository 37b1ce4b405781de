"""What a run is: config.json, versions.json, dataset.json and members.json."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from jaxseg.formats.files import read_json, write_json, write_text
from jaxseg.runfiles.checks import fields_of, from_json, read_record, to_json


def write_config(workdir: Path, values: Mapping[str, Any]) -> None:
    """Writes `config.json`: the config as nested dictionaries, tuples as lists."""
    # Not `write_json`: some numbers of a config may be infinite, which Python writes and reads.
    write_text(workdir / "config.json", json.dumps(values, indent=1) + "\n")


def read_config(workdir: Path) -> dict[str, Any]:
    """Reads `config.json`, a JSON object."""
    path = workdir / "config.json"
    values = read_json(path)
    if not isinstance(values, dict):
        raise ValueError(f"{path}: not a JSON object but {type(values).__name__}")
    return values


class Versions(NamedTuple):
    """Where a run was made, `versions.json`."""

    packages: Mapping[str, str | None]  # name -> version; None of one that is run from a checkout
    python: str
    platform: str
    device: str  # number, kind and platform of JAX's devices
    commit: str | None  # of the checkout, "+" where files differ from it; None outside of one
    command: Sequence[str]  # the arguments of the command line, the program first


def write_versions(workdir: Path, versions: Versions) -> None:
    """Writes `versions.json`."""
    write_json(workdir / "versions.json", versions._asdict())


def read_versions(workdir: Path) -> Versions | None:
    """Reads `versions.json`; None where there is none."""
    return read_record(workdir / "versions.json", Versions)


class FrameVideo(NamedTuple):
    """A video of a segmentation run."""

    name: str
    activity: str
    frames: int
    labels: bool  # whether its frames have a truth
    checksum: str = ""  # of its features before any scaling; "" of generated data and old runs


class Scaling(NamedTuple):
    """What all sequences of an activity are scaled with: (x - center) * factor."""

    center: tuple[float, ...]  # of each channel
    factor: tuple[float, ...]  # of each channel
    limit: float | None = None  # scaled values lie in [-limit, limit]


class SegmentationData(NamedTuple):
    """The data set of a segmentation run, `dataset.json`; `task` as the file calls it."""

    name: str
    generated: bool  # True for generated data, whose scores compare with no paper's
    fps: float | None  # frames a second; None where it is not known
    classes: tuple[str, ...]  # names by index; empty where there is no truth
    excluded: tuple[str, ...]  # names of the classes that are not scored
    videos: tuple[FrameVideo, ...]  # sorted by activity and name
    origin: str = ""  # sentence on where the data is from, where nobody named it
    channels: int = 0  # of a frame's features; 0 in the file of an old run
    # Activity -> the scaling that its sequences share; without those that each have their own.
    scaling: Mapping[str, Scaling] = MappingProxyType({})
    notes: tuple[str, ...] = ()  # what was left out, filled in or cut when files were read
    channel_names: tuple[str, ...] = ()  # of tables' columns; empty where files have no names
    task = "segmentation"

    @property
    def activities(self) -> dict[str, tuple[FrameVideo, ...]]:
        """Activity -> its videos, in the order of the file."""
        groups: dict[str, list[FrameVideo]] = {}
        for video in self.videos:
            groups.setdefault(video.activity, []).append(video)
        return {name: tuple(videos) for name, videos in groups.items()}


class SnippetVideo(NamedTuple):
    """A video of a localization run."""

    name: str
    subset: str  # "train" or "test"
    snippets: int  # their number
    seconds: float | None  # of the whole video; None where the annotation does not say
    checksum: str = ""  # of its features, "RGB-flow" or of both; "" of generated data and old runs


class LocalizationData(NamedTuple):
    """The data set of a localization run, `dataset.json`; `task` as the file calls it."""

    name: str
    generated: bool  # True for the embedded twin, whose scores compare with no paper's
    seconds_per_snippet: float | None  # one number for all videos; None where each has its own
    classes: tuple[str, ...]  # names by index
    videos: tuple[SnippetVideo, ...]  # sorted by subset and name
    left_out: tuple[str, ...] = ()  # annotated videos without features
    notes: tuple[str, ...] = ()  # what was left out when files were read
    task = "localization"

    @property
    def test_videos(self) -> list[str]:
        """Names of the videos that are scored."""
        return [video.name for video in self.videos if video.subset == "test"]

    def snippet_seconds(self, video: SnippetVideo) -> float | None:
        """Seconds that one snippet of a video stands for; None where nothing tells."""
        if self.seconds_per_snippet is not None:
            return self.seconds_per_snippet
        return video.seconds / video.snippets if video.seconds and video.snippets else None


DataRecord = SegmentationData | LocalizationData
_DATA_RECORDS = {"segmentation": SegmentationData, "localization": LocalizationData}


def write_dataset(workdir: Path, data: DataRecord) -> None:
    """Writes `dataset.json`."""
    write_json(workdir / "dataset.json", {"task": data.task} | to_json(data))


def read_dataset(workdir: Path) -> DataRecord:
    """Reads `dataset.json` of a run of either task."""
    path = workdir / "dataset.json"
    content = read_json(path)
    with fields_of(path):
        task = content.pop("task", "segmentation")
        if task not in _DATA_RECORDS:
            raise ValueError(f"task {task!r} is neither segmentation nor localization")
        data = from_json(_DATA_RECORDS[task], content)
        excluded = data.excluded if task == "segmentation" else ()
        if unknown := [name for name in excluded if name not in data.classes]:
            raise ValueError(f"excluded {unknown[0]!r} is no class")
        return data


class Member(NamedTuple):
    """One trained model of a run, an entry of `members.json`."""

    activity: str  # the videos that it is trained on
    seed: int
    variant: str  # of a sweep; "" without one
    num_clusters: int
    num_steps: int
    directory: str  # its name below `predictions/<activity>/` or `predictions/`
    test: tuple[str, ...] = ()  # videos that it has not learned from, on which it is tested


def write_members(workdir: Path, members: Sequence[Member]) -> None:
    """Writes `members.json`."""
    entries = [to_json(member) for member in members]
    # A member without test videos has no such field.
    kept = [{k: each for k, each in entry.items() if k != "test" or each} for entry in entries]
    write_json(workdir / "members.json", kept)


def read_members(workdir: Path, data: DataRecord) -> tuple[Member, ...]:
    """Reads `members.json`; the run's data set has to know the test videos of each member."""
    path = workdir / "members.json"
    entries = read_json(path)
    names = {(getattr(video, "activity", data.name), video.name) for video in data.videos}
    with fields_of(path):
        members = from_json(tuple[Member, ...], entries)
        if not members:
            raise ValueError("no members")
        for member in members:
            where = f"{member.activity}/{member.directory}"
            if unknown := [name for name in member.test if (member.activity, name) not in names]:
                raise ValueError(f"test video {unknown[0]!r} of {where!r} is not in dataset.json")
            if bool(member.test) != bool(members[0].test):
                raise ValueError(f"some members have test videos, others not, as {where!r}")
    return members
