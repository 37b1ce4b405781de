"""MATLAB's .mat of versions 5 to 7, read without trusting it.

SciPy writes such files, and its reader ends the process on some broken ones. This one checks every
size against the bytes that there are. It reads arrays of numbers and text, cell arrays and structs;
sparse matrices, functions and objects are left out.
"""

import math
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np

from jaxseg.formats.arrays import refusing

HEADER = 128  # bytes
ORDERS = {b"IM": "<", b"MI": ">"}
MATRIX, COMPRESSED = 14, 15
NUMBERS = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8"}
NUMBERS |= {12: "i8", 13: "u8"}
TEXTS = {16: "utf-8", 17: "utf-16", 18: "utf-32"}
CELL, STRUCT, TEXT = 1, 2, 4
CLASSES = {6: "f8", 7: "f4", 8: "i1", 9: "u1", 10: "i2", 11: "u2", 12: "i4", 13: "u4"}
CLASSES |= {14: "i8", 15: "u8"}
IS_COMPLEX, IS_LOGICAL = 0x800, 0x200


class Element(NamedTuple):
    """A piece of a file: the kind of its content, and its bytes."""

    kind: int
    content: memoryview


def is_mat5(path: Path) -> bool:
    """Whether a file has the header of these versions."""
    try:
        with path.open("rb") as file:
            head = file.read(HEADER)
    except OSError:
        return False
    return len(head) == HEADER and head[126:] in ORDERS


def read_mat5(path: Path) -> dict[str, np.ndarray]:
    """Name -> array of every variable; "struct/field" of a struct of one element.

    A cell array is an object array of arrays, text an array of strings.

    Raises:
        ValueError: the file is cut or broken.
    """
    with refusing(path, ".mat file"):
        content = path.read_bytes()
        order = ORDERS[content[126:HEADER]]
        variables: dict[str, np.ndarray] = {}
        for element in _elements(memoryview(content)[HEADER:], order):
            if element.kind == COMPRESSED:
                inside = memoryview(zlib.decompress(element.content))
                (element,) = _elements(inside, order)
            if element.kind == MATRIX:
                name, value = _matrix(element.content, order)
                _add(variables, name, value)
        return variables


def _add(variables: dict[str, np.ndarray], name: str, value: object) -> None:
    """Adds an array, or those of a struct; None stands for what is left out."""
    if isinstance(value, dict):
        for field, content in value.items():
            _add(variables, f"{name}/{field}", content)
    elif value is not None:
        variables[name] = value


def _elements(content: memoryview, order: str) -> list[Element]:
    """The elements that follow one another in a content."""
    elements, place = [], 0
    while place < len(content):
        if len(content) - place < 8:
            raise ValueError("cut within a tag")
        kind, size = (int(each) for each in np.frombuffer(content[place : place + 8], f"{order}u4"))
        if kind >> 16:  # up to four bytes lie within the tag
            kind, size, start = kind & 0xFFFF, kind >> 16, place + 4
            stop = place + 8
            if size > 4:
                raise ValueError(f"{size} bytes in a tag")
        else:
            start = place + 8
            padded = size if kind == COMPRESSED else -(-size // 8) * 8
            stop = start + padded
        if start + size > len(content):
            raise ValueError(f"an element of {size} bytes where {len(content) - start} are left")
        elements.append(Element(kind, content[start : start + size]))
        place = stop
    return elements


def _matrix(content: memoryview, order: str) -> tuple[str, object]:
    """Name and value of a matrix: an array, a dictionary of a struct, None of other kinds."""
    if not len(content):
        return "", np.zeros((0, 0))
    flags, shape, name, *parts = _elements(content, order)
    flag = int(_numbers(flags, order)[0])
    kind = flag & 0xFF
    title = bytes(name.content).decode("utf-8", "replace")
    if kind > max(CLASSES):  # objects and functions have no shape
        return title, None
    sizes = tuple(int(size) for size in _numbers(shape, order))
    if len(sizes) < 2 or min(sizes) < 0:
        raise ValueError(f"shape {sizes}")
    if kind in CLASSES:
        return title, _array(parts, sizes, flag, order)
    if kind == TEXT:
        return title, _text(parts[0], sizes, order) if parts else np.array([""])
    if kind == CELL:
        return title, _cells(parts, sizes, order)
    return title, _struct(parts, sizes, order) if kind == STRUCT else None


def _array(parts: list[Element], shape: tuple[int, ...], flag: int, order: str) -> np.ndarray:
    """An array of numbers, whose file may hold them in fewer bytes."""
    numbers = [_numbers(part, order) for part in parts]
    if len(numbers) != 1 + bool(flag & IS_COMPLEX):
        raise ValueError(f"{len(numbers)} parts of an array of numbers")
    if any(len(part) != math.prod(shape) for part in numbers):
        raise ValueError(f"{len(numbers[0])} numbers for shape {shape}")
    values = numbers[0].astype(CLASSES[flag & 0xFF])
    if flag & IS_COMPLEX:
        values = values + 1j * numbers[1]
    if flag & IS_LOGICAL:
        values = values.astype(bool)
    return values.reshape(shape, order="F")


def _cells(parts: list[Element], shape: tuple[int, ...], order: str) -> np.ndarray:
    if len(parts) != math.prod(shape):
        raise ValueError(f"{len(parts)} cells for shape {shape}")
    cells = np.empty(len(parts), object)
    for place, part in enumerate(parts):
        cells[place] = _matrix(part.content, order)[1]
    return cells.reshape(shape, order="F")


def _struct(parts: list[Element], shape: tuple[int, ...], order: str) -> dict[str, object] | None:
    """The fields of a struct of one element; None of an array of structs."""
    if math.prod(shape) != 1:
        return None
    width, names = int(_numbers(parts[0], order)[0]), bytes(parts[1].content)
    if width < 1:
        raise ValueError(f"names of {width} letters")
    fields = [names[at : at + width].split(b"\0")[0] for at in range(0, len(names), width)]
    if len(fields) != len(parts) - 2:
        raise ValueError(f"{len(fields)} fields with {len(parts) - 2} values")
    return {
        field.decode("utf-8", "replace"): _matrix(part.content, order)[1]
        for field, part in zip(fields, parts[2:], strict=True)
    }


def _text(part: Element, shape: tuple[int, ...], order: str) -> np.ndarray:
    """The rows of a matrix of letters, a string each."""
    if part.kind in TEXTS:
        coding = TEXTS[part.kind] + ("" if part.kind == 16 else f"-{'lb'[order == '>']}e")
        letters = bytes(part.content).decode(coding, "replace")
    else:
        letters = "".join(map(chr, _numbers(part, order).astype(np.uint16).tolist()))
    rows = min(shape[0], len(letters))
    return np.array([letters[row::rows] for row in range(rows)] or [""])


def _numbers(part: Element, order: str) -> np.ndarray:
    if part.kind not in NUMBERS:
        raise ValueError(f"no numbers but an element of kind {part.kind}")
    return np.frombuffer(part.content, f"{order}{NUMBERS[part.kind]}")
