"""Files as someone would write them who wants more than to be read."""

import io
import math
import tracemalloc
import zipfile
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

# Shape that a header claims over 24 bytes of float32, and the bytes that it would take with it.
LIES = {
    "a petabyte": ((2**48, 1), 2**50 + 128),
    "more than an integer": ((2**62, 2**62), 2**126 + 128),
    "one row more": ((3, 3), 36 + 128),
    "one row less": ((1, 3), 12 + 128),
    "nothing": ((0, 3), 128),
}
# What no array can have, and the word that says so.
ABSURD = {
    "a negative axis": ((-2, 3), "negative"),
    "two negative axes": ((-2, -3), "negative"),
    "no elements, very often": ((2**40, 0), "no elements"),
}
CONTENT = np.arange(6, dtype=np.float32).tobytes()


class Trap:
    """An object whose unpickling makes a file."""

    def __init__(self, marker: Path):
        self.marker = marker

    def __reduce__(self):
        return Path.touch, (self.marker,)


def trapped(marker: Path, *shape: int) -> np.ndarray:
    """An object array full of traps."""
    array = np.empty(shape or (1,), object)
    array.fill(Trap(marker))
    return array


def npy(shape: tuple, content: bytes = CONTENT, descr: str = "<f4") -> bytes:
    """An `.npy` file with this header, true or not."""
    file = io.BytesIO()
    header = {"descr": descr, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)
    return file.getvalue() + content


def write_npz(path: Path, members: dict[str, bytes], **claims: int) -> Path:
    """An `.npz` file of these members, deflated; `claims` are fields of its table of contents."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
            for field, value in claims.items():
                setattr(archive.getinfo(f"{name}.npy"), field, value)
    return path


@contextmanager
def little_memory(limit: int = 2**20):
    """Fails where more than `limit` bytes are allocated at a time."""
    tracemalloc.start()
    try:
        yield
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < limit, f"{most} bytes"


def refused(call: Callable[[], object], *parts: object) -> str:
    """The call is a ValueError of one line that has the parts, and costs next to no memory."""
    with little_memory(), pytest.raises(ValueError) as error:
        call()
    text = str(error.value)
    assert len(text.splitlines()) == 1 and len(text) < 1000, text
    for part in parts:
        assert str(part) in text, text
    return text


def size_of(shape: tuple) -> int:
    """Bytes of such an array of float32 and its header."""
    return 128 + 4 * math.prod(shape)
