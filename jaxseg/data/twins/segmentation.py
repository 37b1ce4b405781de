"""Twins of the segmentation data sets: small stand-ins, generated from fixed seeds.

A video depends only on its data set, activity and number, so that a part of a twin holds the same
videos as the whole. Order and duration of actions follow the grammars of <family>.toml in this
folder: what people do, in which order, how long and how often. Videos are shortened, so that a
twin is made in seconds. The features of a frame are a sum of three parts, whose variances add up
to 1 in each of `LATENT` dimensions:

    the action's appearance in all videos      Twin.action_variance
    its appearance in this video only          VIDEO_VARIANCE
    noise, smooth over NOISE_FRAMES            the rest

A fixed random projection brings them to the data set's number of channels, with a squared norm of
about 1 a frame.
"""

import tomllib
import zlib
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from typing import Any, NamedTuple, Self

import numpy as np

from jaxseg.data.segmentation.scaling import standardization
from jaxseg.data.segmentation.video import Video
from jaxseg.formats.names import check_known

# Difficulty of the twins: a larger value of either makes them harder, a larger
# Twin.action_variance easier. Five public Breakfast videos have .055 for the actions and .08 for
# the video; the actions get more here, because shortened videos show them for fewer frames.
VIDEO_VARIANCE = 0.08
NOISE_FRAMES = 20
LATENT = 64

# How videos of one activity differ: spread (of the logarithm) of their lengths and of the
# durations in them, and of the place of a block of steps.
LENGTH_SPREAD = 0.25
DURATION_SPREAD = 0.45
BLOCK_SPREAD = 0.2
SHORTEST_SHARE = 0.012
GOLDEN_RATIO = (5**0.5 - 1) / 2
BACKGROUND = "background"


class Step(NamedTuple):
    """One action of an activity."""

    name: str
    position: float  # mean place in the video, 0 to 1
    spread: float  # standard deviation of that place; steps closer than it change their order
    presence: float  # part of the videos in which the step occurs
    share: float  # mean part of such a video that it takes
    repetitions: float = 1.0  # mean number of times that it occurs in such a video
    block: str = ""  # steps of one move together (oil, vinegar, salt: all early or all late)


class Grammar(NamedTuple):
    """One activity."""

    name: str  # begins the names of its videos
    frames: int  # mean length of its videos
    steps: tuple[Step, ...]
    background: float = 0.0  # part of a video that belongs to no step and lies between them


class Twin(NamedTuple):
    """A generated data set."""

    family: str  # begins every seed; twins of one family hold the same videos
    channels: int
    videos: int  # number of videos an activity
    # Part of the features' variance that distinguishes actions in all videos: the one number to
    # change where a twin is too hard or too easy.
    action_variance: float
    grammars: Mapping[str, Grammar]  # by activity
    merged: Mapping[str, tuple[str, ...]] = {}  # class -> its actions; others are their own class
    # Largest number of zero rows at the start of a video, as features have that need motion over
    # some frames; 0 for none.
    zero_rows: int = 12

    @classmethod
    def read(cls, family: str) -> Self:
        """The twin of <family>.toml."""
        content = read_table(family)
        grammars = content.pop("grammars")
        return cls(
            grammars={name: read_grammar(name, **table) for name, table in grammars.items()},
            **content,
        )


class Segment(NamedTuple):
    """One occurrence of an action, frames `start` to `stop` - 1."""

    name: str
    start: int
    stop: int


def make_twin(
    twin: Twin, activities: Sequence[str] = (), *, scaling: str
) -> tuple[tuple[Video, ...], tuple[str, ...]]:
    """Videos of a twin, sorted by (activity, name), and all classes: the same bytes every time.

    Empty `activities` stand for all of them. `scaling` is that of `records.standardization`, or "".
    """
    check_known("activities", activities, twin.grammars)
    classes = class_names(twin)
    videos = tuple(
        make_video(twin, activity, number, classes, scaling)
        for activity in sorted(activities or twin.grammars)
        for number in range(1, twin.videos + 1)
    )
    return videos, classes


def read_table(name: str) -> dict[str, Any]:
    """Content of a TOML file of this package."""
    return tomllib.loads(resources.files(__package__).joinpath(f"{name}.toml").read_text("utf-8"))


def read_grammar(
    activity: str,
    steps: list[list],
    frames: int,
    name: str = "",
    background: float = 0.0,
    evenly: Mapping[str, float] | None = None,
) -> Grammar:
    """The grammar of one activity from its table in a twin's file.

    `steps` has the fields of each `Step`. In a table with `evenly`, it has names and shares alone:
    the steps follow one another at equal distances, with one spread and presence for all.
    """
    if evenly:
        steps = [
            [step, (place + 0.5) / len(steps), evenly["spread"], evenly["presence"], share]
            for place, (step, share) in enumerate(steps)
        ]
    return Grammar(name or activity, frames, tuple(Step(*row) for row in steps), background)


def class_names(twin: Twin) -> tuple[str, ...]:
    """The names of all classes, sorted."""
    actions = {step.name for grammar in twin.grammars.values() for step in grammar.steps}
    if any(grammar.background for grammar in twin.grammars.values()):
        actions.add(BACKGROUND)
    return tuple(sorted({class_of(twin, action) for action in actions}))


def class_of(twin: Twin, action: str) -> str:
    """The class that an action belongs to."""
    return next((name for name, actions in twin.merged.items() if action in actions), action)


