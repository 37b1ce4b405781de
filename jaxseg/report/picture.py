"""One picture for a paper or a page: bars, couplings or score maps of some videos side by side."""

import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from jaxseg.report.drawing.bars import Timeline, lanes, opacity, runs
from jaxseg.report.drawing.colors import ACCENT, INK, LINES, Paint
from jaxseg.report.drawing.figures import COLOR_MAP
from jaxseg.report.drawing.page import Source
from jaxseg.report.localization import run as localization
from jaxseg.report.localization.videos import Shown, cluster_spans
from jaxseg.report.localization.videos import shown_videos as shown_test_videos
from jaxseg.report.segmentation import run as segmentation
from jaxseg.report.segmentation.painter import Painter, run_colors
from jaxseg.report.segmentation.videos import code_matrices, shown_videos
from jaxseg.runfiles.segmentation import Coupling

_UNMATCHED = "#d4d4d8"  # what hatching is in the report
_BAR, _HEAT = 1.0, 2.2  # heights of rows of a segmentation
_HEIGHTS = {"attention": 1.3, "clusters": 0.6, "score map": 1.2, "proposals": 1.2, "truth": 0.6}
_MAX_LANES = 4


def write_segmentation(
    run: segmentation.Run, path: Path, *, activity: str = "", num_videos: int = 2
) -> Path:
    """Draws the best, middle and worst videos of an activity; see `report.write_picture`."""
    chosen = _find_activity(run, activity)
    videos = [v for v in shown_videos(run, chosen, num_videos) if v in chosen.couplings]
    videos = videos or list(chosen.couplings)[:num_videos]
    painter = Painter(run, chosen, run_colors(run))
    matrices = _matrices(chosen.couplings[videos[0]])
    heights = dict.fromkeys(["truth", "prediction"] if chosen.truth else ["prediction"], _BAR)
    heights |= dict.fromkeys(matrices, _HEAT)

    draw = functools.partial(_draw_segmentation, run, chosen, painter)
    title = f"{run.source.data_name}, {chosen.name}"
    legend = painter.entries()
    height = 0.8 + 0.44 * sum(heights.values())
    _save(path, run.source, title, heights, height, videos, draw, legend=legend)
    return path


def _find_activity(run: segmentation.Run, name: str) -> segmentation.Activity:
    activities, run_name = {each.name: each for each in run.activities}, run.source.name
    if name and name not in activities:
        raise ValueError(f"no activity {name!r} in {run_name}; there is {', '.join(activities)}")
    for activity in [activities[name]] if name else activities.values():
        if activity.couplings:
            return activity
    raise ValueError(f"{run_name} has no couplings{f' of {name}' if name else ''} to draw")


def _draw_segmentation(
    run: segmentation.Run,
    activity: segmentation.Activity,
    painter: Painter,
    column: Mapping[str, Axes],
    video: str,
) -> None:
    """Truth, prediction and the matrices of one video, one under the other."""
    first, coupling = activity.members[0], activity.couplings[video]
    predicted = activity.predictions[first.directory][video]
    bars = {"prediction": painter.bar(first, predicted)}
    if "truth" in column:
        bars["truth"] = (activity.truth[video], painter.truth)
    for name, (labels, paints) in bars.items():
        for start, stop, label in runs(labels):
            column[name].axvspan(start, stop, color=_plain(paints[label]), lw=0)
    low, high = (0, 1) if coupling.has_codes else (None, None)
    look = {"aspect": "auto", "cmap": COLOR_MAP, "interpolation": "nearest"}
    for name, matrix in _matrices(coupling).items():
        column[name].imshow(matrix.T[_cluster_order(coupling)], vmin=low, vmax=high, **look)
    for axes in column.values():
        axes.set(xlim=(0, len(predicted)), xticks=[], yticks=[])
    _label(list(column.values()), video, Timeline(activity.frames[video], run.data.fps))


def _matrices(coupling: Coupling) -> dict[str, np.ndarray]:
    """Title -> [N, K]: codes and pseudo-labels where there are codes, else affinity and plan."""
    if coupling.has_codes:
        return code_matrices(coupling)
    return {"affinity": coupling.affinity, "coupling": coupling.plan}


def _cluster_order(coupling: Coupling) -> np.ndarray:
    """Clusters in the order in which the plan runs down a staircase.

    Where there are codes, that is the clusters' own order, which the prior gives them; else the
    mean time of their frames decides.
    """
    plan = coupling.plan
    if coupling.has_codes:
        return np.arange(plan.shape[1])
    return np.argsort(np.arange(len(plan)) @ plan / np.maximum(plan.sum(0), 1e-9), kind="stable")


def _plain(paint: Paint) -> str:
    return paint.fill if paint.fill.startswith("#") else _UNMATCHED


