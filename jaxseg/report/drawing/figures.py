"""Curves as SVG and heat maps as PNG, as data URIs that an `<img>` shows; matplotlib draws them."""

import base64
import io
import warnings
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import matplotlib
import numpy as np
from markupsafe import Markup, escape
from matplotlib import ticker
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import imsave
from matplotlib.lines import Line2D

from jaxseg.report.drawing.bars import (
    MAX_COLUMNS,
    Timeline,
    averaged,
    between,
    column_means,
    drawing,
)
from jaxseg.report.drawing.colors import ACCENT, FAINT, INK, LINES
from jaxseg.runfiles.about import Member
from jaxseg.runfiles.segmentation import Spread

COLOR_MAP = "cividis"  # rises evenly in lightness, for every kind of color vision
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
    "axes.prop_cycle": matplotlib.cycler(color=LINES),
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.size": 3,
    "ytick.major.size": 3,
}
_MARKERS = "^xD"  # of the baselines, in their order
_GRID = {"color": "#e4e4e7", "linewidth": 0.8}
_MAX_POINTS = 300
_RECALLS = np.linspace(0, 100, 101)

# Variant -> place on the axis, a number as text -> score in percent.
Scores = Mapping[str, Mapping[str, Spread]]


def loss_curves(steps: np.ndarray, groups: Mapping[str, np.ndarray]) -> str:
    """Loss over steps [S]: the mean over seeds as a line, their range as a band.

    The groups have variant -> losses [S, seeds], NaN where a member had finished.
    """
    with matplotlib.rc_context(STYLE):
        figure, axes = new_axes(3.5, 2.1)
        for variant, losses in groups.items():
            _mean_and_range(axes, steps, losses, label=variant or "run")
        axes.set(xlabel="step", ylabel="loss")
        axes.xaxis.set_major_locator(ticker.MaxNLocator(5, integer=True))
        _legend(axes, len(groups))
        return svg_uri(figure)


def by_variant(
    losses: np.ndarray, members: Sequence[Member], shown: Collection[Member]
) -> dict[str, np.ndarray]:
    """Columns of losses [S, members] for `loss_curves`, those of the members that are shown."""
    columns: dict[str, list[int]] = {}
    for index, member in enumerate(members):
        if member in shown:
            columns.setdefault(member.variant, []).append(index)
    return {variant: losses[:, chosen] for variant, chosen in columns.items()}


class LimitedCurve(NamedTuple):
    """A quantity over steps, [S, seeds] with NaN where a member had finished, and its limit."""

    title: str
    values: np.ndarray
    limit: float
    limit_name: str


