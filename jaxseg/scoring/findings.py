"""Degenerate results, and settings that cannot fit: what the labels of a run give away.

Scores alone do not tell: one segment a sequence can beat every baseline. So the labels of each seed
are looked at, with or without a truth. A sensible result gives no finding, or a note at most.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from jaxseg.runfiles.about import Member, SegmentationData
from jaxseg.runfiles.choice import read_choice
from jaxseg.runfiles.evaluation import Finding
from jaxseg.runfiles.segmentation import KMEANS, main_variant, read_labels
from jaxseg.scoring.settings import UNTOLD, Settings, read_settings

NEARLY_ALL = 0.95  # share of frames from which on one cluster counts as all of them
MOST = 0.5  # share of sequences above which they count as most
MANY_MISSING = 0.25  # share of the clusters above which those without a frame are worth a warning
SHORTER, LONGER = 1 / 3, 4  # shares of the duration that a segment is unlike it below or above
FLICKER = 3  # mean length of a segment, in frames, below which labels are noise
RECURRING = 2  # segments a sequence and cluster above which it is not K that makes them short


class Problem(NamedTuple):
    """How a finding is worded; the fields in braces are those of `fields`."""

    kind: str  # "warning" or "note"
    sentence: str
    advice: str


# In the order in which they are told.
PROBLEMS = {
    "collapsed": Problem(
        "warning",
        "collapsed: only {used} of {asked} clusters used, where other seeds use {others}",
        "Look at the other seeds, and train more of them (--config.seeds=5).",
    ),
    "one cluster": Problem(
        "warning",
        "{share} % of all frames are in one cluster of {asked}: there is no segmentation",
        "Check the scale of the channels (--config.data.scaling=folder), {tries}.",
    ),
    "few clusters": Problem(
        "warning",
        "fewer than half of the clusters are used, {used} of {asked}: actions are lumped together",
        "Ask for fewer actions ({count}={some}), {tries}.",
    ),
    "fewer clusters": Problem(
        "warning",
        "{used} of {asked} clusters used",
        "Ask for fewer actions ({count}={some}), {tries}.",
    ),
    "unused clusters": Problem(
        "note",
        "{used} of {asked} clusters used",
        "If no action is missing, ask for as many ({count}={some}).",
    ),
    "one segment": Problem(
        "warning",
        "{single} of {sequences} sequences are a single segment",
        "Unless each really shows one action, {tries}.",
    ),
    "one cluster a sequence": Problem(
        "warning",
        "{dominated} of {sequences} sequences are nearly all one cluster",
        "Unless each really shows one action, {tries}.",
    ),
    "sequences": Problem(
        "warning",
        "clusters tell sequences apart, not actions: {dominated} of {sequences} sequences are "
        "nearly all one cluster, and not all the same one",
        "Unless each shows an action of its own, take offset and scale of each sequence away "
        "(--config.data.scaling=sequence).",
    ),
    "flicker": Problem(
        "warning",
        "segments last only {frames} frames on average: labels change nearly every frame",
        "Ask for longer actions ({time}) or fewer of them ({count}=...).",
    ),
    "duration over segments": Problem(
        "warning",
        "segments last {segment} on average, though an action {lasts} {duration}",
        "{nearer}",
    ),
    "duration under segments": Problem(
        "note",
        "segments last {segment} on average, though an action {lasts} {duration}",
        "{nearer}",
    ),
    "duration over sequences": Problem(
        "warning",
        "an action {lasts} {duration}, as long as a whole sequence ({length} on average)",
        "{nearer}",
    ),
    "reach over segments": Problem(
        "warning",
        "the solver reaches {reach} far, further than a segment lasts ({segment} on average)",
        "Set a smaller one ({time}).",
    ),
    "reach over sequences": Problem(
        "warning",
        "the solver reaches {reach} far, more than half of a sequence ({length} on average)",
        "Set a smaller one ({time}).",
    ),
    "k-means": Problem(
        "warning",
        "k-means on the same frames has the higher F1 and mIoU ({protocol}: {theirs} against "
        "{ours})",
        "The settings do not fit: {tries}, or try another --config.data.scaling.",
    ),
}


class Shape(NamedTuple):
    """What the labels of one seed look like."""

    used: int  # clusters that have a frame
    largest: float  # share of frames in the cluster that has the most
    sequences: int  # those with labels
    single: int  # sequences of one segment
    dominated: int  # sequences with nearly all frames in one cluster
    leaders: int  # different clusters that such sequences are in
    length: float  # of a sequence in frames, mean
    segment: float  # of a segment in frames, mean


def look(workdir: Path, data: SegmentationData, members: Sequence[Member]) -> list[Finding]:
    """Findings on each activity's main variant; members without predictions are passed over."""
    findings = []
    for activity, videos in data.activities.items():
        group = [member for member in members if member.activity == activity]
        variant = main_variant(group)
        main = [member for member in group if member.variant == variant]
        labels = {
            member.seed: [*read_labels(workdir, member, videos, required=False).values()]
            for member in main
        }
        shapes = {seed: shape(each) for seed, each in labels.items() if each}
        if shapes:
            asked, settings = main[0].num_clusters, read_settings(workdir, data, activity)
            findings += judge(activity, shapes, asked, settings, fps=data.fps)
    return findings


