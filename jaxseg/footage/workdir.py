"""Reads the videos of a run: their files, their segments in seconds, their typical moments."""

import os
import urllib.parse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from jaxseg.features.folders import read_record
from jaxseg.runfiles.about import SegmentationData, read_dataset, read_members
from jaxseg.runfiles.names import read_names
from jaxseg.runfiles.segmentation import (
    TypicalFrame,
    main_first,
    main_variant,
    read_labels,
    read_typical,
)

EXPORTS = ("csv", "vtt", "eaf")  # suffixes of the tables in `segments/`


class TimedSegment(NamedTuple):
    """A segment from `start` to `end`, in seconds of the video's own timestamps, to the ms."""

    start: float
    end: float
    cluster: int

    @property
    def name(self) -> str:
        """What people read: "cluster 3"; a frame without an action has cluster -1."""
        return f"cluster {self.cluster}" if self.cluster >= 0 else "no action"


class Video(NamedTuple):
    """A video of an activity."""

    name: str
    source: Path | None  # the file, whether or not it still exists; None where it is not known
    entry: Mapping[str, Any]  # the video's facts in `features.json`, {} where it has none

    @property
    def first(self) -> float:
        """First timestamp, in seconds."""
        return float(self.entry.get("first_timestamp") or 0)


class Activity(NamedTuple):
    """Videos of an activity, and the results of its main variant."""

    name: str
    videos: tuple[Video, ...]
    # Directory of a member -> video -> segments; the first member is the one to show.
    segments: Mapping[str, Mapping[str, list[TimedSegment]]]
    # For each cluster of the first member, its most typical frames, best first.
    typical: Sequence[Sequence[TypicalFrame]]
    names: Mapping[int, str]  # cluster of the first member -> its name, of names.csv


class Run(NamedTuple):
    """A run whose features were made from videos; `fps`: rows of features a second."""

    folder: Path
    fps: float
    activities: tuple[Activity, ...]


def read_run(folder: Path) -> Run:
    """Reads a run's data set, members, labels, typical frames and `features/features.json`."""
    data, features = read_dataset(folder), read_record(folder / "features")
    if not isinstance(data, SegmentationData) or not features:
        raise ValueError(f"{folder}: not a run on videos: no features/features.json")
    typical = read_typical(folder)
    members, fps = read_members(folder, data), float(data.fps or features["fps"])
    groups = {}
    for name in data.activities:
        group = [member for member in members if member.activity == name]
        variant = main_variant(group)
        if shown := main_first(folder, [each for each in group if each.variant == variant]):
            groups[name] = shown
    names = read_names(folder, {name: shown[0].num_clusters for name, shown in groups.items()})
    activities = []
    for name, shown in groups.items():
        listed = data.activities[name]
        videos = tuple(
            sorted((_video(each.name, name, features) for each in listed), key=lambda v: v.name)
        )
        segments = {}
        for member in shown:
            labels = read_labels(folder, member, listed, required=False)
            segments[member.directory] = {
                video.name: segments_of(
                    labels[video.name],
                    fps,
                    first=video.first,
                    duration=video.entry.get("duration"),
                )
                for video in videos
                if video.name in labels
            }
        moments = typical.get(name, {}).get(shown[0].directory, [])
        activities.append(Activity(name, videos, segments, moments, names.get(name, {})))
    return Run(folder, fps, tuple(activities))


def _video(name: str, activity: str, features: Mapping[str, Any]) -> Video:
    """A video's entry goes by its path: with the activity in front, or without subfolders."""
    known = features["videos"]
    entry = known.get(f"{activity}/{name}") or known.get(name) or {}
    source = Path(features["folder"], entry["source"]) if entry else None
    return Video(name, source, entry)


def segments_of(
    labels: np.ndarray, fps: float, *, first: float = 0.0, duration: float | None = None
) -> list[TimedSegment]:
    """Maximal runs of equal labels, in time. Row k stands for the time first + k / fps.

    A segment ends where the next begins; the last one a row after its last, but not after the end
    of the video. Times before 0, which a few files have, are left out: players do not know them.
    The first timestamp and the duration, None where the video's file does not say, are in seconds.
    """
    borders = np.flatnonzero(np.diff(labels)) + 1
    starts = np.r_[0, borders] if len(labels) else borders
    edges = first + np.r_[starts, len(labels)] / fps
    # A file that claims to end before its last picture is not believed.
    if duration is not None and first + (len(labels) - 1) / fps < first + duration < edges[-1]:
        edges[-1] = first + duration
    edges = [round(float(edge), 3) for edge in np.maximum(edges, 0)]
    return [
        TimedSegment(start, end, int(label))
        for start, end, label in zip(edges[:-1], edges[1:], labels[starts], strict=True)
        if start < end
    ]


def url(path: Path, folder: Path) -> str:
    """A relative link to `path` from a page in `folder`.

    Every byte that has a meaning in an address, or is no ASCII, is spelled %xx.
    """
    return urllib.parse.quote(os.fsencode(os.path.relpath(path, folder)), safe="/")


def problem_of(video: Video) -> str:
    """What has become of a video file since its features were made; "" if it is unchanged."""
    if video.source is None:
        return "No file is known that its features were made from."
    try:
        status = video.source.stat()
    except OSError:
        return "The video is not where its features were made from."
    made_from = video.entry.get("bytes"), video.entry.get("modified_ns")
    if (status.st_size, status.st_mtime_ns) != made_from:
        return "The video has changed since its features were made; times may not fit any more."
    return ""
