"""Classes of a data set: their names and their indices."""

import dataclasses
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from jaxseg.formats.names import check_name
from jaxseg.formats.tables import MappingLine, read_mapping_lines

# A class index is a row of every table and a color of every plot; a larger one is a typing error.
MAX_INDEX = 9_999


@dataclasses.dataclass(frozen=True)
class ClassNames:
    """Classes by index, and the index of every name in truth files.

    The two differ where a mapping merges names (50 Salads eval: `cut_tomato` is class `cut`).
    """

    classes: tuple[str, ...]
    index: Mapping[str, int]


def read_mapping(path: Path, *, many_to_one: bool = False) -> ClassNames:
    """The classes of a mapping; `classes` is in the order of its indices, missing ones are "".

    Index -1 (background of YouTube Instructions) becomes the one after the largest, which in
    Python is still `classes[-1]`. With `many_to_one` names may share an index; their class is then
    called by what the names have in common.
    """
    lines = read_mapping_lines(path)
    first: dict[int, MappingLine] = {}
    for line in lines:
        check_class(path, line.name)
        if line.index > MAX_INDEX:
            raise ValueError(f"{path}: line {line.number}: index {line.index} > {MAX_INDEX}")
        other = first.setdefault(line.index, line)
        if other is not line and not many_to_one:
            raise ValueError(
                f"{path}: line {line.number}: duplicate index {line.index}, "
                f"as on line {other.number}"
            )
    background = max(first) + 1
    index = {line.name: background if line.index < 0 else line.index for line in lines}
    return ClassNames(class_names(index), index)


def is_number(label: str) -> bool:
    """Whether a label is a whole number."""
    return label.removeprefix("-").isdecimal() and label.isascii()


def check_class(path: Path, name: str) -> str:
    """Returns the name if label files can hold it; # begins the header of some of them."""
    if name.startswith("#"):
        raise ValueError(f"{path}: class {name!r}: a name cannot begin with '#'")
    return check_name(path, "class", name)


def class_names(index: Mapping[str, int]) -> tuple[str, ...]:
    """A name for every index: its only one, or what the names that share it have in common."""
    members: dict[int, list[str]] = {}
    for name, value in index.items():
        members.setdefault(value, []).append(name)
    first_words = Counter(word for names in members.values() for word in {*map(first_word, names)})
    return tuple(
        common_name(members.get(value, [""]), first_words) for value in range(max(members) + 1)
    )


def common_name(names: list[str], first_words: Counter) -> str:
    """`cut` for cut_tomato and cut_cheese; `a+b` where another class begins with the same word."""
    words = {first_word(name) for name in names}
    if len(names) > 1 and len(words) == 1 and first_words[first_word(names[0])] == 1:
        return words.pop()
    return "+".join(names)


def first_word(name: str) -> str:
    return name.partition("_")[0]