def doubts(workdir: Path, data: SegmentationData) -> list[Finding]:
    """What choice.json says could not be told, as notes; [] without such a file."""
    choice = read_choice(workdir)
    return [
        Finding(activity, (), "note", *_sentence_and_advice(doubt))
        for activity, settled in (choice.activities.items() if choice else ())
        if activity in data.activities
        for doubt in settled.doubts
    ]


def _sentence_and_advice(words: str) -> tuple[str, str]:
    """The first sentence of some, without its full stop, and the others."""
    sentence, _, advice = words.partition(". ")
    return sentence.removesuffix("."), advice


def beaten_by_kmeans(
    workdir: Path, data: SegmentationData, protocols: Mapping[str, dict]
) -> list[Finding]:
    """A finding for each activity in which k-means has the higher F1 and mIoU.

    Of the protocols of `evaluation.json` the first with these scores is asked.
    """
    kind, sentence, advice = PROBLEMS["k-means"]
    for name, entry in protocols.items():
        own, peer = entry["results"][0], entry["baselines"].get(KMEANS)
        if peer is None or not {"f1", "miou"} <= peer["full"]["macro"].keys():
            continue
        findings = []
        for activity, scores in peer["full"]["by_activity"].items():
            theirs, ours = (
                [each[key]["mean"] for key in ("f1", "miou")]
                for each in (scores, own["full"]["by_activity"][activity])
            )
            if all(their > our for their, our in zip(theirs, ours, strict=True)):
                theirs, ours = ("{:.1f}, {:.1f}".format(*means) for means in (theirs, ours))
                words = sentence.format(protocol=name, theirs=theirs, ours=ours)
                tries = advice.format(tries=read_settings(workdir, data, activity).tries)
                findings.append(Finding(activity, tuple(own["seeds"]), kind, words, tries))
        return findings
    return []


def shape(labels: Sequence[np.ndarray]) -> Shape:
    """Facts of one seed from its labels, int [frames] of each sequence; -1 is no cluster."""
    size = 1 + max(int(each.max()) for each in labels)
    counts = np.array([np.bincount(each + 1, minlength=size + 1)[1:] for each in labels])
    frames = np.array([len(each) for each in labels])
    segments = np.array([1 + np.count_nonzero(np.diff(each)) for each in labels])
    dominated = counts.max(axis=1, initial=0) >= NEARLY_ALL * frames
    return Shape(
        used=int(np.count_nonzero(counts.any(axis=0))),
        largest=float(counts.sum(axis=0).max(initial=0) / frames.sum()),
        sequences=len(labels),
        single=int(np.count_nonzero(segments == 1)),
        dominated=int(np.count_nonzero(dominated)),
        leaders=len({int(each.argmax()) for each in counts[dominated]}),
        length=float(frames.mean()),
        segment=float(frames.sum() / segments.sum()),
    )


