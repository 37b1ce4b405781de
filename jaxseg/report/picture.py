"""One picture for a paper or a page: truth, prediction, affinity and coupling of some videos."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from jaxseg.report.bars import Timeline, runs
from jaxseg.report.colours import Paint
from jaxseg.report.figures import COLOUR_MAP
from jaxseg.report.records import Activity, Run
from jaxseg.report.videos import Painter, run_colours, shown_videos

_UNMATCHED = "#d4d4d8"  # what hatching is in the report
_HEIGHTS = {"truth": 1.0, "prediction": 1.0, "affinity": 2.2, "coupling": 2.2}


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
    painter = Painter(run, chosen, run_colours(run))
    rows = [name for name in _HEIGHTS if name != "truth" or chosen.truth]
    figure = Figure(figsize=(5.2 * len(videos), 3.6), layout="constrained", dpi=150)
    grid = figure.subplots(
        len(rows), len(videos), squeeze=False, height_ratios=[_HEIGHTS[name] for name in rows]
    )
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
    figure.savefig(path)
    return path


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
    order = _in_time(coupling.plan)
    for name, matrix in (("affinity", coupling.affinity), ("coupling", coupling.plan)):
        axes[name].imshow(matrix.T[order], aspect="auto", cmap=COLOUR_MAP, interpolation="nearest")
        axes[name].set_yticks([])
    for axis in axes.values():
        axis.set_xlim(0, len(predicted))
        axis.set_xticks([])
    ticks = timeline.ticks()
    axes["coupling"].set_xticks([x for x, _ in ticks], [label for _, label in ticks])
    axes["coupling"].set_xlabel(timeline.unit)
    next(iter(axes.values())).set_title(video, fontsize=9)


def _in_time(plan: np.ndarray) -> np.ndarray:
    """Clusters by the mean time of their frames, so that a coupling runs down a staircase."""
    return np.argsort(np.arange(len(plan)) @ plan / np.maximum(plan.sum(0), 1e-9), kind="stable")


def _bar(axes, labels: np.ndarray, paints: Mapping[int, Paint]) -> None:
    for start, stop, label in runs(labels):
        axes.axvspan(start, stop, color=_plain(paints[label]), lw=0)
    axes.set_yticks([])


def _plain(paint: Paint) -> str:
    return paint.fill if paint.fill.startswith("#") else _UNMATCHED
