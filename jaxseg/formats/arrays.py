"""NumPy's .npy and .npz files, read without trusting them.

A header only claims a shape. It is compared with the number of bytes in the file before anything
is allocated, so that one that promises a petabyte, or less than its file holds, is refused.

A pickle is a program: reading one with pickle itself would let its author run any command. Only
`read_pickled_npy` and `read_pickle` open Python objects, as W-TALC packs its annotation and other
programs their results: they build arrays, lists, dictionaries, numbers, bytes and strings, refuse
every other name, and allocate no more than the file holds.
"""

import contextlib
import io
import math
import os
import pickle
import struct
import sys
import warnings
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, NamedTuple

import numpy as np
from numpy.lib import format as npy_format

from jaxseg.formats.names import clip, reason

# NumPy's own limit for a safe header, plus the magic string and the header's length.
LONGEST_HEADER = 10_000 + 12
HEADER_READERS = {
    (1, 0): npy_format.read_array_header_1_0,
    (2, 0): npy_format.read_array_header_2_0,
}
# Deflate cannot expand data more than this: 258 bytes from two bits.
DEFLATE_RATIO = 1032
COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# An array without elements takes no bytes, however long its other axes claim to be, and a loop
# over such an axis would never end.
LONGEST_EMPTY_AXIS = 2**20
PICKLED_KINDS = "biufSUO"


@contextlib.contextmanager
def refusing(path: Path, kind: str) -> Iterator[None]:
    """Turns any error into a ValueError: a broken file fails in as many ways as it is parsed."""
    try:
        yield
    except Exception as error:
        raise ValueError(f"{path}: not a readable {kind} ({reason(error)})") from None


class Header(NamedTuple):
    """Header of an array; `offset` is the header's own length in bytes."""

    shape: tuple[int, ...]
    dtype: np.dtype
    offset: int


def read_npy(path: Path) -> np.ndarray:
    """The array of an `.npy` file, in memory; raises ValueError for a broken file or objects."""
    with refusing(path, ".npy array"), Path(path).open("rb") as file:
        return read_array(file, os.fstat(file.fileno()).st_size)


def map_npy(path: Path) -> np.memmap:
    """The array of an `.npy` file as a read-only memory map; raises as `read_npy`."""
    with refusing(path, ".npy array"):
        with Path(path).open("rb") as file:
            check_size(read_header(file), os.fstat(file.fileno()).st_size)
        return npy_format.open_memmap(path, mode="r")


def array_names(path: Path) -> list[str]:
    """Names of the arrays in an `.npz` file, in its order; raises ValueError for another file."""
    with refusing(path, ".npz archive"), zipfile.ZipFile(path) as archive:
        return [name.removesuffix(".npy") for name in archive.namelist()]


def read_npz(path: Path, names: Sequence[str] | None = None) -> dict[str, np.ndarray]:
    """Name -> array of an `.npz` file, of all its arrays where `names` is None.

    Raises:
        ValueError: the file lacks one of `names`, or as `read_npy`.
    """
    with refusing(path, ".npz archive"), zipfile.ZipFile(path) as archive:
        members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
        if missing := [name for name in names or () if name not in members]:
            raise ValueError(f"no array {missing[0]!r} in it")
        file_size = os.path.getsize(path)
        chosen = members if names is None else names
        return {name: read_member(archive, members[name], file_size) for name in chosen}


def read_pickled_npy(path: Path) -> np.ndarray:
    """The array of an `.npy` file, which may hold pickled arrays, lists, numbers and strings.

    Strings of Python 2 are returned as bytes.

    Raises:
        ValueError: the file cannot be read, is empty or cut short, or asks for anything but
            arrays, bytes and strings. Nothing that it asks for is run.
    """
    return opened(path, parse_pickled_npy, ".npy file")


def read_pickle(path: Path) -> Any:
    """What a pickle holds: lists, dictionaries, arrays, numbers, strings, bytes and None of them.

    Raises:
        ValueError: as `read_pickled_npy`.
    """
    return opened(path, parse_pickle, "pickle")


