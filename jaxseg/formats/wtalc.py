"""W-TALC's folder of annotation arrays, and THUMOS14's list of ambiguous intervals."""

from pathlib import Path

import numpy as np

from jaxseg.formats.arrays import read_pickled_npy
from jaxseg.formats.detections import Segments, columns, number, truth_segments
from jaxseg.formats.labels import read_lines
from jaxseg.formats.names import clip

ARRAYS = ("videoname", "subset", "segments", "labels")


def read_wtalc(folder: Path) -> Segments:
    """True segments from `videoname`, `subset`, `segments` and `labels.npy` of one folder."""
    arrays = {name: read_pickled_npy(Path(folder) / f"{name}.npy") for name in ARRAYS}
    shapes = {name: array.shape for name, array in arrays.items()}
    if len({shape[:1] for shape in shapes.values()}) > 1 or () in shapes.values():
        raise ValueError(f"{folder}: arrays that are not one entry a video: {shapes}")
    database: dict[str, dict] = {}
    for video, subset, segments, labels in zip(*map(entries, arrays.values()), strict=True):
        name = text(folder, "video", video)
        where = f"{folder}: video {name!r}"
        if name in database:
            raise ValueError(f"{where} stands there twice")
        annotations = annotate(where, segments, labels)
        database[name] = {"subset": text(where, "subset", subset), "annotations": annotations}
    return truth_segments(database, str(folder))


def entries(array: np.ndarray) -> list:
    """List of one entry a video, from an array of shape [videos] or [videos, 1]."""
    return array.reshape(len(array)).tolist() if array.size == len(array) else list(array)


def annotate(where: str, segments, labels) -> list[dict]:
    """The segments of one video with their labels, as `truth_segments` takes them."""
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
    for count, line in enumerate(read_lines(path), start=1):
        words = line.split()
        if len(words) < 3:
            raise ValueError(f"{path}: {line!r} in line {count} is no 'video start end'")
        where = f"{path}: video {words[0]!r}"
        segment = [number(where, "time", word) for word in words[-2:]]
        intervals.setdefault(words[0], []).append({"label": "ambiguous", "segment": segment})
    return columns(intervals, [""] * len(intervals), str(path), scored=False)
