"""Twins of the localization data sets: small stand-ins, generated from fixed seeds.

A video depends only on its data set, subset and number. Number, duration and distance of actions
follow <family>.toml in this folder, whose numbers are rounded statistics of the public
annotations: medians, and standard deviations of logarithms. The longest videos are left out, so
that a twin is made in a moment. A snippet's features in either stream are the positive part, as
after a network's last ReLU, of a sum of

    the action, as far as it fills the snippet     what localization has to find
    the setting, in all of a class's videos        distinguishes classes, but not where they are
    half the action, in some of the background     a run-up, a replay, a class's own context
    a scene, in the rest of the background         crowd, interview, logo: shared by all classes
    an offset of the video, and noise, smooth over NOISE_SNIPPETS
"""

from collections.abc import Iterator
from typing import NamedTuple, Self

import numpy as np

from jaxseg.data.localization.records import SNIPPET_SECONDS, SnippetVideo
from jaxseg.data.twins.segmentation import generator, read_table, smooth_noise

CHANNELS = 32
SHORTEST, LONGEST = 40, 300  # snippets of a video

# Difficulty of the twins: a larger contrast is easier, larger values of the others are harder.
CONTRAST = {"rgb": 1.0, "flow": 1.3}
SETTING = 0.6
RUN_UP = 0.5
SCENE = 1.0
VIDEO = 0.4
NOISE = 1.4
NOISE_SNIPPETS = 3

NUM_SCENES = 6
SCENE_SNIPPETS = 10
CONTEXT_SHARE = 0.3


class Action(NamedTuple):
    """One class."""

    name: str
    instances: float  # median number of instances in a video of the class
    seconds: float  # median duration of an instance
    spread: float  # standard deviation of the duration's logarithm
    gap: float  # median time between two instances, in seconds
    contains: str = ""  # name of a wider class to which the same instances belong too, or ""


class LocalizationTwin(NamedTuple):
    """A generated data set and the statistics of its videos."""

    family: str  # begins every seed; twins of one family hold the same videos
    train: int  # number of training videos
    test: int
    instance_spread: float  # standard deviation of the logarithm of the number of instances
    gap_spread: float  # the same for gaps, and for what comes before the first instance
    lead: float  # median time before the first instance, in seconds
    second: float  # part of the videos in which a second class occurs
    actions: tuple[Action, ...]  # video number n is mainly about the n-th class, cyclically

    @classmethod
    def read(cls, family: str) -> Self:
        """The twin of <family>.toml."""
        content = read_table(family)
        actions = tuple(Action(*row) for row in content.pop("actions"))
        return cls(actions=actions, **content)


class Instance(NamedTuple):
    """One action from `start` to `end`, in seconds."""

    start: float
    end: float
    action: Action


def make_localization_twin(
    twin: LocalizationTwin,
) -> tuple[tuple[SnippetVideo, ...], tuple[str, ...]]:
    """Videos of a twin, sorted by subset and name, and its classes: the same bytes every time."""
    videos = tuple(
        make_video(twin, subset, number)
        for subset, count in (("test", twin.test), ("train", twin.train))
        for number in range(1, count + 1)
    )
    return videos, tuple(action.name for action in twin.actions)


def make_video(twin: LocalizationTwin, subset: str, number: int) -> SnippetVideo:
    """Generates one video of a twin."""
    rng = generator(twin.family, "localization", subset, number)
    instances = list(draw_instances(rng, twin, number))
    num_snippets = draw_length(rng, instances)
    segments = tuple(truth(twin, instances))
    labels = np.zeros(len(twin.actions), np.float32)
    labels[[label for _, _, label in segments]] = 1
    rgb, flow = make_features(rng, twin, segments, labels, num_snippets)
    duration = num_snippets * SNIPPET_SECONDS
    return SnippetVideo(f"{subset}_{number:02d}", subset, rgb, flow, labels, segments, duration)


