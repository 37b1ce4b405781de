"""Curves as SVG and heat maps as PNG, both as data URIs that an `<img>` shows."""

import base64
import io
import warnings
from collections.abc import Mapping, Sequence

import matplotlib
import numpy as np
from matplotlib import ticker
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import imsave

COLOUR_MAP = "cividis"
MARKERS = "^x"  # of the baselines, in their order
INK, ACCENT, FAINT = "#27272a", "#1d5fa8", "#a1a1aa"
_MAX_POINTS = 300
STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "jaxseg",
    "text.parse_math": False,
    "font.size": 9.5,
    "text.color": INK,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": matplotlib.cycler(
        color=[ACCENT, "#d95f02", "#0f8a6d", "#b5397e", "#7a5cc2", "#8a6d0b"]
    ),
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.size": 3,
    "ytick.major.size": 3,
}


def loss_curves(steps: np.ndarray, groups: Mapping[str, np.ndarray]) -> str:
    """Loss over steps: the mean over seeds as a line, their range as a band.

    Args:
        steps: [S].
        groups: variant -> losses [S, seeds], NaN where a member had finished.
    """
    with matplotlib.rc_context(STYLE):
        figure, axes = new_axes(3.5, 2.1)
        for variant, losses in groups.items():
            there = np.flatnonzero(np.isfinite(losses).any(axis=1))
            if not len(there):
                continue
            kept = there[np.linspace(0, len(there) - 1, min(len(there), _MAX_POINTS)).astype(int)]
            x, y = steps[kept], losses[kept]
            (line,) = axes.plot(x, np.nanmean(y, axis=1), label=variant or "run")
            low, high = np.nanmin(y, axis=1), np.nanmax(y, axis=1)
            axes.fill_between(x, low, high, color=line.get_color(), alpha=0.2, linewidth=0)
        axes.set(xlabel="step", ylabel="loss")
        axes.xaxis.set_major_locator(ticker.MaxNLocator(5, integer=True))
        if len(groups) > 1:
            axes.legend(frameon=False, fontsize=8)
        return svg_uri(figure)


def seed_dots(
    values: Mapping[str, Sequence[float]], baselines: Mapping[str, Mapping[str, float]]
) -> str:
    """One row an activity: a dot a seed, a bar at their mean, a mark for each baseline.

    Args:
        values: activity -> percent, one a seed.
        baselines: name of a baseline -> activity -> percent.
    """
    names = list(values)
    with matplotlib.rc_context(STYLE):
        figure, axes = new_axes(3.9, 0.75 + 0.24 * len(names))
        for place, name in enumerate(names):
            places = [place] * len(values[name])
            axes.plot(values[name], places, "o", color=ACCENT, alpha=0.55, ms=5.5, mew=0)
            axes.plot(np.mean(values[name]), place, "|", color=ACCENT, ms=13, mew=1.8)
        for marker, by_activity in zip(MARKERS, baselines.values(), strict=False):
            points = [(by_activity[n], i) for i, n in enumerate(names) if n in by_activity]
            axes.plot(*zip(*points, strict=True), marker, color="#71717a", ms=5.5)
        axes.set_yticks(range(len(names)), names)
        axes.set(ylim=(len(names) - 0.4, -0.6), xlabel="percent")
        axes.set_xlim(0, min(100, axes.get_xlim()[1]))
        axes.grid(axis="x", color="#e4e4e7", linewidth=0.8)
        axes.set_axisbelow(True)
        axes.tick_params(axis="y", length=0)
        return svg_uri(figure)


def length_curves(lengths: Mapping[str, np.ndarray], unit: str) -> str:
    """Cumulative shares of segment lengths on a log axis, one curve a source ("truth").

    Args:
        lengths: source -> positive lengths, any number.
        unit: of the lengths, "s" or "frames".
    """
    everything = np.concatenate(list(lengths.values()))
    low, high = everything.min(), everything.max()
    x = np.geomspace(low * 0.9, high * 1.1, _MAX_POINTS)
    with matplotlib.rc_context(STYLE):
        figure, axes = new_axes(3.5, 2.1)
        for source, values in lengths.items():
            share = np.searchsorted(np.sort(values), x, side="right") / len(values)
            axes.plot(
                x,
                share,
                color=INK if source == "truth" else ACCENT,
                drawstyle="steps-post",
                label=source,
            )
        axes.set(
            xscale="log", xlabel=f"length of a segment [{unit}]", ylabel="share at most as long"
        )
        steps = (1.0,) if high > 100 * low else (1.0, 2.0, 5.0)
        axes.xaxis.set_major_locator(ticker.LogLocator(subs=steps))
        axes.xaxis.set_major_formatter(ticker.FormatStrFormatter("%g"))
        axes.xaxis.set_minor_formatter(ticker.NullFormatter())
        axes.legend(frameon=False, fontsize=8.5, loc="best")
        return svg_uri(figure)


def heat_map(matrix: np.ndarray, low: float, high: float) -> str:
    """A matrix [N, K] over time as a picture K pixels high, frames averaged to a few hundred.

    The page stretches it to one text line a cluster; values low..high run from dark to bright.
    """
    edges = np.linspace(0, len(matrix), min(len(matrix), _MAX_POINTS) + 1).astype(int)
    columns = np.add.reduceat(matrix, edges[:-1], axis=0) / np.diff(edges)[:, None]
    target = io.BytesIO()
    imsave(target, columns.T, vmin=low, vmax=high, cmap=COLOUR_MAP, format="png")
    return _data_uri("image/png", target)


def new_axes(width: float, height: float) -> tuple[Figure, Axes]:
    """A figure of this size in inches with one set of axes."""
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.add_subplot()


def svg_uri(figure: Figure) -> str:
    """The figure as an SVG whose text stays text."""
    target = io.BytesIO()
    with warnings.catch_warnings():
        # The browser draws the text with the reader's fonts, whatever matplotlib's own lack.
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        figure.savefig(target, format="svg", metadata={"Date": None})
    return _data_uri("image/svg+xml", target)


def _data_uri(kind: str, content: io.BytesIO) -> str:
    return f"data:{kind};base64,{base64.b64encode(content.getvalue()).decode('ascii')}"
