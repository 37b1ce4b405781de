"""Learns the parts of the features of motion from a sample of the videos.

First the words (PCA and mixtures of descriptors), from descriptors of some windows of the videos;
then the projection, from the Fisher vectors of all windows. There are two passes since all
descriptors of the sample would be gigabytes.
"""

import contextlib
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
from jaxseg.features.motion.trajectories import Trajectories
from jaxseg.features.video.frames import VideoFile

HEIGHT = 360  # pixels; twice what the flow looks at in a picture of 16 : 9
WINDOW = 5.0  # seconds
MOST_WINDOWS = 120  # ten minutes of video
# The words need less: a short window has many descriptors already.
WORD_WINDOWS = 40
WORD_WINDOW = 2.0  # seconds
MOST_DESCRIPTORS = 20_000
ROW_STEP = 5  # frames; vectors nearer to each other are all but the same
MOST_VIDEOS = 500  # that are opened to learn how long they are


class Layout(NamedTuple):
    """Settings of the features, in frames."""

    fps: float  # frames a second
    length: int  # frames of a track
    reach: int  # frames to either side of a row's own, see `FisherEncoder`
    components: int  # of each mixture
    channels: int  # of the last projection


class Fitted(NamedTuple):
    """Parts that are learned from videos."""

    fps: float  # frames a second that they were learned at
    words: dict[str, Words]  # type of descriptor -> how it becomes a Fisher vector
    projection: Projection  # of Fisher vectors to channels


class Window(NamedTuple):
    """A part of a video that is learned from."""

    video: Path
    start: float  # in seconds of the video's own timestamps
    seconds: float  # length


def fit(videos: Sequence[Path], layout: Layout, *, seed: int, progress: Progress | None) -> Fitted:
    """Learns the words of each type of descriptor, and the projection of their Fisher vectors.

    The result does not depend on the number of processes, as each has one thread.
    """
    windows = draw_windows(videos, WINDOW, MOST_WINDOWS, seed, layout.fps)
    every = max(1, -(-len(windows) // WORD_WINDOWS))
    some = [window._replace(seconds=WORD_WINDOW) for window in windows[::every]]
    share = -(-MOST_DESCRIPTORS // max(1, len(some)))
    total, done = sum(window.seconds for window in [*some, *windows]), 0.0

    def over_windows(function: Callable, chosen: Sequence[Window]) -> list:
        """Results for each window, in order, without those that cannot be read."""
        nonlocal done
        tasks = {str(number): window for number, window in enumerate(chosen)}
        results, reason = {}, "none can be read"
        for key, event, value in processes.run(function, tasks):
            if event == pool.DONE:
                results[key] = value
            else:
                reason = value
            done += tasks[key].seconds
            if progress is not None:
                progress(done, total)
        if not results:
            raise ValueError(f"no video to learn from: {reason}")
        return [results[key] for key in tasks if key in results]

    def learn(function: Callable, samples: Mapping[str, np.ndarray]) -> dict:
        """Name -> result of a function for each sample."""
        results = {}
        for name, event, value in processes.run(function, samples):
            if event != pool.DONE:
                raise ValueError(f"learning from {name}: {value}")
            results[name] = value
        return {name: results[name] for name in samples}

    with pool.Pool(min(pool.cores(), max(len(windows), len(BINS)))) as processes:
        parts = over_windows(functools.partial(sample_tracks, layout, share, seed), some)
        joined = {name: np.concatenate([part[name] for part in parts]) for name in BINS}
        if not len(joined["hog"]):
            raise ValueError("no video to learn from: none has a track that stays in the picture")
        words = learn(functools.partial(fit_words, layout.components, seed), joined)
        rows = over_windows(functools.partial(fisher_vectors, layout, words), windows)
        channels = functools.partial(fit_channels, layout.channels)
        projection = learn(channels, {"rows": np.concatenate(rows)})["rows"]
    return Fitted(layout.fps, words, projection)


def sample_tracks(
    layout: Layout, most: int, seed: int, window: Window, tell: Callable
) -> dict[str, np.ndarray]:
    """Type -> descriptors of at most `most` tracks, float32 [N, D], drawn by their weights."""
    frames = held(read_window(window, layout.fps), layout.length + 1)
    trajectories = Trajectories(layout.length)
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
    layout: Layout, words: dict[str, Words], window: Window, tell: Callable
) -> np.ndarray:
    """Every `ROW_STEP`-th Fisher vector of a window, float32 [N, size]."""
    encoder = FisherEncoder(words, layout.length, layout.reach)
    rows = [row for frame in read_window(window, layout.fps) for row in encoder.push(frame)]
    return np.stack((rows + encoder.finish())[::ROW_STEP])


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
    """Frames of a window, uint8 [H, W, 3], scaled down to `HEIGHT`."""
    video = VideoFile(window.video, picture_fps=fps)
    timed = video.resampled(fps, start=window.start, seconds=window.seconds, height=HEIGHT)
    for _, frame in timed:
        yield frame
