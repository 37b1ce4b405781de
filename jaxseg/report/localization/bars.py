"""Score maps, attention, segments and proposals of a video, each on the same axis of seconds."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from jaxseg.report.drawing.bars import Timeline, drawing
from jaxseg.report.drawing.figures import heat_map
from jaxseg.report.drawing.markup import text
from jaxseg.report.localization.records import Interval

LANE, GAP = 8, 2  # pixels of a lane of proposals and between two
_MAX_COLUMNS = 300
_FAINTEST = 0.15


class Span(NamedTuple):
    """A part of a bar in the axis's unit; `title` shows on hovering."""

    start: float
    end: float
    title: str
    fill: str = "currentColor"
    opacity: float = 1.0
    lane: int = 0


def averaged(values: np.ndarray, borders: np.ndarray) -> np.ndarray:
    """Means over a few hundred equal stretches of time.

    Args:
        values: [T], a constant each between two borders.
        borders: seconds [T + 1], rising.
    """
    edges = np.linspace(borders[0], borders[-1], min(len(values), _MAX_COLUMNS) + 1)
    area = np.concatenate([[0.0], np.cumsum(values * np.diff(borders))])
    return np.diff(np.interp(edges, borders, area)) / np.diff(edges)


def lanes(intervals: Iterable[Interval], most: int) -> list[tuple[int, Interval]]:
    """Best first, each in the first lane where it meets no other; those without room are left out.

    Returns:
        (lane, interval) pairs with lanes 0 ... most - 1.
    """
    placed: list[tuple[int, Interval]] = []
    for new in sorted(intervals, key=lambda interval: -interval.score):
        taken = {lane for lane, old in placed if new.start < old.end and old.start < new.end}
        free = next((lane for lane in range(most) if lane not in taken), None)
        if free is not None:
            placed.append((free, new))
    return placed


def opacity(score: float, best: float) -> float:
    """How strongly a proposal is drawn: in proportion to the best of its video."""
    return max(_FAINTEST, score / best) if best > 0 else _FAINTEST


def spans(
    items: Iterable[Span], timeline: Timeline, label: str, *, kind: str = "", num_lanes: int = 0
) -> str:
    """Parts of a bar, of its full height, or in lanes one under the other.

    Args:
        items: what is outside of the time line is not seen.
        timeline: the axis.
        label: what is drawn, in words.
        kind: of the style sheet; it gives spans without a fill their colour.
        num_lanes: 0 for full height.
    """
    style = f"height:{num_lanes * (LANE + GAP) + GAP}px" if num_lanes else ""
    shapes = "".join(_span(item, timeline, num_lanes) for item in items)
    return drawing(label, f"bar {kind}".strip(), shapes, style=style)


def _span(item: Span, timeline: Timeline, num_lanes: int) -> str:
    x, width = timeline.percent(item.start), timeline.percent(item.end - item.start)
    y, height = (GAP + item.lane * (LANE + GAP), LANE) if num_lanes else (0, "100%")
    place = f'x="{x}%" width="{width}%" y="{y}" height="{height}"'
    faint = f' fill-opacity="{item.opacity:.2f}"' if item.opacity < 1 else ""
    return f'<rect {place} fill="{item.fill}"{faint}><title>{text(item.title)}</title></rect>'


def heat_strip(scores: np.ndarray, borders: np.ndarray, timeline: Timeline, label: str) -> str:
    """Scores [T] in [0, 1] between borders [T + 1] as a row of colours, dark to bright."""
    source = heat_map(averaged(scores, borders)[:, None], 0.0, 1.0)
    picture = (
        f'<image {_place(borders, timeline)} height="100%" preserveAspectRatio="none" '
        f'href="{source}"><title>{text(label)}</title></image>'
    )
    return drawing(label, "bar", picture)


def curves(
    values: Mapping[str, np.ndarray], borders: np.ndarray, timeline: Timeline, label: str
) -> str:
    """Curves [T] between borders [T + 1]; the bar is 1 high."""
    lines, columns = [], 1
    for series in values.values():
        heights = 100 - 100 * averaged(series, borders)
        columns = len(heights)
        points = " ".join(f"{i},{h:.0f} {i + 1},{h:.0f}" for i, h in enumerate(heights))
        lines.append(f'<polyline points="{points}"/>')
    return drawing(
        label,
        "curves",
        f'<svg {_place(borders, timeline)} viewBox="0 0 {columns} 100" '
        f'preserveAspectRatio="none">{"".join(lines)}</svg>',
    )


def _place(borders: np.ndarray, timeline: Timeline) -> str:
    left, width = timeline.percent(borders[0]), timeline.percent(borders[-1] - borders[0])
    return f'x="{left}%" width="{width}%"'
