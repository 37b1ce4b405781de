"""Learning the parts of the features of motion from a sample of the videos.

First the words, from descriptors of some windows, then the projection, from the Fisher vectors
of all of them: two passes, since all descriptors of the sample would be gigabytes.
"""

import functools
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from jaxseg.features import pool
from jaxseg.features.motion.codebook import Projection, fit_mixture, fit_projection, mixed
from jaxseg.features.motion.descriptors import BINS
from jaxseg.features.motion.fisher import FisherEncoder, Words
from jaxseg.features.motion.sampling import Window, draw_windows, read_window
from jaxseg.features.motion.trajectories import TrackSettings, Trajectories

WINDOW = 5.0  # seconds
MOST_WINDOWS = 120  # ten minutes of video
# The words need less: a short window has many descriptors already.
WORD_WINDOWS = 40
WORD_WINDOW = 2.0  # seconds
MOST_DESCRIPTORS = 20_000
ROW_STEP = 5  # frames; vectors nearer to each other are all but the same


class Layout(NamedTuple):
    """What rows are made of.

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
    videos: Sequence[Path],
    layout: Layout,
    *,
    seed: int,
    progress: Callable[[float, float], None] | None,
) -> tuple[dict[str, Words], Projection]:
    """The words of each type, and the projection of their Fisher vectors.

    Processes with one thread each do it, so that it comes out the same whatever their number.

    Args:
        progress: told seconds of video done and in all.

    Raises:
        ValueError: no video can be read.
    """
    windows = draw_windows(videos, WINDOW, MOST_WINDOWS, seed)
    every = max(1, -(-len(windows) // WORD_WINDOWS))
    some = [window._replace(seconds=WORD_WINDOW) for window in windows[::every]]
    share = -(-MOST_DESCRIPTORS // max(1, len(some)))
    told = _Told(progress, [*some, *windows])
    with pool.Pool(pool.cores()) as processes:
        sample = functools.partial(sample_tracks, layout, share, seed)
        parts = _over_windows(processes, sample, some, told)
        joined = {name: np.concatenate([part[name] for part in parts]) for name in BINS}
        if not len(joined["hog"]):
            raise ValueError("no video to learn from: none has a track that stays in the picture")
        learn = functools.partial(fit_words, layout.components, seed)
        words = _learn(processes, learn, joined)
        make = functools.partial(fisher_vectors, layout, words)
        rows = np.concatenate(_over_windows(processes, make, windows, told))
        learn = functools.partial(fit_channels, layout.channels)
        (projection,) = _learn(processes, learn, {"rows": rows}).values()
    return words, projection


class _Told:
    """Adds up windows for the bar."""

    def __init__(self, progress: Callable[[float, float], None] | None, windows: Sequence[Window]):
        self._progress = progress
        self._total = sum(window.seconds for window in windows)
        self._done = 0.0

    def __call__(self, window: Window) -> None:
        self._done += window.seconds
        if self._progress is not None:
            self._progress(self._done, self._total)


def _over_windows(
    processes: pool.Pool, function: Callable, windows: Sequence[Window], told: _Told
) -> list:
    """What a function makes of each window, in order, without those that cannot be read.

    Raises:
        ValueError: none can be.
    """
    tasks = {str(number): window for number, window in enumerate(windows)}
    found, reason = {}, "none can be read"
    for key, event, value in processes.run(function, tasks):
        if event == pool.DONE:
            found[key] = value
        else:
            reason = value
        told(tasks[key])
    if not found:
        raise ValueError(f"no video to learn from: {reason}")
    return [found[key] for key in tasks if key in found]


def _learn(processes: pool.Pool, function: Callable, samples: Mapping[str, np.ndarray]) -> dict:
    """What a function makes of each sample, by its name."""
    found = {}
    for name, event, value in processes.run(function, samples):
        if event != pool.DONE:
            raise ValueError(f"learning from {name}: {value}")
        found[name] = value
    return {name: found[name] for name in samples}


def sample_tracks(
    layout: Layout, most: int, seed: int, window: Window, tell: Callable
) -> dict[str, np.ndarray]:
    """Type -> descriptors of at most so many tracks, float32 [N, D], the heavier the likelier."""
    frames = held(read_window(window, layout.fps, layout.height), layout.tracks.length + 1)
    trajectories = Trajectories(layout.tracks)
    found = [tracks for frame in frames if (tracks := trajectories.push(frame)) is not None]
    weights = np.concatenate([tracks.weights for tracks in found])
    # The largest of u^(1/w) are a sample without replacement by weights (Efraimidis, Spirakis).
    keys = np.random.default_rng(seed).random(len(weights)) ** (1 / weights)
    chosen = np.sort(np.argsort(-keys, kind="stable")[:most])
    return {
        name: np.concatenate([each.descriptors[name] for each in found])[chosen] for name in BINS
    }


def held(frames: Iterable[np.ndarray], least: int) -> Iterator[np.ndarray]:
    """The frames, and the last of them again until there are so many."""
    count = 0
    for frame in frames:
        count += 1
        yield frame
    if count:
        yield from itertools.repeat(frame, max(0, least - count))


def fit_words(components: int, seed: int, x: np.ndarray, tell: Callable) -> Words:
    """PCA to half, and a mixture, of descriptors of one type, [N, D]."""
    projection = fit_projection(x, x.shape[1] // 2)
    return Words(projection, fit_mixture(projection(x), components, seed))


def fit_channels(channels: int, rows: np.ndarray, tell: Callable) -> Projection:
    """PCA of Fisher vectors, [N, size], whose channels are then made alike in variance."""
    return mixed(fit_projection(rows, channels))


def fisher_vectors(
    layout: Layout, words: dict[str, Words], window: Window, tell: Callable
) -> np.ndarray:
    """Some vectors of a window, float32 [N, size]."""
    encoder = FisherEncoder(words, layout.tracks, layout.reach)
    frames = read_window(window, layout.fps, layout.height)
    rows = [row for frame in frames for row in encoder.push(frame)]
    return np.stack((rows + encoder.finish())[::ROW_STEP])
