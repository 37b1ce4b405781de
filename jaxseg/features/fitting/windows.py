"""A sample of the videos of a folder: short windows, spread over all of their time."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from jaxseg.features import pool
from jaxseg.features.video.frames import VideoFile

HEIGHT = 360  # pixels; twice what the flow looks at in a picture of 16 : 9
WINDOW = 5.0  # seconds
MOST_WINDOWS = 120  # ten minutes of video
MOST_VIDEOS = 500  # that are opened to learn how long they are


class Window(NamedTuple):
    """A part of a video that is learned from."""

    video: Path
    start: float  # in seconds of the video's own timestamps
    seconds: float  # length


def draw_windows(
    videos: Sequence[Path], seconds: float, most: int, seed: int, fps: float | None = None
) -> list[Window]:
    """Draws at most `most` windows, spread evenly over all the time of the readable videos.

    The order of the videos does not matter. A video of unknown length counts as one window long.
    `fps`: pictures a second of videos that are folders of pictures.
    """
    rng = np.random.default_rng(seed)
    ordered = sorted(videos, key=lambda path: Path(path).as_posix())
    if len(ordered) > MOST_VIDEOS:
        picked = np.sort(rng.choice(len(ordered), MOST_VIDEOS, replace=False))
        ordered = [ordered[index] for index in picked]
    spans = []
    for video in ordered:
        # The job reports those that cannot be read.
        with contextlib.suppress(ValueError, OSError):
            file = VideoFile(video, picture_fps=fps)
            spans.append(Window(video, file.first_timestamp, file.duration or seconds))
    if not spans:
        return []
    lengths = np.array([span.seconds for span in spans])
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


def read_window(window: Window, fps: float) -> Iterator[np.ndarray]:
    """Frames of a window, uint8 [H, W, 3], scaled down to `HEIGHT`; at least one.

    Raises:
        ValueError: the video cannot be read, or shows nothing there.
    """
    video = VideoFile(window.video, picture_fps=fps)
    timed = video.resampled(fps, start=window.start, seconds=window.seconds, height=HEIGHT)
    frame = None
    for _, frame in timed:
        yield frame
    if frame is None:
        raise ValueError(f"{window.video.name}: no picture at {window.start:.1f} s")


def over_windows(
    processes: pool.Pool,
    function: Callable,
    windows: Sequence[Window],
    tell: Callable[[float], None],
) -> list:
    """Results of a function for each window, in order, without those that cannot be read.

    `tell` is called with the length of each window that is done.
    """
    tasks = {str(number): window for number, window in enumerate(windows)}
    results, reason = {}, "none can be read"
    for key, event, value in processes.run(function, tasks):
        if event == pool.DONE:
            results[key] = value
        else:
            reason = value
        tell(tasks[key].seconds)
    if not results:
        raise ValueError(f"no video to learn from: {reason}")
    return [results[key] for key in tasks if key in results]