def limited_curves(steps: np.ndarray, curves: Sequence[LimitedCurve]) -> str:
    """Quantities over steps [S], one under the other, each with its limit as a dashed line."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(3.5, 3.6), layout="constrained")
        for axes, curve in zip(figure.subplots(len(curves), sharex=True), curves, strict=True):
            _mean_and_range(axes, steps, curve.values)
            axes.axhline(curve.limit, color=FAINT, linestyle="--", linewidth=1)
            # The limit's name sits on its line, at the right end, outside of the curves.
            axes.annotate(
                curve.limit_name,
                (1, curve.limit),
                xycoords=("axes fraction", "data"),
                xytext=(3, 0),
                textcoords="offset points",
                va="center",
                fontsize=8,
            )
            axes.set_title(curve.title, fontsize=9, loc="left")
            axes.set_ylim(bottom=0)
        axes.set_xlabel("step")
        axes.xaxis.set_major_locator(ticker.MaxNLocator(5, integer=True))
        return svg_uri(figure)


class TriedCurve(NamedTuple):
    """A quantity of values that were tried: name -> one number a seed, [tried][seeds]."""

    title: str
    lines: Mapping[str, Sequence[Sequence[float]]]
    limit: float | None = None  # a line across
    log: bool = False  # its own axis


def tried_curves(
    tried: Sequence[float],
    curves: Sequence[TriedCurve],
    *,
    chosen: float,
    name: str,
    log: bool = False,
) -> str:
    """Quantities over values that were tried, one under the other: means as dots, ranges as bands.

    A dashed line marks the `chosen` value.
    """
    places = np.array(tried)
    with matplotlib.rc_context(STYLE):
        size = 3.5, 0.7 + 1.15 * len(curves)
        figure = Figure(figsize=size, layout="constrained")
        rows = figure.subplots(len(curves), sharex=True, squeeze=False)[:, 0]
        for axes, curve in zip(rows, curves, strict=True):
            axes.axvline(chosen, color=FAINT, linestyle="--", linewidth=1)
            if curve.limit is not None:
                axes.axhline(curve.limit, color=FAINT, linewidth=1)
            for label, values in curve.lines.items():
                line = _mean_and_range(axes, places, np.array(values), label=label)
                line.set(marker="o", markersize=3.5)
            axes.set_title(curve.title, fontsize=9, loc="left")
            axes.margins(y=0.12)
            if curve.limit:  # a number of clusters
                axes.yaxis.set_major_locator(ticker.MaxNLocator(4, integer=True, min_n_ticks=1))
            if curve.log:
                _log_axis(axes, "y", np.concatenate([*curve.lines.values()]))
            _legend(axes, len(curve.lines))
        rows[-1].set_xlabel(name)
        if log:
            _log_axis(rows[-1], "x", places)
        else:
            rows[-1].xaxis.set_major_locator(ticker.MaxNLocator(5, integer=True))
        return svg_uri(figure)


def _log_axis(axes: Axes, which: str, values: np.ndarray) -> None:
    """Makes an axis logarithmic, "x" or "y", with plain numbers at its ticks."""
    axes.set(**{f"{which}scale": "log"})
    axis = axes.xaxis if which == "x" else axes.yaxis
    steps = (1.0,) if values.max() > 100 * values.min() else (1.0, 2.0, 5.0)
    axis.set_major_locator(ticker.LogLocator(subs=steps))
    axis.set_major_formatter(ticker.FormatStrFormatter("%g"))
    axis.set_minor_formatter(ticker.NullFormatter())


def _mean_and_range(
    axes: Axes, steps: np.ndarray, values: np.ndarray, label: str = ""
) -> Line2D | None:
    """A line and a band over the steps at which any column of [S, seeds] has a number; the line."""
    known = np.flatnonzero(np.isfinite(values).any(axis=1))
    if not len(known):
        return None
    kept = known[np.linspace(0, len(known) - 1, min(len(known), _MAX_POINTS)).astype(int)]
    x, y = steps[kept], values[kept]
    (line,) = axes.plot(x, np.nanmean(y, axis=1), label=label)
    band = {"color": line.get_color(), "alpha": 0.2, "linewidth": 0}
    axes.fill_between(x, np.nanmin(y, axis=1), np.nanmax(y, axis=1), **band)
    return line


def seed_dots(
    values: Mapping[str, Sequence[float]], baselines: Mapping[str, Mapping[str, float]]
) -> str:
    """One row an activity: a dot a seed, a bar at their mean, a mark for each baseline.

    All values are percent; `values` has one a seed, `baselines` activity -> percent by name.
    """
    names = list(values)
    with matplotlib.rc_context(STYLE):
        figure, axes = new_axes(3.9, 0.75 + 0.24 * len(names))
        for place, name in enumerate(names):
            places = [place] * len(values[name])
            axes.plot(values[name], places, "o", color=ACCENT, alpha=0.55, ms=5.5, mew=0)
            axes.plot(np.mean(values[name]), place, "|", color=ACCENT, ms=13, mew=1.8)
        for marker, by_activity in zip(_MARKERS, baselines.values(), strict=False):
            points = [(by_activity[n], i) for i, n in enumerate(names) if n in by_activity]
            axes.plot(*zip(*points, strict=True), marker, color="#71717a", ms=5.5)
        axes.set_yticks(range(len(names)), names)
        axes.set(ylim=(len(names) - 0.4, -0.6), xlabel="percent")
        # Beyond 100 % only where a score is: F1 over segments of several sequences can be.
        limit = max(100, axes.dataLim.x1 * 1.03)
        axes.set_xlim(0, min(limit, axes.get_xlim()[1]))
        axes.grid(axis="x", **_GRID)
        axes.set_axisbelow(True)
        axes.tick_params(axis="y", length=0)
        return svg_uri(figure)


def length_curves(lengths: Mapping[str, np.ndarray], unit: str) -> str:
    """Cumulative shares of the lengths of segments on a log axis, a curve a source ("truth")."""
    everything = np.concatenate(list(lengths.values()))
    low, high = everything.min(), everything.max()
    x = np.geomspace(low * 0.9, high * 1.1, _MAX_POINTS)
    with matplotlib.rc_context(STYLE):
        figure, axes = new_axes(3.5, 2.1)
        for source, values in lengths.items():
            share = np.searchsorted(np.sort(values), x, side="right") / len(values)
            color = INK if source == "truth" else ACCENT
            axes.plot(x, share, color=color, drawstyle="steps-post", label=source)
        axes.set(xlabel=f"length of a segment [{unit}]", ylabel="share at most as long")
        _log_axis(axes, "x", everything)
        axes.legend(frameon=False, fontsize=8.5, loc="best")
        return svg_uri(figure)


def map_curves(scores: Scores) -> str:
    """mAP against the tIoU threshold, a line a variant."""
    return _spread_curves(scores, "tIoU", "mAP [%]", "o-")


def recall_curves(scores: Scores) -> str:
    """Average recall against the number of proposals of each video, a line a variant."""
    return _spread_curves(scores, "proposals a video", "average recall [%]", "-")


def _spread_curves(scores: Scores, across: str, up: str, look: str) -> str:
    """The mean over seeds as a line, their spread as a band."""
    with matplotlib.rc_context(STYLE):
        figure, axes = new_axes(3.5, 2.3)
        for variant, by_place in scores.items():
            points = sorted((float(place), score) for place, score in by_place.items())
            places = [place for place, _ in points]
            mean = np.array([score.mean for _, score in points])
            std = np.array([score.std for _, score in points])
            (line,) = axes.plot(places, mean, look, ms=3.5, label=variant or "run")
            band = {"color": line.get_color(), "alpha": 0.2, "linewidth": 0}
            axes.fill_between(places, mean - std, mean + std, **band)
        axes.set(xlabel=across, ylabel=up, ylim=(0, None))
        axes.grid(axis="y", **_GRID)
        _legend(axes, len(scores))
        return svg_uri(figure)


def precision_recall_curves(curves: Mapping[str, np.ndarray]) -> str:
    """Precision against recall: a thin line a class, and their mean.

    The curves have recall and precision in percent at each hit, [n, 2].
    """
    envelopes = [_envelope(curve) for curve in curves.values()]
    with matplotlib.rc_context(STYLE):
        figure, axes = new_axes(3.5, 2.3)
        for heights in envelopes:
            axes.plot(_RECALLS, heights, color=FAINT, linewidth=0.7)
        axes.plot(_RECALLS, np.mean(envelopes, axis=0), color=ACCENT, linewidth=1.8)
        axes.set(xlabel="recall [%]", ylabel="precision [%]", xlim=(0, 100), ylim=(0, 102))
        return svg_uri(figure)


def _envelope(curve: np.ndarray) -> np.ndarray:
    """The highest precision at each recall or beyond it, 0 beyond the last."""
    recall, precision = curve.reshape(-1, 2).T  # of a class without any, [0]
    # The tolerance: 29 of 100 is not quite 29 % in every way of computing it.
    return np.array([precision[recall >= at - 0.001].max(initial=0.0) for at in _RECALLS])


def heat_map(matrix: np.ndarray, low: float, high: float) -> str:
    """A matrix [N, K] over time as a picture K pixels high, frames averaged to a few hundred.

    The page stretches it to one text line a cluster; values low..high run from dark to bright.
    """
    target, columns = io.BytesIO(), column_means(matrix, MAX_COLUMNS)
    imsave(target, columns.T, vmin=low, vmax=high, cmap=COLOR_MAP, format="png")
    return _data_uri("image/png", target)


def heat_strip(scores: np.ndarray, borders: np.ndarray, timeline: Timeline, label: str) -> Markup:
    """Scores [T] in [0, 1] between borders [T + 1] as a strip of colors, dark to bright."""
    source = heat_map(averaged(scores, borders)[:, None], 0.0, 1.0)
    picture = (
        f'<image {between(borders, timeline)}height="100%" preserveAspectRatio="none" '
        f'href="{source}"><title>{escape(label)}</title></image>'
    )
    return drawing(label, "bar", picture)


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


def _legend(axes: Axes, num_lines: int) -> None:
    if num_lines > 1:
        axes.legend(frameon=False, fontsize=8)


def _data_uri(kind: str, content: io.BytesIO) -> str:
    return f"data:{kind};base64,{base64.b64encode(content.getvalue()).decode('ascii')}"