def write_localization(run: localization.Run, path: Path, *, num_videos: int = 2) -> Path:
    """Draws some test videos; see `report.write_picture`."""
    shown = [video for video in shown_test_videos(run, num_videos) if video.score_map is not None]
    if not shown:
        raise ValueError(f"{run.source.name} has no score maps to draw")
    maps = [video.score_map for video in shown]
    # Rows of which there is something in every video.
    drawn = {
        "attention": all(each.attention for each in maps),
        "clusters": all(each.clusters is not None for each in maps),
        "score map": True,
        "proposals": bool(run.detections),
        "truth": bool(run.truth),
    }
    heights = {name: height for name, height in _HEIGHTS.items() if drawn[name]}

    def draw(column: Mapping[str, Axes], video: Shown) -> None:
        for name, axes in column.items():
            _DRAW[name](axes, run, video)
            axes.set(xlim=(0, video.timeline.frames), xticks=[])
        _label(list(column.values()), video.name, video.timeline)

    _save(path, run.source, run.source.data_name, heights, 3.8, shown, draw)
    return path


def _draw_attention(axes: Axes, run: localization.Run, video: Shown) -> None:
    for color, (stream, values) in zip(LINES, video.score_map.attention.items(), strict=False):
        axes.stairs(values, video.score_map.borders, color=color, label=stream, lw=0.9)
    axes.set(ylim=(0, 1.35), yticks=[])  # the legend stands above 1
    if any(video.score_map.attention):  # a single stream has no name
        axes.legend(frameon=False, fontsize=7, loc="upper right", ncols=2, borderaxespad=0.1)


def _draw_clusters(axes: Axes, run: localization.Run, video: Shown) -> None:
    for part in cluster_spans(run, video):
        axes.axvspan(part.start, part.end, color=part.fill, alpha=part.opacity, lw=0)
    axes.set_yticks([])


def _draw_score_map(axes: Axes, run: localization.Run, video: Shown) -> None:
    labels = [*video.true, *video.wrong]
    scores = video.score_map.scores[:, [run.data.classes.index(label) for label in labels]]
    edges = np.arange(len(labels) + 1)
    axes.pcolormesh(video.score_map.borders, edges, scores.T, vmin=0, vmax=1, cmap=COLOR_MAP)
    axes.set_yticks(edges[:-1] + 0.5, labels, fontsize=7)
    axes.invert_yaxis()


def _draw_detections(axes: Axes, run: localization.Run, video: Shown) -> None:
    """Lanes as in the report; all classes of the score map share them."""
    for lane, each in lanes(video.detections, _MAX_LANES):
        strength = opacity(each.score, video.detections[0].score)
        axes.barh(lane, each.end - each.start, 0.8, each.start, color=ACCENT, alpha=strength)
    axes.set(ylim=(_MAX_LANES - 0.5, -0.5), yticks=[])


def _draw_truth(axes: Axes, run: localization.Run, video: Shown) -> None:
    for each in video.truth:
        axes.axvspan(each.start, each.end, color=INK, lw=0)
    axes.set_yticks([])


_DRAW = {
    "attention": _draw_attention,
    "clusters": _draw_clusters,
    "score map": _draw_score_map,
    "proposals": _draw_detections,
    "truth": _draw_truth,
}


def _save(
    path: Path,
    source: Source,
    title: str,
    heights: Mapping[str, float],
    height: float,
    videos: Sequence[Any],
    draw: Callable[[Mapping[str, Axes], Any], None],
    *,
    legend: Sequence[Paint] = (),
) -> None:
    """Writes a figure of a column a video with named rows, their heights relative."""
    with matplotlib.rc_context({"text.parse_math": False}):
        size = (5.2 * len(videos), height)
        figure = Figure(figsize=size, layout="constrained", dpi=150)
        ratios = list(heights.values())
        grid = figure.subplots(len(ratios), len(videos), squeeze=False, height_ratios=ratios)
        for column, video in zip(grid.T, videos, strict=True):
            draw(dict(zip(heights, column, strict=True)), video)
        for name, axes in zip(heights, grid[:, 0], strict=True):
            axes.set_ylabel(name, rotation=0, ha="right", va="center")
        if legend:
            figure.legend(
                handles=[Patch(color=_plain(paint), label=paint.name) for paint in legend],
                loc="outside lower center",
                ncols=min(6, len(legend)),
                frameon=False,
                fontsize=8,
            )
        figure.suptitle(f"{title}{'; generated data' if source.generated else ''}", fontsize=10)
        figure.savefig(path)


def _label(column: Sequence[Axes], video: str, timeline: Timeline) -> None:
    """The video's name above its column, its time axis below."""
    column[0].set_title(video, fontsize=9)
    places, names = zip(*timeline.ticks(), strict=True)
    column[-1].set_xticks(places, names)
    column[-1].set_xlabel(timeline.unit)
