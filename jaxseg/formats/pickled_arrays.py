"""NumPy files of pickled lists, as W-TALC packs its annotation, read without running them.

A pickle is a program: reading one with pickle itself lets its author run any command. This
reader builds arrays, lists, numbers, bytes and strings, and refuses every other name. Nor does
it allocate more than the file holds, whatever the file asks for.
"""

import io
import math
import pickle
from pathlib import Path
from typing import ClassVar

import numpy as np

from jaxseg.formats import arrays as array_files

KINDS = "biufSUO"


class Refused(Exception):
    """A pickle asks for something that is not admitted."""


class PickledType:
    """A dtype as a pickle spells it: a code, then a state that may only name the byte order.

    NumPy's own would take any state, one that lets bytes pass for Python objects too.
    """

    def __init__(self, code: str | bytes, *_: object):
        self.dtype = np.dtype(as_text(code))
        if self.dtype.kind not in KINDS or not self.dtype.itemsize:
            raise Refused(f"array of dtype {self.dtype}")

    def __setstate__(self, state: tuple) -> None:
        _, order, *fields = state
        if any(field is not None for field in fields[:3]):
            raise Refused("array of a dtype with fields")
        self.dtype = self.dtype.newbyteorder(as_text(order))


class PickledArray(np.ndarray):
    """An array whose state is set with a plain dtype and as much data as its shape needs.

    NumPy's own would allocate what the shape asks for, and only then look for the data.
    """

    def __setstate__(self, state: tuple) -> None:
        version, shape, kind, fortran, data = state
        array_files.check_shape(shape)
        needed = math.prod(shape) * (1 if kind.dtype.hasobject else kind.dtype.itemsize)
        if len(data) != needed:
            raise Refused(f"array of shape {shape} of {kind.dtype} with {len(data)} of {needed}")
        super().__setstate__((version, shape, kind.dtype, fortran, data))


def empty_array(kind: object, *_: object) -> PickledArray:
    """The array whose state is set next."""
    return PickledArray((0,), np.int8)


def encode(text: str, encoding: str) -> bytes:
    """Bytes of a Python 3 pickle of protocol 2, which spells them as Latin-1 text."""
    return text.encode("latin-1")


def as_text(value: str | bytes) -> str:
    """A string that Python 2 may have written."""
    return value.decode("ascii") if isinstance(value, bytes) else value


ADMITTED = {
    ("numpy.core.multiarray", "_reconstruct"): empty_array,
    ("numpy._core.multiarray", "_reconstruct"): empty_array,
    # Only ever handed to the function above.
    ("numpy", "ndarray"): "ndarray",
    ("numpy", "dtype"): PickledType,
    ("_codecs", "encode"): encode,
}


# Python's own unpickler, not the one in C: a pickle can number its memo as it likes, and the one
# in C makes a table of that length.
class RestrictedUnpickler(pickle._Unpickler):
    """Unpickles NumPy arrays, bytes and strings and nothing else."""

    # A byte array is made as long as the file says before its bytes are looked for.
    dispatch: ClassVar[dict] = {
        code: load
        for code, load in pickle._Unpickler.dispatch.items()
        if code != ord(pickle.BYTEARRAY8)
    }

    def find_class(self, module: str, name: str) -> object:
        if (module, name) not in ADMITTED:
            raise Refused(f"asks for {module}.{name}")
        return ADMITTED[module, name]


def read_npy(path: Path) -> np.ndarray:
    """The array of an `.npy` file, its pickled objects through the restricted unpickler.

    Python 2's strings come as bytes.

    Raises:
        ValueError: the file cannot be read, is empty or cut short, or asks for anything but
            arrays, bytes and strings. What it asks for is not run.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from None
    if not content:
        raise ValueError(f"{path}: empty")
    try:
        return parse_npy(content)
    except Refused as error:
        raise ValueError(f"{path}: refused: {error}") from None
    # A broken pickle fails in as many ways as it has opcodes.
    except Exception as error:
        raise ValueError(f"{path}: no whole .npy file: {array_files.reason(error)}") from None


def parse_npy(content: bytes) -> np.ndarray:
    """The array of an `.npy` file's bytes."""
    file = io.BytesIO(content)
    header = array_files.read_header(file)
    if not header.dtype.hasobject:
        file.seek(0)
        return array_files.read_array(file, len(content))
    file.seek(header.offset)
    array = RestrictedUnpickler(file, encoding="bytes").load()
    if not isinstance(array, np.ndarray) or array.shape != header.shape:
        raise ValueError(f"no array of shape {header.shape}")
    return array.view(np.ndarray)
