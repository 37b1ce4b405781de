"""W-TALC's folder of annotation arrays, and THUMOS14's list of ambiguous intervals."""

import contextlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from jaxseg.formats.arrays import read_pickled_npy
from jaxseg.formats.detections import AMBIGUOUS, Segments, columns, truth_segments
from jaxseg.formats.localization.thumos14 import read_intervals
from jaxseg.formats.names import clip

TIMED = ("segments", "labels")
ARRAYS = ("videoname", "subset", *TIMED)


def read_wtalc(folder: Path) -> Segments:
    """True segments from `videoname`, `subset`, `segments` and `labels.npy` of one folder.

    A video without segments has the classes of `labels_all.npy`, if there is one, without times;
    beside it `segments` and `labels.npy` may both be missing.
    Durations are those of `duration.npy`, if they can be read: no score needs them.
    """
    folder = Path(folder)
    arrays = {name: read_pickled_npy(folder / f"{name}.npy") for name in needed_arrays(folder)}
    shapes = {name: array.shape for name, array in arrays.items()}
    if len({shape[:1] for shape in shapes.values()}) > 1 or () in shapes.values():
        raise ValueError(f"{folder}: arrays that are not one entry a video: {shapes}")
    database: dict[str, dict] = {}
    for video, subset, *timed in zip(*map(entries, arrays.values()), strict=True):
        name = text(folder, "video", video)
        where = f"{folder}: video {name!r}"
        if name in database:
            raise ValueError(f"{where} stands there twice")
        annotations = annotate(where, *timed) if timed else []
        database[name] = {"subset": text(where, "subset", subset), "annotations": annotations}
    if (folder / "labels_all.npy").is_file():
        for video, labels in read_all_labels(folder, list(database)).items():
            if not database[video]["annotations"]:
                database[video]["labels"] = sorted(labels)
    with contextlib.suppress(ValueError):
        for video, duration in per_video(folder / "duration.npy", list(database)).items():
            database[video]["duration"] = duration
    return truth_segments(database, str(folder))


def needed_arrays(folder: Path) -> tuple[str, ...]:
    """Those of `ARRAYS` that a folder has to hold: no times where it has labels without any."""
    untimed = (folder / "labels_all.npy").is_file()
    timed = any((folder / f"{name}.npy").exists() for name in TIMED)
    return ARRAYS if timed or not untimed else ARRAYS[: -len(TIMED)]


def read_all_labels(folder: Path, videos: Sequence[str]) -> dict[str, frozenset[str]]:
    """Video -> its classes in `labels_all.npy`."""
    path = folder / "labels_all.npy"
    found = per_video(path, videos)
    return {video: label_names(f"{path}: video {video!r}", found[video]) for video in videos}


def label_names(where: str, labels: object) -> frozenset[str]:
    """The labels of one video, a list or one name; raises ValueError if they are neither."""
    labels = [labels] if isinstance(labels, str | bytes) else labels
    if not isinstance(labels, list | np.ndarray) or getattr(labels, "shape", None) == ():
        raise ValueError(f"{where}: {clip(labels)} is no list of labels")
    return frozenset(text(where, "label", label) for label in labels)


def per_video(path: Path, videos: Sequence[str]) -> dict[str, object]:
    """Video -> its entry in an array of one entry a video."""
    array = read_pickled_npy(path)
    if array.shape[:1] != (len(videos),):
        raise ValueError(f"{path}: shape {array.shape} is not one entry for {len(videos)} videos")
    return dict(zip(videos, entries(array), strict=True))


def entries(array: np.ndarray) -> list:
    """List of one entry a video, from an array of shape [videos] or [videos, 1]."""
    return array.reshape(len(array)).tolist() if array.size == len(array) else list(array)


def annotate(where: str, segments, labels) -> list[dict]:
    """The segments of one video with their labels, as `truth_segments` takes them."""
    segments, labels = (() if each is None else each for each in (segments, labels))
    try:
        pairs = list(zip(segments, labels, strict=True))
    except (TypeError, ValueError):
        raise ValueError(f"{where}: segments and labels do not pair up") from None
    return [{"label": text(where, "label", label), "segment": segment} for segment, label in pairs]


def text(where: object, what: str, value: object) -> str:
    """A name, which Python 2 wrote as bytes; raises ValueError for any other type."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if not isinstance(value, str):
        raise ValueError(f"{where}: {what} {clip(value)} is no text")
    return str(value)


def read_ambiguous(path: Path) -> Segments:
    """Intervals that are neither action nor background, one `video start end` a line, seconds.

    Words between the video's name and the two numbers are skipped.
    """
    intervals: dict[str, list] = {}
    for video, segment in read_intervals(path, between=True):
        intervals.setdefault(video, []).append({"label": AMBIGUOUS, "segment": segment})
    return columns(intervals, [""] * len(intervals), str(path), scored=False)
