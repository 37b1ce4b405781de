"""What a worker process does with one video."""

import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from jaxseg.features.extra import need
from jaxseg.features.kinds import Kind
from jaxseg.features.rows import RowFile
from jaxseg.features.video.frames import VideoFile, open_video

# Seconds between two words to the bar.
SELDOM = 0.25


class Task(NamedTuple):
    """One video: its file, and that of its features."""

    video: Path
    features: Path


class Plan(NamedTuple):
    """The same for all videos."""

    kind: Kind
    fps: float
    least_frames: int


def probe(video: Path, tell: Callable[[float], None]) -> dict:
    """Facts about a video that hold before it is read; raises ValueError where there are none."""
    with open_video(video) as file:
        return facts(file)


def facts(video: VideoFile) -> dict:
    """What `features.json` says of a video itself."""
    return {
        "width": video.width,
        "height": video.height,
        "rotation": video.rotation,
        "source_fps": round(video.source_fps, 6),
        "first_timestamp": video.first_timestamp,
        "duration": video.duration,
    }


def extract(plan: Plan, task: Task, tell: Callable[[float], None]) -> dict:
    """Writes a video's features, a row as soon as there is one; facts for `features.json`.

    Args:
        tell: told seconds of video since the last time.

    Raises:
        ValueError: what is wrong with the video, or that it is too short.
    """
    begin = time.monotonic()
    need("av").logging.set_level(None)
    with open_video(task.video) as video, RowFile(task.features, plan.kind.channels) as rows:
        encoder = plan.kind.encoder()
        pictures = video.resampled(plan.fps, height=plan.kind.height)
        pushed = 0
        with contextlib.closing(pictures), _Teller(tell, plan.fps) as teller:
            for _, picture in pictures:
                pushed += 1
                _append(rows, encoder.push(picture))
                teller(pushed)
            _append(rows, encoder.finish())
        _check(task.video.name, pushed, rows.count, plan)
        found = facts(video) | {"frames": rows.count}
        found["seconds_of_wall"] = round(time.monotonic() - begin, 3)
        return found | ({"truncated": True} if video.cut_off else {})


def _append(rows: RowFile, ready: list[np.ndarray]) -> None:
    for row in ready:
        rows.append(row)


def _check(name: str, pushed: int, count: int, plan: Plan) -> None:
    if pushed < plan.least_frames:
        needed = "two are" if plan.least_frames == 2 else f"{plan.least_frames} are"
        frames = "1 frame" if pushed == 1 else f"{pushed} frames"
        raise ValueError(f"{name}: {frames} at {plan.fps:g} fps; {needed} needed")
    if count != pushed:
        raise ValueError(f"{name}: {count} rows came out of {pushed} frames")


class _Teller:
    """Passes progress on, now and then and at the end."""

    def __init__(self, tell: Callable[[float], None], fps: float):
        self._tell = tell
        self._fps = fps
        self._told, self._seen = 0, 0
        self._last = time.monotonic()

    def __call__(self, frames: int) -> None:
        self._seen = frames
        if time.monotonic() - self._last > SELDOM:
            self._pass_on()

    def _pass_on(self) -> None:
        self._tell((self._seen - self._told) / self._fps)
        self._told, self._last = self._seen, time.monotonic()

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace) -> None:
        if kind is None:
            self._pass_on()
