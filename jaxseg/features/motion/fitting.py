"""Learns the parts of the features of motion from a sample of the videos.

First the words (PCA and mixtures of descriptors), from descriptors of some windows of the videos;
then the projection, from the Fisher vectors of all windows. There are two passes since all
descriptors of the sample would be gigabytes.
"""

import functools
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from jaxseg.features import pool
from jaxseg.features.kinds import Progress
from jaxseg.features.motion.descriptors import BINS
from jaxseg.features.motion.fisher import (
    FisherEncoder,
    Projection,
    Words,
    fit_mixture,
    fit_projection,
    mixed,
)
from jaxseg.features.motion.trajectories import TrackSettings, Trajectories
from jaxseg.features.video.frames import open_video

WINDOW = 5.0  # seconds
MOST_WINDOWS = 120  # ten minutes of video
# The words need less: a short window has many descriptors already.
WORD_WINDOWS = 40
WORD_WINDOW = 2.0  # seconds
MOST_DESCRIPTORS = 20_000
ROW_STEP = 5  # frames; vectors nearer to each other are all but the same
MOST_VIDEOS = 500  # that are opened to learn how long they are


class Layout(NamedTuple):
    """Settings of the features, in frames.

    Attributes:
        fps: frames a second.
        height: pixels that frames are scaled down to.
        tracks: of the tracks.
        reach: frames to either side of a row's own, see `FisherEncoder`.
        components: of each mixture.
        channels: of the last projection.
    """

    fps: float
    height: int
    tracks: TrackSettings
    reach: int
    components: int
    channels: int


