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
from jaxseg.features.fitting.projection import Projection, fit_channels, fit_projection
from jaxseg.features.fitting.windows import (
    MOST_WINDOWS,
    WINDOW,
    Window,
    draw_windows,
    over_windows,
    read_window,
)
from jaxseg.features.kinds import Progress
from jaxseg.features.motion.descriptors import BINS
from jaxseg.features.motion.fisher import FisherEncoder, Words, fit_mixture
from jaxseg.features.motion.trajectories import Trajectories

# The words need less: a short window has many descriptors already.
WORD_WINDOWS = 40
WORD_WINDOW = 2.0  # seconds
MOST_DESCRIPTORS = 20_000
ROW_STEP = 5  # frames; vectors nearer to each other are all but the same


class Layout(NamedTuple):
    """Settings of the features, in frames."""

    fps: float  # frames a second
    length: int  # frames of a track
    reach: int  # frames to either side of a row's own, see `FisherEncoder`
    components: int  # of each mixture
    channels: int  # of the last projection


class Fitted(NamedTuple):
    """What is learned from videos."""

    words: dict[str, Words]  # type of descriptor -> how it becomes a Fisher vector
    projection: Projection  # of Fisher vectors to channels
    variance: float  # of all channels together


def fit(videos: Sequence[Path], layout: Layout, *, seed: int, progress: Progress | None) -> Fitted:
    """Learns the words of each type of descriptor, and the projection of their Fisher vectors.

    The result does not depend on the number of processes, as each has one thread.
    """
    windows = draw_windows(videos, WINDOW, MOST_WINDOWS, seed, layout.fps)
    every = max(1, -(-len(windows) // WORD_WINDOWS))
    some = [window._replace(seconds=WORD_WINDOW) for window in windows[::every]]
    share = -(-MOST_DESCRIPTORS // max(1, len(some)))
    total, done = sum(window.seconds for window in [*some, *windows]), 0.0

    def tell(seconds: float) -> None:
        nonlocal done
        done += seconds
        if progress is not None:
            progress(done, total)

    def learn(function: Callable, samples: Mapping[str, np.ndarray]) -> dict:
        """Name -> result of a function for each sample."""
        results = {}
        for name, event, value in processes.run(function, samples):
            if event != pool.DONE:
                raise ValueError(f"learning from {name}: {value}")
            results[name] = value
        return {name: results[name] for name in samples}

    with pool.Pool(min(pool.cores(), max(len(windows), len(BINS)))) as processes:
        parts = over_windows(
            processes, functools.partial(sample_tracks, layout, share, seed), some, tell
        )
        joined = {name: np.concatenate([part[name] for part in parts]) for name in BINS}
        if not len(joined["hog"]):
            raise ValueError("no video to learn from: none has a track that stays in the picture")
        words = learn(functools.partial(fit_words, layout.components, seed), joined)
        rows = over_windows(
            processes, functools.partial(fisher_vectors, layout, words), windows, tell
        )
        channels = functools.partial(fit_channels, layout.channels)
        return Fitted(words, *learn(channels, {"rows": np.concatenate(rows)})["rows"])


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


def fisher_vectors(
    layout: Layout, words: dict[str, Words], window: Window, tell: Callable
) -> np.ndarray:
    """Every `ROW_STEP`-th Fisher vector of a window, float32 [N, size]."""
    encoder = FisherEncoder(words, layout.length, layout.reach)
    rows = [row for frame in read_window(window, layout.fps) for row in encoder.push(frame)]
    return np.stack((rows + encoder.finish())[::ROW_STEP])
