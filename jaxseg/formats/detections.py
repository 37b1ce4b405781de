"""Labelled segments of many videos as columns, and the JSON files of ActivityNet."""

import json
import math
import reprlib
from array import array
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from jaxseg.formats.names import check_name

# Says a little of a value. A list of lists of one and the same list may be longer, written out,
# than any memory.
SHORT = reprlib.Repr()
SHORT.maxlevel, SHORT.maxstring, SHORT.maxother, SHORT.maxlong = 4, 80, 80, 80


class Segments(NamedTuple):
    """True or predicted segments in file order.

    Attributes:
        source: file, or another name for error messages.
        videos: names of the videos, those without segments too.
        subsets: subset of each video, "" where none is said.
        labels: names of the classes, in order of first appearance.
        video: int64 [n], index into `videos`.
        label: int64 [n], index into `labels`.
        start: float64 [n], seconds.
        end: float64 [n], seconds, at least `start`.
        score: float64 [n], higher is surer; 1 for true segments.
    """

    source: str
    videos: tuple[str, ...]
    subsets: tuple[str, ...]
    labels: tuple[str, ...]
    video: np.ndarray
    label: np.ndarray
    start: np.ndarray
    end: np.ndarray
    score: np.ndarray


def truth_segments(database: Mapping[str, Mapping], source: str = "truth") -> Segments:
    """Columns of {video: {"subset", "annotations": [{"label", "segment": [start, end]}]}}.

    `subset` may be missing; numbers may be written as text, as in THUMOS14's JSON.

    Raises:
        ValueError: another shape, a name that does not fit on a line, or a segment that is
            negative, not finite or ends early.
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
        ValueError: another shape, a name that does not fit on a line, a segment that is
            negative, not finite or ends early, or a score that is not finite.
    """
    results = mapping(results, source, "videos")
    return columns(results, [""] * len(results), source, scored=True)


def columns(
    videos: Mapping[str, Sequence], subsets: Sequence[str], source: str, *, scored: bool
) -> Segments:
    """Checks every segment and lays them out as columns."""
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
    """Label, start, end and score of one segment; ValueError that begins with `where`."""
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
    """`value`, or a ValueError where it is no mapping."""
    if not isinstance(value, Mapping):
        raise ValueError(f"{source}: {clip(value)} instead of {{...}} of {what}")
    return value


def clip(value, limit: int = 80) -> str:
    """A value for a one-line message, cut where it is long."""
    if isinstance(value, np.ndarray):
        return f"{value.dtype} array of shape {value.shape}"
    text = SHORT.repr(value)
    return text if len(text) <= limit else text[: limit - 3] + "..."


def select(segments: Segments, kept: np.ndarray) -> Segments:
    """The segments that a mask or an index array names; videos and labels stay."""
    fields = ("video", "label", "start", "end", "score")
    return segments._replace(**{field: getattr(segments, field)[kept] for field in fields})


def select_subset(segments: Segments, subset: str | None) -> Segments:
    """The videos of one subset.

    Args:
        subset: None takes all videos, if they are of one subset or say none.

    Raises:
        ValueError: no such subset, or None where there are several.
    """
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


def read_json(path: Path) -> object:
    """What a JSON file holds.

    Raises:
        ValueError: the file cannot be read, is empty, cut short or no JSON, or repeats a key
            within one object, so that one of two videos would be lost without a word.
    """

    def unique(pairs: list[tuple]) -> dict:
        result: dict = {}
        for key, value in pairs:
            if key in result:
                raise ValueError(f"{clip(key)} stands there twice")
            result[key] = value
        return result

    try:
        text = Path(path).read_text(encoding="utf-8-sig")
        if not text.strip():
            raise ValueError("empty")
        return json.loads(text, object_pairs_hook=unique)
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: no text: byte {error.start} is not UTF-8") from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise ValueError(f"{path}: no whole JSON: {error.msg} in {place}") from None
    except RecursionError:
        raise ValueError(f"{path}: JSON nested too deeply") from None
    except ValueError as error:  # also of a number with more digits than Python reads
        raise ValueError(f"{path}: {error}") from None


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
    """Writes {video: [{"label", "score", "segment"}]} as ActivityNet's evaluator reads it.

    Raises:
        ValueError: as `predicted_segments`: nothing is written that would not read back.
    """
    predicted_segments(results, str(path))
    write_json(path, {"version": version, "external_data": {}, "results": results})


def write_truth(path: Path, database: Mapping[str, Mapping], version: str = "") -> None:
    """Writes {video: {"subset", "annotations"}} as ActivityNet's evaluator reads it."""
    truth_segments(database, str(path))
    write_json(path, {"version": version, "taxonomy": [], "database": database})


def write_json(path: Path, content) -> None:
    """Writes JSON, refusing the NaN and Infinity that JSON does not have; makes the folder."""
    text = json.dumps(content, allow_nan=False)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text + "\n", encoding="utf-8")
