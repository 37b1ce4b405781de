"""Reader of ActivityNet v1.2 and v1.3; the validation videos are the test videos.

    <root>/features/<video>.npy, or rgb/<video>.npy and flow/<video>.npy in it
    <root>/v1-2.json, activity_net.v1-2.min.json, ...     v1.2, as ActivityNet publishes it
    <root>/anet_anno_action.json, video_info_new.csv      v1.3, as BMN packs it, or
    <root>/activity_net.v1-3.min.json, ...                v1.3, as ActivityNet publishes it

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
    class_names,
    find_streams,
    pair,
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
    read_annotation: Callable[[Path], tuple[Segments, Mapping[str, object]]],
    skip_missing: bool = False,
    **reading: Any,
) -> Parts:
    """Reads one version of the data set, whose annotation `read_v12` or `read_v13` reads.

    See `LocalizationEntry.read` for the other arguments.
    """
    truth, durations = read_annotation(folder)
    annotations = annotate(truth, SUBSETS, durations=durations)
    features = folder / "features"
    found = find_streams(features, skip_missing=skip_missing)
    files = rename_as_annotated(found, truth.videos, features)
    unused = set(truth.videos).difference(annotations)
    files = {video: paths for video, paths in files.items() if video not in unused}
    missing = pair(files, list(annotations), features, skip_missing=skip_missing)
    return Parts(annotations, read_streams(files, **reading), class_names(annotations), missing)


def read_v12(folder: Path) -> tuple[Segments, Mapping[str, object]]:
    """True segments and durations of v1.2."""
    return read_own(find_annotation(folder, "v1-2.json", "*1[-._]2*.json"))


def read_v13(folder: Path) -> tuple[Segments, Mapping[str, object]]:
    """True segments and durations of v1.3; in BMN's packing subsets are in a second file."""
    packed = folder / "anet_anno_action.json"
    path = find_annotation(folder, packed.name, "activity_net.v1-3.min.json", "*1[-._]3*.json")
    if path != packed:
        return read_own(path)
    database = read_json(path)
    truth = truth_segments(database, str(path))
    subsets = read_subsets(need_file(folder / "video_info_new.csv"), truth.videos)
    truth = truth._replace(subsets=tuple(subsets[video] for video in truth.videos))
    return truth, fields(database, "duration_second")


def read_own(path: Path) -> tuple[Segments, Mapping[str, object]]:
    """True segments and durations of ActivityNet's own JSON."""
    content = mapping(read_json(path), str(path), "'database'")
    database = content.get("database")
    return truth_segments(database, str(path)), fields(database, "duration")


def find_annotation(folder: Path, *patterns: str) -> Path:
    """The file of the first pattern that any has; raises FileNotFoundError, ValueError of two."""
    for pattern in patterns:
        paths = sorted(folder.glob(pattern))
        if len(paths) > 1:
            raise ValueError(
                f"{folder}: several annotations: {listed(each.name for each in paths)}"
            )
        if paths and paths[0].is_file():
            return paths[0]
    others = " nor ".join(patterns[1:])
    raise FileNotFoundError(f"{folder / patterns[0]}: no such file, nor {others}")


def fields(database: Mapping[str, Mapping], name: str) -> dict[str, object]:
    """Video -> a field of its entry, as far as it has one."""
    return {video: entry[name] for video, entry in database.items() if name in entry}


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
