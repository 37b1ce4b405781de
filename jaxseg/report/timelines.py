"""Sequences as bars of their segments, one under the other: a matplotlib figure for a notebook."""

import io
from collections.abc import Mapping

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from jaxseg.report.drawing.bars import Timeline, runs
from jaxseg.report.drawing.colors import plain_cluster_paints
from jaxseg.report.drawing.figures import STYLE

_UNCLAIMED = "#e4e4e7"  # frames of no cluster
_MOST = 40  # bars that one figure shows


class Timelines(Figure):
    """A figure that a notebook shows by itself; it is no part of pyplot's."""

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png")
        return buffer.getvalue()


def draw_timelines(
    labels: Mapping[str, np.ndarray],
    *,
    fps: float | None = None,
    names: Mapping[int, str] | None = None,
) -> Timelines:
    """A bar for each sequence, in the colors of the report.

    Args:
        labels: name -> int [frames], cluster numbers or -1; the first 40 are drawn.
        fps: frames a second, for an axis in seconds; None: in frames.
        names: of clusters, as far as they have any.
    """
    shown = dict(list(labels.items())[:_MOST])
    clusters = np.unique(np.concatenate([each[each >= 0] for each in shown.values()]))
    paints = plain_cluster_paints(int(clusters.max(initial=0)) + 1)
    longest = Timeline(max(len(each) for each in shown.values()), fps)
    with matplotlib.rc_context(STYLE):
        figure = Timelines(figsize=(8, 1.1 + 0.34 * len(shown)), layout="constrained", dpi=110)
        axes = figure.subplots()
        for place, each in enumerate(shown.values()):
            spans = runs(each)
            axes.broken_barh(
                [(start, stop - start) for start, stop, _ in spans],
                (place - 0.38, 0.76),
                color=[paints[label].fill if label >= 0 else _UNCLAIMED for *_, label in spans],
                linewidth=0,
            )
        axes.set(xlim=(0, longest.frames), ylim=(len(shown) - 0.5, -0.5), xlabel=longest.unit)
        axes.set_yticks(range(len(shown)), list(shown))
        axes.set_xticks(*zip(*longest.ticks(), strict=True))
        axes.tick_params("y", length=0)
        axes.spines["left"].set_visible(False)
        figure.legend(
            handles=[
                Patch(color=paints[k].fill, label=(names or {}).get(int(k), f"cluster {k}"))
                for k in clusters
            ],
            loc="outside lower center",
            ncols=min(6, max(1, len(clusters))),
            frameon=False,
        )
        if len(labels) > len(shown):
            axes.set_title(f"the first {len(shown)} of {len(labels)} sequences", fontsize=9.5)
    return figure
