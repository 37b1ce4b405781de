"""The one way in: a file of another program as its sequences."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

ONLY = ""  # name of a file's only sequence


class Recording(NamedTuple):
    """One sequence of a file.

    Attributes:
        array: [rows, columns] of numbers; a row is a moment unless `data.axis` says otherwise.
        fps: rows a second, where the file tells; None otherwise.
        channels: names of the columns, where the file has some; () otherwise.
        notes: sentences on what was left out or filled in, without the file's name.
    """

    array: np.ndarray
    fps: float | None = None
    channels: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Settings(NamedTuple):
    """What a user says of files that do not say it themselves; the keys of `config.data`."""

    array: str = ""  # array of a .mat, HDF5 or .npz; "": the only one


DEFAULTS = Settings()


READERS: Mapping[str, object] = {}  # suffix -> (path, settings) -> name of a sequence -> Recording


def is_foreign(path: Path) -> bool:
    """Whether a file is read here, and not by NumPy as a plain matrix."""
    return path.suffix.lower() in READERS


def read_recordings(path: Path, settings: Settings = DEFAULTS) -> dict[str, Recording]:
    """The sequences of one file by name, `ONLY` where it has one.

    Raises:
        ValueError: one line with the file, what is wrong and what to do next.
    """
    return READERS[path.suffix.lower()](path, settings)
