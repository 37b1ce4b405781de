"""Makes the features of one video, in a worker process, and writes them row by row."""

import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np

from jaxseg.features import need
from jaxseg.features.kinds import Kind
from jaxseg.features.video.frames import VideoFile, open_video

TEMPORARY = ".part"
TELL_EVERY = 0.25  # seconds between two messages to the progress bar


class Task(NamedTuple):
    """One video file, and the file of its features."""

    video: Path
    features: Path


class Plan(NamedTuple):
    """How features are made, the same for all videos of a job."""

    kind: Kind
    fps: float
    least_frames: int


def probe(video: Path, tell: Callable[[float], None]) -> dict:
    """Facts about a video that are known from its header and first picture.

    Raises:
        ValueError: it cannot be read.
    """
    with open_video(video) as file:
        return facts(file)


def facts(video: VideoFile) -> dict:
    """Facts about a video itself, for `features.json`."""
    return {
        "width": video.width,
        "height": video.height,
        "rotation": video.rotation,
        "source_fps": round(video.source_fps, 6),
        "first_timestamp": video.first_timestamp,
        "duration": video.duration,
    }


def extract_video(plan: Plan, task: Task, tell: Callable[[float], None]) -> dict:
    """Writes a video's features, each row as soon as it is ready; facts for `features.json`.

    Args:
        tell: called with the seconds of video since the last call.

    Raises:
        ValueError: the video cannot be read, or is too short.
    """
    begin = time.monotonic()
    need("av").logging.set_level(None)
    with open_video(task.video) as video, RowFile(task.features, plan.kind.channels) as rows:
        encoder = plan.kind.encoder()
        frames = video.resampled(plan.fps, height=plan.kind.height)
        pushed = told = 0
        last_told = time.monotonic()
        with contextlib.closing(frames):
            for _, frame in frames:
                rows.extend(encoder.push(frame))
                pushed += 1
                if time.monotonic() - last_told > TELL_EVERY:
                    tell((pushed - told) / plan.fps)
                    told, last_told = pushed, time.monotonic()
        rows.extend(encoder.finish())
        tell((pushed - told) / plan.fps)
        _check(task.video.name, pushed, rows.count, plan)
        made = {"frames": rows.count, "seconds_of_wall": round(time.monotonic() - begin, 3)}
        return facts(video) | made | ({"truncated": True} if video.cut_off else {})


def _check(name: str, pushed: int, count: int, plan: Plan) -> None:
    if pushed < plan.least_frames:
        needed = "two are" if plan.least_frames == 2 else f"{plan.least_frames} are"
        frames = "1 frame" if pushed == 1 else f"{pushed} frames"
        raise ValueError(f"{name}: {frames} at {plan.fps:g} fps; {needed} needed")
    if count != pushed:
        raise ValueError(f"{name}: {count} rows came out of {pushed} frames")


class RowFile:
    """with RowFile(path, channels) as rows: a .npy, float32 [rows, channels], written as it comes.

    Rows go to a hidden file beside it, which gets the real name, and their number in its header, at
    the end; after an exception it is gone.
    """

    def __init__(self, path: Path, channels: int):
        self._path = path
        self._channels = channels
        self._count = 0
        # By process: where the main one was killed, an older one may be at the same video still.
        self._temporary = path.with_name(f".{path.name}{TEMPORARY}{os.getpid()}")

    @property
    def count(self) -> int:
        """Number of rows so far."""
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

    def extend(self, rows: list[np.ndarray]) -> None:
        """Adds rows, [channels] each.

        Raises:
            ValueError: a row of another shape, or with an infinite value or a NaN.
        """
        for row in rows:
            row = np.asarray(row, "<f4")
            if row.shape != (self._channels,):
                raise ValueError(
                    f"row {self._count} has shape {row.shape}, not ({self._channels},)"
                )
            if not np.isfinite(row).all():
                raise ValueError(f"row {self._count} has an infinite value or a NaN")
            self._file.write(row.tobytes())
            self._count += 1

    def __exit__(self, kind, error, trace) -> None:
        try:
            if kind is None:
                # NumPy leaves space in the header for a number that grows.
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
    """Shape of a .npy of float32; None for anything else, or where rows are missing."""
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return array.shape if getattr(array, "dtype", None) == np.float32 else None


def remove_leftovers(folder: Path) -> None:
    """Removes unfinished files of processes that were killed, in a folder and its subfolders."""
    patterns = (f".*{TEMPORARY}*", f"*/.*{TEMPORARY}*", ".features.json.*", ".motion.npz.*")
    for pattern in patterns:
        for path in folder.glob(pattern):
            path.unlink(missing_ok=True)
