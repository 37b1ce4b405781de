"""How the scores follow each tuned number, the others staying at the chosen ones."""

from collections.abc import Mapping

import matplotlib

from jaxseg.decode.tuning import Settings, Tuned
from jaxseg.report.drawing.colors import FAINT
from jaxseg.report.drawing.figures import STYLE, new_axes, svg_uri

SCORES = {"accuracy": "accuracy", "edit": "edit", "f1@50": "F1@50"}


def neighbours(tuned: Tuned, name: str) -> dict[float, Mapping[str, float]]:
    """Value -> scores of the settings that differ from the chosen ones in one number alone."""
    return {
        getattr(settings, name): scores
        for settings, scores in tuned.rows
        if settings._replace(**{name: 0}) == tuned.settings._replace(**{name: 0})
    }


def curves(tuned: Tuned) -> dict[str, str]:
    """Name -> figure of every number that the grid has several values of."""
    found = {name: neighbours(tuned, name) for name in Settings._fields}
    several = {name: rows for name, rows in found.items() if len(rows) > 1}
    return {name: curve(tuned, name, rows) for name, rows in several.items()}


def curve(tuned: Tuned, name: str, rows: Mapping[float, Mapping[str, float]]) -> str:
    """Scores over one number; dashed what argmax has, the upright line at the chosen value."""
    with matplotlib.rc_context(STYLE):
        figure, axes = new_axes(3.5, 2.4)
        values = sorted(rows)
        for key, title in SCORES.items():
            (line,) = axes.plot(values, [rows[v][key] for v in values], "o-", ms=4, label=title)
            axes.axhline(tuned.before[key], color=line.get_color(), ls="--", lw=0.9)
        axes.axvline(getattr(tuned.settings, name), color=FAINT, lw=0.9, zorder=0)
        axes.set(xlabel=name, ylabel="percent")
        axes.set_xticks(values, [f"{value:g}" for value in values])
        axes.legend(frameon=False, fontsize=8)
        return svg_uri(figure)
