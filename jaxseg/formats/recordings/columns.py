"""Columns of a table as a recording: which are features, which clocks, and what is left out.

The columns of numbers are features, but for clocks and frame numbers (`clocks`), an index without
a name, and labels. What is left out is told in the recording's notes.
"""

import re
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from jaxseg.formats.names import clip, listed
from jaxseg.formats.recordings import clocks
from jaxseg.formats.recordings.recording import Recording

LABELS = re.compile(
    r"(labels?|class|annotation|ground_?truth|gt|behaviou?r)(_?id)?|activity_?id", re.IGNORECASE
)
IDS = re.compile(
    r"id|uid|(subject|participant|person|user|patient|animal|session|trial|experiment|recording|"
    r"video|device)s?[ _-]?(id|no|nr|number|code)?",
    re.IGNORECASE,
)


class Table(NamedTuple):
    """Columns of a file."""

    columns: list[Any]  # a pandas.Series each
    names: list[str]  # "" of a column without a name
    units: list[str]  # "" where there is no row of units
    has_header: bool
    notes: tuple[str, ...] = ()
    fps: float | None = None  # rows a second that no column tells


def recording_of(path: Path, table: Table) -> Recording:
    """The recording that a table's columns make.

    Raises:
        ValueError: no column of features, or a cell that is empty or no number, by row (from 1,
            without the header) and column.
    """
    notes, left, features, channels = [], [], [], []
    clock: dict[str, tuple[np.ndarray, str]] = {}
    rows = len(table.columns[0]) if table.columns else 0
    for place, (column, name, unit) in enumerate(
        zip(table.columns, table.names, table.units, strict=True)
    ):
        shown = name or f"{place + 1}"
        times = _times_of(column, name)
        if times is not None:
            clock[shown] = (times, "s")
            continue
        values = _numbers(path, shown, column)
        if values is None or np.isnan(values).all():
            left.append(shown if column.isna().sum() < rows else f"{shown} (empty)")
        elif _is_index(name, values):
            left.append(f"{shown} (an index)")
        elif LABELS.fullmatch(name):
            left.append(f"{shown} (labels)")
        elif IDS.fullmatch(name) and _is_whole(values):
            left.append(f"{shown} (an id)")
        elif clocks.is_clock(name, values):
            clock[shown] = (values, unit)
        elif clocks.repeats(name, values):
            raise ValueError(
                f"{path}: column {name!r} has several rows of one frame, as of several people: "
                "give each a file, or columns, of its own"
            )
        else:
            features.append(values)
            channels.append(name)
            if not place and not name and _is_even(values):
                notes.append("the first column rises evenly and has no name: read as a feature")
            elif clocks.is_time_name(name) and name.lower() not in clocks.SHORT:
                notes.append(f"column {name!r} is called like a time but does not rise: a feature")
    if left := [each for each in left if each != f"{len(table.columns)} (empty)"]:
        notes.append(f"columns that are no features are left out: {listed(left)}")
    if not features:
        raise ValueError(
            f"{path}: no column of features: {listed(table.names)} have no numbers, or are times"
        )
    fps, told = read_clocks(clock)
    array = np.stack(features, axis=1)
    _check_cells(path, array, [name or str(k + 1) for k, name in enumerate(channels)])
    names = tuple(_unlike(channels)) if table.has_header and all(channels) else ()
    return Recording(array, fps or table.fps, names, (*table.notes, *notes, *told))


def read_clocks(columns: dict[str, tuple[np.ndarray, str]]) -> tuple[float | None, list[str]]:
    """Rows a second that the clocks of a table tell, and notes on them.

    The first that has a unit counts; frame numbers and other clocks are only left out.

    Args:
        columns: name -> values and unit.
    """
    reasons: list[str] = []
    for name, (values, unit) in columns.items():
        kept = values[np.isfinite(values)]
        seconds, reason = (kept, "") if unit == "s" else clocks.seconds_of(name, kept, unit)
        if seconds is None:
            reasons += [reason] if reason else []
            continue
        rate = clocks.rate_of(name, seconds)
        if rate.fps:
            return rate.fps, [f"times are from column {name!r}", *rate.notes]
        reasons += rate.notes
    for name, (values, _) in columns.items():
        reasons += clocks.count_notes(name, values) if clocks.is_count_name(name) else ()
    if columns:
        reasons.insert(0, f"clocks and counters are no features: {listed(columns)}")
    return None, reasons


