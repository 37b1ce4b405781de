"""Labels of the rows of features, of people's own recordings: a label a frame, or segments."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from jaxseg.data.segmentation.alignment import LARGEST_SHARE, Clock, TruthSettings, of_window
from jaxseg.data.segmentation.labels import ClassNames, is_number
from jaxseg.data.segmentation.sources import Source
from jaxseg.formats.annotations.annotation import FRAMES, SECONDS, UNNAMED, Annotations, Labels
from jaxseg.formats.annotations.painting import NOTHING, half_open, paint
from jaxseg.formats.names import clip, hint

UNLABELED = "unlabeled"  # class of frames without a label, unless data.gaps names another


class Labeled(NamedTuple):
    """The labels of recordings as classes, and notes on how they came about.

    `labels` are int32 [rows], perhaps fewer than the recording has; None without truth. `names`
    are the classes, with one more for frames without a label where there are such; then `gap` is
    its name.
    """

    labels: list[np.ndarray | None]
    names: ClassNames
    gap: str
    notes: list[str]


def label_rows(
    sources: Sequence[Source],
    rows: Sequence[int],
    names: ClassNames,
    clock: Clock,
    settings: TruthSettings,
    known: Sequence[np.ndarray | None],
) -> Labeled:
    """The class of each row of features.

    Args:
        sources: with `labels`, or None where there is no truth; those that are a label a frame
            have a length that fits.
        rows: of the features of each.
        names: the classes; labels that are all whole numbers may be indices of them.
        clock: how rows and labels go together.
        settings: `gaps` names the class of frames without a label.
        known: labels of published data sets, int32, which were read already.
    """
    seconds = _counts_seconds(sources, rows, clock)
    spans = [each.labels.spans for each in sources if _unit(each, seconds) == FRAMES]
    shift = half_open(spans)
    gap = settings.gaps or UNLABELED
    index = {**names.index}
    gap_code = index.setdefault(gap, len(names.classes))
    labels: list[np.ndarray | None] = []
    tallies: Counter = Counter()
    for each, count, codes in zip(sources, rows, known, strict=True):
        if isinstance(each.labels, Annotations):
            codes = _painted(each, count, names, clock, seconds, shift, tallies)
        elif isinstance(each.labels, Labels):
            codes = _codes(each.truth, each.labels.labels, names)
        if codes is None:
            labels.append(None)
            continue
        _count_cut(tallies, clock, count, len(codes))
        codes = codes[clock.places(count, len(codes))]
        if len(codes):
            tallies["labeled"] += len(codes)
            tallies["gaps"] += int(np.count_nonzero(codes == NOTHING))
        labels.append(np.where(codes == NOTHING, gap_code, codes).astype(np.int32))
    classes = names.classes
    if tallies["gaps"] and gap_code == len(classes):
        classes = (*classes, gap)
    notes = _notes(tallies, clock, settings)
    if any(_is_unnamed(each) for each in sources):
        unit = SECONDS if seconds else FRAMES
        notes.append(
            f"truth: starts and ends without a unit are read as {unit}; call the columns start_s "
            "and end_s, or start_frame and end_frame, if they are not"
        )
    kept = index if tallies["gaps"] else names.index
    is_gap = tallies["gaps"] and not settings.gaps
    return Labeled(labels, ClassNames(classes, kept), gap if is_gap else "", notes)


def _is_unnamed(source: Source) -> bool:
    return isinstance(source.labels, Annotations) and source.labels.unit == UNNAMED


def _unit(source: Source, seconds: bool) -> str:
    """Unit of the segments of a source; "" where it has none."""
    if not isinstance(source.labels, Annotations):
        return ""
    return source.labels.unit or (SECONDS if seconds else FRAMES)


def _counts_seconds(sources: Sequence[Source], rows: Sequence[int], clock: Clock) -> bool:
    """Whether segments whose times have no unit are in seconds.

    Where every one of them ends within its recording so, they are; frames end far beyond it.
    """
    if clock.fps is None:
        return False
    return all(
        _last_stop(each.labels) <= (1 + LARGEST_SHARE) * count / clock.fps + 1
        for each, count in zip(sources, rows, strict=True)
        if _is_unnamed(each)
    )


def _last_stop(annotations: Annotations) -> float:
    """When the last segment ends, or begins where it has no end; 0 without segments."""
    return max(
        (span.stop if span.stop < float("inf") else span.start for span in annotations.spans),
        default=0.0,
    )


def _codes(path: Path, labels: Sequence[str], names: ClassNames) -> np.ndarray:
    """Labels a frame as classes, int32 [frames]; `NOTHING` for -1 where all are whole numbers."""
    codes = _class_of(path, list(dict.fromkeys(labels)), names, labels)
    return np.array([codes[label] for label in labels], np.int32)


def _class_of(
    path: Path, different: Sequence[str], names: ClassNames, lines: Sequence[str] = ()
) -> dict[str, int]:
    """Label -> class of the different labels of a file, which may be indices of classes.

    Raises:
        ValueError: a label that has no class, with the nearest, and its line where it has one.
    """
    classes = {label: names.index[label] for label in different if label in names.index}
    numbers = all(map(is_number, different))
    if numbers and "-1" not in classes and "-1" in different:
        classes["-1"] = NOTHING
    if numbers and not classes.keys() - {"-1"}:
        count = len(names.classes)
        classes |= {each: int(each) for each in different if 0 <= int(each) < count}
    for label in different:
        if label not in classes:
            line = f" in line {lines.index(label) + 1}" if lines else ""
            raise ValueError(f"{path}: unknown label {clip(label)}{line}{hint(label, names.index)}")
    return classes


def _painted(
    source: Source,
    rows: int,
    names: ClassNames,
    clock: Clock,
    seconds: bool,
    shift: tuple[float, float],
    tallies: Counter,
) -> np.ndarray:
    """Segments as the classes of all labels that the rows stand for, int32."""
    in_frames = _unit(source, seconds) == FRAMES
    if not in_frames and clock.fps is None:
        known = source.labels.fps
        video = f" (the video has {known:g})" if known else ""
        raise ValueError(
            f"{source.truth}: segments are in seconds; give --config.data.fps, the rows of "
            f"features a second{video}"
        )
    rate = 1.0 if in_frames else clock.label_fps
    spans = source.labels.spans
    if in_frames:
        begin, end = shift
        spans = [span._replace(start=span.start + begin, stop=span.stop + end) for span in spans]
    frames = int(np.ceil(clock.span(rows)))
    end = _last_stop(source.labels) * rate
    if end - frames > max(LARGEST_SHARE * frames, rate / 2, 1):
        unit = " the columns name no unit: start_ms and end_ms would" * _is_unnamed(source)
        raise ValueError(
            f"{source.truth}: segments end at {_last_stop(source.labels):g} "
            f"{FRAMES if in_frames else SECONDS}, {source.video!r} at {frames / rate:g} ({rows} "
            f"rows{'' if in_frames else f', {clock.fps:g} a second'}): is it the same recording, "
            f"and are data.fps and data.label_fps right?{unit}"
        )
    painted = paint(source.truth, spans, rate, frames)
    tallies["shared"] += painted.shared
    tallies["beyond"] += painted.beyond
    classes = _class_of(source.truth, painted.names, names)
    table = np.array([classes[name] for name in painted.names] + [NOTHING], np.int32)
    return table[painted.codes]


def _count_cut(tallies: Counter, clock: Clock, rows: int, labels: int) -> None:
    """Counts what the tolerance cuts of one recording, and where."""
    surplus = clock.surplus(rows, labels)
    if surplus > 0:
        tallies["labels cut"] += round(surplus)
        tallies["most labels cut"] = max(tallies["most labels cut"], round(surplus))
        tallies["videos with labels cut"] += 1
    elif surplus < 0:
        tallies["rows cut"] += rows - len(clock.places(rows, labels))
        tallies["videos with rows cut"] += 1


def _notes(tallies: Counter, clock: Clock, settings: TruthSettings) -> list[str]:
    """What was cut, shared or is without a label, as sentences with numbers."""
    notes = [] if clock.is_plain or not tallies["labeled"] else [f"truth: {clock.words()}"]
    if settings.stride > 1 and clock.fps and not settings.label_fps:
        notes.append(
            f"truth: features have {clock.fps:g} rows a second, so that labels are "
            f"{clock.label_fps:g} a second; if {clock.fps:g} is the rate of the labels, give "
            f"data.label_fps={clock.fps:g} in place of data.fps"
        )
    for what, where in (("labels", "labels"), ("rows", "features")):
        if count := tallies[f"videos with {what} cut"]:
            most = tallies["most labels cut"]
            # One number in all recordings is no carelessness but a window.
            is_window = clock.is_plain and count > 1 and most * count == tallies["labels cut"]
            notes.append(
                f"data.length_tolerance: at the end of the {where} of {count} recordings "
                f"{tallies[f'{what} cut']} {what} in all were cut"
                + (of_window(most, "in each") if is_window and what == "labels" else "")
            )
    if tallies["shared"]:
        notes.append(
            f"truth: {tallies['shared']} frames are in two segments that touch; the later has them"
        )
    if tallies["beyond"]:
        notes.append(
            f"truth: segments reach {tallies['beyond']} frames beyond their recordings, which "
            "were cut"
        )
    if tallies["gaps"]:
        share = 100 * tallies["gaps"] / tallies["labeled"]
        if settings.gaps:
            notes.append(f"truth: {share:.3g} % of the frames have no label: {settings.gaps!r}")
        else:
            notes.append(
                f"truth: {share:.3g} % of the frames have no label and are not scored; "
                "--config.data.gaps=NAME makes a class of them"
            )
    return notes
