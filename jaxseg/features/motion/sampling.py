"""Which parts of a folder of videos are looked at to learn what features need to know."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from jaxseg.features.video.frames import open_video

MOST_VIDEOS = 500  # that are opened to ask how long they are


class Window(NamedTuple):
    """A part of a video.

    Attributes:
        video: the file.
        start: in seconds of its own timestamps.
        seconds: for how long.
    """

    video: Path
    start: float
    seconds: float


def draw_windows(videos: Sequence[Path], seconds: float, most: int, seed: int) -> list[Window]:
    """At most so many windows, spread evenly over all the time of the videos that can be read.

    The same for any order of the videos. A video of unknown length counts as one window long.
    """
    rng = np.random.default_rng(seed)
    ordered = sorted(videos, key=lambda path: Path(path).as_posix())
    if len(ordered) > MOST_VIDEOS:
        picked = np.sort(rng.choice(len(ordered), MOST_VIDEOS, replace=False))
        ordered = [ordered[index] for index in picked]
    spans = [span for video in ordered if (span := _span(video, seconds)) is not None]
    if not spans:
        return []
    lengths = np.array([length for _, _, length in spans])
    ends = np.cumsum(lengths)
    count = min(most, int(np.ceil(ends[-1] / seconds)))
    middles = (np.arange(count) + rng.uniform(size=count)) * ends[-1] / count
    windows = []
    for middle in middles:
        index = min(int(np.searchsorted(ends, middle, side="right")), len(spans) - 1)
        video, first, length = spans[index]
        offset = middle - (ends[index] - length) - seconds / 2
        windows.append(Window(video, first + max(0.0, min(offset, length - seconds)), seconds))
    return windows


def _span(video: Path, default: float) -> tuple[Path, float, float] | None:
    """(file, first timestamp, seconds), None where it cannot be read, which the job reports."""
    try:
        with open_video(video) as opened:
            return video, opened.first_timestamp, opened.duration or default
    except (ValueError, OSError):
        return None


def read_window(window: Window, fps: float, height: int) -> Iterator[np.ndarray]:
    """Its frames, uint8 [H, W, 3], scaled down to a height.

    Raises:
        ValueError: it cannot be read.
    """
    with open_video(window.video) as video:
        timed = video.resampled(fps, start=window.start, seconds=window.seconds, height=height)
        for _, frame in timed:
            yield frame
