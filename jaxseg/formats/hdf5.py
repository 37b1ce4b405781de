"""HDF5 files, among them MATLAB's of version 7.3, read without trusting them.

MATLAB writes its arrays with the axes in reverse order; they are turned back. Links to other files
are not followed, and an array that claims far more numbers than the file holds is not allocated.
"""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from jaxseg.formats.arrays import DEFLATE_RATIO, refusing

SIGNATURE = b"\x89HDF\r\n\x1a\n"
USER_BLOCK = 512  # bytes that MATLAB writes in front
CLASS = "MATLAB_class"  # attribute of everything that MATLAB writes
KIND = "HDF5 file"


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

    with refusing(path, KIND), h5py.File(path, "r") as file:
        file.visititems(look)
    return entries


def read_hdf5(path: Path, name: str) -> np.ndarray:
    """One array of a file; a cell array of MATLAB's is an object array of arrays."""
    import h5py

    with refusing(path, KIND), h5py.File(path, "r") as file:
        item = file[name]
        if h5py.check_ref_dtype(item.dtype) is None:
            return _read(item)
        _check(item)
        cells = np.empty(math.prod(item.shape), object)
        for place, reference in enumerate(np.asarray(item).T.ravel()):
            cells[place] = _read(file[reference])
        return cells


def _read(item: Any) -> np.ndarray:
    """An array of numbers or text; MATLAB's axes are turned back."""
    _check(item)
    array = np.asarray(item[()])
    if "MATLAB_empty" in item.attrs:
        return np.zeros(tuple(array.astype(int).ravel()) if array.size < 9 else 0)
    if _class_of(item) == "char":
        return np.array("".join(map(chr, array.T.ravel(order="F").tolist())))
    return array.T if CLASS in item.attrs else array


def _check(item: Any) -> None:
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
