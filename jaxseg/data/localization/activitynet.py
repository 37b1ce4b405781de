"""ActivityNet v1.2 and v1.3: training videos train, validation videos test.

    <root>/features/<video>.npy, or rgb/<video>.npy and flow/<video>.npy in it
    <root>/v1-2.json                                      v1.2, as ActivityNet publishes it
    <root>/anet_anno_action.json, video_info_new.csv      v1.3, as BMN packs it

The root may also hold the data set's folder. A video's files may have its name with or without
the leading "v_" that some releases put before YouTube's. Videos of the testing subset, which have
no annotation, are left out, with features or without. How long a snippet lasts differs between
releases: it is taken from the video's duration.
"""

import csv
from collections.abc import Collection, Mapping
from pathlib import Path

from jaxseg.data.batches.crew import ALONE, Crew
from jaxseg.data.localization.annotations import annotate, class_names
from jaxseg.data.localization.assembly import assemble
from jaxseg.data.localization.files import (
    check_paired,
    find_home,
    find_streams,
    need_file,
    read_streams,
)
from jaxseg.data.localization.records import SnippetSet
from jaxseg.data.segmentation.files import listed
from jaxseg.formats.detections import Segments, mapping, truth_segments
from jaxseg.formats.files import read_json

FOLDERS = {
    "activitynet12": ("ActivityNet12", "ActivityNet1.2", "activitynet12"),
    "activitynet13": ("ActivityNet13", "ActivityNet1.3", "activitynet13"),
}
SUBSETS = {"training": "train", "validation": "test", "testing": None}
PREFIX = "v_"


def read_activitynet(
    name: str, root: Path, *, length_tolerance: int, progress: bool, crew: Crew = ALONE
) -> SnippetSet:
    """Reads the version that `name` says.

    Raises:
        FileNotFoundError: no root, or a part of the data set is missing.
        ValueError: videos without features or without an annotation, and whatever
            `read_streams` and `assemble` find.
    """
    folder = find_home(root, FOLDERS[name], "features")
    truth, durations = READERS[name](folder)
    annotations = annotate(truth, SUBSETS, durations=durations)
    features = folder / "features"
    files = named_as(find_streams(features), truth.videos, features)
    left_out = set(truth.videos).difference(annotations)
    files = {video: paths for video, paths in files.items() if video not in left_out}
    check_paired(files, annotations, features)
    classes = class_names(annotations.values())
    streams = read_streams(files, progress=progress, crew=crew)
    videos = assemble(annotations, streams, classes, length_tolerance=length_tolerance)
    return SnippetSet(name, videos, classes, ("training", "validation"), seconds_per_snippet=None)


def read_v12(folder: Path) -> tuple[Segments, dict[str, object]]:
    """True segments and durations of v1.2."""
    path = need_file(folder / "v1-2.json")
    content = mapping(read_json(path), str(path), "'database'")
    database = content.get("database")
    truth = truth_segments(database, str(path))
    return truth, {video: field(path, video, database[video], "duration") for video in database}


def read_v13(folder: Path) -> tuple[Segments, dict[str, object]]:
    """True segments and durations of v1.3, whose subsets stand in a second file."""
    path = need_file(folder / "anet_anno_action.json")
    database = read_json(path)
    truth = truth_segments(database, str(path))
    subsets = read_subsets(need_file(folder / "video_info_new.csv"), truth.videos)
    truth = truth._replace(subsets=tuple(subsets[video] for video in truth.videos))
    durations = {v: field(path, v, database[v], "duration_second") for v in database}
    return truth, durations


READERS = {"activitynet12": read_v12, "activitynet13": read_v13}


def field(path: Path, video: str, entry: Mapping, name: str) -> object:
    if name not in entry:
        raise ValueError(f"{path}: video {video!r} has no {name!r}")
    return entry[name]


def read_subsets(path: Path, videos: Collection[str]) -> dict[str, str]:
    """Video -> subset from a table with the columns `video` and `subset`.

    Raises:
        ValueError: no such columns, or videos that only one of the files has.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path}: not a table of text ({error})") from error
    if not rows or not {"video", "subset"} <= rows[0].keys():
        raise ValueError(f"{path}: no columns 'video' and 'subset' with a video a line")
    subsets = {row["video"]: row["subset"] for row in rows}
    for what, names in (
        ("that it does not list", set(videos) - subsets.keys()),
        ("that the annotation does not have", subsets.keys() - set(videos)),
    ):
        if names:
            raise ValueError(f"{path}: {len(names)} videos {what} ({listed(sorted(names))})")
    return subsets


def named_as(
    files: Mapping[str, tuple[Path, ...]], videos: Collection[str], folder: Path
) -> dict[str, tuple[Path, ...]]:
    """The files under the names that the annotation has for their videos.

    Raises:
        ValueError: two files of one video.
    """
    videos = set(videos)
    named: dict[str, tuple[Path, ...]] = {}
    for stem, paths in files.items():
        spellings = (stem, PREFIX + stem, stem.removeprefix(PREFIX))
        video = next((name for name in spellings if name in videos), stem)
        if video in named:
            raise ValueError(f"{folder}: two files of video {video!r}, with and without {PREFIX!r}")
        named[video] = paths
    return named
