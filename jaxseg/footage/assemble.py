"""A run of videos -> `segments/`, tables for other programs, and `footage/`, what to watch."""

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from tqdm import tqdm

from jaxseg.footage.exports import write_exports
from jaxseg.footage.record import Recorder
from jaxseg.footage.workdir import Run, read_run


def write(workdir: Path, *, max_videos: int, progress: bool = True) -> None:
    """Writes what people watch and what other programs read, from the files of a run.

    `segments/<activity>/<member>/<video>.csv`, `.vtt`, `.eaf` of all videos and of the members of
    the main variant; `footage/footage.json` and `footage/pictures/` for the report, of the first
    member. Both folders appear complete or not at all, in the place of older ones.

    Args:
        workdir: of a run with predictions, whose `features/` jaxseg made from videos.
        max_videos: how many videos of an activity get pictures of their segments.
        progress: show a bar.

    Raises:
        ValueError: a file is missing or broken, or a library is not installed. A video that is
            gone, has changed or cannot be read is no error: the report says so.
        OSError: a file cannot be written.
    """
    workdir = Path(os.path.abspath(workdir))
    run = read_run(workdir)
    with _in_place(workdir / "segments") as folder:
        _export(run, folder)
    with _in_place(workdir / "footage") as folder:
        _record(run, folder, max_videos, progress)


def _export(run: Run, folder: Path) -> None:
    """The folder is as deep as the one that it will be, so that links out of it hold there."""
    for activity in run.activities:
        for member in activity.members:
            for video in activity.videos:
                if segments := run.segments(video, member):
                    place = folder / activity.name / member
                    write_exports(place, video.name, segments, video.source)


def _record(run: Run, folder: Path, max_videos: int, progress: bool) -> None:
    total = sum(len(activity.videos) for activity in run.activities if activity.members)
    with tqdm(total=total, desc="footage", unit="video", disable=not progress) as bar:
        recorder = Recorder(run, folder, max_videos, bar.update)
        activities = {a.name: recorder.activity(a) for a in run.activities if a.members}
    content = json.dumps({"fps": run.fps, "activities": activities}, indent=1)
    (folder / "footage.json").write_text(content + "\n", encoding="utf-8")


@contextlib.contextmanager
def _in_place(folder: Path) -> Iterator[Path]:
    """An empty folder beside `folder` that takes its place, if all goes well."""
    partial, older = (folder.with_name(f".{folder.name}.{word}") for word in ("partial", "older"))
    for left in (partial, older):  # by a process that was killed
        shutil.rmtree(left, ignore_errors=True)
    partial.mkdir()
    try:
        yield partial
        if folder.exists():
            folder.rename(older)
        partial.rename(folder)
    finally:
        for left in (partial, older):
            shutil.rmtree(left, ignore_errors=True)
