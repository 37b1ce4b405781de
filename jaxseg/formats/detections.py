"""True and predicted segments of many videos as columns, and ActivityNet's JSON files of them."""

import math
from array import array
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from jaxseg.formats.files import read_json, write_json
from jaxseg.formats.names import check_name, clip


class Segments(NamedTuple):
    """True or predicted segments in file order."""

    source: str  # file, or another name for error messages
    videos: tuple[str, ...]  # names of the videos, those without segments too
    subsets: tuple[str, ...]  # subset of each video, "" where the file has none
    labels: tuple[str, ...]  # names of the classes, in order of first appearance
    video: np.ndarray  # int64 [n], index into `videos`
    label: np.ndarray  # int64 [n], index into `labels`
    start: np.ndarray  # float64 [n], seconds
    end: np.ndarray  # float64 [n], seconds, at least `start`
    score: np.ndarray  # float64 [n], higher is surer; 1 for true segments


def truth_segments(database: Mapping[str, Mapping], source: str = "truth") -> Segments:
    """Columns of {video: {"subset", "annotations": [{"label", "segment": [start, end]}]}}.

    `subset` may be missing; numbers may be written as text, as in THUMOS14's JSON.

    Raises:
        ValueError: another structure, a name that does not fit on a line, or a segment that
            starts before 0, is not finite or ends before it starts.
    """
    annotations, subsets = {}, []
    for video, entry in mapping(database, source, "videos").items():
        if not isinstance(entry, Mapping) or "annotations" not in entry:
            raise ValueError(f"{source}: video {video!r}: {clip(entry)} has no 'annotations'")
        annotations[video] = entry["annotations"]
        subsets.append(entry.get("subset", ""))
    return columns(annotations, subsets, source, scored=False)


def predicted_segments(results: Mapping[str, Sequence], source: str = "predictions") -> Segments:
    """Columns of {video: [{"label", "score", "segment": [start, end]}]}.

    Raises:
        ValueError: another structure, a name that does not fit on a line, a segment that
            starts before 0, is not finite or ends before it starts, or a score that is not finite.
    """
    results = mapping(results, source, "videos")
    return columns(results, [""] * len(results), source, scored=True)


def columns(
    videos: Mapping[str, Sequence], subsets: Sequence[str], source: str, *, scored: bool
) -> Segments:
    """Columns of the segments of all videos, each of them checked."""
    labels: dict[str, int] = {}
    # A flat array of doubles: a million segments take 40 MB, as tuples ten times as much.
    rows = array("d")
    for number, (video, items) in enumerate(videos.items()):
        where = f"{source}: video {check_name(source, 'video', video)!r}"
        if not isinstance(items, Sequence) or isinstance(items, str):
            raise ValueError(f"{where}: {clip(items)} is no list of segments")
        for item in items:
            label, start, end, score = parse(where, item, scored)
            if label not in labels:
                labels[check_name(where, "label", label)] = len(labels)
            rows.extend((number, labels[label], start, end, score))
    video, label, start, end, score = np.array(rows).reshape(-1, 5).T.copy()
    names = tuple(videos), tuple(subsets), tuple(labels)
    return Segments(
        source, *names, video.astype(np.int64), label.astype(np.int64), start, end, score
    )


def parse(where: str, item: Mapping, scored: bool) -> tuple[str, float, float, float]:
    """Label, start, end and score of one segment; `where` begins the message of a ValueError."""
    try:
        label, (start, end) = item["label"], item["segment"]
        score = item["score"] if scored else 1.0
    except (KeyError, TypeError, ValueError):
        fields = "'label', 'score' and" if scored else "'label' and"
        raise ValueError(f"{where}: {clip(item)} lacks {fields} 'segment': [start, end]") from None
    if not isinstance(label, str):
        raise ValueError(f"{where}: label {clip(label)} is no text")
    start, end = number(where, "start", start), number(where, "end", end)
    if start < 0:
        raise ValueError(f"{where}: segment [{start}, {end}] starts before 0")
    if end < start:
        raise ValueError(f"{where}: segment [{start}, {end}] ends before it starts")
    return label, start, end, number(where, "score", score)


def number(where: str, what: str, value) -> float:
    """A finite float from a number or its text."""
    try:
        result = float(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{where}: {what} {clip(value)} is no number") from None
    if not math.isfinite(result) or isinstance(value, bool):
        raise ValueError(f"{where}: {what} {value} is no finite number")
    return result


def mapping(value, source: str, what: str) -> Mapping:
    """Returns the value; raises ValueError if it is no mapping."""
    if not isinstance(value, Mapping):
        raise ValueError(f"{source}: {clip(value)} instead of {{...}} of {what}")
    return value


def select(segments: Segments, kept: np.ndarray) -> Segments:
    """The segments at the places of a mask or an index array; videos and labels are kept."""
    fields = ("video", "label", "start", "end", "score")
    return segments._replace(**{field: getattr(segments, field)[kept] for field in fields})


def select_subset(segments: Segments, subset: str | None) -> Segments:
    """The videos of one subset; None takes all videos, which must be of one subset or of none."""
    present = sorted(set(segments.subsets))
    if subset is None:
        if len(present) > 1:
            names = ", ".join(map(repr, present))
            raise ValueError(f"{segments.source}: has the subsets {names}: one has to be named")
        return segments
    if subset not in present:
        names = ", ".join(map(repr, present)) or "none"
        raise ValueError(f"{segments.source}: no subset {subset!r} (there is {names})")
    chosen = np.array([name == subset for name in segments.subsets])
    videos = tuple(name for name, keep in zip(segments.videos, chosen, strict=True) if keep)
    index = np.cumsum(chosen) - 1
    kept = select(segments, chosen[segments.video])
    return kept._replace(
        videos=videos, subsets=(subset,) * len(videos), video=index[kept.video].astype(np.int64)
    )


def read_predictions(path: Path) -> Segments:
    """Detections from ActivityNet's JSON, {"results": {video: [...]}}; see predicted_segments."""
    content = mapping(read_json(path), str(path), "'results'")
    if "results" not in content:
        raise ValueError(f"{path}: no 'results' among {clip(list(content))}")
    return predicted_segments(content["results"], str(path))


def read_truth(path: Path) -> Segments:
    """Annotation from ActivityNet's JSON, {"database": {video: {...}}}; see truth_segments.

    A file that is the database itself, as BMN packs ActivityNet v1.3, is read too.
    """
    content = mapping(read_json(path), str(path), "videos")
    return truth_segments(content.get("database", content), str(path))


def write_predictions(path: Path, results: Mapping[str, Sequence], version: str = "") -> None:
    """Writes {video: [{"label", "score", "segment"}]} as ActivityNet's evaluator reads it."""
    predicted_segments(results, str(path))  # raises before anything is written
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, {"version": version, "external_data": {}, "results": results}, indent=None)


def write_truth(path: Path, database: Mapping[str, Mapping], version: str = "") -> None:
    """Writes {video: {"subset", "annotations"}} as ActivityNet's evaluator reads it."""
    truth_segments(database, str(path))  # raises before anything is written
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, {"version": version, "taxonomy": [], "database": database}, indent=None)
