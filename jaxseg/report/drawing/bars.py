"""What happens over time as strips: inline SVG of bars, spans, curves, and their axis.

Positions are percentages of the strip's width, so that one drawing fits every window and neither
hatching nor text is stretched.
"""

import dataclasses
import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from markupsafe import Markup, escape

from jaxseg.report.drawing.colors import Paint
from jaxseg.runfiles.localization import Interval

MAX_COLUMNS = 300  # steps that a long curve is averaged to; more than that no screen shows
_CONFIDENCE_COLUMNS = 400
_LANE, _GAP = 8, 2  # pixels of a lane of detections and between two
_FAINTEST = 0.15
# Seconds between two ticks: each is at most 2.5 times the one before it, which gives 3 to 8 ticks.
_MINUTE, _HOUR, _DAY = 60, 60 * 60, 24 * 60 * 60
_CLOCK_STEPS = (
    *(1, 2, 5, 10, 15, 30),
    *(_MINUTE * each for each in (1, 2, 5, 10, 15, 30)),
    *(_HOUR * each for each in (1, 2, 3, 6, 12)),
)


def clock(seconds: float, decimals: int = 0) -> str:
    """A time as a clock shows it: "2:03", "2:03.4" with a decimal, "1:02:03" from an hour on."""
    unit = 10**decimals
    # Rounded first, so that 59.96 s is a minute and not 60.0 s.
    rest, part = divmod(round(abs(seconds) * unit), unit)
    (minutes, whole), sign = divmod(rest, 60), "-" if seconds < 0 else ""
    front = f"{minutes // 60}:{minutes % 60:02d}" if minutes >= 60 else f"{minutes}"
    return f"{sign}{front}:{whole:02d}" + (f".{part:0{decimals}d}" if decimals else "")


def clock_span(start: float, stop: float) -> str:
    """From one time to another, in seconds; the shorter the part, the more decimals."""
    decimals = 0 if stop - start >= 60 else 1 if stop - start >= 1 else 2
    return f"{clock(start, decimals)}–{clock(stop, decimals)}"


class Strip(NamedTuple):
    """A row of a video's picture: name, a gray remark beside it, and the drawing."""

    name: str
    drawing: Markup
    remark: str = ""
    strong: bool = False


@dataclasses.dataclass(frozen=True)
class Timeline:
    """The time axis of a video of `frames` frames, in seconds where `fps` is given.

    One that is measured in seconds has a frame a second, not always a whole number of them.
    """

    frames: float
    fps: float | None = None

    def percent(self, frame: float) -> str:
        """Place of a frame in percent of the width, with two digits."""
        return f"{100 * frame / self.frames:.2f}".rstrip("0").rstrip(".")

    def when(self, frame: int) -> str:
        """The time of a frame, in words."""
        return clock(frame / self.fps, 1) if self.fps else f"frame {frame}"

    def span(self, start: float, stop: float) -> str:
        """The frames start..stop-1 in words."""
        if self.fps:
            return clock_span(start / self.fps, stop / self.fps)
        return f"frames {start}–{stop - 1}"

    @property
    def length(self) -> str:
        """How long the video is, in words."""
        if not self.fps:
            return f"{self.frames} frames"
        seconds = self.frames / self.fps
        return clock(seconds, 0 if seconds >= 60 else 1)

    @property
    def unit(self) -> str:
        """What the axis counts."""
        return "time" if self.fps else "frames"

    def ticks(self) -> list[tuple[float, str]]:
        """(frame, label) at round numbers, three to eight of them."""
        rate = self.fps or 1.0
        end = self.frames / rate
        if self.fps and 3 <= end < 3 * _DAY:
            step = max(step for step in _CLOCK_STEPS if end / step >= 3)
        else:
            scale = _DAY if self.fps and end >= 3 else 1
            power = scale * 10.0 ** np.floor(np.log10(end / scale / 3))
            # Rounding makes .3 / .1 a little less than 3.
            step = next(power * m for m in (5, 2, 1) if end / (power * m) >= 3 - 1e-9)
        decimals = max(0, -int(np.floor(np.log10(step))))
        places = np.arange(0, end, step).round(6)
        labels = [clock(x, decimals) if self.fps and x else f"{x:g}" for x in places]
        return [(x * rate, label) for x, label in zip(places, labels, strict=True)]

    def axis(self) -> Strip:
        """Tick marks and labels that stand under the strips."""
        marks = []
        for frame, label in self.ticks():
            x = self.percent(frame)
            anchor = "start" if frame == 0 else "end" if frame > 0.97 * self.frames else "middle"
            marks.append(
                f'<line x1="{x}%" x2="{x}%" y2="4"/>'
                f'<text x="{x}%" y="15" text-anchor="{anchor}">{label}</text>'
            )
        shapes = f'<svg class="axis" aria-hidden="true">{"".join(marks)}</svg>'
        return Strip(self.unit, Markup(shapes))