def draw_instances(
    rng: np.random.Generator, twin: LocalizationTwin, number: int
) -> Iterator[Instance]:
    """The instances of a video, in order, until the longest video is full."""
    main = twin.actions[number % len(twin.actions)]
    other = main
    if rng.random() < twin.second:
        other = twin.actions[rng.integers(len(twin.actions))]
    count = max(1, round(main.instances * log_normal(rng, twin.instance_spread)))
    latest = LONGEST * SNIPPET_SECONDS - 2
    start = min(twin.lead * log_normal(rng, twin.gap_spread), latest / 3)
    for place in range(count):
        # The main class comes first, so that it occurs in every video that is about it.
        action = other if place % 3 == 2 else main
        end = min(start + action.seconds * log_normal(rng, action.spread), latest)
        if place and end - start < 0.5:
            return
        yield Instance(round(start, 1), round(end, 1), action)
        start = end + action.gap * log_normal(rng, twin.gap_spread)


def log_normal(rng: np.random.Generator, spread: float) -> float:
    """A random factor around 1, at most two standard deviations away."""
    return float(np.exp(spread * np.clip(rng.standard_normal(), -2, 2)))


def draw_length(rng: np.random.Generator, instances: list[Instance]) -> int:
    """Number of snippets of a video, which ends a little after its last instance."""
    seconds = instances[-1].end * rng.uniform(1.02, 1.25) + 4
    return int(np.clip(seconds / SNIPPET_SECONDS, SHORTEST, LONGEST))


def truth(twin: LocalizationTwin, instances: list[Instance]) -> Iterator[tuple[float, float, int]]:
    """(start, end, class index) of each instance, and once more for its wider class, if any."""
    names = [action.name for action in twin.actions]
    for start, end, action in instances:
        for name in filter(None, (action.name, action.contains)):
            yield start, end, names.index(name)


def make_features(
    rng: np.random.Generator,
    twin: LocalizationTwin,
    segments: tuple[tuple[float, float, int], ...],
    labels: np.ndarray,
    num_snippets: int,
) -> list[np.ndarray]:
    """RGB and flow, float32 [snippets, CHANNELS] each, of the model above."""
    filled = coverage(segments, len(labels), num_snippets)
    present = labels / labels.sum()
    background = 1 - filled.max(axis=1, keepdims=True)
    context = stretches(rng, num_snippets) < CONTEXT_SHARE
    run_up = background * context[:, None] * present
    scene = np.eye(NUM_SCENES)[(stretches(rng, num_snippets) * NUM_SCENES).astype(int)]
    scene *= background * ~context[:, None]
    streams = []
    for stream, contrast in CONTRAST.items():
        action, setting, scenes = appearances(twin, stream)
        features = NOISE * smooth_noise(rng, (num_snippets, CHANNELS), NOISE_SNIPPETS)
        features += VIDEO * rng.standard_normal(CHANNELS)
        features += contrast * (filled + RUN_UP * run_up) @ action
        features += SETTING * present @ setting + SCENE * scene @ scenes
        streams.append(np.maximum(features, 0).astype(np.float32))
    return streams


def appearances(twin: LocalizationTwin, stream: str) -> list[np.ndarray]:
    """Appearance of actions, their settings and scenes in all videos, [number, CHANNELS] each."""
    rng = generator(twin.family, "localization", stream)
    count = len(twin.actions)
    return [rng.standard_normal((number, CHANNELS)) for number in (count, count, NUM_SCENES)]


def coverage(
    segments: tuple[tuple[float, float, int], ...], num_classes: int, num_snippets: int
) -> np.ndarray:
    """Part of each snippet that each class fills, [snippets, classes]."""
    filled = np.zeros((num_snippets, num_classes))
    starts = np.arange(num_snippets)
    for start, end, label in segments:
        first, last = start / SNIPPET_SECONDS, end / SNIPPET_SECONDS
        shared = np.minimum(starts + 1, last) - np.maximum(starts, first)
        filled[:, label] += np.clip(shared, 0, 1)
    return np.minimum(filled, 1)


def stretches(rng: np.random.Generator, num_snippets: int) -> np.ndarray:
    """Random numbers from [0, 1), the same for SCENE_SNIPPETS snippets at a time, [snippets]."""
    drawn = rng.random(num_snippets // SCENE_SNIPPETS + 1)
    return drawn.repeat(SCENE_SNIPPETS)[:num_snippets]