def fit(
    videos: Sequence[Path], layout: Layout, *, seed: int, progress: Progress | None
) -> tuple[dict[str, Words], Projection]:
    """Learns the words of each type of descriptor, and the projection of their Fisher vectors.

    The result does not depend on the number of processes, as each has one thread.

    Raises:
        ValueError: no video can be read.
    """
    windows = draw_windows(videos, WINDOW, MOST_WINDOWS, seed)
    every = max(1, -(-len(windows) // WORD_WINDOWS))
    some = [window._replace(seconds=WORD_WINDOW) for window in windows[::every]]
    share = -(-MOST_DESCRIPTORS // max(1, len(some)))
    meter = _Meter(progress, [*some, *windows])
    with pool.Pool(min(pool.cores(), max(len(windows), len(BINS)))) as processes:
        sample = functools.partial(sample_tracks, layout, share, seed)
        parts = _over_windows(processes, sample, some, meter)
        joined = {name: np.concatenate([part[name] for part in parts]) for name in BINS}
        if not len(joined["hog"]):
            raise ValueError("no video to learn from: none has a track that stays in the picture")
        words = _learn(processes, functools.partial(fit_words, layout.components, seed), joined)
        make = functools.partial(fisher_vectors, layout, words)
        rows = np.concatenate(_over_windows(processes, make, windows, meter))
        learn = functools.partial(fit_channels, layout.channels)
        projection = _learn(processes, learn, {"rows": rows})["rows"]
    return words, projection


class _Meter:
    """Adds up the seconds of finished windows for the progress bar."""

    def __init__(self, progress: Progress | None, windows: Sequence["Window"]):
        self._progress = progress
        self._total = sum(window.seconds for window in windows)
        self._done = 0.0

    def add(self, window: "Window") -> None:
        self._done += window.seconds
        if self._progress is not None:
            self._progress(self._done, self._total)


def _over_windows(
    processes: pool.Pool, function: Callable, windows: Sequence["Window"], meter: _Meter
) -> list:
    """Results of a function for each window, in order, without those that cannot be read.

    Raises:
        ValueError: none can be read.
    """
    tasks = {str(number): window for number, window in enumerate(windows)}
    results, reason = {}, "none can be read"
    for key, event, value in processes.run(function, tasks):
        if event == pool.DONE:
            results[key] = value
        else:
            reason = value
        meter.add(tasks[key])
    if not results:
        raise ValueError(f"no video to learn from: {reason}")
    return [results[key] for key in tasks if key in results]


def _learn(processes: pool.Pool, function: Callable, samples: Mapping[str, np.ndarray]) -> dict:
    """Name -> result of a function for each sample."""
    results = {}
    for name, event, value in processes.run(function, samples):
        if event != pool.DONE:
            raise ValueError(f"learning from {name}: {value}")
        results[name] = value
    return {name: results[name] for name in samples}


def sample_tracks(
    layout: Layout, most: int, seed: int, window: "Window", tell: Callable
) -> dict[str, np.ndarray]:
    """Type -> descriptors of at most `most` tracks, float32 [N, D], drawn by their weights."""
    frames = held(read_window(window, layout.fps, layout.height), layout.tracks.length + 1)
    trajectories = Trajectories(layout.tracks)
    groups = [tracks for frame in frames if (tracks := trajectories.push(frame)) is not None]
    weights = np.concatenate([tracks.weights for tracks in groups])
    # The largest of u^(1/w) are a sample without replacement by weights (Efraimidis, Spirakis).
    keys = np.random.default_rng(seed).random(len(weights)) ** (1 / weights)
    chosen = np.sort(np.argsort(-keys, kind="stable")[:most])
    return {
        name: np.concatenate([tracks.descriptors[name] for tracks in groups])[chosen]
        for name in BINS
    }


def held(frames: Iterable[np.ndarray], least: int) -> Iterator[np.ndarray]:
    """The frames, and the last of them again until there are `least`."""
    count = 0
    for frame in frames:
        count += 1
        yield frame
    if count:
        yield from itertools.repeat(frame, max(0, least - count))


def fit_words(components: int, seed: int, x: np.ndarray, tell: Callable) -> Words:
    """PCA to half the channels, and a mixture, of descriptors of one type, [N, D]."""
    projection = fit_projection(x, x.shape[1] // 2)
    return Words(projection, fit_mixture(projection(x), components, seed))


def fit_channels(channels: int, rows: np.ndarray, tell: Callable) -> Projection:
    """PCA of Fisher vectors, [N, size], rotated so that all channels vary alike."""
    return mixed(fit_projection(rows, channels))


def fisher_vectors(
    layout: Layout, words: dict[str, Words], window: "Window", tell: Callable
) -> np.ndarray:
    """Every `ROW_STEP`-th Fisher vector of a window, float32 [N, size]."""
    encoder = FisherEncoder(words, layout.tracks, layout.reach)
    frames = read_window(window, layout.fps, layout.height)
    rows = [row for frame in frames for row in encoder.push(frame)]
    return np.stack((rows + encoder.finish())[::ROW_STEP])


class Window(NamedTuple):
    """A part of a video that is learned from.

    Attributes:
        video: the file.
        start: in seconds of the video's own timestamps.
        seconds: length.
    """

    video: Path
    start: float
    seconds: float


def draw_windows(videos: Sequence[Path], seconds: float, most: int, seed: int) -> list[Window]:
    """Draws at most `most` windows, spread evenly over all the time of the readable videos.

    The order of the videos does not matter. A video of unknown length counts as one window long.
    """
    rng = np.random.default_rng(seed)
    ordered = sorted(videos, key=lambda path: Path(path).as_posix())
    if len(ordered) > MOST_VIDEOS:
        picked = np.sort(rng.choice(len(ordered), MOST_VIDEOS, replace=False))
        ordered = [ordered[index] for index in picked]
    spans = [span for video in ordered if (span := _span(video, seconds)) is not None]
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


def _span(video: Path, default: float) -> Window | None:
    """A whole video as a window; None where it cannot be read, which the job reports."""
    try:
        with open_video(video) as file:
            return Window(video, file.first_timestamp, file.duration or default)
    except (ValueError, OSError):
        return None


def read_window(window: Window, fps: float, height: int) -> Iterator[np.ndarray]:
    """Frames of a window, uint8 [H, W, 3], scaled down to a height.

    Raises:
        ValueError: the video cannot be read.
    """
    with open_video(window.video) as video:
        timed = video.resampled(fps, start=window.start, seconds=window.seconds, height=height)
        for _, frame in timed:
            yield frame
