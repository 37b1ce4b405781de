"""Reader of ActivityNet v1.2 and v1.3; the validation videos are the test videos.

    <root>/features/<video>.npy, or rgb/<video>.npy and flow/<video>.npy in it
    <root>/v1-2.json                                      v1.2, as ActivityNet publishes it
    <root>/anet_anno_action.json, video_info_new.csv      v1.3, as BMN packs it

The root may also hold the data set's folder. A video's files may have its name with or without
the leading "v_" that some releases put before YouTube's. Videos of the testing subset, which have
no annotation, are left out, with features or without. How long a snippet lasts differs between
releases: it follows from the video's duration.
"""

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from jaxseg.data.localization.assembly import (
    Parts,
    annotate,
    check_paired,
    class_names,
    find_streams,
    read_streams,
)
from jaxseg.formats.detections import Segments, mapping, truth_segments
from jaxseg.formats.files import need_file, read_json
from jaxseg.formats.names import listed
from jaxseg.formats.tables import read_columns

SUBSETS = {"training": "train", "validation": "test", "testing": None}
PREFIX = "v_"


def read_activitynet(
    folder: Path,
    *,
    read_annotation: Callable[[Path], tuple[Segments, dict[str, object]]],
    **reading: Any,
) -> Parts:
    """Reads one version of the data set, whose annotation `read_v12` or `read_v13` reads.

    See `LocalizationEntry.read` for the other arguments.
    """
    truth, durations = read_annotation(folder)
    annotations = annotate(truth, SUBSETS, durations=durations)
    features = folder / "features"
    files = rename_as_annotated(find_streams(features), truth.videos, features)
    left_out = set(truth.videos).difference(annotations)
    files = {video: paths for video, paths in files.items() if video not in left_out}
    check_paired(files, annotations, features)
    return Parts(annotations, read_streams(files, **reading), class_names(annotations))


def read_v12(folder: Path) -> tuple[Segments, dict[str, object]]:
    """True segments and durations of v1.2."""
    path = need_file(folder / "v1-2.json")
    content = mapping(read_json(path), str(path), "'database'")
    database = content.get("database")
    truth = truth_segments(database, str(path))
    return truth, {video: field(path, video, database[video], "duration") for video in database}


def read_v13(folder: Path) -> tuple[Segments, dict[str, object]]:
    """True segments and durations of v1.3, whose subsets are in a second file."""
    path = need_file(folder / "anet_anno_action.json")
    database = read_json(path)
    truth = truth_segments(database, str(path))
    subsets = read_subsets(need_file(folder / "video_info_new.csv"), truth.videos)
    truth = truth._replace(subsets=tuple(subsets[video] for video in truth.videos))
    durations = {v: field(path, v, database[v], "duration_second") for v in database}
    return truth, durations


def field(path: Path, video: str, entry: Mapping, name: str) -> object:
    """A field of a video's entry; raises ValueError where it is missing."""
    if name not in entry:
        raise ValueError(f"{path}: video {video!r} has no {name!r}")
    return entry[name]


def read_subsets(path: Path, videos: Collection[str]) -> dict[str, str]:
    """Video -> subset, of exactly these videos, from the columns `video` and `subset`."""
    subsets = read_columns(path, "video", "subset")
    for what, names in (
        ("that it does not list", set(videos) - subsets.keys()),
        ("that the annotation does not have", subsets.keys() - set(videos)),
    ):
        if names:
            raise ValueError(f"{path}: {len(names)} videos {what} ({listed(sorted(names))})")
    return subsets


def rename_as_annotated(
    files: Mapping[str, tuple[Path, ...]], videos: Collection[str], folder: Path
) -> dict[str, tuple[Path, ...]]:
    """The files, by the names that the annotation has for their videos."""
    videos = set(videos)
    renamed: dict[str, tuple[Path, ...]] = {}
    for stem, paths in files.items():
        spellings = (stem, PREFIX + stem, stem.removeprefix(PREFIX))
        video = next((name for name in spellings if name in videos), stem)
        if video in renamed:
            raise ValueError(f"{folder}: two files of video {video!r}, with and without {PREFIX!r}")
        renamed[video] = paths
    return renamed