def generator(*words: object) -> np.random.Generator:
    """A random generator that depends only on the words."""
    return np.random.default_rng([zlib.crc32(str(word).encode()) for word in words])


def make_video(
    twin: Twin, activity: str, number: int, classes: Sequence[str], scaling: str
) -> Video:
    """Generates one video of a twin."""
    grammar = twin.grammars[activity]
    rng = generator(twin.family, grammar.name, number)
    segments = list(cut_into_segments(rng, draw_steps(rng, twin, grammar, number), grammar))
    features = make_features(rng, twin, grammar, segments)
    if twin.zero_rows:
        features[: rng.integers(4, twin.zero_rows + 1)] = 0
    labels = np.empty(len(features), np.int32)
    for segment in segments:
        labels[segment.start : segment.stop] = classes.index(class_of(twin, segment.name))
    factors = standardization(features, scaling) if scaling else None
    return Video(f"{grammar.name}_{number:02d}", activity, features, labels, factors)


def draw_steps(
    rng: np.random.Generator, twin: Twin, grammar: Grammar, number: int
) -> list[tuple[str, float]]:
    """(name, share) of the actions of a video, in order."""
    blocks = {step.block: 0.0 for step in grammar.steps}
    blocks |= {block: BLOCK_SPREAD * rng.standard_normal() for block in sorted(blocks) if block}
    drawn = []
    for row, step in enumerate(grammar.steps):
        # Multiples of the golden ratio spread evenly over [0, 1), from another start for each step:
        # even a rare step occurs in as many of the activity's few videos as its grammar says.
        start = generator(twin.family, grammar.name, step.name, row).random()
        if (start + number * GOLDEN_RATIO) % 1 >= step.presence:
            continue
        times = 1 + rng.poisson(step.repetitions - 1)
        for position in place(rng, step, times) + blocks[step.block]:
            drawn.append((position, step.name, step.share / times))
    return [(name, share) for _, name, share in sorted(drawn)]


def place(rng: np.random.Generator, step: Step, times: int) -> np.ndarray:
    """Positions of a step's occurrences; a step without spread begins or ends the video."""
    if step.spread == 0:
        return np.full(times, -np.inf if step.position == 0 else np.inf)
    return step.position + step.spread * rng.standard_normal(times)


def cut_into_segments(
    rng: np.random.Generator, steps: Sequence[tuple[str, float]], grammar: Grammar
) -> Iterator[Segment]:
    """Durations around the shares, stretched to the length of the video."""
    if grammar.background:
        gap = grammar.background / (len(steps) + 1)
        steps = [(BACKGROUND, gap), *(part for step in steps for part in (step, (BACKGROUND, gap)))]
    names = [name for name, _ in steps]
    shares = np.array([max(share, SHORTEST_SHARE) for _, share in steps])
    shares *= np.exp(DURATION_SPREAD * rng.standard_normal(len(shares)))
    stretch = np.exp(LENGTH_SPREAD * np.clip(rng.standard_normal(), -1.5, 1.5))
    frames = round(grammar.frames * stretch)
    stops = np.round(frames * np.cumsum(shares) / shares.sum()).astype(int)
    starts = np.concatenate([[0], stops[:-1]])
    for name, start, stop in zip(names, starts, stops, strict=True):
        yield Segment(name, int(start), int(stop))


def make_features(
    rng: np.random.Generator, twin: Twin, grammar: Grammar, segments: Sequence[Segment]
) -> np.ndarray:
    """Float32 [frames, channels] of the model above."""
    noise = np.sqrt(1 - twin.action_variance - VIDEO_VARIANCE)
    latent = noise * smooth_noise(rng, (segments[-1].stop, LATENT), NOISE_FRAMES)
    in_video = {name: rng.standard_normal(LATENT) for name in sorted({s.name for s in segments})}
    for name, start, stop in segments:
        if name == BACKGROUND:
            # Every stretch of background looks different.
            variance = twin.action_variance + VIDEO_VARIANCE
            latent[start:stop] += np.sqrt(variance) * rng.standard_normal(LATENT)
        else:
            latent[start:stop] += np.sqrt(twin.action_variance) * appearance(twin, grammar, name)
            latent[start:stop] += np.sqrt(VIDEO_VARIANCE) * in_video[name]
    projection = generator(twin.family, "projection").standard_normal((LATENT, twin.channels))
    projection /= np.sqrt(LATENT * twin.channels)
    return latent.astype(np.float32) @ projection.astype(np.float32)


def appearance(twin: Twin, grammar: Grammar, action: str) -> np.ndarray:
    """An action's appearance in all videos, [LATENT], variance 1.

    Half of it is the verb's: cutting a tomato is more like cutting a cucumber than like pouring.
    """
    verb = action.partition("_")[0]
    parts = [
        generator(twin.family, grammar.name, kind, word).standard_normal(LATENT)
        for kind, word in (("verb", verb), ("action", action))
    ]
    return np.sum(parts, axis=0) / np.sqrt(2)


def smooth_noise(rng: np.random.Generator, shape: tuple[int, int], width: int) -> np.ndarray:
    """Noise of variance 1 and `shape`, correlated along the first axis by 1 - lag / width."""
    steps = rng.standard_normal((shape[0] + width, shape[1]))
    walk = np.cumsum(steps, axis=0)
    return (walk[width:] - walk[:-width]) / np.sqrt(width)
