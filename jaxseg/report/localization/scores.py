"""Scores of a localization run: tables, curves and kinds of errors, one protocol at a time."""

from collections.abc import Iterable, Mapping, Sequence

from markupsafe import Markup

from jaxseg.report.drawing.bars import Span, Strip, Timeline, spans
from jaxseg.report.drawing.colors import Paint, kind_paints
from jaxseg.report.drawing.figures import Scores, map_curves, precision_recall_curves, recall_curves
from jaxseg.report.drawing.page import (
    Panel,
    Picture,
    Row,
    Table,
    counted,
    render,
    score_cell,
    settings_table,
    spread_words,
)
from jaxseg.report.localization.run import Run
from jaxseg.runfiles.evaluation import LocalizationProtocol, LocalizationResult, mean_of

_COUNTED = {
    "videos": ("video", ""),
    "classes": ("class", "classes"),
    "truths": ("true segment", ""),
    "predictions": ("proposal", ""),
}


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


def _protocol_scores(name: str, protocol: LocalizationProtocol) -> Markup:
    """What every mAP depends on in words, remarks, tables and curves of one protocol."""
    sizes = [
        counted(round(mean_of(protocol.counts[key])), *nouns)
        for key, nouns in _COUNTED.items()
        if key in protocol.counts
    ]
    return render(
        "localization.html",
        "protocol_scores",
        name=name,
        sizes=sizes,
        notes=protocol.notes,
        averages=_averages(name, protocol.results),
        pictures=_pictures(name, protocol.results),
        by_class=[_by_class(name, each) for each in protocol.results if each.average_precision],
        settings=settings_table(protocol.settings),
    )


def _averages(name: str, results: Sequence[LocalizationResult]) -> Table:
    """A row a variant: mAP at each threshold, its means, and that of whole videos' classes."""
    thresholds = _ordered(key for result in results for key in result.map)
    ranges = list(dict.fromkeys(key for result in results for key in result.averages))
    rows = []
    for result in results:
        scores = [result.map.get(key) for key in thresholds]
        scores += [result.averages.get(key) for key in ranges]
        scores.append(result.classification_map)
        rows.append(Row(_title(result), [score_cell(score) for score in scores], kind="result"))
    caption = (
        f"{name}, percent: mAP at each tIoU and its mean over a range; of whole videos’ classes; "
        f"{spread_words(results)}"
    )
    titles = ["result", *(f"@{key}" for key in thresholds), *ranges, "videos"]
    return Table(caption, [titles], rows)


def _ordered(thresholds: Iterable[str]) -> list[str]:
    return sorted(dict.fromkeys(thresholds), key=float)


def _title(result: LocalizationResult) -> str:
    return result.variant or "run"


def _pictures(name: str, results: Sequence[LocalizationResult]) -> list[Picture]:
    """mAP over tIoU and recall over proposals of all variants; precision over recall of one."""
    pictures = []
    scores = _curves({result.variant: result.map for result in results})
    if scores:
        alt = f"mAP against the tIoU threshold under {name}"
        pictures.append(Picture(map_curves(scores), alt, "mAP", f"{name}, {spread_words(results)}"))
    if results and results[0].precision_recall:
        first = results[0]
        classes = counted(len(first.precision_recall), "class", "classes")
        picture = Picture(
            source=precision_recall_curves(first.precision_recall),
            alt=f"precision against recall at tIoU 0.5 under {name}",
            title="Precision and recall",
            remark=f"{name}, tIoU 0.5, seed {first.seeds[0]}: {classes} and their mean",
        )
        pictures.append(picture)
    recalls = _curves({result.variant: result.recall.ar for result in results})
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
    thresholds = _ordered(key for scores in result.average_precision.values() for key in scores)
    rows = [
        Row(label, [score_cell(scores.get(key)) for key in thresholds])
        for label, scores in result.average_precision.items()
    ]
    head = [["class", *(f"@{key}" for key in thresholds)]]
    return Table(f"{name}, AP in percent: {_title(result)}", head, rows)


def errors_panel(run: Run) -> Panel:
    """Kinds of errors under each protocol; left out where they were not counted."""
    protocols = run.scores.protocols if run.scores else {}
    blocks = [
        _errors(name, [result for result in protocol.results if result.errors.all])
        for name, protocol in protocols.items()
        if any(result.errors.all for result in protocol.results)
    ]
    return Panel("Errors", render("localization.html", "errors", blocks=blocks) if blocks else "")


def _errors(name: str, results: Sequence[LocalizationResult]) -> Markup:
    """The detections under one protocol by kind: a stacked bar a variant, and their counts."""
    kinds = list(dict.fromkeys(kind for result in results for kind in result.errors.all))
    paints = kind_paints(kinds)
    rows = []
    for result in results:
        numbers = [mean_of(result.errors.all.get(kind, 0.0)) for kind in kinds]
        numbers.append(mean_of(result.errors.missed))
        rows.append(Row(_title(result), [f"{number:,.0f}" for number in numbers]))
    caption = f"{name}: proposals by kind, and true segments that none found; mean of seeds"
    return render(
        "localization.html",
        "protocol_errors",
        name=name,
        legend=paints.values(),
        strips=[Strip(_title(result), _stacked(result, paints)) for result in results],
        table=Table(caption, [["proposals", *kinds, "missed truth"]], rows),
    )


def _stacked(result: LocalizationResult, paints: Mapping[str, Paint]) -> Markup:
    counts = {kind: mean_of(count) for kind, count in result.errors.all.items()}
    total, end, parts = sum(counts.values()), 0.0, []
    for kind, number in counts.items():
        start, end = end, end + number
        title = f"{kind}: {number:,.0f}, {100 * number / (total or 1):.1f} %"
        parts.append(Span(start, end, title, paints[kind].fill))
    return spans(parts, Timeline(total or 1), f"kinds of {total:,.0f} proposals")
