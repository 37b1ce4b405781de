"""NumPy's .npy and .npz files of numbers, whose headers are held against the bytes there are.

A header is a claim. One that promises a petabyte, or less than its file holds, is refused before
anything is allocated; Python objects are refused too, because a pickle is a program.
"""

import io
import math
import os
import warnings
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
from numpy.lib import format as npy_format

# What NumPy itself takes for a safe header, behind the magic string and the header's length.
LONGEST_HEADER = 10_000 + 12
HEADER_READERS = {
    (1, 0): npy_format.read_array_header_1_0,
    (2, 0): npy_format.read_array_header_2_0,
}
# Nothing that is deflated grows more: 258 bytes from two bits.
DEFLATE_RATIO = 1032
COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# An array without elements takes no bytes, whatever its other axes claim; someone may count them.
LONGEST_EMPTY_AXIS = 2**20
LONGEST_REASON = 200


class Header(NamedTuple):
    """What an array's header says; `offset` is its own length in bytes."""

    shape: tuple[int, ...]
    dtype: np.dtype
    offset: int


def read_npy(path: Path) -> np.ndarray:
    """The array of an `.npy` file, in memory.

    Raises:
        ValueError: the file cannot be read, holds objects, or is not as long as its header says.
    """
    try:
        with Path(path).open("rb") as file:
            return read_array(file, os.fstat(file.fileno()).st_size)
    except Exception as error:  # a broken header fails in as many ways as NumPy parses it
        raise ValueError(f"{path}: not a readable .npy array ({reason(error)})") from None


def map_npy(path: Path) -> np.memmap:
    """The array of an `.npy` file as a read-only memory map; raises as `read_npy`."""
    try:
        with Path(path).open("rb") as file:
            check_size(read_header(file), os.fstat(file.fileno()).st_size)
        return npy_format.open_memmap(path, mode="r")
    except Exception as error:
        raise ValueError(f"{path}: not a readable .npy array ({reason(error)})") from None


def array_names(path: Path) -> list[str]:
    """Names of the arrays in an `.npz` file, in its order.

    Raises:
        ValueError: the file cannot be read, or is no archive.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return [name.removesuffix(".npy") for name in archive.namelist()]
    except Exception as error:  # zipfile raises whatever a broken file leads it to
        raise ValueError(f"{path}: not a readable .npz archive ({reason(error)})") from None


def read_npz(path: Path, names: Sequence[str] | None = None) -> dict[str, np.ndarray]:
    """Name -> array of an `.npz` file.

    Args:
        path: the file.
        names: those to read; None for all.

    Raises:
        ValueError: the file cannot be read, lacks one of `names`, or has an array that holds
            objects or is not as long as its header says.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
            if missing := [name for name in names or () if name not in members]:
                raise ValueError(f"no array {missing[0]!r} in it")
            room = os.path.getsize(path)
            chosen = members if names is None else names
            return {name: read_member(archive, members[name], room) for name in chosen}
    except Exception as error:
        raise ValueError(f"{path}: not a readable .npz archive ({reason(error)})") from None


def read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, room: int) -> np.ndarray:
    """One array of an archive that is `room` bytes long."""
    if info.compress_type not in COMPRESSIONS:
        raise ValueError(f"{info.filename!r} is compressed as NumPy compresses nothing")
    if info.file_size > DEFLATE_RATIO * min(info.compress_size, room):
        raise ValueError(
            f"{info.filename!r} claims {info.file_size} bytes, compressed to {info.compress_size} "
            f"in a file of {room}"
        )
    try:
        with archive.open(info) as file:
            return read_array(file, info.file_size)
    except ValueError as error:
        raise ValueError(f"{info.filename!r}: {error}") from None


def read_array(file: BinaryIO, size: int) -> np.ndarray:
    """The array that `file` holds from its beginning; `size` is all that there is, in bytes."""
    check_size(read_header(file), size)
    file.seek(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return npy_format.read_array(file, allow_pickle=False)


def read_header(file: BinaryIO) -> Header:
    """The header at the beginning of a file, of which no more than that is read."""
    head = io.BytesIO(file.read(LONGEST_HEADER))
    version = npy_format.read_magic(head)
    if version not in HEADER_READERS:
        raise ValueError(f"version {version}")
    with warnings.catch_warnings():
        # NumPy warns of headers that Python 2 wrote; they are read all the same.
        warnings.simplefilter("ignore", UserWarning)
        shape, _, dtype = HEADER_READERS[version](head)
    return Header(shape, dtype, head.tell())


def check_size(header: Header, size: int) -> None:
    """Raises ValueError where an array of numbers would not fill exactly `size` bytes."""
    if header.dtype.hasobject:
        raise ValueError(f"{header.dtype} holds Python objects, which are not opened")
    check_shape(header.shape)
    needed = header.offset + math.prod(header.shape) * header.dtype.itemsize
    if not header.dtype.itemsize or needed != size:
        raise ValueError(
            f"{header.dtype} of shape {header.shape} takes {needed} bytes, and there are {size}"
        )


def check_shape(shape: tuple[int, ...]) -> None:
    """Raises ValueError for a negative axis, or a long one where another is 0."""
    if any(axis < 0 for axis in shape):
        raise ValueError(f"shape {shape} has a negative axis")
    if 0 in shape and max(shape) > LONGEST_EMPTY_AXIS:
        raise ValueError(f"shape {shape} has {max(shape)} times nothing")


def reason(error: Exception) -> str:
    """What an error says, in one line that is not too long."""
    said = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return said.splitlines()[0][:LONGEST_REASON]
