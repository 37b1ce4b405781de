"""The picture of a comparison by iterations: what is left of the objective and of the labels."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

COLOURS = {"fixed": "#1b6ca8", "search": "#d1495b", "momentum": "#66a182"}
ROWS = {"gap": "objective above the least", "labels_that_change": "labels that will change"}
SMALLEST = {"gap": 1e-9, "labels_that_change": 1e-4}  # what is drawn of less, and of 0


def draw(blocks: Sequence[dict], path: str | Path) -> None:
    """Writes the figure; its format is by the file's ending.

    Args:
        blocks: of `iterations.measure`, a column each.
    """
    size = 1.5 + 2.6 * len(blocks), 5.5
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(len(ROWS), len(blocks), sharex=True, sharey="row", squeeze=False)
    for line, (measure, label) in zip(panels, ROWS.items(), strict=True):
        line[0].set_ylabel(label)
        for panel, block in zip(line, blocks, strict=True):
            _panel(panel, block["rows"], measure)
    for panel, block in zip(panels[0], blocks, strict=True):
        panel.set_title(block["problem"].replace(", ", "\n"), fontsize="small")
    for panel in panels[-1]:
        panel.set_xlabel("iterations")
    handles = {handle.get_label(): handle for handle in panels[0][0].get_lines()}
    figure.legend(handles.values(), handles, loc="outside upper center", ncols=3, frameon=False)
    figure.savefig(path, dpi=120)


def _panel(panel, rows, measure):
    panel.set_xscale("log")
    panel.set_yscale("log")
    panel.grid(alpha=0.3, linewidth=0.5)
    for step, colour in COLOURS.items():
        points = sorted((row["iterations"], row[measure]) for row in rows if row["step"] == step)
        x, y = zip(*points, strict=True)
        y = [max(value, SMALLEST[measure]) for value in y]
        panel.plot(x, y, marker="o", ms=4, color=colour, label=step)
