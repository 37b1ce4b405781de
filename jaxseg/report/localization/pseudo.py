"""How pseudo-labels of training videos change from refresh to refresh, above the truth."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from jaxseg.report.drawing.bars import Timeline, axis, drawing, legend, strips
from jaxseg.report.drawing.colors import Paint, class_colours
from jaxseg.report.drawing.markup import counted, text
from jaxseg.report.drawing.page import titled
from jaxseg.report.localization.bars import Span, averaged, opacity, spans
from jaxseg.report.localization.records import Interval, Localization, PseudoLabels
from jaxseg.report.localization.videos import spread

MAX_VIDEOS = 3
_MOST_GUESSED_CLASSES = 3
_HEADROOM = 1.06


class _Pictured(NamedTuple):
    """One video: what was made of it at each refresh, and its classes in their colours."""

    name: str
    labels: Sequence[PseudoLabels]
    truth: tuple[Interval, ...]
    paints: Mapping[str, Paint]
    timeline: Timeline


def pseudo_panel(run: Localization, max_videos: int) -> dict[str, str]:
    """The panel under its title; none for a run without pseudo-labels."""
    names = list(run.refreshes[0].videos) if run.refreshes else []
    if not names:
        return {}
    chosen = {name: _classes(run, name) for name in spread(names, min(max_videos, MAX_VIDEOS))}
    colours = class_colours(run.classes, chosen.values())
    pictured = [
        _picture(run, name, {label: Paint(colours[label], label) for label in labels})
        for name, labels in chosen.items()
    ]
    title = "Pseudo-labels over refreshes"
    body = "".join(_article(run, each) for each in pictured)
    return {title: titled(title, _note(run), body)}


def _note(run: Localization) -> str:
    change = (
        " The last row is what changed between the last two refreshes, more above its line, less "
        "below it: a delta target makes the network learn this change, not the labels themselves."
    )
    return (
        f"Some training videos of seed {run.main[0].seed}: a curve for each of the video's "
        "classes, a row for each time the pseudo-labels were made anew, the first on top; under "
        "it as bars the instances that the curves were made from, the stronger the higher "
        "their score. What to look for: from row to row curves should gather inside the true "
        "segments, which training never sees; what stays outside is an error that the network is "
        f"taught.{change if len(run.refreshes) > 1 else ''}"
    )


def _classes(run: Localization, name: str) -> list[str]:
    """The video's true classes by time; without truth those with most of the pseudo-labels."""
    truth = sorted(run.truth.get(name, ()), key=lambda each: each.start)
    if truth:
        return list(dict.fromkeys(each.label for each in truth))
    mass = sum(np.abs(refresh.videos[name].labels).sum(axis=0) for refresh in run.refreshes)
    order = np.argsort(-mass, kind="stable")[:_MOST_GUESSED_CLASSES].tolist()
    return [run.classes[g] for g in order if mass[g] > 0]


def _picture(run: Localization, name: str, paints: Mapping[str, Paint]) -> _Pictured:
    labels = [refresh.videos[name] for refresh in run.refreshes]
    truth = run.truth.get(name, ())
    seconds = max([labels[0].borders[-1], *(each.end for each in truth)])
    return _Pictured(name, labels, truth, paints, Timeline(float(seconds), 1.0))


def _article(run: Localization, video: _Pictured) -> str:
    """One video: a row a refresh, the last change, the truth, on one time axis."""
    curves = [_curves(run, video, each.labels) for each in video.labels]
    peak = _peak(curves)
    rows = []
    for number, refresh in enumerate(run.refreshes):
        said = f"pseudo-labels of refresh {number}"
        head = f"<b>P<sub>{number}</sub></b> <small>epoch {refresh.epoch:.4g}</small>"
        rows.append((head, _areas(video, curves[number], (0, peak), said)))
        rows.append(_instance_row(video, number))
    rows += _change_rows(run, video) + _truth_rows(video)
    rows.append((video.timeline.unit, axis(video.timeline)))
    facts = f"{video.timeline.length} · curves up to {peak:.2g}"
    title = f"<h4>{text(video.name)} <small>{facts}</small></h4>"
    return f"<article>{title}{legend(video.paints.values())}{strips(rows, kind='wide')}</article>"


