"""HDF5 files, among them MATLAB's of version 7.3, read without trusting them.

MATLAB writes its arrays with the axes in reverse order; they are turned back. Links to other files
are not followed, and an array that claims far more numbers than the file holds is not allocated.
"""

import contextlib
import math
import mmap
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from jaxseg.formats.arrays import DEFLATE_RATIO, refusing

SIGNATURE = b"\x89HDF\r\n\x1a\n"
USER_BLOCK = 512  # bytes that MATLAB writes in front
CLASS = "MATLAB_class"  # attribute of everything that MATLAB writes
KIND = "HDF5 file"
HEAP = b"GCOL\x01\x00\x00\x00"  # begins a heap of texts, version 1; then its size in 8 bytes
HEAP_HEAD, OBJECT_HEAD = 16, 16  # bytes in front of a heap's objects, and of each


class Entry(NamedTuple):
    """An array of a file that holds several."""

    shape: tuple[int, ...]
    kind: str  # NumPy's letter of its kind; "O" of a cell array of arrays
    read: Callable[[], np.ndarray]


def is_hdf5(path: Path) -> bool:
    """Whether a file begins as HDF5 does, by itself or behind MATLAB's words."""
    try:
        with path.open("rb") as file:
            head = file.read(USER_BLOCK + len(SIGNATURE))
    except OSError:
        return False
    return head.startswith(SIGNATURE) or head[USER_BLOCK:] == SIGNATURE


@contextlib.contextmanager
def open_hdf5(path: Path) -> Iterator[Any]:
    """An open file of h5py's.

    Raises:
        ValueError: a heap of texts that the HDF5 library would read for ever.
    """
    import h5py

    _check_heaps(path)
    with h5py.File(path, "r") as file:
        yield file


def _check_heaps(path: Path) -> None:
    """Raises ValueError where a heap of texts has free space of no size.

    The library adds an object's size to find the next one, and does not come on from there.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        start = content.find(HEAP)
        while start >= 0:
            (size,) = struct.unpack_from("<Q", content, start + len(HEAP))
            place, stop = start + HEAP_HEAD, min(start + size, len(content))
            while place + OBJECT_HEAD <= stop:
                (index,) = struct.unpack_from("<H", content, place)
                (length,) = struct.unpack_from("<Q", content, place + 8)
                if not index and not length:
                    raise ValueError("its heap of texts is broken")
                place += OBJECT_HEAD + -(-length // 8) * 8 if index else length
            start = content.find(HEAP, start + 1)


def hdf5_entries(path: Path) -> dict[str, Entry]:
    """Arrays of a file by name, "group/name" in groups; none of them is read yet.

    Raises:
        ValueError: the file cannot be read.
    """
    import h5py

    entries: dict[str, Entry] = {}

    def look(name: str, item: Any) -> None:
        # MATLAB keeps the content of cells and of its objects in groups "#refs#", "#subsystem#".
        if isinstance(item, h5py.Dataset) and not name.startswith("#") and item.shape is not None:
            shape = item.shape[::-1] if CLASS in item.attrs else item.shape
            is_text = _class_of(item) == "char"
            kind = "U" if is_text else item.dtype.kind
            entries[name] = Entry(shape, kind, lambda: read_hdf5(path, name))

    with refusing(path, KIND), open_hdf5(path) as file:
        file.visititems(look)
    return entries


def read_hdf5(path: Path, name: str) -> np.ndarray:
    """One array of a file; a cell array of MATLAB's is an object array of arrays."""
    import h5py

    with refusing(path, KIND), open_hdf5(path) as file:
        item = file[name]
        if h5py.check_ref_dtype(item.dtype) is None:
            return _read(item)
        check_claim(item)
        cells = np.empty(math.prod(item.shape), object)
        for place, reference in enumerate(np.asarray(item).T.ravel()):
            cells[place] = _read(file[reference])
        return cells


def _read(item: Any) -> np.ndarray:
    """An array of numbers or text; MATLAB's axes are turned back."""
    check_claim(item)
    array = np.asarray(item[()])
    if "MATLAB_empty" in item.attrs:
        return np.zeros(tuple(array.astype(int).ravel()) if array.size < 9 else 0)
    if _class_of(item) == "char":
        return np.array("".join(map(chr, array.T.ravel(order="F").tolist())))
    return array.T if CLASS in item.attrs else array


def check_claim(item: Any) -> None:
    """Raises ValueError for what lies in another file, or claims more than this one holds."""
    if not hasattr(item, "dtype"):
        raise ValueError(f"{item.name} is a group and not an array")
    if item.is_virtual or item.external:
        raise ValueError(f"{item.name} lies in another file")
    stored = item.id.get_storage_size()
    if item.nbytes > DEFLATE_RATIO * max(stored, 1):
        raise ValueError(f"{item.name} claims {item.nbytes} bytes, and {stored} are stored")


def _class_of(item: Any) -> str:
    """MATLAB's class of an array; "" where another program wrote it."""
    name = item.attrs.get(CLASS, b"")
    return name.decode("ascii", "replace") if isinstance(name, bytes) else str(name)
