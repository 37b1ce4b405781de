"""True and predicted segments of many videos as columns, and what ActivityNet's JSON says of them.

`jaxseg.formats.localization` reads files, of any program.
"""

import math
from array import array
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from jaxseg.formats.files import write_json
from jaxseg.formats.names import check_name, clip, listed

UNLABELED = ""  # label of a detection without one, a class-agnostic proposal
AMBIGUOUS = "ambiguous"  # THUMOS14's mark of what is neither action nor background
DURATIONS = ("duration", "duration_second")  # ActivityNet's name, and BMN's
VIDEO_LABELS = ("label", "labels")  # of a whole video, beside or instead of its annotations


class Segments(NamedTuple):
    """True or predicted segments in file order."""

    source: str  # file, or another name for error messages
    videos: tuple[str, ...]  # names of the videos, those without segments too
    subsets: tuple[str, ...]  # subset of each video, "" where the file has none
    labels: tuple[str, ...]  # names of the classes, in order of first appearance; UNLABELED too
    video: np.ndarray  # int64 [n], index into `videos`
    label: np.ndarray  # int64 [n], index into `labels`
    start: np.ndarray  # float64 [n], seconds
    end: np.ndarray  # float64 [n], seconds, at least `start`
    score: np.ndarray  # float64 [n], higher is surer; 1 for true segments
    durations: Mapping[str, float] = {}  # video -> seconds, as far as known
    notes: tuple[str, ...] = ()  # sentences on what reading has passed over
    untimed: Mapping[str, tuple[str, ...]] = {}  # video -> labels that it has without a time


def truth_segments(database: Mapping[str, Mapping], source: str = "truth") -> Segments:
    """Columns of {video: {"subset", "annotations": [{"label", "segment": [start, end]}]}}.

    `subset` may be missing, null or a number, and `duration` too; numbers may be written as text,
    as in THUMOS14's JSON. Segments that begin before 0 are taken as they are. A label may stand
    without a time, which is enough to learn from: {"label"} in the annotations, or "label" or
    "labels" of the video itself.

    Raises:
        ValueError: another structure, a name that does not fit on a line, or a segment that
            is not finite or ends before it starts.
    """
    annotations, subsets, durations, untimed, unknown = {}, [], {}, {}, []
    for video, entry in mapping(database, source, "videos").items():
        where = f"{source}: video {video!r}"
        if not isinstance(entry, Mapping) or not {"annotations", *VIDEO_LABELS} & entry.keys():
            hint = f"; {SWAPPED}" if predicts(entry) else ""
            raise ValueError(f"{where}: {clip(entry)} has no 'annotations'{hint}")
        annotations[video], labels = split_untimed(where, entry)
        if labels:
            untimed[video] = labels
        subsets.append(subset_name(where, entry.get("subset")))
        if (duration := known_duration(entry)) is None:
            unknown.append(video)
        elif duration:
            durations[video] = duration
    segments = columns(annotations, subsets, source, scored=False)
    note = f"durations that are no positive number: {len(unknown)}, passed over: {listed(unknown)}"
    notes = (note,) if unknown else ()
    return segments._replace(durations=durations, untimed=untimed, notes=notes)


def split_untimed(where: str, entry: Mapping) -> tuple[Sequence, tuple[str, ...]]:
    """The annotations of a video that have a time, and the labels that stand without one."""
    items = entry.get("annotations", ())
    if items is None and not entry.keys().isdisjoint(VIDEO_LABELS):
        items = ()
    if not isinstance(items, Sequence) or isinstance(items, str):
        return items, ()  # which `columns` refuses
    timed = [item for item in items if not is_untimed(item)]
    found = [item["label"] for item in items if is_untimed(item)]
    for field in VIDEO_LABELS:
        value = entry.get(field)
        found += value if isinstance(value, list | tuple) else [value] * (value is not None)
    for label in found:
        if not isinstance(label, str):
            raise ValueError(f"{where}: label {clip(label)} is no name")
        check_name(where, "label", label)
    return timed, tuple(sorted(set(found)))


def is_untimed(item: object) -> bool:
    """Whether an annotation is a label and its number: a wrong name of a time is no such."""
    known = {"label", "label_id", "segment"}
    if not isinstance(item, Mapping) or not {"label"} <= item.keys() <= known:
        return False
    segment = item.get("segment")
    return segment is None or (
        isinstance(segment, list | tuple) and all(each is None for each in segment)
    )


def known_duration(entry: Mapping) -> float | None:
    """Seconds of a video, 0 where its entry does not say, None where it says no positive number."""
    value = next((entry[name] for name in DURATIONS if entry.get(name) is not None), 0.0)
    try:
        duration = number("", "duration", value)
    except ValueError:
        return None
    return duration if duration > 0 or value == 0.0 else None


