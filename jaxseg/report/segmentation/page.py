"""The page of a segmentation run: which panels there are, in which order, and how training went."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from markupsafe import Markup

from jaxseg.report.drawing.figures import (
    LimitedCurve,
    by_variant,
    limited_curves,
    loss_curves,
)
from jaxseg.report.drawing.page import Panel, Picture, counted, document, method_name, render
from jaxseg.report.segmentation.choice import choice_panel
from jaxseg.report.segmentation.painter import painters
from jaxseg.report.segmentation.run import Activity, Run
from jaxseg.report.segmentation.scores import confusion_panel, lengths_panel, scores_panel
from jaxseg.report.segmentation.videos import codes_panel, couplings_panel, videos_panel
from jaxseg.report.segmentation.watch import watch_panel
from jaxseg.runfiles.about import Member


def render_page(run: Run, max_videos: int) -> str:
    """The whole page as HTML."""
    paints = painters(run)
    panels = [
        watch_panel(run, paints),
        choice_panel(run),
        scores_panel(run),
        loss_panel(run),
        collapse_panel(run),
        videos_panel(run, paints, max_videos),
        codes_panel(run, paints, max_videos),
        couplings_panel(run, paints, max_videos),
        confusion_panel(run),
        lengths_panel(run),
    ]
    lengths = [n for activity in run.activities for n in activity.frames.values()]
    seeds = len({member.seed for member in run.members})
    sentence = render(
        "segmentation.html",
        "sentence",
        videos=counted(len(lengths), "video"),
        frames=f"{sum(lengths):,}",
        activities=counted(len(run.activities), "activity", "activities"),
        method=method_name(run.source),
        seeds=counted(seeds, run.repeat),
        has_labels=run.has_labels,
    )
    return document(run.source, sentence, panels, box=findings_box(run))


def findings_box(run: Run) -> Markup:
    """What is wrong with the result, in sight; notes are folded. Empty where nothing is."""
    findings = run.scores.findings if run.scores else ()
    warnings = [each for each in findings if each.kind == "warning"]
    notes = [each for each in findings if each.kind != "warning"]
    return render("segmentation.html", "findings", warnings=warnings, notes=notes)


def loss_panel(run: Run) -> Panel:
    """Training loss of each activity, a line a variant; left out without `metrics.jsonl`."""
    losses = run.metrics.curves.get("loss")
    if losses is None:
        return Panel("Loss", "")
    pictures = []
    for activity in run.activities:
        trained = [member for member in run.members if member.activity == activity.name]
        if groups := by_variant(losses, run.members, trained):
            alt = f"training loss of {activity.name} over steps"
            curves = loss_curves(run.metrics.steps, groups)
            pictures.append(Picture(curves, alt, activity.name))
    return Panel("Loss", render("segmentation.html", "loss", pictures=pictures))


class Sign(NamedTuple):
    """One quantity of `metrics.jsonl` and the limit, a function of K, below which it is a sign."""

    name: str
    title: str
    limit: Callable[[int], float]
    limit_name: str


SIGNS = (
    Sign("top_probability", "highest probability", lambda k: 1.2 / k, "1.2/K"),
    Sign("clusters_used", "clusters used", lambda k: k / 2, "K/2"),
    Sign("entropy", "entropy", lambda k: 0.5 * float(np.log(k)), ".5 log K"),
)


def collapse_panel(run: Run) -> Panel:
    """Signs that clusterings have collapsed, over training; left out where they are not judged."""
    # Some methods log the same quantities, and not whether they are signs.
    if "collapsed" not in run.metrics.curves:
        return Panel("Collapse", "")
    body = render(
        "segmentation.html",
        "collapse",
        repeat=run.repeat,
        collapsed=collapsed_members(run.metrics.curves, run.members),
        num_judged=len(run.members),
        pictures=[_sign_picture(run, activity) for activity in run.activities if activity.members],
    )
    return Panel("Collapse", body)


def collapsed_members(
    curves: Mapping[str, np.ndarray], members: Sequence[Member]
) -> dict[Member, list[str]]:
    """Signs of a collapse, in words, at the last logged step of each member that shows any.

    The curves are [S, members].
    """
    ends = {sign.name: last_values(curves[sign.name]) for sign in SIGNS}
    collapsed = {}
    for index, member in enumerate(members):
        words = [
            f"{sign.title} {ends[sign.name][index]:.3g} < {sign.limit_name}"
            for sign in SIGNS
            if ends[sign.name][index] < sign.limit(member.num_clusters)
        ]
        if words:
            collapsed[member] = words
    return collapsed


def last_values(values: np.ndarray) -> np.ndarray:
    """The last number of each column of [S, members]; NaN where there is none."""
    known = np.isfinite(values)
    last = len(values) - 1 - known[::-1].argmax(axis=0)
    return values[last, np.arange(values.shape[1])]


def _sign_picture(run: Run, activity: Activity) -> Picture:
    columns = [index for index, member in enumerate(run.members) if member in activity.members]
    num_clusters = activity.members[0].num_clusters
    curves = [
        LimitedCurve(
            title=sign.title,
            values=run.metrics.curves[sign.name][:, columns],
            limit=sign.limit(num_clusters),
            limit_name=sign.limit_name,
        )
        for sign in SIGNS
    ]
    return Picture(
        source=limited_curves(run.metrics.steps, curves),
        alt=f"signs of a collapse of {activity.name} over steps",
        title=activity.name,
        remark=f"K = {num_clusters}",
    )
