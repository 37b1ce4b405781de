"""What the readers and writers of several run files share: one error for a wrong field, arrays."""

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from jaxseg.formats.files import atomic_write, read_json


@contextlib.contextmanager
def fields_of(path: Path) -> Iterator[None]:
    """Turns an error while a file's content is taken apart into one line that names the file.

    Raises:
        ValueError: in place of the errors that a missing field or one of another type leads to.
    """
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        what = f"{type(error).__name__} {error}"
        raise ValueError(f"{path}: a field is missing or of another kind: {what}") from None


def read_optional(path: Path) -> Any:
    """Content of a JSON file that a run may lack, or None; raises as `read_json`."""
    return read_json(path) if path.is_file() else None


def finite(value: Any) -> float:
    """A number of a JSON file as a float; ValueError where it is not finite."""
    number = float(value)
    if not np.isfinite(number):
        raise ValueError(f"{value} is not a finite number")
    return number


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray], *, compressed: bool = False) -> None:
    """Writes an `.npz` file, whole or not at all.

    Raises:
        OSError: with the file's name.
    """
    save = np.savez_compressed if compressed else np.savez
    with atomic_write(path) as temporary, temporary.open("wb") as file:
        save(file, **arrays)


def check_array(name: str, array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The array in float64; ValueError unless it holds finite numbers of this shape."""
    if array.shape != shape:
        raise ValueError(f"{name} has shape {array.shape}, not {shape}")
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{name} holds {array.dtype}, not numbers")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} has {array[~np.isfinite(array)][0]} in it")
    return array.astype(np.float64)
