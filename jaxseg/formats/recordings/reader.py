"""The one way in: a file of another program as its sequences.

A reader is a module with

    SUFFIXES               the suffixes that its files may have, in lower case
    reads(path)            whether a file with one of them is of its kind, from its content where
                           other kinds have the same suffix; it raises nothing
    read(path, settings)   name of a sequence -> `Recording`

Readers are asked in the order of `READERS`, the more particular kind first: a DeepLabCut .csv is
a table too, and a SLEAP .h5 a container.
"""

from pathlib import Path
from typing import Protocol

from jaxseg.formats.recordings import containers, poses, tables
from jaxseg.formats.recordings.recording import DEFAULTS, Recording, Settings


class Reader(Protocol):
    """A module as described above."""

    SUFFIXES: tuple[str, ...]

    def reads(self, path: Path) -> bool: ...

    def read(self, path: Path, settings: Settings) -> dict[str, Recording]: ...


READERS: tuple[Reader, ...] = (poses, tables, containers)
SUFFIXES = tuple(dict.fromkeys(end for each in READERS for end in each.SUFFIXES if end))


def reader_of(path: Path) -> Reader | None:
    """The first reader of a file's kind; None for a file that NumPy reads as a plain matrix."""
    suffix = "" if path.is_dir() else path.suffix.lower()
    return next((each for each in READERS if suffix in each.SUFFIXES and each.reads(path)), None)


def is_foreign(path: Path) -> bool:
    """Whether a file is read here, and not by NumPy as a plain matrix."""
    return reader_of(path) is not None


def read_recordings(path: Path, settings: Settings = DEFAULTS) -> dict[str, Recording]:
    """The sequences of one file by name, `ONLY` where it has one.

    Raises:
        ValueError: one line with the file, what is wrong and what to do next.
    """
    reader = reader_of(path)
    if reader is None:
        raise ValueError(f"{path}: no file that is known here")
    return reader.read(path, settings)
