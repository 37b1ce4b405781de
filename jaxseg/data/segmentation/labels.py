"""Mapping files (`index name` a line) and truth files (one class name a frame)."""

import dataclasses
import difflib
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from jaxseg.formats.names import check_name

# A class index is a row of every table and a colour of every plot; beyond this it is a slip.
MAX_INDEX = 9_999


@dataclasses.dataclass(frozen=True)
class ClassNames:
    """Classes by index, and the index of every name that truth files use.

    The two differ where a mapping merges names (50 Salads eval: `cut_tomato` is class `cut`).
    """

    classes: tuple[str, ...]
    index: Mapping[str, int]

    def read_labels(self, path: Path) -> np.ndarray:
        """The truth of one video, int32 [frames].

        Raises:
            ValueError: an unknown label (file, line, value), or an empty file.
        """
        names = read_lines(path)
        labels = np.array([self.index.get(name, -1) for name in names], np.int32)
        if (labels < 0).any():
            line = int(np.argmax(labels < 0))
            like = difflib.get_close_matches(names[line], self.index, 1)
            hint = f", the nearest is {like[0]!r}" if like else ""
            raise ValueError(f"{path}: line {line + 1}: unknown label {names[line]!r}{hint}")
        return labels


def read_lines(path: Path) -> list[str]:
    """The lines of a text file, stripped, without empty ones at its end.

    Raises:
        ValueError: an empty file, or bytes that are no text.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: not a text file (byte {error.start})") from error
    lines = [line.strip() for line in text.rstrip().split("\n")]
    if lines == [""]:
        raise ValueError(f"{path}: empty file")
    return lines


def names_of(paths: Iterable[Path]) -> ClassNames:
    """The sorted names that the truth files themselves use, for data without a mapping."""
    classes = tuple(sorted({check_class(p, name) for p in paths for name in set(read_lines(p))}))
    return ClassNames(classes, {name: index for index, name in enumerate(classes)})


def read_mapping(path: Path, *, many_to_one: bool = False) -> ClassNames:
    """Reads a mapping; `classes` is indexed by its index, gaps are "".

    Index -1 (background of YouTube Instructions) becomes the one after the largest, which in
    Python is still `classes[-1]`.

    Args:
        path: file of `index name` lines.
        many_to_one: names may share an index; the class is then called what they have in common.

    Raises:
        ValueError: a broken line, a duplicated name or (unless many_to_one) index.
    """
    index: dict[str, int] = {}
    first_line: dict[int, int] = {}
    for number, line in enumerate(read_lines(path), 1):
        value, name = parse_line(path, number, line)
        if name in index:
            raise ValueError(f"{path}: line {number}: duplicate name {name!r}")
        first = first_line.setdefault(value, number)
        if first != number and not many_to_one:
            raise ValueError(f"{path}: line {number}: duplicate index {value}, as on line {first}")
        index[name] = value
    last = max(index.values()) + 1
    index = {name: last if value < 0 else value for name, value in index.items()}
    return ClassNames(class_names(index), index)


def parse_line(path: Path, number: int, line: str) -> tuple[int, str]:
    """`12 pour_oil` -> (12, 'pour_oil')."""
    value, _, name = line.partition(" ")
    name = name.strip()
    try:
        index = int(value)
    except ValueError:
        index = None
    if index is None or not name or not -1 <= index <= MAX_INDEX:
        raise ValueError(f"{path}: line {number}: not `index name`: {line!r}")
    return index, check_class(path, name)


def check_class(path: Path, name: str) -> str:
    """The name itself, if label files can hold it, where # begins a header."""
    if name.startswith("#"):
        raise ValueError(f"{path}: class {name!r}: a name cannot begin with '#'")
    return check_name(path, "class", name)


def class_names(index: Mapping[str, int]) -> tuple[str, ...]:
    """A name for every index: its own, or what those that share it have in common."""
    members: dict[int, list[str]] = {}
    for name, value in index.items():
        members.setdefault(value, []).append(name)
    first_words = Counter(word for names in members.values() for word in {*map(first_word, names)})
    return tuple(
        common_name(members.get(value, [""]), first_words) for value in range(max(members) + 1)
    )


def first_word(name: str) -> str:
    return name.partition("_")[0]


def common_name(names: list[str], first_words: Counter) -> str:
    """`cut` for cut_tomato and cut_cheese; `a+b` where another class begins with the same word."""
    words = {first_word(name) for name in names}
    if len(names) > 1 and len(words) == 1 and first_words[first_word(names[0])] == 1:
        return words.pop()
    return "+".join(names)
