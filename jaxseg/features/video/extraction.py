"""Makes the features of one video, in a worker process, and writes them row by row."""

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from jaxseg.features import need
from jaxseg.features.kinds import Kind
from jaxseg.features.video.frames import VideoFile
from jaxseg.formats.arrays import map_npy
from jaxseg.formats.files import atomic_write

TELL_EVERY = 0.25  # seconds between two messages to the progress bar


class Task(NamedTuple):
    """One video, a file or a folder of pictures, and the file of its features."""

    video: Path
    features: Path


def probe(fps: float, video: Path, tell: Callable[[float], None]) -> dict:
    """Facts about a video that are known from its header and first picture.

    `fps`: pictures a second of a folder of pictures.
    """
    return facts(VideoFile(video, picture_fps=fps))


def facts(video: VideoFile) -> dict:
    """Facts about a video itself, for `features.json`."""
    names = ("width", "height", "rotation", "source_fps", "first_timestamp", "duration")
    values = {name: getattr(video, name) for name in names}
    return values | {"source_fps": round(video.source_fps, 6)}


def extract_video(
    kind: Kind, fps: float, least_frames: int, task: Task, tell: Callable[[float], None]
) -> dict:
    """Writes a video's features, each row as soon as it is ready; facts for `features.json`.

    There are `fps` rows a second, one a picture of a folder of pictures; a video of fewer than
    `least_frames` is too short. `tell` is called with the seconds of video since its last call.
    """
    begin = last_told = time.monotonic()
    need("av").logging.set_level(None)
    video = VideoFile(task.video, picture_fps=fps)
    with open_rows(task.features, kind.channels) as add_rows:
        encoder = kind.encoder()
        pushed = told = 0
        with contextlib.closing(video.resampled(fps, height=kind.height)) as frames:
            for _, frame in frames:
                add_rows(encoder.push(frame))
                pushed += 1
                if time.monotonic() - last_told > TELL_EVERY:
                    tell((pushed - told) / fps)
                    told, last_told = pushed, time.monotonic()
        add_rows(encoder.finish())
        tell((pushed - told) / fps)
        if pushed < least_frames:
            needed = "two are" if least_frames == 2 else f"{least_frames} are"
            count = "1 frame" if pushed == 1 else f"{pushed} frames"
            raise ValueError(f"{task.video.name}: {count} at {fps:g} fps; {needed} needed")
        made = {"frames": pushed, "seconds_of_wall": round(time.monotonic() - begin, 3)}
        return facts(video) | made | _told(video)


def _told(video: VideoFile) -> dict:
    """What a whole pass through a video has shown."""
    notes, told = video.notes, {"pictures": video.notes.pictures}
    if sentences := notes.sentences():
        told["notes"] = sentences
    if notes.mended:
        # Its parts cannot be found by their times, and its header is as wrong as these.
        told["steady"] = False
    if notes.mended or video.duration is None or video.is_rough:
        told["duration"] = round(notes.end - video.first_timestamp, 6)
    return told | ({"truncated": True} if video.cut_off else {})


@contextlib.contextmanager
def open_rows(path: Path, channels: int) -> Iterator[Callable[[list[np.ndarray]], None]]:
    """with open_rows(path, channels) as add_rows: a .npy, float32 [rows, channels], as rows come.

    The file gets its name, and the number of rows in its header, at the end; after an exception
    there is none, or still the one before.
    """
    count = 0

    def write_header() -> None:
        header = {"descr": "<f4", "fortran_order": False, "shape": (count, channels)}
        np.lib.format.write_array_header_1_0(file, header)

    def add_rows(rows: list[np.ndarray]) -> None:
        nonlocal count
        for row in rows:
            file.write(np.asarray(row, "<f4").tobytes())
        count += len(rows)

    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as temporary, temporary.open("wb") as file:
        write_header()
        yield add_rows
        # NumPy leaves space in the header for a number that grows.
        file.seek(0)
        write_header()


def shape_of(path: Path) -> tuple[int, ...] | None:
    """Shape of a .npy of float32; None for anything else, or where rows are missing."""
    try:
        array = map_npy(path)
    except ValueError:
        return None
    return array.shape if array.dtype == np.float32 else None


def remove_leftovers(folder: Path) -> None:
    """Removes unfinished files of processes that were killed, in a folder and its subfolders."""
    for pattern in (".*.npy.*", "*/.*.npy.*", ".features.json.*", ".*.npz.*"):
        for path in folder.glob(pattern):
            path.unlink(missing_ok=True)
