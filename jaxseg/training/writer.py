"""Small files of a run: metrics.jsonl line by line, the others atomically."""

import contextlib
import json
import math
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np


def write_json(path: Path, value) -> None:
    """Writes a JSON file, see `write_text`."""
    write_text(path, json.dumps(value, indent=1) + "\n")


def write_text(path: Path, text: str) -> None:
    """Writes a text file, see `written_at_once`."""
    with written_at_once(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray], *, compressed: bool = False) -> None:
    """Writes an `.npz` file, see `written_at_once`."""
    save = np.savez_compressed if compressed else np.savez
    with written_at_once(path) as temporary, temporary.open("wb") as file:
        save(file, **arrays)


@contextlib.contextmanager
def written_at_once(path: Path) -> Iterator[Path]:
    """A temporary file that takes the name at the end: a reader never meets half of it.

    Raises:
        OSError: with the file's name, which the system leaves out where the disk is full.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield temporary
        os.replace(temporary, path)
    except OSError as error:
        raise OSError(f"cannot write {path}: {error.strerror}") from None
    finally:
        temporary.unlink(missing_ok=True)


class MetricsWriter:
    """Appends a JSON object a line: step, seconds since the start, and one number a member.

    Args:
        path: the file; what a killed run wrote beyond `start` is dropped first.
        start: step from which this process trains.
        writes: False for a process that leaves the file to another one.
    """

    def __init__(self, path: Path, *, start: int, writes: bool = True):
        self._file = None
        if not writes:
            return
        kept = [(line, row) for line, row in _lines(path) if row["step"] < start]
        self._offset = kept[-1][1]["seconds"] if kept else 0.0
        write_text(path, "".join(f"{line}\n" for line, _ in kept))
        self._file = path.open("a", encoding="utf-8")
        self._start = time.monotonic()

    def write(self, step: int, metrics: Mapping[str, np.ndarray], running: np.ndarray) -> None:
        """One line; members that have finished are null."""
        if self._file is None:
            return
        row = {"step": step, "seconds": round(self._offset + time.monotonic() - self._start, 3)}
        for name, values in metrics.items():
            row[name] = [
                round(float(value), 6) if runs and math.isfinite(value) else None
                for value, runs in zip(values, running, strict=True)
            ]
        self._file.write(json.dumps(row) + "\n")
        self._file.flush()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


def _lines(path: Path) -> list[tuple[str, dict]]:
    """Lines of an existing file and what they say, up to the first that is none.

    A killed process may have left half of the last one.
    """
    if not path.exists():
        return []
    found = []
    for line in path.read_text(encoding="utf-8", errors="replace").split("\n")[:-1]:
        try:
            row = json.loads(line)
            found.append((line, {"step": int(row["step"]), "seconds": float(row["seconds"])}))
        except (ValueError, KeyError, TypeError, RecursionError):
            break
    return found
