"""Tables of segments: with named columns (BORIS, ELAN, jaxseg, people), or in a known order.

Without a header there are Audacity's label tracks (start, end and label with tabs between),
Breakfast's coarse annotation (`start-stop label`, frames counted from 1, both included), ELAN's
tab-delimited text and plain `start,end,label`.
"""

import csv
import itertools
import re
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import NamedTuple

from jaxseg.formats.annotations.annotation import (
    CLOCK,
    FRAMES,
    SECONDS,
    UNNAMED,
    Annotations,
    Labels,
    Span,
    lasting,
    make_span,
    parse_time,
    until_next,
)
from jaxseg.formats.annotations.columns import Columns, TimeColumn, find_columns
from jaxseg.formats.files import read_text
from jaxseg.formats.names import clip, listed

COARSE = re.compile(r"(\d+)-(\d+)\s+(\S.*)")
# Lines that may stand above a header: BORIS tells the observation there, ELAN the file.
PREAMBLE = 200
ACTS = ("START", "STOP", "POINT")
NONE = ("", "NA", "NaN", "nan")


class Row(NamedTuple):
    """A row of a table: the number of its line and its cells, without blanks around them."""

    line: int
    cells: tuple[str, ...]


def read_table(path: Path) -> dict[str, Annotations] | Labels | None:
    """The recordings of a table by name, "" where it is of one that it does not name.

    Returns:
        Labels where the table has a label a row and no times; None where the file is no table of
        segments at all.

    Raises:
        ValueError: one line with the file, the line and what is wrong.
    """
    text = read_text(path)
    for delimiter in "\t,;":
        rows = _rows(text, delimiter)
        for at, row in enumerate(rows[:PREAMBLE]):
            columns = find_columns(row.cells)
            if columns.has_segments or columns.has_events:
                return _read_columns(path, columns, rows[:at], rows[at + 1 :])
    if spans := _coarse(path, text):
        return {"": Annotations(*spans)}
    for delimiter in "\t,;":
        if spans := _in_order(path, _rows(text, delimiter)):
            return {"": Annotations(*spans)}
    return _label_column(path, text)


def _rows(text: str, delimiter: str) -> list[Row]:
    """Rows of a table that are not empty, [] where it cannot be split."""
    reader = csv.reader(text.split("\n"), delimiter=delimiter)
    rows = []
    try:
        for cells in reader:
            row = Row(reader.line_num, tuple(cell.strip() for cell in cells))
            # ELAN begins with `#file://...`, Audacity follows a label by `\` and its frequencies.
            if any(row.cells) and not row.cells[0].startswith(("#", "\\")):
                rows.append(row)
    except csv.Error:
        return []
    return rows


def _read_columns(
    path: Path, columns: Columns, above: Sequence[Row], rows: Sequence[Row]
) -> dict[str, Annotations]:
    """Annotations of a table with named columns; `above` are the rows over the names."""
    told = {row.cells[0].lower(): row.cells[1] for row in above if len(row.cells) > 1}
    only = told.get("observation id", "")
    groups: dict[str, list[Row]] = {}
    names: dict[str, dict[str, None]] = {}
    for row in rows:
        cells = [stem(_cell(row, at)) for at in columns.recording if _cell(row, at) not in NONE]
        found = [only, *cells] if only else cells
        # Several videos of one observation are one recording.
        group = found[0] if found else ""
        groups.setdefault(group, []).append(row)
        names.setdefault(group, {}).update(dict.fromkeys(found))
    if not rows:
        groups, names = {only: []}, {only: dict.fromkeys([only] if only else [])}
    read = _segments if columns.has_segments else _events
    return {
        group: read(path, columns, each)._replace(names=tuple(names[group]))
        for group, each in groups.items()
    }


def stem(name: str) -> str:
    """A recording's name from a file's: `C:\\films\\mouse1.mp4` and `mouse1` are both mouse1."""
    name = PureWindowsPath(name).name if "\\" in name else PurePosixPath(name).name
    return re.sub(r"\.[A-Za-z][A-Za-z0-9]{1,4}$", "", name)


