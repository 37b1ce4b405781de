"""A CASE run in miniature: videos of a few snippets in which classes and background look apart."""

from collections.abc import Mapping
from pathlib import Path

import jax
import numpy as np
import toy

from jaxseg.config import Config
from jaxseg.data.localization.records import SnippetSet, SnippetVideo
from jaxseg.training import loop
from jaxseg.training.setup import set_up

CLASSES = ("dive", "jump", "throw")
CHANNELS, SNIPPETS, VIDEOS = 6, 16, 8
VALUES = {
    "method": "case",
    "seeds": 1,
    "num_epochs": 6,  # a step each
    "data": {"videos_per_batch": VIDEOS, "num_snippets": SNIPPETS},
    "model": {"num_clusters": 4, "hidden": 16},
    "optimizer": {"learning_rate": 1e-2},
}


def make_config(overrides: Mapping | None = None) -> Config:
    """make_config({"loss.clustering": "scc"}): a tiny network, six steps."""
    return toy.make_config(overrides, VALUES)


def make_video(number: int, classes: int) -> SnippetVideo:
    """A quarter of the snippets show the video's class, in a look of its own in each stream."""
    rng = np.random.default_rng(number)
    length, label = 20 + 3 * number, number % len(CLASSES)
    start = int(rng.integers(0, length - length // 4))
    looks = np.random.default_rng(99).standard_normal((2, len(CLASSES), CHANNELS))
    features = 0.5 * rng.standard_normal((2, length, CHANNELS))
    features[:, start : start + length // 4] += looks[:, label, None]
    segments = ((float(start), float(start + length // 4), label),)
    labels = np.eye(classes, dtype=np.float32)[label]
    return SnippetVideo(f"v{number}", "train", *features.astype(np.float32), labels, segments)


def make_data(classes: int = len(CLASSES)) -> SnippetSet:
    """Eight training videos; further classes are listed and never happen."""
    videos = tuple(make_video(number, classes) for number in range(VIDEOS))
    return make_set(videos, classes)


def make_set(videos: tuple[SnippetVideo, ...], classes: int) -> SnippetSet:
    """Videos of `CLASSES`, and further classes by name alone; a snippet lasts a second."""
    names = CLASSES + tuple(f"unseen{index}" for index in range(classes - len(CLASSES)))
    return SnippetSet("toy", videos, names, seconds_per_snippet=1.0)


def train(config: Config, workdir: Path, data: SnippetSet | None = None, watch=None):
    """Trains to the end; returns the setup and the state in NumPy."""
    setup = set_up(config, data or make_data())
    state = loop.train(config, setup, workdir, progress=False, watch=watch)
    return setup, jax.tree.map(np.asarray, state)
