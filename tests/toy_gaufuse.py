"""A GauFuse run in miniature: whole videos of several lengths, six refreshes in 28 steps.

Fourteen epochs of two steps stand for the published 350: refreshes come before steps 16, 19, 20,
21, 22 and 24; pseudo-labels are learned from step 18 on, what changes between them from 22 on.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import toy
import toy_case

from jaxseg.config import Config
from jaxseg.data.localization.records import SnippetSet, SnippetVideo

CLASSES = toy_case.CLASSES
CHANNELS, VIDEOS_PER_BATCH, NUM_STEPS = 5, 4, 28
REFRESHED = (16, 19, 20, 21, 22, 24)
# name -> (subset, snippets, {class: (first snippet, snippet after the last)}); padded to 64 or 96
VIDEOS = {
    "a": ("train", 40, {0: (5, 15)}),
    "b": ("train", 64, {1: (30, 44)}),
    "c": ("train", 30, {2: (12, 22)}),
    "d": ("train", 80, {0: (10, 30), 2: (50, 62)}),
    "e": ("train", 22, {1: (4, 12)}),
    "f": ("train", 55, {2: (30, 45)}),
    "g": ("train", 90, {1: (60, 80), 0: (5, 20)}),
    "h": ("train", 33, {0: (20, 30)}),
    "x": ("test", 50, {0: (10, 24)}),
    "y": ("test", 70, {1: (40, 60), 2: (8, 20)}),
    "z": ("test", 25, {2: (3, 11)}),
}
VALUES = {
    "method": "gaufuse",
    "seeds": 1,
    "num_epochs": 14,
    "data": {"videos_per_batch": VIDEOS_PER_BATCH},
    "model": {"num_clusters": 4, "hidden": 16, "num_means": 4, "memory_slots": 2, "dropout": 0.3},
    "optimizer": {
        "learning_rate": 5e-3,
        "betas": (0.9, 0.99),
        "change_at": (80.0, 200.0),
        "factors": (0.8, 0.4),
    },
}
CLUSTERED = {"loss.clustering": "full", "predict.foreground": "both"}


def make_config(overrides: Mapping | None = None) -> Config:
    """make_config({"pseudo.delta": False}): a tiny network."""
    return toy.make_config(overrides, VALUES)


def make_video(name: str, classes: int = len(CLASSES)) -> SnippetVideo:
    """Each class has a look of its own in each stream; background has none."""
    subset, length, actions = VIDEOS[name]
    looks = 2 * np.random.default_rng(99).standard_normal((2, len(CLASSES), CHANNELS))
    features = 0.5 * np.random.default_rng(ord(name)).standard_normal((2, length, CHANNELS))
    for label, (start, end) in actions.items():
        features[:, start:end] += looks[:, label, None]
    labels = np.isin(np.arange(classes), list(actions)).astype(np.float32)
    segments = tuple((float(start), float(end), label) for label, (start, end) in actions.items())
    return SnippetVideo(name, subset, *features.astype(np.float32), labels, segments)


def make_data(classes: int = len(CLASSES)) -> SnippetSet:
    """Eight training videos and three to test; further classes are listed and never happen."""
    videos = tuple(make_video(name, classes) for name in VIDEOS)
    return toy_case.make_set(videos, classes)


def train(config: Config, workdir: Path, data: SnippetSet | None = None, watch=None):
    """Trains to the end; returns the setup and the state in NumPy."""
    return toy_case.train(config, workdir, data or make_data(), watch)