def subset_name(where: str, value: object) -> str:
    """A subset from its name or number, "" from null; `where` begins the message of a ValueError.

    Programs of tables write null, and some NaN, for a cell that is empty.
    """
    if value is None or value != value:
        return ""
    value = value.strip() if isinstance(value, str) else value
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(f"{where}: subset {clip(value)} is no name")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return check_name(where, "subset", str(value)) if value != "" else ""


def predicted_segments(results: Mapping[str, Sequence], source: str = "predictions") -> Segments:
    """Columns of {video: [{"label", "score", "segment": [start, end]}]}.

    A detection without a label, or with null, is a class-agnostic proposal: `UNLABELED`. Segments
    that begin before 0 are taken as they are.

    Raises:
        ValueError: another structure, a name that does not fit on a line, a segment that
            is not finite or ends before it starts, or a score that is not finite.
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
            raise ValueError(f"{where}: {clip(items)} is no list of segments ([] if it has none)")
        for item in items:
            label, start, end, score = parse(where, item, scored)
            if label not in labels:
                labels[check_name(where, "label", label) if label else label] = len(labels)
            rows.extend((number, labels[label], start, end, score))
    video, label, start, end, score = np.array(rows).reshape(-1, 5).T.copy()
    names = tuple(videos), tuple(subsets), tuple(labels)
    return Segments(
        source, *names, video.astype(np.int64), label.astype(np.int64), start, end, score
    )


def parse(where: str, item: Mapping, scored: bool) -> tuple[str, float, float, float]:
    """Label, start, end and score of one segment; `where` begins the message of a ValueError."""
    needed = ("score", "segment") if scored else ("label", "segment")
    if not isinstance(item, Mapping):
        raise ValueError(f"{where}: {clip(item)} instead of {{...}} of a segment")
    if missing := [repr(field) for field in needed if field not in item]:
        raise ValueError(f"{where}: {clip(item)} has no {' and no '.join(missing)}")
    label, segment = item.get("label"), item["segment"]
    if scored and (label is None or label == ""):  # of tables, an empty cell
        label = UNLABELED
    elif not isinstance(label, str) or not label:
        raise ValueError(f"{where}: label {clip(label)} is no name")
    try:
        if isinstance(segment, str | bytes | Mapping):
            raise TypeError
        start, end = segment
    except (TypeError, ValueError):
        raise ValueError(f"{where}: segment {clip(segment)} is no [start, end]") from None
    score = number(where, "score", item["score"]) if scored else 1.0
    return label, *interval(where, start, end), score


def interval(where: str, start: object, end: object) -> list[float]:
    """Start and end as finite numbers; raises ValueError of others, or if it ends first."""
    start, end = number(where, "start", start), number(where, "end", end)
    if end < start:
        raise ValueError(f"{where}: segment [{start}, {end}] ends before it starts")
    return [start, end]


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
    names = ", ".join(repr(name) if name else "videos without one" for name in present) or "none"
    if subset is None:
        if len(present) > 1:
            raise ValueError(f"{segments.source}: has the subsets {names}: name one (--subset)")
        return segments
    if present == [""] and subset:
        raise ValueError(
            f"{segments.source}: no subset {subset!r}: no video has one; leave --subset out"
        )
    if subset not in present:
        raise ValueError(f"{segments.source}: no subset {subset!r} (there is {names})")
    chosen = np.array([name == subset for name in segments.subsets])
    videos = tuple(name for name, keep in zip(segments.videos, chosen, strict=True) if keep)
    index = np.cumsum(chosen) - 1
    kept = select(segments, chosen[segments.video])
    return kept._replace(
        videos=videos, subsets=(subset,) * len(videos), video=index[kept.video].astype(np.int64)
    )


def split_ambiguous(truth: Segments) -> tuple[Segments, Segments]:
    """The true segments, and the intervals among them that are labeled as ambiguous.

    THUMOS14 marks with "Ambiguous" what is neither action nor background. It is never a class.
    """
    marked = [i for i, name in enumerate(truth.labels) if is_ambiguous(name)]
    ambiguous = np.isin(truth.label, marked)
    untimed = {
        video: kept
        for video, names in truth.untimed.items()
        if (kept := tuple(name for name in names if not is_ambiguous(name)))
    }
    actions = select(truth, ~ambiguous)._replace(untimed=untimed)
    return actions, select(truth, ambiguous)


def is_ambiguous(label: str) -> bool:
    """Whether a label is THUMOS14's mark, which is no class."""
    return label.strip().lower() == AMBIGUOUS


SWAPPED = "it looks like predictions: are truth and predictions swapped?"


def predicts(value: object) -> bool:
    """Whether this looks like predictions: a file of them, or a video's list."""
    if isinstance(value, Mapping):
        return "results" in value
    return isinstance(value, list) and any(isinstance(i, Mapping) and "score" in i for i in value)


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
