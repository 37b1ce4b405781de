"""NumPy files of pickled lists, as W-TALC packs its annotation, read without running them.

A pickle is a program: reading one with pickle itself lets its author run any command. This
reader builds arrays, lists, numbers, bytes and strings, and refuses every other name.
"""

import io
import pickle
import warnings
from pathlib import Path

import numpy as np

KINDS = "biufSUO"


class Refused(Exception):
    """A pickle asks for something that is not admitted."""


class PickledType:
    """A dtype as a pickle spells it: a code, then a state that may only name the byte order.

    NumPy's own would take any state, one that lets bytes pass for Python objects too.
    """

    def __init__(self, code: str | bytes, *_: object):
        self.dtype = np.dtype(as_text(code))
        if self.dtype.kind not in KINDS:
            raise Refused(f"array of dtype {self.dtype}")

    def __setstate__(self, state: tuple) -> None:
        _, order, *fields = state
        if any(field is not None for field in fields[:3]):
            raise Refused("array of a dtype with fields")
        self.dtype = self.dtype.newbyteorder(as_text(order))


class PickledArray(np.ndarray):
    """An array whose state is set with a plain dtype."""

    def __setstate__(self, state: tuple) -> None:
        version, shape, kind, fortran, data = state
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


class RestrictedUnpickler(pickle.Unpickler):
    """Unpickles NumPy arrays, bytes and strings and nothing else."""

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
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ValueError(f"{path}: no whole .npy file: {reason}") from None


def parse_npy(content: bytes) -> np.ndarray:
    """The array of an `.npy` file's bytes."""
    file = io.BytesIO(content)
    version = np.lib.format.read_magic(file)
    read_header = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    if version not in read_header:
        raise ValueError(f"version {version}")
    with warnings.catch_warnings():
        # NumPy warns of headers that Python 2 wrote; they are read all the same.
        warnings.simplefilter("ignore", UserWarning)
        shape, _, dtype = read_header[version](file)
    if not dtype.hasobject:
        file.seek(0)
        return np.load(file, allow_pickle=False)
    array = RestrictedUnpickler(file, encoding="bytes").load()
    if not isinstance(array, np.ndarray) or array.shape != shape:
        raise ValueError(f"no array of shape {shape}")
    return array.view(np.ndarray)