class Span(NamedTuple):
    """A part of a strip in the axis's unit; `title` shows on hovering."""

    start: float
    end: float
    title: str
    fill: str = "currentColor"
    opacity: float = 1.0
    lane: int = 0


def drawing(label: str, kind: str, shapes: str, *, style: str = "", data: str = "") -> Markup:
    """An SVG as wide as its place; `label` says what it shows, `kind` is its class of style.

    `data` are further attributes.
    """
    look = f' style="{style}"' if style else ""
    return Markup(
        f'<svg class="{kind}"{look}{data} role="img" aria-label="{escape(label)}">{shapes}</svg>'
    )


def runs(labels: np.ndarray) -> list[tuple[int, int, int]]:
    """Maximal runs of equal labels [N] as (start, stop, label), stop exclusive."""
    if not len(labels):
        return []
    edges = [0, *(np.flatnonzero(np.diff(labels)) + 1).tolist(), len(labels)]
    return [(a, b, int(labels[a])) for a, b in itertools.pairwise(edges)]


def bar(
    labels: np.ndarray,
    paints: Mapping[int, Paint],
    timeline: Timeline,
    kind: str,
    *,
    hover: bool = True,
    parts: np.ndarray | None = None,
) -> Markup:
    """Labels [N] as a row of colored segments; `kind` says what they are ("truth").

    Hovering over a segment shows its label and from-to; `hover=False` saves those bytes. From
    `parts`, clusters [N] of which some share a label, names.js draws a bar anew.
    """
    segments = runs(labels)
    shapes = []
    for start, stop, label in segments:
        place = f'x="{timeline.percent(start)}%" width="{timeline.percent(stop - start)}%"'
        rect = f'<rect {place} height="100%" fill="{paints[label].fill}"'
        title = f"{paints[label].name}, {timeline.span(start, stop)}"
        shapes.append(f"{rect}><title>{escape(title)}</title></rect>" if hover else f"{rect}/>")
    look = "bar" if hover else "bar thin"
    label = f"{kind}: {len(segments)} segments"
    return drawing(label, look, "".join(shapes), data=_parts(parts, timeline))


def _parts(clusters: np.ndarray | None, timeline: Timeline) -> str:
    """Attributes with clusters [N] and their borders."""
    if clusters is None or not len(clusters):
        return ""
    starts, _, labels = zip(*runs(clusters), strict=True)
    borders = " ".join(map(str, [*starts, len(clusters)]))
    rate = f' data-fps="{timeline.fps}"' if timeline.fps else ""
    return f' data-clusters="{" ".join(map(str, labels))}" data-borders="{borders}"{rate}'


def confidence(plan: np.ndarray) -> Markup:
    """The largest entry of each row of a plan [N, K] over time, as a filled curve from 0 to 1."""
    best = plan.max(axis=1)
    means = column_means(best[:, None], _CONFIDENCE_COLUMNS)[:, 0]
    heights = [100 - round(100 * float(m)) for m in means]
    points = " ".join(f"{i},{h} {i + 1},{h}" for i, h in enumerate(heights))
    label = f"confidence, mean {best.mean():.2f}"
    return drawing(
        label,
        "confidence",
        f"<title>{label}; the bar's height is 1</title>"
        f'<svg viewBox="0 0 {len(means)} 100" preserveAspectRatio="none">'
        f'<polygon points="0,100 {points} {len(means)},100"/></svg>',
    )


def spans(
    items: Iterable[Span], timeline: Timeline, label: str, *, kind: str = "", num_lanes: int = 0
) -> Markup:
    """Parts of a strip, of its full height, or in `num_lanes` lanes one under the other.

    `kind` is a class of style; it gives spans without a fill their color.
    """
    style = f"height:{num_lanes * (_LANE + _GAP) + _GAP}px" if num_lanes else ""
    shapes = "".join(_span(item, timeline, num_lanes) for item in items)
    return drawing(label, f"bar {kind}".strip(), shapes, style=style)


def _span(item: Span, timeline: Timeline, num_lanes: int) -> str:
    x, width = timeline.percent(item.start), timeline.percent(item.end - item.start)
    y, height = (_GAP + item.lane * (_LANE + _GAP), _LANE) if num_lanes else (0, "100%")
    place = f'x="{x}%" width="{width}%" y="{y}" height="{height}"'
    faint = f' fill-opacity="{item.opacity:.2f}"' if item.opacity < 1 else ""
    return f'<rect {place} fill="{item.fill}"{faint}><title>{escape(item.title)}</title></rect>'


