"""The embedded twins: small stand-ins of the five data sets, generated from fixed seeds.

A video depends on the names of its data set, activity and number alone, so that a part of a twin
holds the same videos as the whole. Who does what and when follows grammars.py. The features of a
frame are a sum of three parts, whose variances add up to 1 in each of `LATENT` dimensions:

    what the action looks like in every video     Twin.action_variance
    what it looks like in this video only         VIDEO_VARIANCE
    noise, smooth over NOISE_FRAMES               the rest

brought to the data set's number of channels by a fixed random projection, with a squared norm of
about 1 a frame.
"""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from jaxseg.data.segmentation.assemble import standardization
from jaxseg.data.segmentation.catalog import check_known
from jaxseg.data.segmentation.records import Video
from jaxseg.data.twins.breakfast import BREAKFAST
from jaxseg.data.twins.grammars import ASSEMBLY, INSTRUCTIONS, SALAD, SALAD_EVAL, Grammar, Step

# How hard the twins are: larger is harder for both, while a larger Twin.action_variance makes a
# twin easier. Five public Breakfast videos have .055 for the actions and .08 for the video; the
# actions get more here, because in shortened videos they are on screen for fewer frames.
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


class Twin(NamedTuple):
    """A generated data set.

    Attributes:
        family: begins every seed; twins of one family hold the same videos.
        channels: of the features.
        videos: number of videos an activity.
        action_variance: part of the features' variance that tells actions apart in all videos:
            the one number to change where a twin is too hard or too easy.
        grammars: by activity.
        merged: class name -> the actions it stands for; others stand for themselves.
        zero_rows: the most rows at a video's start that are zero, as where features need motion
            over some frames; 0 for none.
    """

    family: str
    channels: int
    videos: int
    action_variance: float
    grammars: Mapping[str, Grammar]
    merged: Mapping[str, tuple[str, ...]] = {}
    zero_rows: int = 12


TWINS = {
    "breakfast": Twin("breakfast", 64, 10, 0.13, BREAKFAST),
    "yti": Twin("yti", 3000, 7, 0.13, INSTRUCTIONS),
    "50salads_eval": Twin("50salads", 64, 12, 0.2, {"50salads_eval": SALAD}, SALAD_EVAL),
    "50salads_mid": Twin("50salads", 64, 12, 0.2, {"50salads_mid": SALAD}),
    "desktop_assembly": Twin(
        "desktop_assembly", 512, 12, 0.25, {"desktop_assembly": ASSEMBLY}, zero_rows=0
    ),
}


class Segment(NamedTuple):
    name: str
    start: int
    stop: int


def make_twin(
    name: str, activities: Sequence[str] = (), *, scaling: str
) -> tuple[tuple[Video, ...], tuple[str, ...]]:
    """Generates the twin of a data set of the catalogue.

    Args:
        name: key of `TWINS`.
        activities: those to make; empty for all.
        scaling: see `assemble.standardization`; "" for none.

    Returns:
        Videos sorted by (activity, name) and the names of all classes, sorted.

    Raises:
        ValueError: an unknown activity.
    """
    twin = TWINS[name]
    check_known("activities", activities, twin.grammars)
    classes = class_names(twin)
    videos = tuple(
        make_video(twin, activity, number, classes, scaling)
        for activity in sorted(activities or twin.grammars)
        for number in range(1, twin.videos + 1)
    )
    return videos, classes


def class_names(twin: Twin) -> tuple[str, ...]:
    actions = {step.name for grammar in twin.grammars.values() for step in grammar.steps}
    if any(grammar.background for grammar in twin.grammars.values()):
        actions.add(BACKGROUND)
    return tuple(sorted({class_of(twin, action) for action in actions}))


def class_of(twin: Twin, action: str) -> str:
    return next((name for name, actions in twin.merged.items() if action in actions), action)


def generator(*words: object) -> np.random.Generator:
    """A random generator that depends on the words alone."""
    return np.random.default_rng([zlib.crc32(str(word).encode()) for word in words])


def make_video(
    twin: Twin, activity: str, number: int, classes: Sequence[str], scaling: str
) -> Video:
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
    """(name, share) of what happens in a video, in order."""
    blocks = {step.block: 0.0 for step in grammar.steps}
    blocks |= {block: BLOCK_SPREAD * rng.standard_normal() for block in sorted(blocks) if block}
    drawn = []
    for row, step in enumerate(grammar.steps):
        # Numbers spread over [0, 1) by the golden ratio, from a start of the step's own: over
        # an activity's videos each step is present as often as its grammar says, even a rare one.
        start = generator(twin.family, grammar.name, step.name, row).random()
        if (start + number * GOLDEN_RATIO) % 1 >= step.presence:
            continue
        times = 1 + rng.poisson(step.repetitions - 1)
        for position in place(rng, step, times) + blocks[step.block]:
            drawn.append((position, step.name, step.share / times))
    return [(name, share) for _, name, share in sorted(drawn)]


def place(rng: np.random.Generator, step: Step, times: int) -> np.ndarray:
    """Positions of a step's occurrences; what begins or ends a video stays there."""
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
    latent = noise * smooth_noise(rng, segments[-1].stop)
    own = {name: rng.standard_normal(LATENT) for name in sorted({s.name for s in segments})}
    for name, start, stop in segments:
        if name == BACKGROUND:
            # Whatever is no step looks different each time.
            variance = twin.action_variance + VIDEO_VARIANCE
            latent[start:stop] += np.sqrt(variance) * rng.standard_normal(LATENT)
        else:
            latent[start:stop] += np.sqrt(twin.action_variance) * appearance(twin, grammar, name)
            latent[start:stop] += np.sqrt(VIDEO_VARIANCE) * own[name]
    projection = generator(twin.family, "projection").standard_normal((LATENT, twin.channels))
    projection /= np.sqrt(LATENT * twin.channels)
    return latent.astype(np.float32) @ projection.astype(np.float32)


def appearance(twin: Twin, grammar: Grammar, action: str) -> np.ndarray:
    """What an action looks like in every video, [LATENT], variance 1.

    Half of it is the verb's: cutting a tomato is more like cutting a cucumber than like pouring.
    """
    verb = action.partition("_")[0]
    parts = [
        generator(twin.family, grammar.name, kind, word).standard_normal(LATENT)
        for kind, word in (("verb", verb), ("action", action))
    ]
    return np.sum(parts, axis=0) / np.sqrt(2)


def smooth_noise(rng: np.random.Generator, frames: int) -> np.ndarray:
    """[frames, LATENT], variance 1, correlated by 1 - lag / NOISE_FRAMES."""
    steps = rng.standard_normal((frames + NOISE_FRAMES, LATENT))
    walk = np.cumsum(steps, axis=0)
    return (walk[NOISE_FRAMES:] - walk[:-NOISE_FRAMES]) / np.sqrt(NOISE_FRAMES)