def _segments(path: Path, columns: Columns, rows: Sequence[Row]) -> Annotations:
    """Rows of start and stop, or of start and duration, or of start alone."""
    labels = _label_places(path, columns, rows)
    start, stop = columns.start, columns.stop or columns.duration
    if stop and stop.unit == UNNAMED and start.unit not in (UNNAMED, "clock"):
        stop = stop._replace(unit=start.unit)  # `start_frame,end`
    if start.unit == UNNAMED and stop and stop.unit not in (UNNAMED, "clock"):
        start = start._replace(unit=stop.unit)
    if stop is None:
        _check_no_end(path, columns, rows)
    if stop and (start.unit == FRAMES) != (stop.unit == FRAMES):
        raise ValueError(f"{path}: starts are in {start.unit}, stops in {stop.unit}")
    spans, starts, open_ends, unlabeled = [], [], 0, 0
    whole = start.unit == UNNAMED
    for row in rows:
        where = f"{path}: line {row.line}"
        tier = _cell(row, columns.tier)
        found = [(row.cells[at], name or tier) for at, name in labels if _cell(row, at)]
        unlabeled += not found
        for label, owner in found:
            begin = _time(where, row, start)
            whole = whole and _is_whole(_cell(row, start.place))
            if stop is None:
                starts.append((begin, make_span(where, begin, begin, label).label))
                continue
            if _cell(row, stop.place) in NONE:
                open_ends += 1
                continue
            end = _time(where, row, stop)
            whole = whole and _is_whole(_cell(row, stop.place))
            end = end if columns.stop else begin + end
            point = _cell(row, columns.status).upper() == "POINT"
            spans.append(make_span(where, begin, begin if point else end, label, owner))
    unit = SECONDS if start.unit in ("clock", "ms") else start.unit
    if unit == UNNAMED and not whole:
        unit = SECONDS
    spans, left_out = lasting(
        spans + until_next(starts),
        segments_without_an_end=open_ends,
        segments_without_a_label=unlabeled,
    )
    notes = ("segments have no end: each lasts until the next one begins",) if starts else ()
    return Annotations(spans, unit, (), left_out, notes, _media_rate(columns, rows))


def _check_no_end(path: Path, columns: Columns, rows: Sequence[Row]) -> None:
    """Raises ValueError where another column might be that of the ends, in another language."""
    known = {columns.start.place, columns.label, columns.tier, columns.fps, *columns.recording}
    for at, name in enumerate(columns.header):
        cells = [_cell(row, at) for row in rows]
        if at not in known and len(_times(cells)) == len(cells) > 0:
            raise ValueError(
                f"{path}: no column of ends; call it end or duration (is it {clip(name)}?)"
            )


def _label_places(path: Path, columns: Columns, rows: Sequence[Row]) -> list[tuple[int, str]]:
    """Places of the columns of labels, and of which tier each is; "" where it has none of its own.

    Where none has a label's name, every column of words that is not known is a tier, as ELAN
    exports them.
    """
    if columns.label is not None:
        return [(columns.label, "")]
    known = {columns.tier, columns.status, columns.time, columns.fps}
    tiers = [
        (at, name)
        for at, name in enumerate(columns.header)
        if name and at not in known and not _is_about_time(name)
        if len(_times(cells := [_cell(row, at) for row in rows])) < len(cells)
    ]
    if not tiers:
        names = listed(filter(None, columns.header))
        raise ValueError(f"{path}: no column of labels ({names}); call it label")
    return [(at, name if len(tiers) > 1 else "") for at, name in tiers]


def _is_about_time(name: str) -> bool:
    """Whether a column is one of times, or of the participant that ELAN has beside the tier."""
    columns = find_columns([name])
    times = (columns.start, columns.stop, columns.duration)
    clock = re.match("(begin|end) time|duration", name.lower())
    return any(times) or bool(clock) or name.lower() == "participant"


def _events(path: Path, columns: Columns, rows: Sequence[Row]) -> Annotations:
    """Rows of starts and stops, each of one behavior of one subject, as BORIS exports them."""
    begun: dict[tuple[str, ...], float] = {}
    spans, lost = [], 0
    for row in rows:
        where = f"{path}: line {row.line}"
        label, tier = _cell(row, columns.label), _cell(row, columns.tier)
        act = _cell(row, columns.status).upper()
        if act not in ACTS:
            raise ValueError(f"{where}: {clip(act)} in place of {', '.join(ACTS)}")
        time = _time(where, row, TimeColumn(columns.time, SECONDS))
        key = (tier, label, *(_cell(row, at) for at in columns.modifiers))
        if act == "POINT":
            spans.append(make_span(where, time, time, label, tier))
        elif act == "START":
            lost += key in begun
            begun[key] = time
        elif key in begun:
            spans.append(make_span(where, begun.pop(key), time, label, tier))
        else:
            lost += 1
    spans, left_out = lasting(spans, starts_or_stops_without_the_other=lost + len(begun))
    return Annotations(spans, SECONDS, (), left_out, fps=_media_rate(columns, rows))


def _media_rate(columns: Columns, rows: Sequence[Row]) -> float | None:
    """Frames a second of the annotated video, where all rows agree."""
    rates = {_cell(row, columns.fps) for row in rows}
    try:
        return float(rates.pop()) if len(rates) == 1 else None
    except ValueError:
        return None


def _cell(row: Row, at: int | None) -> str:
    """A cell of a row; "" where the row is too short or the table has no such column."""
    return row.cells[at] if at is not None and at < len(row.cells) else ""