def opened(path: Path, parse: Callable[[bytes], Any], kind: str) -> Any:
    """What `parse` makes of a file's bytes; every error is a ValueError."""
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from None
    if not content:
        raise ValueError(f"{path}: empty")
    try:
        return parse(content)
    except Refused as error:
        raise ValueError(f"{path}: refused: {error}") from None
    except Exception as error:  # a broken pickle fails in as many ways as it has opcodes
        raise ValueError(f"{path}: no whole {kind}: {reason(error)}") from None


def read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, file_size: int) -> np.ndarray:
    """One array of an archive that is `file_size` bytes long."""
    if info.compress_type not in COMPRESSIONS:
        raise ValueError(f"{info.filename!r} is compressed in a way that NumPy never uses")
    if info.file_size > DEFLATE_RATIO * min(info.compress_size, file_size):
        raise ValueError(
            f"{info.filename!r} claims {info.file_size} bytes, compressed to {info.compress_size} "
            f"in a file of {file_size}"
        )
    try:
        with archive.open(info) as file:
            return read_array(file, info.file_size)
    except ValueError as error:
        raise ValueError(f"{info.filename!r}: {error}") from None


def read_array(file: BinaryIO, size: int) -> np.ndarray:
    """The array at the beginning of `file`; `size` is the number of bytes that `file` has."""
    check_size(read_header(file), size)
    file.seek(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return npy_format.read_array(file, allow_pickle=False)


def read_header(file: BinaryIO) -> Header:
    """Reads the header at the beginning of a file and nothing behind it."""
    head = io.BytesIO(file.read(LONGEST_HEADER))
    version = npy_format.read_magic(head)
    if version not in HEADER_READERS:
        raise ValueError(f"version {version}")
    with warnings.catch_warnings():
        # NumPy warns about headers that Python 2 wrote; they can be read all the same.
        warnings.simplefilter("ignore", UserWarning)
        shape, _, dtype = HEADER_READERS[version](head)
    return Header(shape, dtype, head.tell())


def check_size(header: Header, size: int) -> None:
    """Raises ValueError if header and array of numbers do not fill exactly `size` bytes."""
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
        raise ValueError(f"shape {shape} has no elements but an axis of {max(shape)}")


def check_text(array: np.ndarray) -> np.ndarray:
    """Returns the array; raises ValueError where its text has a number that is no character."""
    if array.dtype.kind == "U" and array.size:
        codes = np.ascontiguousarray(array).reshape(-1).view(f"{array.dtype.byteorder}u4")
        if (highest := codes.max()) > sys.maxunicode:
            raise ValueError(f"text with {highest:#x} in it, which is no character")
    return array


class Refused(Exception):
    """A pickle asks for something that is not allowed."""


class PickledType:
    """A dtype in a pickle: a code, then a state, of which only the byte order is used.

    NumPy's own dtype would accept any state, also one that makes bytes pass for Python objects.
    """

    def __init__(self, code: str | bytes, *_: object):
        self.dtype = np.dtype(as_text(code))
        if self.dtype.kind not in PICKLED_KINDS or not self.dtype.itemsize:
            raise Refused(f"array of dtype {self.dtype}")

    def __setstate__(self, state: tuple) -> None:
        _, order, *fields = state
        if any(field is not None for field in fields[:3]):
            raise Refused("array of a dtype with fields")
        self.dtype = self.dtype.newbyteorder(as_text(order))


class PickledArray(np.ndarray):
    """An array in a pickle, which must hold as much data as its shape needs.

    NumPy's own array would allocate what the shape asks for before it looks at the data.
    """

    def __setstate__(self, state: tuple) -> None:
        version, shape, kind, fortran, data = state
        check_shape(shape)
        needed = math.prod(shape) * (1 if kind.dtype.hasobject else kind.dtype.itemsize)
        if len(data) != needed:
            raise Refused(f"array of shape {shape} of {kind.dtype} with {len(data)} of {needed}")
        super().__setstate__((version, shape, kind.dtype, fortran, data))
        check_text(self)


def empty_array(kind: object, *_: object) -> PickledArray:
    """A new array; the pickle sets its state next."""
    return PickledArray((0,), np.int8)


def array_of_buffer(data: bytes, kind: PickledType, shape: tuple, order: str) -> np.ndarray:
    """An array as protocol 5 has it."""
    check_shape(shape)
    if kind.dtype.hasobject or len(data) != math.prod(shape) * kind.dtype.itemsize:
        raise Refused(f"array of shape {shape} of {kind.dtype} with {len(data)} bytes")
    return check_text(np.frombuffer(bytes(data), kind.dtype)).reshape(shape, order=as_text(order))


def scalar(kind: PickledType, data: bytes) -> object:
    """One of NumPy's numbers, as Python's own."""
    return array_of_buffer(data, kind, (1,), "C")[0].item()


def new_dict(*pairs: object) -> dict:
    """An ordered dictionary as a plain one."""
    return dict(*pairs)


def encode(text: str, encoding: str) -> bytes:
    """Bytes of a Python 3 pickle of protocol 2, which spells them as Latin-1 text."""
    return text.encode("latin-1")


def as_text(value: str | bytes) -> str:
    """A string, which Python 2 may have written as bytes."""
    return value.decode("ascii") if isinstance(value, bytes) else value


ALLOWED = {
    ("numpy.core.multiarray", "_reconstruct"): empty_array,
    ("numpy._core.multiarray", "_reconstruct"): empty_array,
    # Only handed to the function above, which ignores it.
    ("numpy", "ndarray"): "ndarray",
    ("numpy", "dtype"): PickledType,
    ("numpy.core.numeric", "_frombuffer"): array_of_buffer,
    ("numpy._core.numeric", "_frombuffer"): array_of_buffer,
    ("numpy.core.multiarray", "scalar"): scalar,
    ("numpy._core.multiarray", "scalar"): scalar,
    ("collections", "OrderedDict"): new_dict,
    ("_codecs", "encode"): encode,
}


# Python's own unpickler, not the one in C: a pickle chooses the numbers of its memo, and the one in
# C allocates a table as long as the largest.
class RestrictedUnpickler(pickle._Unpickler):
    """Unpickler of NumPy arrays, bytes and strings and nothing else."""

    dispatch: ClassVar[dict] = dict(pickle._Unpickler.dispatch)

    def load_bytearray(self) -> None:
        """Pickle's own allocates a byte array of any length before it looks for the bytes."""
        (size,) = struct.unpack("<Q", self.read(8))
        data = self.read(size)
        if len(data) < size:
            raise EOFError(f"{len(data)} of {size} bytes")
        self.append(bytearray(data))

    dispatch[pickle.BYTEARRAY8[0]] = load_bytearray

    def find_class(self, module: str, name: str) -> object:
        if (module, name) not in ALLOWED:
            asked = f"{module}.{name}"
            raise Refused(f"asks for {asked if asked.isprintable() else clip(asked)}")
        return ALLOWED[module, name]


def parse_pickled_npy(content: bytes) -> np.ndarray:
    """The array in the bytes of an `.npy` file."""
    file = io.BytesIO(content)
    header = read_header(file)
    if not header.dtype.hasobject:
        file.seek(0)
        return check_text(read_array(file, len(content)))
    array = parse_pickle(content[header.offset :])
    if not isinstance(array, np.ndarray) or array.shape != header.shape:
        raise ValueError(f"no array of shape {header.shape}")
    return array.view(np.ndarray)


def parse_pickle(content: bytes) -> Any:
    """What the bytes of a pickle hold."""
    return RestrictedUnpickler(io.BytesIO(content), encoding="bytes").load()
