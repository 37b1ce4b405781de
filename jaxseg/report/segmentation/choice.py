"""What was chosen and why: the terms of choice.json with their curves; seeds by savings.json."""

import math

from markupsafe import Markup

from jaxseg.report.drawing.bars import clock
from jaxseg.report.drawing.figures import TriedCurve, tried_curves
from jaxseg.report.drawing.page import (
    Block,
    Cell,
    Panel,
    Picture,
    Row,
    Table,
    counted,
    render,
)
from jaxseg.report.segmentation.run import Activity, Run
from jaxseg.runfiles.choice import OrderEvidence, Settled
from jaxseg.runfiles.segmentation import Spread

_TITLE = "What was chosen and why"
_ORDERS = {
    "shared": ("shared", "once each, in about the same order"),
    "free": ("free", "actions recur, in any order"),
}
_WHY = {"given": "As it was given.", "assumed": "Neither given nor found."}
_SCORES = ("score", "nats saved", "clusters used", "segments")


def choice_panel(run: Run) -> Panel:
    """Each activity's terms, what else was tried, and its seeds; left out without choice.json."""
    if run.choice is None:
        return Panel(_TITLE, "")
    known = run.choice.activities
    shown = [activity for activity in run.activities if activity.name in known]
    body = render(
        "choice.html",
        "choice",
        blocks=[Block(each.name, _activity(run, each, known[each.name])) for each in shown],
        asked=any(known[each.name].reasons for each in shown),
        seeds=any(each.savings for each in shown),
        rule=run.choice.rule,
    )
    return Panel(_TITLE, body)


def duration_words(frames: float, fps: float | None) -> tuple[str, str]:
    """A duration in seconds, or as a clock shows it from a minute on, and in frames.

    The second is empty where no rate is known and the first is in frames.
    """
    in_frames = f"{frames:,.{int(frames < 10)}f} frames"
    if not fps:
        return in_frames, ""
    seconds = frames / fps
    return clock(seconds, 1) if seconds >= 60 else f"{seconds:.3g} s", in_frames


def _activity(run: Run, activity: Activity, settled: Settled) -> Markup:
    evidence, tried = settled.order_evidence, settled.tried
    tables = [_durations_table(run, settled)] if len(tried) > 1 else []
    if len(activity.savings) > 1:
        tables.append(_seeds_table(activity))
    return render(
        "choice.html",
        "activity",
        doubts=settled.doubts,
        terms=_terms_table(run, activity, settled),
        evidence=_evidence(evidence) if evidence else "",
        pictures=_pictures(run, activity, settled),
        tables=tables,
    )


def _terms_table(run: Run, activity: Activity, settled: Settled) -> Table:
    """Number of actions, duration, order and the seed that is shown first, each with its source."""
    values = {
        "num_actions": ("number of actions", Cell(str(settled.num_actions))),
        "duration": ("an action lasts", Cell(*duration_words(settled.duration, run.data.fps))),
        "order": ("order of actions", Cell(*_ORDERS.get(settled.order, ("",)))),
    }
    rows = []
    for term, (name, value) in values.items():
        source = settled.source(term)
        if getattr(settled, term):
            why = _WHY[source] if term not in settled.reasons else settled.reasons[term]
            rows.append(Row(name, [value, source, why]))
        else:
            rows.append(Row(name, ["–", source, "The solver's own numbers stand for it."]))
    if activity.savings:
        best, first = activity.savings[0], activity.members[0]
        why = (
            f"Its labels have the highest score of {counted(len(activity.savings), 'seed')}: they "
            f"save {best.nats:.2f} nats a frame and use {best.used} of {first.num_clusters} "
            "clusters."
        )
        rows.append(Row("seed shown first", [str(first.seed), "found", why]))
    caption = "What this run goes by"
    return Table(caption, [["", "value", "from", "why"]], rows, kind="plain")


def _evidence(evidence: OrderEvidence) -> str:
    """What was looked at for the order, in a line."""
    told = f"{100 * evidence.gain:.1f} %" if evidence.gain > 0 else "nothing"
    return (
        f"For the order: the other sequences tell {told} of what a sequence shows at the same "
        f"relative time, {evidence.deviations:.1f} deviations from what sequences shifted by "
        f"chance do; {evidence.recurrence:.1f} segments a sequence for each cluster that it has; "
        f"{evidence.nats:.2f} nats a frame saved without any order."
    )


def _pictures(run: Run, activity: Activity, settled: Settled) -> list[Picture]:
    """Curves over the durations and over the numbers of actions that were tried."""
    pictures = []
    if len(settled.tried) > 1:
        tried = sorted(settled.tried, key=lambda each: each.duration)
        unit = 1 / (run.data.fps or 1)
        curves = [
            TriedCurve(
                "nats saved a frame",
                {
                    "saved": [each.nats.values for each in tried],
                    "score": [[each.score] for each in tried],
                },
                limit=0.0,
            ),
            TriedCurve(
                f"clusters used, of {settled.num_actions}",
                {"": [each.used.values for each in tried]},
                limit=settled.num_actions,
            ),
            TriedCurve(
                "segments a sequence", {"": [each.segments.values for each in tried]}, log=True
            ),
        ]
        source = tried_curves(
            [each.duration * unit for each in tried],
            curves,
            chosen=settled.duration * unit,
            name=f"how long an action lasts [{'s' if run.data.fps else 'frames'}]",
            log=True,
        )
        alt = f"durations that were tried for {activity.name}"
        pictures.append(Picture(source, alt, "Durations tried", "dashed: the chosen one"))
    if len(settled.counts) > 1:
        nats = {"": [[each.nats] for each in settled.counts]}
        source = tried_curves(
            [each.num_actions for each in settled.counts],
            [TriedCurve("nats saved a frame", nats, limit=0.0)],
            chosen=settled.num_actions,
            name="number of actions",
        )
        alt = f"numbers of actions that were tried for {activity.name}"
        pictures.append(Picture(source, alt, "Numbers of actions tried", "k-means; dashed: chosen"))
    return pictures


def _durations_table(run: Run, settled: Settled) -> Table:
    """The durations that were tried, by their score."""
    rows = [
        Row(
            duration_words(each.duration, run.data.fps)[0],
            [
                f"{each.score:.3f}",
                _over_seeds(each.nats, 3),
                _over_seeds(each.used, 1),
                _over_seeds(each.segments, 1),
            ],
            kind="result" if math.isclose(each.duration, settled.duration) else "",
        )
        for each in sorted(settled.tried, key=lambda each: -each.score)
    ]
    chosen, _ = duration_words(settled.duration, run.data.fps)
    caption = f"Durations that were tried, the highest score first; chosen: {chosen}"
    return Table(caption, [["an action lasts", *_SCORES]], rows)


def _seeds_table(activity: Activity) -> Table:
    """The seeds of the main variant, the highest score first."""
    pairs = zip(activity.members, activity.savings, strict=True)
    rows = [
        Row(
            f"seed {member.seed}",
            [
                f"{each.score:.3f}",
                f"{each.nats:.3f}",
                f"{each.used} of {member.num_clusters}",
                f"{each.segments:.1f}",
            ],
            kind="result" if member == activity.members[0] else "",
        )
        for member, each in sorted(pairs, key=lambda pair: -pair[1].score)
    ]
    caption = "Seeds of this run, the highest score first; bold: the one that is shown first"
    return Table(caption, [["", *_SCORES]], rows)


def _over_seeds(spread: Spread, digits: int) -> Cell:
    remark = f"± {spread.std:.{digits}f}" if len(spread.values) > 1 else ""
    return Cell(f"{spread.mean:.{digits}f}", remark)