def judge(
    activity: str,
    shapes: Mapping[int, Shape],
    asked: int,
    settings: Settings = UNTOLD,
    *,
    fps: float | None = None,
) -> list[Finding]:
    """Findings on one activity, from the facts of each seed; `asked` is K."""
    groups: dict[str, dict[int, Shape]] = {name: {} for name in PROBLEMS}
    for seed, each in shapes.items():
        for name in problems(each, asked, settings):
            groups[name][seed] = each
    # A seed has collapsed where others show that there is more to find, twice as much at least.
    fine = [each for each in shapes.values() if each.used >= max(2, asked / 2)]
    most = max((each.used for each in fine), default=0)
    for name in ("one cluster", "few clusters"):
        for seed, each in [*groups[name].items()]:
            if 2 * each.used <= most:
                groups["collapsed"][seed] = groups[name].pop(seed)
    # One finding says it of all seeds, a warning where most of them are concerned.
    fewer, some = groups["fewer clusters"], groups["unused clusters"]
    if 2 * len(fewer) > len(shapes):
        groups["fewer clusters"], groups["unused clusters"] = fewer | some, {}
    else:
        groups["fewer clusters"], groups["unused clusters"] = {}, fewer | some
    findings = []
    for name, group in groups.items():
        if group:
            kind, sentence, advice = PROBLEMS[name]
            values = fields(group.values(), fine, asked, settings, fps)
            seeds = tuple(sorted(group))
            sentence, advice = sentence.format(**values), advice.format(**values)
            findings.append(Finding(activity, seeds, kind, sentence, advice))
    return findings


def problems(each: Shape, asked: int, settings: Settings) -> list[str]:
    """Names, of `PROBLEMS`, of what is wrong with one seed."""
    names = []
    reach = settings.reach_in(each.length)
    if reach > each.length / 2:
        names.append("reach over sequences")
    if settings.duration >= each.length:
        names.append("duration over sequences")
    if each.largest >= NEARLY_ALL:  # everything else follows from it
        return [*names, "one cluster"]
    if each.used < asked / 2:
        names.append("few clusters")
    elif each.used < min(asked - 1, (1 - MANY_MISSING) * asked):
        names.append("fewer clusters")
    elif each.used < asked:
        names.append("unused clusters")
    if each.dominated > MOST * each.sequences:
        if each.leaders > 1:
            names.append("sequences")
        elif each.single > MOST * each.sequences:
            names.append("one segment")
        else:
            names.append("one cluster a sequence")
    elif each.segment < FLICKER and each.length > RECURRING * asked * each.segment:
        names.append("flicker")
    elif each.segment < SHORTER * settings.duration and settings.duration < each.length:
        names.append("duration over segments")
    elif each.segment > LONGER * settings.duration > 0:
        names.append("duration under segments")
    elif each.segment < reach <= each.length / 2:
        names.append("reach over segments")
    return names


def fields(
    shapes: Iterable[Shape],
    others: Sequence[Shape],
    asked: int,
    settings: Settings,
    fps: float | None,
) -> dict[str, Any]:
    """Numbers of some seeds for the sentences of `PROBLEMS`, each one number or a range."""
    shapes = list(shapes)

    def span(values: Iterable[float], form: str = "{:.0f}", unit: str = "") -> str:
        low, high = form.format(min(values)), form.format(max(values))
        return f"{low if low == high else f'{low} to {high}'}{unit}"

    def time(values: Iterable[float]) -> str:
        scale, unit = (fps, " s") if fps else (1, " frames")
        return span([value / scale for value in values], "{:.3g}", unit)

    used = [each.used for each in shapes]
    return {
        "asked": asked,
        "used": span(used),
        "some": max(2, *used),
        "others": span([each.used for each in others] or [0]),
        "share": span([100 * each.largest for each in shapes]),
        "single": span([each.single for each in shapes]),
        "dominated": span([each.dominated for each in shapes]),
        "sequences": span([each.sequences for each in shapes]),
        "segment": time([each.segment for each in shapes]),
        "frames": span([each.segment for each in shapes], "{:.1f}"),
        "length": time([each.length for each in shapes]),
        "duration": time([settings.duration]),
        "reach": time([settings.reach_in(each.length) for each in shapes]),
        "count": settings.count,
        "time": settings.time,
        "tries": settings.tries,
        "lasts": settings.lasts,
        "nearer": settings.nearer,
    }
