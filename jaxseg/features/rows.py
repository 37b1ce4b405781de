"""A file of rows that are written as they come: whole under its name, or not there at all."""

import os
from pathlib import Path
from typing import Self

import numpy as np

TEMPORARY = ".part"


class RowFile:
    """with RowFile(path, channels) as rows: rows.append(row); a .npy of float32 [rows, channels].

    Rows go to a hidden file beside it, whose header tells their number at the end, when it takes
    the real name; after an exception it is gone.
    """

    def __init__(self, path: Path, channels: int):
        self._path = path
        self._channels = channels
        self._count = 0
        # A process whose main process was killed may be at the same video a little longer.
        self._temporary = path.with_name(f".{path.name}{TEMPORARY}{os.getpid()}")

    @property
    def count(self) -> int:
        """Rows so far."""
        return self._count

    def __enter__(self) -> Self:
        self._temporary.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._temporary.open("wb")
        self._write_header()
        self._begin = self._file.tell()
        return self

    def _write_header(self) -> None:
        header = {"descr": "<f4", "fortran_order": False, "shape": (self._count, self._channels)}
        np.lib.format.write_array_header_1_0(self._file, header)

    def append(self, row: np.ndarray) -> None:
        """Raises ValueError for a row of another shape, or with an infinite value or a NaN."""
        row = np.asarray(row, "<f4")
        if row.shape != (self._channels,):
            raise ValueError(f"row {self._count} has shape {row.shape}, not ({self._channels},)")
        if not np.isfinite(row).all():
            raise ValueError(f"row {self._count} has an infinite value or a NaN")
        self._file.write(row.tobytes())
        self._count += 1

    def __exit__(self, kind, error, trace) -> None:
        try:
            if kind is None:
                # NumPy leaves room in the header for a number that grows.
                self._file.seek(0)
                self._write_header()
                if self._file.tell() != self._begin:
                    raise ValueError(f"{self._path}: its header has grown")
                self._file.close()
                os.replace(self._temporary, self._path)
        finally:
            # Where the disk is full, closing fails, too.
            try:
                self._file.close()
            finally:
                self._temporary.unlink(missing_ok=True)


def shape_of(path: Path) -> tuple[int, ...] | None:
    """The shape of a .npy of float32; None for anything else, or where rows are missing."""
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return array.shape if getattr(array, "dtype", None) == np.float32 else None


def remove_leftovers(folder: Path) -> None:
    """Removes what killed processes have left in a folder and its subfolders."""
    for pattern in (f".*{TEMPORARY}*", f"*/.*{TEMPORARY}*"):
        for path in folder.glob(pattern):
            path.unlink(missing_ok=True)