def lanes(intervals: Iterable[Interval], most: int) -> list[tuple[int, Interval]]:
    """(lane, interval) pairs, best first, each in the first lane where it meets no other.

    There are `most` lanes; what fits into none of them is left out.
    """
    placed: list[tuple[int, Interval]] = []
    for new in sorted(intervals, key=lambda interval: -interval.score):
        taken = {lane for lane, old in placed if new.start < old.end and old.start < new.end}
        free = next((lane for lane in range(most) if lane not in taken), None)
        if free is not None:
            placed.append((free, new))
    return placed


def opacity(score: float, best: float) -> float:
    """How strongly a detection is drawn: in proportion to the best of its video."""
    return max(_FAINTEST, score / best) if best > 0 else _FAINTEST


def column_means(matrix: np.ndarray, most: int) -> np.ndarray:
    """A matrix [N, K] over frames as [columns, K]: means over up to `most` stretches of frames."""
    edges = np.linspace(0, len(matrix), min(len(matrix), most) + 1).astype(int)
    return np.add.reduceat(matrix, edges[:-1], axis=0) / np.diff(edges)[:, None]


def averaged(values: np.ndarray, borders: np.ndarray) -> np.ndarray:
    """Means over a few hundred equal stretches of time of values [T] between borders [T + 1]."""
    edges = np.linspace(borders[0], borders[-1], min(len(values), MAX_COLUMNS) + 1)
    # Differences of the integral: snippets of unequal length count by their time.
    area = np.concatenate([[0.0], np.cumsum(values * np.diff(borders))])
    return np.diff(np.interp(edges, borders, area)) / np.diff(edges)


def curves(
    values: Mapping[str, np.ndarray], borders: np.ndarray, timeline: Timeline, label: str
) -> Markup:
    """Curves [T] between borders [T + 1]; the strip is 1 high."""
    lines, columns = [], 1
    for series in values.values():
        heights = 100 - 100 * averaged(series, borders)
        columns = len(heights)
        points = " ".join(f"{i},{h:.0f} {i + 1},{h:.0f}" for i, h in enumerate(heights))
        lines.append(f'<polyline points="{points}"/>')
    shapes = stretched(f"0 0 {columns} 100", "".join(lines), place=between(borders, timeline))
    return drawing(label, "curves", shapes)


def areas(
    values: Mapping[str, np.ndarray],
    paints: Mapping[str, Paint],
    limits: tuple[float, float],
    place: str,
    label: str,
) -> Markup:
    """Filled steps between 0 and each curve [columns], in the color of its class.

    Args:
        values: name -> curve, all of the same length.
        paints: by the same names.
        limits: lowest and highest value; where the lowest is below 0, a line marks 0 in the middle.
        place: from `between`.
        label: what is drawn, in words.
    """
    low, high = limits
    zero = 100 * high / (high - low)
    shapes = "".join(
        f'<path d="{_outline(100 * (high - curve) / (high - low), zero)}" '
        f'fill="{paints[name].fill}" fill-opacity="0.45" stroke="{paints[name].fill}" '
        'vector-effect="non-scaling-stroke"/>'
        for name, curve in values.items()
    )
    columns = max(map(len, values.values()), default=1)
    middle = '<line x2="100%" y1="50%" y2="50%" stroke="currentColor" stroke-opacity="0.4"/>'
    body = stretched(f"0 0 {columns} 100", shapes, place=place) + (middle if low else "")
    return drawing(f"{label}: {', '.join(values)}", "curves", body)


def _outline(levels: np.ndarray, zero: float) -> str:
    """Steps of one column each, closed along the line of 0; equal neighbors are one step."""
    heights = [f"{level:.1f}" for level in levels]
    steps = [
        f"V{height}H{column + 1}"
        for column, height in enumerate(heights)
        if column + 1 == len(heights) or height != heights[column + 1]
    ]
    return f"M0 {zero:.1f}{''.join(steps)}V{zero:.1f}Z"


def stretched(box: str, shapes: str, *, place: str = "") -> str:
    """An SVG inside of a drawing whose view box fills its place in both directions."""
    return f'<svg {place}viewBox="{box}" preserveAspectRatio="none">{shapes}</svg>'


def between(borders: Sequence[float], timeline: Timeline) -> str:
    """Attributes that place a drawing from the first of the borders to the last."""
    left, width = timeline.percent(borders[0]), timeline.percent(borders[-1] - borders[0])
    return f'x="{left}%" width="{width}%" '
