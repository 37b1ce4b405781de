"""Segmentations as colour bars: inline SVG of run-length segments, crisp at any width.

Positions are percentages of the bar's width, so that one drawing fits every window and neither
hatching nor text is stretched.
"""

import dataclasses
import itertools
from collections.abc import Iterable, Mapping

import numpy as np

from jaxseg.report.drawing.colors import Paint
from jaxseg.report.drawing.markup import text

_MAX_POINTS = 400


@dataclasses.dataclass(frozen=True)
class Timeline:
    """The time axis of a video of `frames` frames, in seconds where `fps` is given.

    One that is measured in seconds has a frame a second, not always a whole number of them.
    """

    frames: float
    fps: float | None = None

    def percent(self, frame: float) -> str:
        return f"{100 * frame / self.frames:.2f}".rstrip("0").rstrip(".")

    def when(self, frame: int) -> str:
        """The time of a frame, in words."""
        return f"{frame / self.fps:.1f} s" if self.fps else f"frame {frame}"

    def span(self, start: float, stop: float) -> str:
        """The frames start..stop-1 in words."""
        if self.fps:
            return f"{start / self.fps:.1f}–{stop / self.fps:.1f} s"
        return f"frames {start}–{stop - 1}"

    @property
    def length(self) -> str:
        return f"{self.frames / self.fps:.0f} s" if self.fps else f"{self.frames} frames"

    @property
    def unit(self) -> str:
        return "seconds" if self.fps else "frames"

    def ticks(self) -> list[tuple[float, str]]:
        """(frame, label) at round numbers, three to eight of them."""
        rate = self.fps or 1.0
        end = self.frames / rate
        power = 10.0 ** np.floor(np.log10(end / 3))
        step = next(power * m for m in (5, 2, 1) if end / (power * m) >= 3)
        return [(x * rate, f"{x:g}") for x in np.arange(0, end, step).round(6)]


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
) -> str:
    """Labels [N] as a row of coloured segments; `kind` says what they are ("truth").

    Hovering over a segment shows its label and from-to; `hover=False` saves those bytes.
    """
    segments = runs(labels)
    shapes = []
    for start, stop, label in segments:
        place = f'x="{timeline.percent(start)}%" width="{timeline.percent(stop - start)}%"'
        rect = f'<rect {place} height="100%" fill="{paints[label].fill}"'
        title = f"{paints[label].name}, {timeline.span(start, stop)}"
        shapes.append(f"{rect}><title>{text(title)}</title></rect>" if hover else f"{rect}/>")
    return drawing(
        f"{kind}: {len(segments)} segments", "bar" if hover else "bar thin", "".join(shapes)
    )


def confidence(plan: np.ndarray) -> str:
    """The largest entry of each row of a plan [N, K] over time, as a filled curve from 0 to 1."""
    best = plan.max(axis=1)
    edges = np.linspace(0, len(best), min(len(best), _MAX_POINTS) + 1).astype(int)
    means = np.add.reduceat(best, edges[:-1]) / np.diff(edges)
    heights = [100 - round(100 * float(m)) for m in means]
    points = " ".join(f"{i},{h} {i + 1},{h}" for i, h in enumerate(heights))
    shape = (
        f'<svg viewBox="0 0 {len(means)} 100" preserveAspectRatio="none">'
        f'<polygon points="0,100 {points} {len(means)},100"/></svg>'
    )
    label = f"confidence, mean {best.mean():.2f}"
    return drawing(label, "confidence", f"<title>{label}; the bar's height is 1</title>{shape}")


def axis(timeline: Timeline) -> str:
    """Tick marks and labels under a bar."""
    marks = []
    for frame, label in timeline.ticks():
        x = timeline.percent(frame)
        anchor = "start" if frame == 0 else "end" if frame > 0.97 * timeline.frames else "middle"
        marks.append(
            f'<line x1="{x}%" x2="{x}%" y2="4"/>'
            f'<text x="{x}%" y="15" text-anchor="{anchor}">{label}</text>'
        )
    return f'<svg class="axis" aria-hidden="true">{"".join(marks)}</svg>'


def strips(rows: Iterable[tuple[str, str]], *, kind: str = "") -> str:
    """(name, drawing) pairs, one under the other on a common time axis."""
    cells = "".join(f'<div class="name">{name}</div>{shape}' for name, shape in rows)
    return f'<div class="strips {kind}">{cells}</div>'


def legend(paints: Iterable[Paint]) -> str:
    """Swatches with names."""
    items = "".join(f"<li>{swatch(paint)}{text(paint.name)}</li>" for paint in paints)
    return f'<ul class="legend">{items}</ul>'


def swatch(paint: Paint) -> str:
    """A small box in the paint's colour."""
    box = f'<rect width="100%" height="100%" fill="{paint.fill}"/>'
    return f'<svg class="swatch" aria-hidden="true">{box}</svg>'


def drawing(label: str, kind: str, body: str, *, style: str = "") -> str:
    """An SVG as wide as its place; `label` says what it shows, `kind` is its class of style."""
    look = f' style="{style}"' if style else ""
    return f'<svg class="{kind}"{look} role="img" aria-label="{text(label)}">{body}</svg>'
