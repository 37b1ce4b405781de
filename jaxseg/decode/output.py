"""The folder that a decoding leaves behind: all of it, or nothing."""

import contextlib
import csv
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from jaxseg.evaluation import write_labels
from jaxseg.evaluation.segmentation.groups import run_starts

PREDICTIONS = "predictions"
SEGMENTS = "segments.csv"


def check_new(folder: Path) -> None:
    """Raises ValueError unless a folder is empty, or missing and can be made."""
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder}: is no folder")
    if folder.exists() and any(folder.iterdir()):
        raise ValueError(f"{folder}: is not empty; give a new --out")
    above = next(parent for parent in folder.resolve().parents if parent.exists())
    # Better said now than after an hour of decoding.
    if not above.is_dir() or not os.access(above, os.W_OK | os.X_OK):
        raise ValueError(f"{folder}: cannot be written in {above}")


@contextlib.contextmanager
def written_whole(folder: Path) -> Iterator[Path]:
    """A folder beside the wanted one that takes its name at the end, when everything is in it."""
    folder = folder.resolve()
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}")
    try:
        temporary.mkdir(parents=True)
        yield temporary
        os.replace(temporary, folder)
    except OSError as error:
        raise ValueError(f"{folder}: cannot be written: {error.strerror}") from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def write_predictions(folder: Path, labels: Mapping[str, np.ndarray], names: Sequence[str]) -> None:
    """`predictions/<video>.txt`, the name of a class a line, as the evaluator reads it."""
    for video, classes in labels.items():
        path = folder / PREDICTIONS / f"{video}.txt"
        write_labels(path, [names[index] for index in classes.tolist()])


def write_segments(folder: Path, labels: Mapping[str, np.ndarray], names: Sequence[str]) -> None:
    """`segments.csv`: video, class, first frame, frame behind the last one; frames from 0."""
    with (folder / SEGMENTS).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["video", "class", "start", "stop"])
        for video, classes in labels.items():
            starts = run_starts(classes).tolist()
            for start, stop in zip(starts, [*starts[1:], len(classes)], strict=True):
                writer.writerow([video, names[classes[start]], start, stop])


def write_json(path: Path, value: object) -> None:
    """A JSON file, indented."""
    path.write_text(json.dumps(value, indent=1, allow_nan=False) + "\n", encoding="utf-8")
