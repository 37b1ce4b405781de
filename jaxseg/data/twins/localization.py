"""The embedded localisation twins: small stand-ins of THUMOS14 and ActivityNet, from fixed seeds.

A video depends on its data set, subset and number alone. What happens when follows
localization_grammar.py. A snippet's features in either stream are a sum of

    the action, as far as it fills the snippet     what localisation has to find
    the setting, wherever a class's video goes on  what tells classes apart but not where they are
    half the action, in some of the background     a run-up, a replay, a class's own context
    a scene, in the rest of the background         crowd, interview, logo: shared by all classes
    what is particular to the video, and noise, smooth over NOISE_SNIPPETS

of which the positive part is kept, as after a network's last ReLU.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from jaxseg.data.localization.records import SNIPPET_SECONDS, SnippetSet, SnippetVideo
from jaxseg.data.twins.localization_grammar import (
    ACTIVITYNET12,
    ACTIVITYNET13,
    THUMOS14,
    Action,
    LocalizationGrammar,
)
from jaxseg.data.twins.segmentation import generator

CHANNELS = 32
SHORTEST, LONGEST = 40, 300  # snippets of a video

# How hard the twins are: a larger contrast is easier, larger others are harder.
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


class LocalizationTwin(NamedTuple):
    """A generated data set.

    Attributes:
        family: begins every seed; twins of one family hold the same videos.
        grammar: what happens in the videos.
        train: number of training videos.
        test: number of test videos.
        subset_names: see `SnippetSet`.
        fixed_rate: whether a snippet of the real data lasts equally long in all videos.
    """

    family: str
    grammar: LocalizationGrammar
    train: int
    test: int
    subset_names: tuple[str, str]
    fixed_rate: bool


TWINS = {
    "thumos14": LocalizationTwin("thumos14", THUMOS14, 40, 24, ("train", "test"), True),
    "thumos14_wtalc": LocalizationTwin("thumos14", THUMOS14, 40, 24, ("validation", "test"), True),
    "activitynet12": LocalizationTwin(
        "activitynet12", ACTIVITYNET12, 40, 24, ("training", "validation"), False
    ),
    "activitynet13": LocalizationTwin(
        "activitynet13", ACTIVITYNET13, 60, 36, ("training", "validation"), False
    ),
}


class Instance(NamedTuple):
    """One action from `start` to `end`, in seconds."""

    start: float
    end: float
    action: Action


def make_localization_twin(name: str) -> SnippetSet:
    """Generates the twin of a data set: the same bytes every time.

    Args:
        name: key of `TWINS`.
    """
    twin = TWINS[name]
    videos = tuple(
        make_video(twin, subset, number)
        for subset, count in (("test", twin.test), ("train", twin.train))
        for number in range(1, count + 1)
    )
    classes = tuple(action.name for action in twin.grammar.actions)
    seconds = SNIPPET_SECONDS if twin.fixed_rate else None
    return SnippetSet(name, videos, classes, twin.subset_names, seconds, generated=True)


def make_video(twin: LocalizationTwin, subset: str, number: int) -> SnippetVideo:
    rng = generator(twin.family, "localization", subset, number)
    instances = list(draw_instances(rng, twin.grammar, number))
    num_snippets = draw_length(rng, instances)
    segments = tuple(truth(twin.grammar, instances))
    labels = np.zeros(len(twin.grammar.actions), np.float32)
    labels[[label for _, _, label in segments]] = 1
    rgb, flow = make_features(rng, twin, segments, labels, num_snippets)
    duration = num_snippets * SNIPPET_SECONDS
    return SnippetVideo(f"{subset}_{number:02d}", subset, rgb, flow, labels, segments, duration)


def draw_instances(
    rng: np.random.Generator, grammar: LocalizationGrammar, number: int
) -> Iterator[Instance]:
    """What happens in a video, in order, until the longest video is full."""
    main = grammar.actions[number % len(grammar.actions)]
    other = main
    if rng.random() < grammar.second:
        other = grammar.actions[rng.integers(len(grammar.actions))]
    count = max(1, round(main.instances * log_normal(rng, grammar.instance_spread)))
    latest = LONGEST * SNIPPET_SECONDS - 2
    start = min(grammar.lead * log_normal(rng, grammar.gap_spread), latest / 3)
    for place in range(count):
        # The main class comes first: every class occurs in the videos that are about it.
        action = other if place % 3 == 2 else main
        end = min(start + action.seconds * log_normal(rng, action.spread), latest)
        if place and end - start < 0.5:
            return
        yield Instance(round(start, 1), round(end, 1), action)
        start = end + action.gap * log_normal(rng, grammar.gap_spread)


def log_normal(rng: np.random.Generator, spread: float) -> float:
    """A factor around 1, not further off than two standard deviations."""
    return float(np.exp(spread * np.clip(rng.standard_normal(), -2, 2)))


def draw_length(rng: np.random.Generator, instances: list[Instance]) -> int:
    """Snippets of a video that goes on a little after its last instance."""
    seconds = instances[-1].end * rng.uniform(1.02, 1.25) + 4
    return int(np.clip(seconds / SNIPPET_SECONDS, SHORTEST, LONGEST))


def truth(
    grammar: LocalizationGrammar, instances: list[Instance]
) -> Iterator[tuple[float, float, int]]:
    """(start, end, class index), once more for the wider class where there is one."""
    names = [action.name for action in grammar.actions]
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
        features = NOISE * smooth_noise(rng, num_snippets) + VIDEO * rng.standard_normal(CHANNELS)
        features += contrast * (filled + RUN_UP * run_up) @ action
        features += SETTING * present @ setting + SCENE * scene @ scenes
        streams.append(np.maximum(features, 0).astype(np.float32))
    return streams


def appearances(twin: LocalizationTwin, stream: str) -> list[np.ndarray]:
    """What actions, their settings, and scenes look like in all videos, [number, CHANNELS]."""
    rng = generator(twin.family, "localization", stream)
    count = len(twin.grammar.actions)
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
    """Numbers from [0, 1) that stay the same for SCENE_SNIPPETS at a time, [snippets]."""
    drawn = rng.random(num_snippets // SCENE_SNIPPETS + 1)
    return drawn.repeat(SCENE_SNIPPETS)[:num_snippets]


def smooth_noise(rng: np.random.Generator, num_snippets: int) -> np.ndarray:
    """[snippets, CHANNELS], variance 1, correlated by 1 - lag / NOISE_SNIPPETS."""
    steps = rng.standard_normal((num_snippets + NOISE_SNIPPETS, CHANNELS))
    walk = np.cumsum(steps, axis=0)
    return (walk[NOISE_SNIPPETS:] - walk[:-NOISE_SNIPPETS]) / np.sqrt(NOISE_SNIPPETS)
