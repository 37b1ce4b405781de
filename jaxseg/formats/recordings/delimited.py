"""Tables of text, whose delimiter, decimal sign, header and units are found."""

import csv
import io
import re
import warnings
from pathlib import Path

from jaxseg.formats.arrays import refusing
from jaxseg.formats.files import read_text
from jaxseg.formats.matrices import is_number
from jaxseg.formats.names import clip
from jaxseg.formats.recordings import clocks
from jaxseg.formats.recordings.columns import Table

BLANKS = r"\s+"
DELIMITERS = ("\t", ";", ",", BLANKS)  # in case of a tie the first one
MOST_UNITS = 3  # rows of words below a header: units, kinds of values
SAMPLE = 50  # lines that the delimiter is found by
EMPTY = ("", "nan", "na", "n/a", "null", "none", "-")


def read_delimited(path: Path) -> Table:
    """The columns of a text file, whose delimiter, decimal sign and header are found."""
    import pandas

    lines = read_text(path).rstrip().split("\n")
    start = first = next((k for k, line in enumerate(lines) if _is_content(line)), 0)
    comment = lines[start - 1].lstrip("#%/ ") if start and lines[start - 1].strip() else ""
    start = skip_preamble(lines, start)
    notes = (f"the first {start} lines are no part of the table",) if start > first else ()
    sample = [line for line in lines[start : start + SAMPLE] if line.strip()]
    delimiter = find_delimiter(sample)
    rows = [split(line, delimiter) for line in sample]
    names = find_header(rows)
    has_header = names is not None
    fps = None if has_header else _empatica_rate(rows)
    if fps:
        start, notes = start + 2, (*notes, "the first two rows are the start and the rate")
    if not has_header and len(split(comment, delimiter)) == len(rows[0]):
        names = split(comment, delimiter)  # "# time x y", as numpy.savetxt writes it
    start += has_header
    units: list[str] = []
    for row in rows[1 : 1 + MOST_UNITS] if has_header else ():
        # Words where numbers follow; a row of empty cells beside a word is no row of units.
        above = any(a and _is_cell_number(b) for a, b in zip(row, rows[-1], strict=False))
        if len(row) != len(rows[0]) or any(map(_is_cell_number, row)) or not above:
            break
        pairs = zip(units or row, row if units else [""] * len(row), strict=True)
        units, start = [f"{one} {other}".strip() for one, other in pairs], start + 1
    if not start < len(lines):
        raise ValueError(f"{path}: a header and no rows")
    if blank := next((k for k, line in enumerate(lines[start:], start + 1) if not line.strip()), 0):
        raise ValueError(f"{path}: line {blank}: empty line")
    decimal = "," if delimiter != "," and _has_decimal_commas(rows[len(rows) > 1 :]) else "."
    with refusing(path, "table"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            frame = pandas.read_csv(
                io.StringIO("\n".join(line.strip(" ") for line in lines[start:])),
                sep=delimiter,
                header=None,
                index_col=False,
                decimal=decimal,
                skipinitialspace=True,
                skip_blank_lines=False,
                low_memory=False,
                na_values=["-"],
            )
        except pandas.errors.ParserError as error:
            raise ValueError(_wrong_row(str(error), start)) from None
    columns = [frame[place] for place in frame]
    if names and len(columns) == len(names) + 1:
        if columns[-1].isna().all():  # a delimiter at the end of each row
            columns.pop()
        else:  # R writes no name for the column of row names
            names, units = ["", *names], ["", *units] if units else []
    if names and len(names) > len(columns) and not any(names[len(columns) :]):
        names = names[: len(columns)]
    if names and len(names) != len(columns):
        raise ValueError(
            f"{path}: {len(names)} names of columns, but {len(columns)} columns "
            f"({clip(lines[start - 1])}); is the delimiter the same in all lines?"
        )
    names = names or [""] * len(columns)
    units = units if len(units) == len(columns) else [""] * len(columns)
    return Table(columns, names, units, has_header or bool(any(names)), notes, fps)


def skip_preamble(lines: list[str], start: int) -> int:
    """Place of the first line of the table, before which some programs tell of the recording.

    Those lines have other numbers of cells, and none is a row of numbers.
    """
    filled = [k for k, line in enumerate(lines[start : start + SAMPLE], start) if line.strip()]
    tail = [lines[k] for k in filled[len(filled) // 2 :]]
    if len(tail) < 3:
        return start
    delimiter = find_delimiter(tail)
    rows = [split(lines[k], delimiter) for k in filled]
    width = len(rows[-1])
    at = next((k for k in range(len(rows), 0, -1) if len(rows[k - 1]) != width), 0)
    # A header may lack a name, or rows have a delimiter at their end.
    if at and abs(len(rows[at - 1]) - width) == 1 and not any(map(_is_cell_number, rows[at - 1])):
        at -= 1
    if width < 2 or any(all(map(_is_cell_number, row)) for row in rows[:at]):
        return start
    return filled[at] if at < len(filled) else start


def find_delimiter(lines: list[str]) -> str:
    """The delimiter that splits all lines into as many cells, most of which are numbers."""

    def fitness(delimiter: str) -> tuple[bool, float, bool]:
        rows = [split(line, delimiter) for line in lines]
        # Where the first row is not split, "1,5" below it is one number.
        width = len(rows[0])
        cells = [cell for row in rows[1:] or rows for cell in row if cell.lower() not in EMPTY]
        numbers = sum(map(_is_cell_number, cells)) / max(1, len(cells))
        # Names of columns may have blanks in them, and a row a delimiter at its end.
        even = len({len(row) for row in rows[1:] or rows}) == 1
        return width > 1, numbers * even, even

    return max(DELIMITERS, key=fitness)


def split(line: str, delimiter: str) -> list[str]:
    """Cells of a line, without quotes and outer blanks."""
    if delimiter == BLANKS:
        return [cell.strip('"') for cell in line.split()]
    try:
        cells = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])
    except csv.Error:  # a cell of more than 128 KiB
        return [line]
    return [cell.strip() for cell in cells]


def find_header(rows: list[list[str]]) -> list[str] | None:
    """Names of the columns, where the first row has them.

    They are no numbers, or are 0, 1, 2 and so on, as pandas calls columns without a name.
    """
    first, second = rows[0], rows[1] if len(rows) > 1 else []
    if len(first) > 2 and first == [str(place) for place in range(len(first))]:
        return first
    above = [cell for cell in first if cell.lower() not in EMPTY]
    if not above:
        return None
    if not any(map(_is_cell_number, above)):
        return first
    # A numbered column among named ones, as pandas writes them beside an index: ",0,1,2".
    pairs = list(zip(first, second, strict=False))
    named = any(cell and not _is_cell_number(cell) and _is_cell_number(b) for cell, b in pairs)
    numbered = first[1:] == [str(place) for place in range(len(first) - 1)] and not first[0]
    return first if named or numbered else None


def _empatica_rate(rows: list[list[str]]) -> float | None:
    """Rows a second in a table of Empatica's: its first row is a time since 1970, its second one
    the rate, each in all columns. None of other tables.
    """
    heads = [set(row) for row in rows[:2]]
    if len(rows) < 4 or any(len(head) > 1 or not is_number(*head) for head in heads):
        return None
    since, rate = (float(head.pop()) for head in heads)
    return rate if clocks.YEAR_2000 <= since <= clocks.YEAR_2100 and 0 < rate < 1e4 else None


def _is_content(line: str) -> bool:
    """Whether a line is one of the table: no comment, not empty, not Excel's "sep=;"."""
    text = line.strip()
    return bool(text) and not text.startswith(("#", "%", "//")) and not text.startswith("sep=")


def _is_cell_number(cell: str) -> bool:
    return is_number(cell) or bool(re.fullmatch(r"[-+]?\d+,\d+(e[-+]?\d+)?", cell, re.IGNORECASE))


def _has_decimal_commas(rows: list[list[str]]) -> bool:
    cells = [cell for row in rows for cell in row]
    return any(_is_cell_number(cell) and not is_number(cell) for cell in cells)


def _wrong_row(message: str, start: int) -> str:
    """What pandas says of a row of another length, in the words of this house."""
    found = re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", message)
    if not found:
        return message
    expected, line, seen = map(int, found.groups())
    return f"line {line + start} has {seen} cells, not {expected} as before"
