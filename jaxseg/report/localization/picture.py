"""One picture for a paper or a page: what was found in some videos, and how."""

from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from jaxseg.report.drawing.figures import ACCENT, COLOUR_MAP, INK
from jaxseg.report.localization.bars import lanes, opacity
from jaxseg.report.localization.records import Localization
from jaxseg.report.localization.videos import Shown, cluster_spans, shown_videos

_HEIGHTS = {"attention": 1.3, "clusters": 0.6, "score map": 1.2, "proposals": 1.2, "truth": 0.6}
_STREAMS = (ACCENT, "#d95f02")
_MAX_LANES = 4


def write_picture(run: Localization, path: Path, *, num_videos: int = 2) -> Path:
    """Draws some test videos side by side; the ending of `path` is the format.

    Args:
        run: from `read_localization`.
        path: .png, .svg or .pdf.
        num_videos: at least 1.

    Raises:
        ValueError: no video, or none whose score map was kept.
    """
    if num_videos < 1:
        raise ValueError(f"the number of videos must be at least 1, got {num_videos}")
    shown = [video for video in shown_videos(run, num_videos) if video.score_map is not None]
    if not shown:
        raise ValueError(f"{run.name} has no score maps to draw")
    with matplotlib.rc_context({"text.parse_math": False}):
        _compose(run, shown, _rows(run, shown)).savefig(path)
    return path


def _compose(run: Localization, shown: list[Shown], rows: list[str]) -> Figure:
    """A column a video, on one time axis each."""
    figure = Figure(figsize=(5.2 * len(shown), 3.8), layout="constrained", dpi=150)
    grid = figure.subplots(
        len(rows), len(shown), squeeze=False, height_ratios=[_HEIGHTS[name] for name in rows]
    )
    for column, video in zip(grid.T, shown, strict=True):
        for name, axes in zip(rows, column, strict=True):
            _DRAWN[name](axes, run, video)
            axes.set(xlim=(0, video.timeline.frames), xticks=[])
        _label(column, video)
    for name, axes in zip(rows, grid[:, 0], strict=True):
        axes.set_ylabel(name, rotation=0, ha="right", va="center")
    figure.align_ylabels(grid[:, 0])
    figure.suptitle(f"{run.data_name}{'; generated data' if run.generated else ''}", fontsize=10)
    return figure


def _rows(run: Localization, shown: list[Shown]) -> list[str]:
    """Those of which there is something in every video."""
    maps = [video.score_map for video in shown]
    there = {
        "attention": all(each.attention for each in maps),
        "clusters": all(each.clusters is not None for each in maps),
        "score map": True,
        "proposals": bool(run.proposals),
        "truth": bool(run.truth),
    }
    return [name for name in _HEIGHTS if there[name]]


def _label(column: np.ndarray, video: Shown) -> None:
    """The video's name above, its time axis below."""
    column[0].set_title(video.name, fontsize=9)
    places, names = zip(*video.timeline.ticks(), strict=True)
    column[-1].set_xticks(places, names)
    column[-1].set_xlabel(video.timeline.unit)


def _attention(axes, run: Localization, video: Shown) -> None:
    for colour, (stream, values) in zip(_STREAMS, video.score_map.attention.items(), strict=False):
        axes.stairs(values, video.score_map.borders, color=colour, label=stream, lw=0.9)
    axes.set(ylim=(0, 1.35), yticks=[])  # the room above 1 is the legend's
    if any(video.score_map.attention):  # a single stream has no name
        axes.legend(frameon=False, fontsize=7, loc="upper right", ncols=2, borderaxespad=0.1)


def _clusters(axes, run: Localization, video: Shown) -> None:
    for part in cluster_spans(run, video):
        axes.axvspan(part.start, part.end, color=part.fill, alpha=part.opacity, lw=0)
    axes.set_yticks([])


def _score_map(axes, run: Localization, video: Shown) -> None:
    labels = [*video.true, *video.wrong]
    scores = video.score_map.scores[:, [run.classes.index(label) for label in labels]]
    edges = np.arange(len(labels) + 1)
    axes.pcolormesh(video.score_map.borders, edges, scores.T, vmin=0, vmax=1, cmap=COLOUR_MAP)
    axes.set_yticks(edges[:-1] + 0.5, labels, fontsize=7)
    axes.invert_yaxis()


def _proposals(axes, run: Localization, video: Shown) -> None:
    """Lanes as in the report; all classes of the score map share them."""
    for lane, each in lanes(video.proposals, _MAX_LANES):
        strength = opacity(each.score, video.proposals[0].score)
        axes.barh(lane, each.end - each.start, 0.8, each.start, color=ACCENT, alpha=strength)
    axes.set(ylim=(_MAX_LANES - 0.5, -0.5), yticks=[])


def _truth(axes, run: Localization, video: Shown) -> None:
    for each in video.truth:
        axes.axvspan(each.start, each.end, color=INK, lw=0)
    axes.set_yticks([])


_DRAWN = {
    "attention": _attention,
    "clusters": _clusters,
    "score map": _score_map,
    "proposals": _proposals,
    "truth": _truth,
}