def _curves(run: Localization, video: _Pictured, labels: np.ndarray) -> dict[str, np.ndarray]:
    """Class -> its column of labels [T, G] in a few hundred steps of equal time."""
    borders = video.labels[0].borders
    return {label: averaged(labels[:, run.classes.index(label)], borders) for label in video.paints}


def _peak(curves: Sequence[Mapping[str, np.ndarray]]) -> float:
    """How far the curves go from 0, for all rows alike; 1 where they are 0 everywhere."""
    heights = [np.abs(curve).max() for by_class in curves for curve in by_class.values()]
    return float(max(heights, default=0.0)) or 1.0


def _change_rows(run: Localization, video: _Pictured) -> list[tuple[str, str]]:
    """What the last refresh changed, above and below a line; none of a single refresh."""
    if len(video.labels) < 2:
        return []
    last = len(video.labels) - 1
    change = _curves(run, video, video.labels[last].labels - video.labels[last - 1].labels)
    peak = _peak([change])
    head = f"P<sub>{last}</sub> − P<sub>{last - 1}</sub> <small>±{peak:.2g}</small>"
    return [(head, _areas(video, change, (-peak, peak), f"change at refresh {last}"))]


def _areas(
    video: _Pictured,
    curves: Mapping[str, np.ndarray],
    limits: tuple[float, float],
    said: str,
) -> str:
    """Filled steps between 0 and each curve, in the colours of their classes."""
    low, high = (_HEADROOM * limit for limit in limits)
    levels = {label: 100 * (high - curve) / (high - low) for label, curve in curves.items()}
    zero = 100 * high / (high - low)
    columns = max(map(len, curves.values()), default=1)
    shapes = "".join(
        f'<path d="{_outline(level, zero)}" fill="{video.paints[label].fill}" fill-opacity="0.45" '
        f'stroke="{video.paints[label].fill}" vector-effect="non-scaling-stroke"/>'
        for label, level in levels.items()
    )
    left, right = (video.timeline.percent(x) for x in video.labels[0].borders[[0, -1]])
    middle = '<line x2="100%" y1="50%" y2="50%" stroke="currentColor" stroke-opacity="0.4"/>'
    return drawing(
        f"{said}: {', '.join(curves)}",
        "curves",
        f'<svg x="{left}%" width="{right}%" viewBox="0 0 {columns} 100" '
        f'preserveAspectRatio="none">{shapes}</svg>{middle if low else ""}',
    )


def _outline(levels: np.ndarray, zero: float) -> str:
    """Steps of one column each, closed along the line of 0; equal neighbours are one step."""
    heights = [f"{level:.1f}" for level in levels]
    steps = [
        f"V{height}H{column + 1}"
        for column, height in enumerate(heights)
        if column + 1 == len(heights) or height != heights[column + 1]
    ]
    return f"M0 {zero:.1f}{''.join(steps)}V{zero:.1f}Z"


def _instance_row(video: _Pictured, number: int) -> tuple[str, str]:
    """The instances of the video's classes, each as strong as its score is to the best."""
    own = [each for each in video.labels[number].instances if each.label in video.paints]
    best = max((each.score for each in own), default=0.0)
    parts = [
        _bar(video, each, f"{each.label} {each.score:.3f}", opacity(each.score, best))
        for each in own
    ]
    name = f"<small>{counted(len(own), 'instance')}</small>"
    return name, _lanes(video, parts, f"{len(own)} instances of refresh {number}")


def _truth_rows(video: _Pictured) -> list[tuple[str, str]]:
    if not video.truth:
        return []
    parts = [_bar(video, each, each.label) for each in video.truth]
    return [("truth", _lanes(video, parts, counted(len(parts), "true segment")))]


def _bar(video: _Pictured, interval: Interval, said: str, strength: float = 1.0) -> Span:
    """An interval in its class's colour and lane."""
    title = f"{said}, {video.timeline.span(interval.start, interval.end)}"
    lane = list(video.paints).index(interval.label)
    fill = video.paints[interval.label].fill
    return Span(interval.start, interval.end, title, fill, strength, lane)


def _lanes(video: _Pictured, parts: Sequence[Span], said: str) -> str:
    return spans(parts, video.timeline, said, num_lanes=max(len(video.paints), 1))
