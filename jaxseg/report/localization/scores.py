"""Scores of a localization run: tables, curves and kinds of errors, one protocol at a time."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from jaxseg.report.drawing.bars import Span, Strip, Timeline, spans
from jaxseg.report.drawing.colors import Paint, kind_paints
from jaxseg.report.drawing.figures import (
    Scores,
    map_curves,
    precision_recall_curves,
    recall_curves,
)
from jaxseg.report.drawing.page import (
    Panel,
    Picture,
    Row,
    Table,
    counted,
    render,
    score_cell,
    settings_table,
)
from jaxseg.report.localization.run import Run
from jaxseg.runfiles.evaluation import LocalizationProtocol, LocalizationResult

_COUNTED = {
    "videos": ("video", ""),
    "classes": ("class", "classes"),
    "truths": ("true segment", ""),
    "predictions": ("proposal", ""),
}


class ProtocolScores(NamedTuple):
    """What was scored under one protocol.

    Attributes:
        sizes: what every mAP depends on, in words.
        notes: remarks, one sentence each.
        averages: mAP of each variant.
        pictures: curves.
        by_class: AP of every class, a table a variant.
        settings: of the evaluator.
    """

    name: str
    sizes: Sequence[str]
    notes: Sequence[str]
    averages: Table
    pictures: Sequence[Picture]
    by_class: Sequence[Table]
    settings: Table | None


def scores_panel(run: Run) -> Panel:
    """All scores, one protocol after the other; or why there are none."""
    protocols = run.scores.protocols if run.scores else {}
    body = render(
        "localization.html",
        "scores",
        run=run,
        protocols=[_protocol_scores(name, protocol) for name, protocol in protocols.items()],
    )
    return Panel("Scores", body)


def _protocol_scores(name: str, protocol: LocalizationProtocol) -> ProtocolScores:
    sizes = [
        counted(round(protocol.counts[key]), *nouns)
        for key, nouns in _COUNTED.items()
        if key in protocol.counts
    ]
    return ProtocolScores(
        name=name,
        sizes=sizes,
        notes=protocol.notes,
        averages=_averages(name, protocol.results),
        pictures=_pictures(name, protocol.results),
        by_class=[_by_class(name, result) for result in protocol.results if result.classes],
        settings=settings_table(protocol.settings),
    )


def _averages(name: str, results: Sequence[LocalizationResult]) -> Table:
    """A row a variant: mAP at each threshold, its means, and that of whole videos' classes."""
    thresholds = _ordered(key for result in results for key in result.scores)
    ranges = list(dict.fromkeys(key for result in results for key in result.averages))
    rows = []
    for result in results:
        scores = [result.scores.get(key) for key in thresholds]
        scores += [result.averages.get(key) for key in ranges]
        scores.append(result.classification)
        rows.append(Row(_title(result), [score_cell(score) for score in scores], kind="result"))
    caption = (
        f"{name}, percent: mAP at each tIoU and its mean over a range; of whole videos’ classes; "
        f"{_spread(results)}"
    )
    titles = ["result", *(f"@{key}" for key in thresholds), *ranges, "videos"]
    return Table(caption, [titles], rows)


def _ordered(thresholds: Iterable[str]) -> list[str]:
    return sorted(dict.fromkeys(thresholds), key=float)


def _spread(results: Sequence[LocalizationResult]) -> str:
    seeds = sorted({len(result.seeds) for result in results})
    return f"mean ± spread over {'/'.join(map(str, seeds))} seeds" if seeds != [1] else "one seed"


def _title(result: LocalizationResult) -> str:
    return result.variant or "run"


def _pictures(name: str, results: Sequence[LocalizationResult]) -> list[Picture]:
    """mAP over tIoU and recall over proposals of all variants; precision over recall of one."""
    pictures = []
    scores = _curves({result.variant: result.scores for result in results})
    if scores:
        alt = f"mAP against the tIoU threshold under {name}"
        pictures.append(Picture(map_curves(scores), alt, "mAP", f"{name}, {_spread(results)}"))
    if results and results[0].curves:
        first = results[0]
        classes = counted(len(first.curves), "class", "classes")
        picture = Picture(
            source=precision_recall_curves(first.curves),
            alt=f"precision against recall at tIoU 0.5 under {name}",
            title="Precision and recall",
            remark=f"{name}, tIoU 0.5, seed {first.seeds[0]}: {classes} and their mean",
        )
        pictures.append(picture)
    recalls = _curves({result.variant: result.recall for result in results})
    if recalls:
        picture = Picture(
            source=recall_curves(recalls),
            alt=f"average recall against the number of proposals under {name}",
            title="Recall of proposals",
            remark="whatever their labels, tIoU 0.5:0.95",
        )
        pictures.append(picture)
    return pictures


def _curves(scores: Scores) -> Scores:
    """Those that have at least two points."""
    return {variant: by_place for variant, by_place in scores.items() if len(by_place) > 1}


def _by_class(name: str, result: LocalizationResult) -> Table:
    """AP of every class at the thresholds that were kept."""
    thresholds = _ordered(key for scores in result.classes.values() for key in scores)
    rows = [
        Row(label, [score_cell(scores.get(key)) for key in thresholds])
        for label, scores in result.classes.items()
    ]
    head = [["class", *(f"@{key}" for key in thresholds)]]
    return Table(f"{name}, AP in percent: {_title(result)}", head, rows)


class Errors(NamedTuple):
    """What the detections are under one protocol, by kind: a stacked bar a variant, and counts."""

    name: str
    legend: Sequence[Paint]
    strips: Sequence[Strip]
    table: Table


def errors_panel(run: Run) -> Panel:
    """Kinds of errors under each protocol; left out where they were not counted."""
    protocols = run.scores.protocols if run.scores else {}
    blocks = [
        _errors(name, [result for result in protocol.results if result.errors])
        for name, protocol in protocols.items()
        if any(result.errors for result in protocol.results)
    ]
    return Panel("Errors", render("localization.html", "errors", blocks=blocks) if blocks else "")


def _errors(name: str, results: Sequence[LocalizationResult]) -> Errors:
    kinds = list(dict.fromkeys(kind for result in results for kind in result.errors))
    paints = kind_paints(kinds)
    rows = [
        Row(_title(result), [f"{n:,.0f}" for n in (*_counts(result, kinds), result.missed)])
        for result in results
    ]
    return Errors(
        name=name,
        legend=list(paints.values()),
        strips=[Strip(_title(result), _stacked(result, paints)) for result in results],
        table=Table(
            f"{name}: proposals by kind, and true segments that none found; mean of seeds",
            [["proposals", *kinds, "missed truth"]],
            rows,
        ),
    )


def _counts(result: LocalizationResult, kinds: Sequence[str]) -> list[float]:
    return [result.errors.get(kind, 0.0) for kind in kinds]


def _stacked(result: LocalizationResult, paints: Mapping[str, Paint]) -> str:
    total, end, parts = sum(result.errors.values()), 0.0, []
    for kind, number in result.errors.items():
        start, end = end, end + number
        title = f"{kind}: {number:,.0f}, {100 * number / (total or 1):.1f} %"
        parts.append(Span(start, end, title, paints[kind].fill))
    return spans(parts, Timeline(total or 1), f"kinds of {total:,.0f} proposals")
