"""Instances of test videos before and after they are fused, or suppressed, on one time axis."""

from jaxseg.report.drawing.bars import Timeline, axis, drawing, strips
from jaxseg.report.drawing.markup import counted, text
from jaxseg.report.drawing.page import titled
from jaxseg.report.localization.records import Interval, Localization
from jaxseg.report.localization.videos import (
    MAX_LANES,
    Shown,
    proposal_row,
    show,
    spread,
    truth_row,
)

MAX_VIDEOS = 3
_METHODS = {"fusion": "fusion", "soft": "soft-NMS", "hard": "NMS"}
_SHORTEST, _TALLEST = 14, 150  # pixels of all instances of a class
_PITCH = 3  # pixels from one to the next, while there is room


def instance_panel(run: Localization, max_videos: int) -> dict[str, str]:
    """The panel under its title; none where instances were not kept, or all of them stayed."""
    method = _METHODS.get(_method(run))
    names = [name for name in run.test_videos if name in run.maps]
    names = [name for name in names if run.maps[name].instances is not None]
    if not method or not names:
        return {}
    chosen = spread(names, min(max_videos, MAX_VIDEOS))
    note = (
        f"Test videos of seed {run.main[0].seed}. Before: all instances that the thresholds cut "
        "out of a class's score map, a line each, the best score on top. "
        f"After: what {method} made of them, the best that fit {MAX_LANES} lines, the stronger "
        "the higher their score. Below, the true segments. What to look for: lines that agree "
        "should end up as one instance, as long as the true segment, and separate actions as "
        "separate instances."
    )
    title = f"Instances before and after {method}"
    return {title: titled(title, note, "".join(_article(run, show(run, each)) for each in chosen))}


def _method(run: Localization) -> str:
    """What `config.json` says is done with instances; fusion where it says nothing."""
    predict = run.config.get("predict")
    return predict.get("method", "fusion") if isinstance(predict, dict) else "fusion"


def _article(run: Localization, shown: Shown) -> str:
    instances, after = run.maps[shown.name].instances, shown.proposals
    rows = [row for label in (*shown.true, *shown.wrong) for row in _class_rows(run, shown, label)]
    rows.append((shown.timeline.unit, axis(shown.timeline)))
    facts = [shown.timeline.length, counted(len(instances), "instance"), f"{len(after):,} after"]
    title = f"<h4>{text(shown.name)} <small>{' · '.join(facts)}</small></h4>"
    return f"<article>{title}{strips(rows, kind='wide')}</article>"


def _class_rows(run: Localization, shown: Shown, label: str) -> list[tuple[str, str]]:
    """All instances of a class, those that came of them, and truth, as far as there are any."""
    before, after, truth = (
        [each for each in intervals if each.label == label]
        for intervals in (run.maps[shown.name].instances, shown.proposals, shown.truth)
    )
    facts = f"{len(before)} before{', not in this video' if run.truth and not truth else ''}"
    rows = [(f"<b>{text(label)}</b> <small>{facts}</small>", _lines(before, shown.timeline, label))]
    rows += [proposal_row("after", after, shown, label)] if after else []
    return rows + ([truth_row(truth, shown, label)] if truth else [])


def _lines(instances: list[Interval], timeline: Timeline, label: str) -> str:
    """One thin line an instance, the best on top; they share a limited height."""
    ranked = sorted(instances, key=lambda each: (-each.score, each.start, each.end))
    height = min(max(_PITCH * len(ranked), _SHORTEST), _TALLEST)
    moves = "".join(
        f"M{each.start:.2f} {place + 0.5}H{each.end:.2f}" for place, each in enumerate(ranked)
    )
    # Lines as thick on the screen however far the drawing is stretched.
    line = (
        f'<path d="{moves}" fill="none" stroke="currentColor" stroke-opacity="0.55" '
        'stroke-width="1.2" vector-effect="non-scaling-stroke" '
        'shape-rendering="geometricPrecision"/>'
    )
    box = f"0 0 {timeline.frames:.2f} {max(len(ranked), 1)}"
    return drawing(
        f"{label}: {counted(len(ranked), 'instance')} before",
        "bar proposals",
        f'<svg viewBox="{box}" preserveAspectRatio="none">{line if ranked else ""}</svg>',
        style=f"height:{height}px",
    )
