"""Twins of the localization data sets: small stand-ins, generated from fixed seeds.

A video depends only on its data set, subset and number. Number, duration and distance of actions
follow a grammar, whose numbers are rounded statistics of the public annotations: medians, and
standard deviations of logarithms. The longest videos are left out, so that a twin is made in a
moment. A snippet's features in either stream are the positive part, as after a network's last
ReLU, of a sum of

    the action, as far as it fills the snippet     what localization has to find
    the setting, in all of a class's videos        distinguishes classes, but not where they are
    half the action, in some of the background     a run-up, a replay, a class's own context
    a scene, in the rest of the background         crowd, interview, logo: shared by all classes
    an offset of the video, and noise, smooth over NOISE_SNIPPETS
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from jaxseg.data.localization.records import SNIPPET_SECONDS, SnippetSet, SnippetVideo
from jaxseg.data.twins.segmentation import generator

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
    """One class.

    Attributes:
        name: class name.
        instances: median number of instances in a video of the class.
        seconds: median duration of an instance.
        spread: standard deviation of the duration's logarithm.
        gap: median time between two instances, in seconds.
        contains: name of a wider class to which the same instances belong too, or "".
    """

    name: str
    instances: float
    seconds: float
    spread: float
    gap: float
    contains: str = ""


class LocalizationGrammar(NamedTuple):
    """Statistics of the videos of a data set.

    Attributes:
        actions: the classes; video number n is mainly about the n-th, cyclically.
        instance_spread: standard deviation of the logarithm of the number of instances.
        gap_spread: the same for gaps, and for what comes before the first instance.
        lead: median time before the first instance, in seconds.
        second: part of the videos in which a second class occurs.
    """

    actions: tuple[Action, ...]
    instance_spread: float
    gap_spread: float
    lead: float
    second: float


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


class Instance(NamedTuple):
    """One action from `start` to `end`, in seconds."""

    start: float
    end: float
    action: Action


def make_localization_twin(name: str, twin: LocalizationTwin) -> SnippetSet:
    """Generates a twin: the same bytes every time.

    Args:
        name: the data set's.
        twin: of `DATA_SETS`.
    """
    videos = tuple(
        make_video(twin, subset, number)
        for subset, count in (("test", twin.test), ("train", twin.train))
        for number in range(1, count + 1)
    )
    classes = tuple(action.name for action in twin.grammar.actions)
    seconds = SNIPPET_SECONDS if twin.fixed_rate else None
    return SnippetSet(name, videos, classes, twin.subset_names, seconds, generated=True)


def make_video(twin: LocalizationTwin, subset: str, number: int) -> SnippetVideo:
    """Generates one video of a twin."""
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
    """The instances of a video, in order, until the longest video is full."""
    main = grammar.actions[number % len(grammar.actions)]
    other = main
    if rng.random() < grammar.second:
        other = grammar.actions[rng.integers(len(grammar.actions))]
    count = max(1, round(main.instances * log_normal(rng, grammar.instance_spread)))
    latest = LONGEST * SNIPPET_SECONDS - 2
    start = min(grammar.lead * log_normal(rng, grammar.gap_spread), latest / 3)
    for place in range(count):
        # The main class comes first, so that it occurs in every video that is about it.
        action = other if place % 3 == 2 else main
        end = min(start + action.seconds * log_normal(rng, action.spread), latest)
        if place and end - start < 0.5:
            return
        yield Instance(round(start, 1), round(end, 1), action)
        start = end + action.gap * log_normal(rng, grammar.gap_spread)


def log_normal(rng: np.random.Generator, spread: float) -> float:
    """A random factor around 1, at most two standard deviations away."""
    return float(np.exp(spread * np.clip(rng.standard_normal(), -2, 2)))


def draw_length(rng: np.random.Generator, instances: list[Instance]) -> int:
    """Number of snippets of a video, which ends a little after its last instance."""
    seconds = instances[-1].end * rng.uniform(1.02, 1.25) + 4
    return int(np.clip(seconds / SNIPPET_SECONDS, SHORTEST, LONGEST))


def truth(
    grammar: LocalizationGrammar, instances: list[Instance]
) -> Iterator[tuple[float, float, int]]:
    """(start, end, class index) of each instance, and once more for its wider class, if any."""
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
    """Appearance of actions, their settings and scenes in all videos, [number, CHANNELS] each."""
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
    """Random numbers from [0, 1), the same for SCENE_SNIPPETS snippets at a time, [snippets]."""
    drawn = rng.random(num_snippets // SCENE_SNIPPETS + 1)
    return drawn.repeat(SCENE_SNIPPETS)[:num_snippets]


def smooth_noise(rng: np.random.Generator, num_snippets: int) -> np.ndarray:
    """[snippets, CHANNELS], variance 1, correlated by 1 - lag / NOISE_SNIPPETS."""
    steps = rng.standard_normal((num_snippets + NOISE_SNIPPETS, CHANNELS))
    walk = np.cumsum(steps, axis=0)
    return (walk[NOISE_SNIPPETS:] - walk[:-NOISE_SNIPPETS]) / np.sqrt(NOISE_SNIPPETS)


def actions(text: str) -> tuple[Action, ...]:
    """Table of actions from lines of `Name instances seconds spread gap [wider class]`."""
    table = []
    for line in text.strip().splitlines():
        name, *words = line.split()
        table.append(Action(name.replace("_", " "), *map(float, words[:4]), *words[4:]))
    return tuple(table)


# Eight of the twenty classes, short and long, frequent and rare. A cliff diver dives.
THUMOS14 = LocalizationGrammar(
    actions("""
        BasketballDunk   20  1.5 .5   2.7
        CleanAndJerk      4  8.7 .6   2.7
        CliffDiving       8  2.7 .5   2.5 Diving
        Diving           10  2.5 .5   1.5
        GolfSwing         3  4.2 .9   6.4
        HammerThrow      13  7.1 .4   5.4
        JavelinThrow     12  6.3 .4   9.0
        SoccerPenalty     3  2.9 .5   3.7
    """),
    instance_spread=0.7,
    gap_spread=1.2,
    lead=9.7,
    second=0.12,
)

ACTIVITYNET12 = LocalizationGrammar(
    actions("""
        Archery             2   9.6 .9   8
        Brushing_teeth      1  16.4 .9   8
        Cleaning_windows    1  34.3 .8   8
        Doing_kickboxing    1  60.3 .7   8
        Hand_washing_clothes 1 29.4 .9   8
        Playing_bagpipes    1  52.4 .8   8
        Smoking_hookah      2  10.7 .9   8
        Tango               1 105.5 .5   8
    """),
    instance_spread=0.6,
    gap_spread=1.1,
    lead=7.0,
    second=0.0,
)

ACTIVITYNET13 = ACTIVITYNET12._replace(
    actions=actions("""
        Applying_sunscreen  2   8.8 .9   8
        Ballet              1  53.2 .8   8
        Building_sandcastles 1 21.2 .9   8
        Cumbia              1 100.1 .5   8
        Doing_motocross     1  54.2 .8   8
        Hopscotch           1  21.3 .9   8
        Ironing_clothes     1  19.7 .9   8
        Painting            1  61.4 .7   8
        Playing_racquetball 1  37.7 .8   8
        Skateboarding       2  14.0 .9   8
        Tumbling            2  13.5 .9   8
        Using_uneven_bars   1  22.3 .9   8
    """)
)
