"""Tables: text with a delimiter, and Parquet, a row a moment and a column a channel."""

import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from jaxseg.formats.arrays import refusing
from jaxseg.formats.files import decode_text
from jaxseg.formats.matrices import is_number
from jaxseg.formats.recordings.columns import Table, recording_of
from jaxseg.formats.recordings.delimited import read_delimited
from jaxseg.formats.recordings.recording import ONLY, Recording, Settings

SUFFIXES = (".csv", ".tsv", ".parquet", ".txt")
HEAD = 2**16  # bytes of a .txt that tell whether it has a header
OWN = (  # columns of jaxseg's own tables
    ("start", "end", "label"),
    ("video", "class", "start", "stop"),
    ("cluster", "name"),
    ("activity", "cluster", "name"),
    ("id", "name"),
)


def reads(path: Path) -> bool:
    """Whether a file is a table; a .txt is one where its first line has names, and no numbers."""
    if path.suffix.lower() != ".txt":
        return True
    try:
        with path.open("rb") as file:
            lines = decode_text(path, file.read(HEAD).rpartition(b"\n")[0]).split("\n")
    except (OSError, ValueError):
        return False
    first, second = [*filter(str.strip, lines), "", ""][:2]
    cells = [re.split(r"[\s,;]+", line.strip()) for line in (first, second)]
    return not any(map(is_number, cells[0])) and any(map(is_number, cells[1]))


def is_own(path: Path) -> bool:
    """Whether a file is a table that jaxseg writes: of segments, or of names."""
    if path.suffix.lower() != ".csv":
        return False
    try:
        with path.open("rb") as file:
            first = file.read(HEAD).partition(b"\n")[0].decode("utf-8-sig", "replace")
    except OSError:
        return False
    return tuple(cell.strip().lower() for cell in first.split(",")) in OWN


def read(path: Path, settings: Settings) -> dict[str, Recording]:
    """The one sequence of a table."""
    parquet = path.suffix.lower() == ".parquet"
    table = read_parquet(path) if parquet else read_delimited(path)
    return {ONLY: recording_of(path, table)}


def read_parquet(path: Path) -> Table:
    """The columns of a Parquet file; an index of its own is a column, a column of lists several."""
    import pandas

    with refusing(path, "Parquet file"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame = pandas.read_parquet(path)
        if not isinstance(frame.index, pandas.RangeIndex):
            # A time as index stands first in most files, and may have no name.
            is_time = isinstance(frame.index, pandas.DatetimeIndex | pandas.TimedeltaIndex)
            name = frame.index.name or ("time" if is_time else "")
            frame = frame.reset_index(names=None if frame.index.nlevels > 1 else [name])
        columns, names = [], []
        for place, name in enumerate(frame.columns):
            column = frame.iloc[:, place]
            parts = _lists_apart(column)
            columns += [column] if parts is None else parts
            text = "" if name is None else _name(name)
            names += [text] if parts is None else [f"{text}.{k}" for k in range(len(parts))]
    return Table(columns, names, [""] * len(names), True)


def _name(name: Any) -> str:
    """A column's name as text; parts of a name of several levels are joined by a dot."""
    parts = name if isinstance(name, tuple) else (name,)
    return ".".join(text for part in parts if (text := str(part).strip()))


def _lists_apart(column: Any) -> list[Any] | None:
    """The columns that a column of lists of one length makes; None for any other column."""
    import pandas

    first = column.iloc[0] if len(column) else None
    if not isinstance(first, np.ndarray | list | tuple) or not len(first):
        return None
    rows = [np.asarray(each) for each in column]
    if {row.shape for row in rows} != {rows[0].shape} or rows[0].ndim != 1:
        raise ValueError(f"column {column.name!r} has lists of different length")
    return [pandas.Series(each) for each in np.stack(rows).T]
