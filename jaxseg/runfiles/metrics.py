"""Training curves, metrics.jsonl: one line a logged step, one number a member."""

import json
import math
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from jaxseg.formats.files import write_text
from jaxseg.runfiles.checks import fields_of

NAME = "metrics.jsonl"


class MetricsWriter:
    """Appends a JSON object a line: step, seconds since the start, and one number a member.

    Args:
        workdir: where the file is; what a killed run wrote of step `start` and later ones is
            dropped first.
        start: step from which this process trains.
        enabled: False for a process that leaves the file to another one.
    """

    def __init__(self, workdir: Path, *, start: int, enabled: bool = True):
        self._file = None
        if not enabled:
            return
        path = workdir / NAME
        kept = [(line, row) for line, row in _whole_lines(path) if row["step"] < start]
        self._offset = kept[-1][1]["seconds"] if kept else 0.0
        write_text(path, "".join(f"{line}\n" for line, _ in kept))
        self._file = path.open("a", encoding="utf-8")
        self._start = time.monotonic()

    def write(self, step: int, metrics: Mapping[str, np.ndarray], running: np.ndarray) -> None:
        """Appends one line.

        Args:
            step: counted from 0.
            metrics: name -> [members].
            running: bool [members]; members that have finished are written as null.
        """
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
        """Closes the file."""
        if self._file is not None:
            self._file.close()


class Metrics(NamedTuple):
    """The curves of a run."""

    steps: np.ndarray  # int [S], ascending
    # Name -> float [S, members]; NaN where a member had finished or a metric was not logged.
    curves: dict[str, np.ndarray]


def read_metrics(workdir: Path, num_members: int) -> Metrics:
    """Reads `metrics.jsonl`; no steps and no curves where there is none.

    The last line counts only as far as it is whole: a run that is still going, or was killed, may
    have left half of it.
    """
    path = workdir / NAME
    rows: dict[int, dict[str, list]] = {}
    for number, row in _rows(path):
        with fields_of(path):
            step = int(row.pop("step"))
            row.pop("seconds")
            for name, values in row.items():
                if len(values) != num_members:
                    what = f"{len(values)} values of {name!r} for {num_members} members"
                    raise ValueError(f"line {number}: {what}")
            rows[step] = row
    steps, missing = sorted(rows), [None] * num_members
    names = dict.fromkeys(name for step in steps for name in rows[step])
    with fields_of(path):
        curves = {
            # float64 makes NaN of None.
            name: np.array([rows[step].get(name, missing) for step in steps], np.float64)
            for name in names
        }
    return Metrics(np.array(steps, int), curves)


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """(number, content) of each line, without half a line at the end; the file may be absent."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    for number, line in enumerate(lines, start=1):
        try:
            row = json.loads(line)
            if not isinstance(row, dict):
                raise ValueError(f"{type(row).__name__} in place of an object")
        except ValueError as error:
            if number < len(lines):
                raise ValueError(f"{path}: line {number}: {error}") from None
            return
        yield number, row


def _whole_lines(path: Path) -> list[tuple[str, dict[str, float]]]:
    """Lines with their step and seconds, up to the first that a killed process left broken."""
    if not path.exists():
        return []
    lines = []
    for line in path.read_text(encoding="utf-8", errors="replace").split("\n")[:-1]:
        try:
            row = json.loads(line)
            lines.append((line, {"step": int(row["step"]), "seconds": float(row["seconds"])}))
        except (ValueError, KeyError, TypeError, RecursionError):
            break
    return lines
