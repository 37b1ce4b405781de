"""The panel that says whether clusterings have collapsed: three signs over training."""

from collections.abc import Mapping

import matplotlib
import numpy as np
from matplotlib import ticker
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jaxseg.report.drawing.figures import ACCENT, FAINT, STYLE, svg_uri
from jaxseg.report.drawing.markup import figure, grid, panel, text
from jaxseg.report.segmentation.records import Activity, Run
from jaxseg.report.segmentation.signs import SIGNS, Sign, shown_signs

_MAX_POINTS = 300
_NOTE = (
    "A clustering has collapsed when all frames get much the same scores or few clusters get all "
    "frames. Its signs: the highest probability of a frame, on average, falls below 1.2/K; fewer "
    "than half of the clusters are the likeliest of any frame; the entropy of their mean shares "
    "falls below .5 log K. Mean and range over the {repeat}s; dashed, the limit. Early on, "
    "before a network has learned anything, it may show the same signs."
)


def collapse_panel(run: Run) -> str:
    """The signs of each activity, and in a sentence who ends with one; "" where none are logged."""
    if not run.signs:
        return ""
    pictures = [
        figure(
            sign_curves(run.steps, _own(run, activity), _clusters(activity)),
            f"signs of a collapse of {activity.name} over steps",
            f"{text(activity.name)} <small>K = {_clusters(activity)}</small>",
        )
        for activity in run.activities
        if activity.members
    ]
    return panel(
        "collapse", "Collapse", _NOTE.format(repeat=run.repeat), _verdict(run) + grid(pictures)
    )


def _own(run: Run, activity: Activity) -> dict[str, np.ndarray]:
    """The signs of the activity's members alone."""
    columns = [index for index, member in enumerate(run.members) if member in activity.members]
    return {name: values[:, columns] for name, values in run.signs.items()}


def _clusters(activity: Activity) -> int:
    return activity.members[0].num_clusters


def _verdict(run: Run) -> str:
    """A sentence that names the activities and seeds that show a sign at the end."""
    main = run.members
    if run.num_clusters:  # the page is about the members with the chosen K
        main = [member for activity in run.activities for member in activity.members]
    found = [each for each in shown_signs(run.signs, run.members) if each[0] in main]
    if not found:
        return "<p>At the end of training no activity shows a sign of a collapse.</p>"
    places = "; ".join(
        f"{text(member.activity)} {text(member.directory)} ({text(', '.join(words))})"
        for member, words in found
    )
    share = f"{len(found)} of {len(main)}"
    return (
        f'<p class="banner">At the end of training {share} networks show signs of a collapse: '
        f"{places}.</p>"
    )


def sign_curves(steps: np.ndarray, signs: Mapping[str, np.ndarray], num_clusters: int) -> str:
    """Three curves over steps, one under the other, each with the limit below which it is a sign.

    Args:
        steps: [S].
        signs: name -> [S, seeds], NaN where a member had finished.
        num_clusters: K.
    """
    with matplotlib.rc_context(STYLE):
        drawing = Figure(figsize=(3.5, 3.6), layout="constrained")
        for axes, sign in zip(drawing.subplots(len(SIGNS), sharex=True), SIGNS, strict=True):
            _draw(axes, sign, steps, signs[sign.name], num_clusters)
        axes.set_xlabel("step")
        axes.xaxis.set_major_locator(ticker.MaxNLocator(5, integer=True))
        return svg_uri(drawing)


def _draw(axes: Axes, sign: Sign, steps: np.ndarray, values: np.ndarray, num_clusters: int) -> None:
    there = np.flatnonzero(np.isfinite(values).any(axis=1))
    if len(there):
        kept = there[np.linspace(0, len(there) - 1, min(len(there), _MAX_POINTS)).astype(int)]
        x, y = steps[kept], values[kept]
        axes.plot(x, np.nanmean(y, axis=1), color=ACCENT)
        low, high = np.nanmin(y, axis=1), np.nanmax(y, axis=1)
        axes.fill_between(x, low, high, color=ACCENT, alpha=0.2, linewidth=0)
    limit = sign.limit(num_clusters)
    axes.axhline(limit, color=FAINT, linestyle="--", linewidth=1)
    # The limit's name sits on its line, at the right end, outside of the curves.
    axes.annotate(
        sign.limit_name,
        (1, limit),
        xycoords=("axes fraction", "data"),
        xytext=(3, 0),
        textcoords="offset points",
        va="center",
        fontsize=8,
    )
    axes.set_title(sign.title, fontsize=9, loc="left")
    axes.set_ylim(bottom=0)
