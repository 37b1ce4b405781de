"""The panel on how many clusters there are, for a run that has tried a range of them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib import ticker
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jaxseg.report.drawing.figures import ACCENT, FAINT, STYLE, svg_uri
from jaxseg.report.drawing.markup import figure, grid, text
from jaxseg.report.drawing.page import titled
from jaxseg.report.segmentation.records import Member, Run

# Curves, from the top: key of a tried K in num_clusters.json, title.
CURVES = (
    ("information", "information beyond place in time [nats]"),
    ("stability", "agreement (adjusted mutual information)"),
    ("objective", "transport objective, a frame"),
)


def main_variant(workdir: Path, choice: Mapping[str, Any], members: Sequence[Member]) -> str | None:
    """The variant that the report is about: the chosen K's, or the first one of the activity.

    Args:
        workdir: for the error's words.
        choice: content of `num_clusters.json`; empty where no range of K was tried.
        members: of one activity.

    Raises:
        ValueError: `num_clusters.json` chooses nothing for the activity, or no member's K.
    """
    if not choice or not members:
        return members[0].variant if members else None
    activity, path = members[0].activity, workdir / "num_clusters.json"
    found = choice.get("activities", {}).get(activity, {}).get("variant")
    if found not in {member.variant for member in members}:
        raise ValueError(f"{path}: {found!r} is no variant of activity {activity!r}")
    return found


def num_clusters_panel(run: Run) -> str:
    """The curves against K, an activity a picture, with the choice; "" where none was made."""
    if not run.num_clusters:
        return ""
    pictures = [
        figure(
            count_curves(found["tried"], found["chosen"]),
            f"agreement of seeds and transport objective of {name} against K",
            f"{text(name)} <small>{_order(found)}</small>",
        )
        for name, found in run.num_clusters["activities"].items()
    ]
    note = (
        f"{text(run.num_clusters['rule'])} {text(run.num_clusters['caution'])} Everything else on "
        "this page shows the chosen K. Dots are pairs of seeds, or seeds, and the grey line their "
        "mean; the blue one is what the rule compares, and what it chose is marked."
    )
    return titled("Number of clusters", note, grid(pictures))


def _order(found: Mapping[str, Any]) -> str:
    """The choice, how many of its clusters have a frame, and the next best three."""
    chosen, others = found["chosen"], found["runners_up"][:3]
    (used,) = [each["used"]["mean"] for each in found["tried"] if each["num_clusters"] == chosen]
    return f"K = {chosen} ({used:.1f} used), then {', '.join(map(str, others))}"


def count_curves(tried: Sequence[Mapping[str, Any]], chosen: int) -> str:
    """What is known of each K, one curve under the other.

    Args:
        tried: of num_clusters.json, one entry a K: "num_clusters", "score" and, by the name of a
            curve, {"mean", "values"}.
        chosen: the K that is marked.
    """
    counts = np.array([entry["num_clusters"] for entry in tried])
    with matplotlib.rc_context(STYLE):
        drawing = Figure(figsize=(3.5, 4.4), layout="constrained")
        for axes, (key, title) in zip(
            drawing.subplots(len(CURVES), sharex=True), CURVES, strict=True
        ):
            _draw(axes, counts, [entry[key] for entry in tried], chosen)
            if key == "information":
                axes.plot(counts, [entry["score"] for entry in tried], color=ACCENT, linewidth=1.6)
            axes.set_title(title, fontsize=9, loc="left")
        axes.set_xlabel("K")
        axes.xaxis.set_major_locator(ticker.MaxNLocator(8, integer=True))
        return svg_uri(drawing)


def _draw(axes: Axes, counts: np.ndarray, spreads: Sequence[Mapping], chosen: int) -> None:
    means = np.array([spread["mean"] for spread in spreads])
    for count, spread in zip(counts, spreads, strict=True):
        axes.plot([count] * len(spread["values"]), spread["values"], ".", color=FAINT, ms=3.5)
    axes.plot(counts, means, color=FAINT, linewidth=1.4)
    axes.axvline(chosen, color=ACCENT, linewidth=1, linestyle="--")
    axes.plot(chosen, means[counts == chosen], "o", color=ACCENT, ms=6)