def _time(where: str, row: Row, column: TimeColumn) -> float:
    text = _cell(row, column.place)
    try:
        return parse_time(text, 0.001 if column.unit == "ms" else 1)
    except ValueError:
        raise ValueError(f"{where}: {clip(text)} is no time") from None


def _is_whole(text: str) -> bool:
    return re.fullmatch(r"[+-]?\d+", text) is not None


def _coarse(path: Path, text: str) -> tuple[tuple[Span, ...], str] | None:
    """Breakfast's coarse annotation; None where a line is not of it."""
    spans = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        match = COARSE.fullmatch(line.strip())
        if match is None:
            return None
        first, last, label = match.groups()
        where = f"{path}: line {number}"
        spans.append(make_span(where, _frame(where, first), _frame(where, last), label))
    if any(span.start == 0 for span in spans):  # counted from 0; ends tell what they include
        touch = any(one.stop == other.start for one, other in itertools.pairwise(spans))
        return tuple(span._replace(stop=span.stop + (not touch)) for span in spans), FRAMES
    return tuple(span._replace(start=span.start - 1) for span in spans), FRAMES


def _frame(where: str, text: str) -> float:
    try:
        return parse_time(text)
    except ValueError:
        raise ValueError(f"{where}: {clip(text)} is no frame") from None


def _in_order(path: Path, rows: Sequence[Row]) -> tuple | None:
    """Start, stop and label in columns without names; None where any row is otherwise."""
    spans, whole, clocks = [], True, False
    if not rows:
        return None
    for row in rows:
        found = _plain_row(row.cells) or _elan_row(row.cells)
        if found is None:
            return None
        start, stop, label, tier, texts = found
        whole = whole and all(map(_is_whole, texts))
        clocks = clocks or any(map(CLOCK.fullmatch, texts))
        spans.append(make_span(f"{path}: line {row.line}", start, stop, label, tier))
    if whole and not clocks and any(span.tier for span in spans):  # ELAN's msec
        spans = [span._replace(start=span.start / 1000, stop=span.stop / 1000) for span in spans]
        whole = False
    spans, left_out = lasting(spans)
    return spans, UNNAMED if whole and not clocks else SECONDS, (), left_out


def _plain_row(cells: Sequence[str]) -> tuple | None:
    """Start, stop, label, no tier, and the times as they are written."""
    times = _times(cells[:2])
    if len(cells) == 3 and len(times) == 2 and cells[2] and not _times(cells[2:]):
        return *times, cells[2], "", cells[:2]
    return None


def _elan_row(cells: Sequence[str]) -> tuple | None:
    """Tier, participant, begins, ends and durations in one unit or several, annotation.

    Durations may be left out. Of several units the clock's is read, whose unit is certain.
    """
    if len(cells) < 5 or not cells[0] or not cells[-1]:
        return None
    texts = cells[2:-1] if not _times(cells[1:2]) else cells[1:-1]
    values = _times(texts)
    if len(values) != len(texts):
        return None
    for kinds in (3, 2):
        if len(texts) % kinds == 0:
            units = len(texts) // kinds
            clocks = [at for at in range(units) if CLOCK.fullmatch(texts[at])]
            at = clocks[0] if clocks else 0
            start, stop = values[at], values[units + at]
            fits = kinds == 2 or abs(stop - start - values[2 * units + at]) < 0.01
            if fits:
                return start, stop, cells[-1], cells[0], (texts[at], texts[units + at])
    return None


def _times(texts: Sequence[str]) -> list[float]:
    """The texts that are times, as numbers."""
    values = []
    for text in texts:
        try:
            values.append(parse_time(text))
        except ValueError:
            continue
    return values


def _label_column(path: Path, text: str) -> dict[str, Annotations] | Labels | None:
    """A label a row from a table whose names have a label and no start; None without such.

    Times of uneven steps at which the label changes each time are starts.
    """
    for delimiter in "\t,;":
        rows = _rows(text, delimiter)
        columns = find_columns(rows[0].cells) if rows else Columns()
        if columns.label is not None and len(rows) > 1 and columns.has_plain_label:
            labels = tuple(_label_cells(path, columns.label, rows[1:]))
            times = _times([_cell(row, columns.time) for row in rows[1:]])
            steps = [after - before for before, after in itertools.pairwise(times)]
            changes = all(one != other for one, other in itertools.pairwise(labels))
            if changes and len(times) == len(labels) > 2 and max(steps) > 1.1 * min(steps) > 0:
                start = TimeColumn(columns.time, SECONDS)
                read = _segments(path, columns._replace(start=start, time=None), rows[1:])
                return {"": read}
            return Labels(labels)
    return None


def _label_cells(path: Path, at: int, rows: Sequence[Row]) -> Iterator[str]:
    for row in rows:
        if not _cell(row, at):
            raise ValueError(f"{path}: no label in line {row.line}")
        yield make_span(f"{path}: line {row.line}", 0, 1, _cell(row, at)).label