def _times_of(column: Any, name: str) -> np.ndarray | None:
    """Seconds since the first row of a column of dates or times of day; None for others."""
    import pandas

    types = pandas.api.types
    kind = column.dtype
    if types.is_datetime64_any_dtype(kind) or types.is_timedelta64_dtype(kind):
        times = column
    elif types.is_numeric_dtype(kind) or not clocks.is_time_name(name):
        return None
    else:
        text = column.astype(str)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            is_day = text.str.contains(r"[-/T.]\d+[-/T.]", regex=True).mean() > 0.5
            parse = pandas.to_datetime if is_day else pandas.to_timedelta
            options = {"utc": True, "format": "mixed"} if is_day else {}
            times = parse(text, errors="coerce", **options)
    known = times.dropna()
    if len(known) < 0.9 * len(times) or not len(known):
        return None
    return (known - known.iloc[0]).dt.total_seconds().to_numpy(np.float64)


def _numbers(path: Path, name: str, column: Any) -> np.ndarray | None:
    """A column as float64 [rows], NaN where a cell is empty; None where most are no numbers."""
    import pandas

    if pandas.api.types.is_numeric_dtype(column.dtype):
        if pandas.api.types.is_complex_dtype(column.dtype):
            return None
        return column.to_numpy(np.float64, na_value=np.nan)
    if pandas.api.types.is_datetime64_any_dtype(column.dtype) or column.dtype == "timedelta64":
        return None
    text = column.astype(object)
    filled = ~text.isna().to_numpy()
    values = pandas.to_numeric(text.where(filled, None), errors="coerce")
    values = values.to_numpy(np.float64, na_value=np.nan)
    wrong = filled & np.isnan(values)
    if 2 * wrong.sum() > filled.sum() or not filled.any():
        return None
    if wrong.any():
        row = int(wrong.argmax())
        raise ValueError(
            f"{path}: row {row + 1}, column {name!r}: not a number: {clip(str(text.iloc[row]))}; "
            "put a number there, or take the row or the column out"
        )
    return values


def _is_index(name: str, values: np.ndarray) -> bool:
    """Whether a column is a number of the row that has no name, or pandas' name for none."""
    if name and not re.fullmatch(r"Unnamed: \d+|index", name, re.IGNORECASE):
        return False
    first = values[0]
    return first in (0, 1) and np.array_equal(values, np.arange(len(values)) + first)


def _is_whole(values: np.ndarray) -> bool:
    known = values[np.isfinite(values)]
    return bool(np.all(known == np.round(known)))


def _is_even(values: np.ndarray) -> bool:
    """Whether values rise by about the same step, as a clock does and no feature."""
    steps = np.diff(values)
    return len(steps) > 5 and bool(np.all(steps > 0) and np.ptp(steps) <= 0.2 * steps.mean())


def _check_cells(path: Path, array: np.ndarray, names: list[str]) -> None:
    """Raises ValueError for a cell that is empty or not finite."""
    with np.errstate(over="ignore"):
        wrong = ~np.isfinite(array.astype(np.float32))
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        value = array[row, column]
        found = "empty" if np.isnan(value) else f"not finite: {value}"
        raise ValueError(
            f"{path}: row {row + 1}, column {names[column]!r}: {found} ({wrong.sum()} such cells); "
            "fill them in, or take the row or the column out"
        )


def _unlike(names: list[str]) -> list[str]:
    """Names of which no two are alike: a second "x" is "x.2"."""
    counts: dict[str, int] = {}
    result = []
    for name in names:
        counts[name] = counts.get(name, 0) + 1
        result.append(name if counts[name] == 1 else f"{name}.{counts[name]}")
    return result
