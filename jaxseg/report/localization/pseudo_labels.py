"""How pseudo-labels of training videos change from refresh to refresh, above the truth."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from markupsafe import Markup

from jaxseg.report.drawing.bars import (
    Span,
    Strip,
    Timeline,
    areas,
    averaged,
    between,
    opacity,
    spans,
)
from jaxseg.report.drawing.colors import Paint, class_colors
from jaxseg.report.drawing.page import Panel, Video, counted, render, spread_over
from jaxseg.report.localization.run import Run
from jaxseg.runfiles.localization import Interval
from jaxseg.runfiles.pseudo_labels import PseudoLabels

MAX_VIDEOS = 3
_MOST_GUESSED_CLASSES = 3
_HEADROOM = 1.06  # the highest curve leaves some of its strip above it


class _Labeled(NamedTuple):
    """One video: what was made of it at each refresh, and its classes in their colors."""

    labels: Sequence[PseudoLabels]
    paints: Mapping[str, Paint]
    timeline: Timeline


def pseudo_labels_panel(run: Run, max_videos: int) -> Panel:
    """Pseudo-labels of a few videos; left out for a run without any."""
    title = "Pseudo-labels over refreshes"
    names = list(run.refreshes[0].videos) if run.refreshes else []
    if not names:
        return Panel(title, "")
    classes = {
        name: _classes(run, name) for name in spread_over(names, min(max_videos, MAX_VIDEOS))
    }
    colors = class_colors(run.data.classes, classes.values())
    body = render(
        "localization.html",
        "pseudo_labels",
        seed=run.main[0].seed,
        num_refreshes=len(run.refreshes),
        videos=[
            _video(run, name, {label: Paint(colors[label], label) for label in labels})
            for name, labels in classes.items()
        ],
    )
    return Panel(title, body)


def _classes(run: Run, name: str) -> list[str]:
    """The video's true classes by time; without truth those with most of the pseudo-labels."""
    truth = sorted(run.truth.get(name, ()), key=lambda each: each.start)
    if truth:
        return list(dict.fromkeys(each.label for each in truth))
    mass = sum(np.abs(refresh.videos[name].labels).sum(axis=0) for refresh in run.refreshes)
    order = np.argsort(-mass, kind="stable")[:_MOST_GUESSED_CLASSES].tolist()
    return [run.data.classes[g] for g in order if mass[g] > 0]


def _video(run: Run, name: str, paints: Mapping[str, Paint]) -> Video:
    """A strip a refresh, the last change, the truth, on one time axis."""
    labels, truth = [each.videos[name] for each in run.refreshes], run.truth.get(name, ())
    seconds = max([labels[0].borders[-1], *(each.end for each in truth)])
    video = _Labeled(labels, paints, Timeline(float(seconds), 1.0))
    curves = [_curves(run, video, each.labels) for each in labels]
    peak, strips = _peak(curves), []
    for number, refresh in enumerate(run.refreshes):
        strip = Strip(
            name=Markup("P<sub>{}</sub>").format(number),
            drawing=_areas(video, curves[number], (0, peak), f"pseudo-labels of refresh {number}"),
            remark=f"epoch {refresh.epoch:.4g}",
            strong=True,
        )
        strips += [strip, _instance_strip(video, number)]
    strips += _change_strips(run, video)
    if truth:
        parts = [_span(video, each, each.label) for each in truth]
        strips.append(Strip("truth", _lanes(video, parts, counted(len(parts), "true segment"))))
    facts = [video.timeline.length, f"curves up to {peak:.2g}"]
    return Video(name, facts, [*strips, video.timeline.axis()], legend=list(paints.values()))


def _curves(run: Run, video: _Labeled, labels: np.ndarray) -> dict[str, np.ndarray]:
    """Class -> its column of labels [T, G] in a few hundred steps of equal time."""
    borders, classes = video.labels[0].borders, run.data.classes
    return {label: averaged(labels[:, classes.index(label)], borders) for label in video.paints}


def _peak(curves: Sequence[Mapping[str, np.ndarray]]) -> float:
    """How far the curves go from 0, for all strips alike; 1 where they are 0 everywhere."""
    heights = [np.abs(curve).max() for by_class in curves for curve in by_class.values()]
    return float(max(heights, default=0.0)) or 1.0


def _areas(
    video: _Labeled,
    curves: Mapping[str, np.ndarray],
    limits: tuple[float, float],
    label: str,
) -> Markup:
    low, high = limits
    return areas(
        curves,
        video.paints,
        (_HEADROOM * low, _HEADROOM * high),
        between(video.labels[0].borders, video.timeline),
        label,
    )


def _change_strips(run: Run, video: _Labeled) -> list[Strip]:
    """What the last refresh changed, above and below a line; none of a single refresh."""
    if len(video.labels) < 2:
        return []
    last = len(video.labels) - 1
    change = _curves(run, video, video.labels[last].labels - video.labels[last - 1].labels)
    peak = _peak([change])
    name = Markup("P<sub>{}</sub> − P<sub>{}</sub>").format(last, last - 1)
    shape = _areas(video, change, (-peak, peak), f"change at refresh {last}")
    return [Strip(name, shape, f"±{peak:.2g}")]


def _instance_strip(video: _Labeled, number: int) -> Strip:
    """The instances of the video's classes, each as strong as its score is to the best."""
    instances = [each for each in video.labels[number].instances if each.label in video.paints]
    best = max((each.score for each in instances), default=0.0)
    parts = [
        _span(video, each, f"{each.label} {each.score:.3f}", opacity(each.score, best))
        for each in instances
    ]
    shape = _lanes(video, parts, f"{len(instances)} instances of refresh {number}")
    return Strip("", shape, counted(len(instances), "instance"))


def _span(video: _Labeled, interval: Interval, words: str, strength: float = 1.0) -> Span:
    """An interval in its class's color and lane."""
    return Span(
        start=interval.start,
        end=interval.end,
        title=f"{words}, {video.timeline.span(interval.start, interval.end)}",
        fill=video.paints[interval.label].fill,
        opacity=strength,
        lane=list(video.paints).index(interval.label),
    )


def _lanes(video: _Labeled, parts: Sequence[Span], label: str) -> Markup:
    return spans(parts, video.timeline, label, num_lanes=max(len(video.paints), 1))
