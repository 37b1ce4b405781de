"""The picture of a comparison: time and difference against N, K and epsilon."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.compare_run import OURS, Sweep

AXES = {"frames": "frames N", "clusters": "actions K", "epsilon": "epsilon"}
ROWS = {
    "milliseconds": "ms to the tolerance",
    "largest_difference": "max(1e-9, largest |plan - ours|)",
}
COLOURS = {OURS: "#1b6ca8", "ott-jax": "#d1495b", "POT": "#66a182"}
LINES = {"Sinkhorn": ":", "fused GW": "--", "unbalanced fused GW": "-"}
SMALLEST = 1e-9  # what smaller differences are drawn as


def draw(rows: Sequence[dict], sweep: Sweep, path: str | Path) -> None:
    """Writes the figure; its format is by the file's ending.

    Args:
        rows: of `compare_run.compare`, the best settings at all points.
        sweep: what they were measured at; other alphas are in the table alone; Sinkhorn's is 0.
    """
    figure = Figure(figsize=(11, 6), layout="constrained")
    panels = figure.subplots(len(ROWS), len(AXES), sharex="col", sharey="row")
    for line, (measure, label) in zip(panels, ROWS.items(), strict=True):
        line[0].set_ylabel(label)
        for panel, axis in zip(line, AXES, strict=True):
            _panel(panel, along(rows, sweep, axis), axis, measure)
    for panel, label in zip(panels[-1], AXES.values(), strict=True):
        panel.set_xlabel(label)
    handles = {handle.get_label(): handle for handle in panels[0][0].get_lines()}
    figure.legend(handles.values(), handles, loc="outside upper center", ncols=3, frameon=False)
    figure.savefig(path, dpi=120)


def along(rows: Sequence[dict], sweep: Sweep, axis: str) -> list[dict]:
    """The rows that differ from the base point in one number alone."""
    base = sweep.base()
    others = [name for name in AXES if name != axis]
    return [
        row
        for row in rows
        if row["alpha"] in (0, base["alpha"]) and all(row[name] == base[name] for name in others)
    ]


def _panel(panel: Axes, rows: Sequence[dict], axis: str, measure: str) -> None:
    panel.set_xscale("log")
    panel.set_yscale("log")
    places = sorted({row[axis] for row in rows})
    panel.set_xticks(places, [f"{place:g}" for place in places])
    panel.xaxis.minorticks_off()
    panel.grid(alpha=0.3, linewidth=0.5)
    for program, colour in COLOURS.items():
        for kind, style in LINES.items():
            found = [row for row in rows if (row["program"], row["kind"]) == (program, kind)]
            points = sorted((row[axis], row[measure]) for row in found if row[measure] is not None)
            if not points or (measure == "largest_difference" and program == OURS):
                continue
            x, y = zip(*points, strict=True)
            y = [max(value, SMALLEST) for value in y]
            panel.plot(x, y, style, marker="o", ms=4, color=colour, label=f"{program}, {kind}")
