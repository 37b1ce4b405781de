"""What readers give and take: one sequence of a file, and what a user says of the files."""

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
    streams: tuple[str, ...] = ()  # of a recording in several files; (): those that are known
    axis: str = ""  # of time, "first" or "last"; "": nobody says
    confidence: float = 0.6  # points of a body below it are missing
    longest_gap: int = 15  # frames over which missing points are filled in
    individual: str = ""  # the animal or person that is read; "": all
    keypoints: tuple[str, ...] = ()  # those that are read; (): all
    vertical: str = ""  # of points in space: "x", "y" or "z"; "": the program's


DEFAULTS = Settings()
