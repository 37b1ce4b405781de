"""Reads a run's sequences: files of videos, segments in seconds, typical moments."""

import os
import urllib.parse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from jaxseg.features.folders import read_record
from jaxseg.features.listing import stamp
from jaxseg.formats.annotations.exports.segments import Clusters, Segmented
from jaxseg.runfiles.about import SegmentationData, read_dataset, read_members
from jaxseg.runfiles.names import read_names
from jaxseg.runfiles.segmentation import (
    TypicalFrame,
    main_first,
    main_variant,
    read_labels,
    read_typical,
)

EXPORTS = ("csv", "vtt", "eaf")  # formats in `segments/` of every run on videos


class Video(NamedTuple):
    """A video, or another sequence, of an activity."""

    name: str
    # The file or folder of pictures, whether or not it still exists; None where it is not known.
    source: Path | None
    entry: Mapping[str, Any]  # the video's facts in `features.json`, {} where it has none

    @property
    def first(self) -> float:
        """First timestamp, in seconds."""
        return float(self.entry.get("first_timestamp") or 0)

    @property
    def steady(self) -> bool:
        """Whether its times are those of its file, so that parts of it can be found by them."""
        return self.entry.get("steady", True)


class Activity(NamedTuple):
    """Videos of an activity, and the results of its main variant."""

    name: str
    videos: tuple[Video, ...]
    # Directory of a member -> video -> what was found in it; the first member is the one to show.
    found: Mapping[str, Mapping[str, Segmented]]
    # For each cluster of the first member, its most typical frames, best first.
    typical: Sequence[Sequence[TypicalFrame]]
    clusters: Mapping[str, Clusters]  # of each member; the first one's have the names of names.csv


class Run(NamedTuple):
    """A run of segmentation; `fps`: rows of features a second, None where it is not known."""

    folder: Path
    fps: float | None
    activities: tuple[Activity, ...]
    of_videos: bool  # whether it made its features from videos, and so knows their files


def read_run(folder: Path) -> Run:
    """Reads a run's data set, members, labels, typical frames, names and videos."""
    data, features = read_dataset(folder), read_record(folder / "features")
    if not isinstance(data, SegmentationData):
        raise ValueError(f"{folder}: a run of {data.task} has no segments of frames")
    typical = read_typical(folder)
    members, fps = read_members(folder, data), data.fps or (features or {}).get("fps")
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
        found, clusters = {}, {}
        for place, member in enumerate(shown):
            own = {} if place else names.get(name, {})
            clusters[member.directory] = Clusters(member.num_clusters, own)
            labels = read_labels(folder, member, listed, required=False)
            found[member.directory] = {
                video.name: _segmented(video, labels[video.name], fps)
                for video in videos
                if video.name in labels
            }
        moments = typical.get(name, {}).get(shown[0].directory, [])
        activities.append(Activity(name, videos, found, moments, clusters))
    return Run(folder, fps, tuple(activities), bool(features))


def _segmented(video: Video, labels: np.ndarray, fps: float | None) -> Segmented:
    known = {name: video.entry.get(name) for name in ("duration", "source_fps")}
    return Segmented.of(video.name, labels, fps, source=video.source, first=video.first, **known)


def _video(name: str, activity: str, features: Mapping[str, Any]) -> Video:
    """A video's entry goes by its path: with the activity in front, or without subfolders."""
    known = features["videos"] if features else {}
    entry = known.get(f"{activity}/{name}") or known.get(name) or {}
    source = Path(features["folder"], entry["source"]) if entry else None
    return Video(name, source, entry)


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
        now = stamp(video.source)
    except OSError:
        return "The video is not where its features were made from."
    if now != {key: video.entry.get(key) for key in now}:
        return "The video has changed since its features were made; times may not fit any more."
    return ""
