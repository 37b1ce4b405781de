"""One picture for a paper or a page: bars and couplings of some videos, side by side."""

from collections.abc import Mapping
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from jaxseg.report.drawing.bars import Timeline, runs
from jaxseg.report.drawing.colors import Paint
from jaxseg.report.drawing.figures import COLOUR_MAP
from jaxseg.report.segmentation.codes import code_matrices
from jaxseg.report.segmentation.records import Activity, Coupling, Run
from jaxseg.report.segmentation.videos import Painter, run_colours, shown_videos

_UNMATCHED = "#d4d4d8"  # what hatching is in the report
_PICTURE = {"aspect": "auto", "cmap": COLOUR_MAP, "interpolation": "nearest"}
_BAR, _HEAT = 1.0, 2.2  # heights of rows, as parts of the picture's


def write_picture(run: Run, path: Path, *, activity: str = "", num_videos: int = 2) -> Path:
    """Draws the best, middle and worst videos of an activity; the ending of `path` is the format.

    Args:
        run: from `read_run`.
        path: .png, .svg or .pdf.
        activity: default: the first one that has couplings.
        num_videos: side by side, at least 1.

    Raises:
        ValueError: an activity that the run does not have, or one without kept couplings.
    """
    chosen = _find(run, activity)
    if num_videos < 1:
        raise ValueError(f"the number of videos must be at least 1, got {num_videos}")
    videos = [v for v in shown_videos(run, chosen, num_videos) if v in chosen.couplings]
    videos = videos or list(chosen.couplings)[:num_videos]
    with matplotlib.rc_context({"text.parse_math": False}):
        _compose(run, chosen, videos).savefig(path)
    return path


def _compose(run: Run, chosen: Activity, videos: list[str]) -> Figure:
    """A column a video."""
    painter = Painter(run, chosen, run_colours(run))
    heats = _heats(chosen.couplings[videos[0]])
    bars = ["truth", "prediction"] if chosen.truth else ["prediction"]
    rows, heights = [*bars, *heats], [_BAR] * len(bars) + [_HEAT] * len(heats)
    figure = Figure(
        figsize=(5.2 * len(videos), 0.8 + 0.44 * sum(heights)), layout="constrained", dpi=150
    )
    grid = figure.subplots(len(rows), len(videos), squeeze=False, height_ratios=heights)
    for column, video in enumerate(videos):
        _draw(run, chosen, painter, video, dict(zip(rows, grid[:, column], strict=True)))
    for name, axes in zip(rows, grid[:, 0], strict=True):
        axes.set_ylabel(name, rotation=0, ha="right", va="center")
    figure.legend(
        handles=[Patch(color=_plain(p), label=p.name) for p in painter.entries()],
        loc="outside lower center",
        ncols=min(6, len(painter.entries())),
        frameon=False,
        fontsize=8,
    )
    note = "; generated data" if run.generated else ""
    figure.suptitle(f"{run.data_name}, {chosen.name}{note}", fontsize=10)
    return figure


def _find(run: Run, name: str) -> Activity:
    activities = {activity.name: activity for activity in run.activities}
    if name and name not in activities:
        raise ValueError(f"no activity {name!r} in {run.name}; there is {', '.join(activities)}")
    for activity in [activities[name]] if name else activities.values():
        if activity.couplings:
            return activity
    raise ValueError(f"{run.name} has no couplings{f' of {name}' if name else ''} to draw")


def _draw(run: Run, activity: Activity, painter: Painter, video: str, axes: Mapping) -> None:
    first, timeline = activity.members[0], Timeline(activity.frames[video], run.fps)
    if "truth" in axes:
        _bar(axes["truth"], activity.truth[video], painter.truth)
    predicted = activity.predictions[first.directory][video]
    _bar(axes["prediction"], predicted, painter.clusters(first))
    coupling = activity.couplings[video]
    heats, order = _heats(coupling), _order(coupling)
    low, high = (0, 1) if coupling.has_codes else (None, None)
    for name, matrix in heats.items():
        axes[name].imshow(matrix.T[order], vmin=low, vmax=high, **_PICTURE)
        axes[name].set_yticks([])
    for axis in axes.values():
        axis.set_xlim(0, len(predicted))
        axis.set_xticks([])
    ticks, lowest = timeline.ticks(), axes[list(heats)[-1]]
    lowest.set_xticks([x for x, _ in ticks], [label for _, label in ticks])
    lowest.set_xlabel(timeline.unit)
    next(iter(axes.values())).set_title(video, fontsize=9)


def _heats(coupling: Coupling) -> dict[str, np.ndarray]:
    """Title -> [N, K]: codes and pseudo-labels where there are codes, else affinity and plan."""
    if coupling.has_codes:
        return code_matrices(coupling)
    return {"affinity": coupling.affinity, "coupling": coupling.plan}


def _order(coupling: Coupling) -> np.ndarray:
    """Clusters in the order in which the plan runs down a staircase.

    Where there are codes, that is the clusters' own order, which the prior gives them; else the
    mean time of their frames decides.
    """
    plan = coupling.plan
    if coupling.has_codes:
        return np.arange(plan.shape[1])
    return np.argsort(np.arange(len(plan)) @ plan / np.maximum(plan.sum(0), 1e-9), kind="stable")


def _bar(axes, labels: np.ndarray, paints: Mapping[int, Paint]) -> None:
    for start, stop, label in runs(labels):
        axes.axvspan(start, stop, color=_plain(paints[label]), lw=0)
    axes.set_yticks([])


def _plain(paint: Paint) -> str:
    return paint.fill if paint.fill.startswith("#") else _UNMATCHED
