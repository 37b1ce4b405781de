"""Tables beside the labels: mappings, label maps, activities, splits, columns of a CSV file."""

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from jaxseg.formats.files import read_text
from jaxseg.formats.labels import read_lines, video_name


class MappingLine(NamedTuple):
    """One line of a mapping: its number, counted from 1, an index of at least -1, a name."""

    number: int
    index: int
    name: str


def read_mapping_lines(path: Path) -> list[MappingLine]:
    """Lines `index name` of a mapping, without empty ones; no name may occur twice."""
    lines: dict[str, MappingLine] = {}
    for number, line in enumerate(read_lines(path), start=1):
        index, *rest = line.split(maxsplit=1) or [""]
        name = "".join(rest).strip()
        if not line.strip():
            continue
        if not name or not re.fullmatch("-1|[0-9]{1,9}", index):
            raise ValueError(
                f"{path}: line {number}: not `index name`: {line.strip()!r}{order_hint(line)}"
            )
        if name in lines:
            raise ValueError(
                f"{path}: line {number}: duplicate name {name!r}, as on line {lines[name].number}"
            )
        lines[name] = MappingLine(number, int(index), name)
    return list(lines.values())


def order_hint(line: str) -> str:
    """End of a message on a line of a mapping that has commas, or its name before the index."""
    words = re.split(r"[\s,;:]+", line.strip())
    if len(words) > 1 and re.fullmatch("-1|[0-9]+", words[0]):
        return f"; a blank stands between them: '{' '.join(words)}'"
    if len(words) > 1 and re.fullmatch("-1|[0-9]+", words[-1]):
        return f"; the index stands first: '{' '.join([words[-1], *words[:-1]])}'"
    return ""


def read_mapping(path: Path) -> dict[str, int]:
    """Name -> index of a mapping, in the order of the indices, -1 last, as evaluators use it.

    Several names may share an index: they are one class, which has the first one's name. The
    indices are those that stand there: many mappings begin at 1.
    """
    indices = {line.name: line.index for line in read_mapping_lines(path)}
    return dict(sorted(indices.items(), key=lambda item: (item[1] < 0, item[1])))


def read_columns_mapping(path: Path) -> dict[str, int]:
    """As `read_mapping`, where the indices are columns of scores: all from 0 to the highest."""
    mapping = read_mapping(path)
    present = set(mapping.values())
    for index in range(-1, max(present) + 1):
        if (index in present) == (index < 0):
            problem = "an index -1" if index < 0 else f"no index {index}"
            raise ValueError(
                f"{path}: {problem}: indices have to start at 0 and to leave none out, as those of"
                f" the scores do; this file's are {min(present)} to {max(present)}"
            )
    return mapping


def read_label_map(path: Path) -> dict[str, str]:
    """Fine -> coarse label, `fine coarse` a line."""
    return read_pairs(path, "label")


def read_activities(path: Path) -> dict[str, str]:
    """Video -> activity, `video activity` a line."""
    return read_pairs(path, "video", video_name)


def read_pairs(path: Path, what: str, key_of: Callable[[str], str] = str) -> dict[str, str]:
    """First word -> rest of every line; empty lines are skipped.

    `key_of` changes the first word; `what` is its kind, for messages.
    """
    table: dict[str, str] = {}
    for number, line in enumerate(read_lines(path), start=1):
        words = line.split(maxsplit=1)
        if len(words) == 1:
            raise ValueError(f"{path}: {words[0]!r} in line {number} stands alone")
        if words:
            key, value = key_of(words[0]), words[1].strip()
            if table.setdefault(key, value) != value:
                raise ValueError(f"{path}: {what} {key!r} is both {table[key]!r} and {value!r}")
    return table


def read_split(path: Path) -> list[str]:
    """The videos that a split lists, one a line; none may occur twice."""
    names: dict[str, None] = {}
    for line in filter(None, map(str.strip, read_lines(path))):
        name = video_name(line)
        if name in names:
            raise ValueError(f"{path}: video {name!r} is listed twice")
        names[name] = None
    return list(names)


def read_columns(path: Path, key: str, value: str) -> dict[str, str]:
    """Key -> value from two columns of a CSV file; of equal keys the last row counts.

    The first line of the file has the names of the columns.
    """
    try:
        rows = list(csv.DictReader(io.StringIO(read_text(path), newline="")))
    except csv.Error as error:
        raise ValueError(f"{path}: not a table of text ({error})") from None
    if not rows or not {key, value} <= rows[0].keys():
        raise ValueError(f"{path}: no columns {key!r} and {value!r} with a {key} a line")
    return {row[key]: row[value] for row in rows}
