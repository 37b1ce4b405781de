"""Scores of a localisation run: tables, curves and kinds of errors, one protocol at a time."""

from collections.abc import Mapping
from typing import Any

from jaxseg.report.drawing.bars import Timeline, legend, strips
from jaxseg.report.drawing.colors import Paint
from jaxseg.report.drawing.markup import counted, figure, fold, grid, head_row, row, table, text
from jaxseg.report.localization.bars import Span, spans
from jaxseg.report.localization.figures import (
    Scores,
    map_curves,
    precision_recall_curves,
    recall_curves,
)
from jaxseg.report.localization.scores import Protocol, Result
from jaxseg.report.segmentation.tables import cell

# Colours that readers with colour blindness tell apart (Okabe and Ito 2008); grey is right.
_KIND_COLOURS = ("#b4b9bf", "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9")
_COUNTED = {
    "videos": ("video", ""),
    "classes": ("class", "classes"),
    "truths": ("true segment", ""),
    "predictions": ("proposal", ""),
}


def protocol_scores(name: str, protocol: Protocol) -> str:
    """What was scored under one protocol: sizes, mAP, curves; classes and settings folded."""
    remarks = "".join(f'<p class="note">{text(note)}</p>' for note in protocol.notes)
    classes = [_by_class(name, result) for result in protocol.results]
    parts = [
        f"<h3>Protocol {text(name)}</h3><p>{_sizes(protocol.counts)}</p>{remarks}",
        _averages(name, protocol.results),
        grid(_figures(name, protocol.results)),
    ]
    if any(classes):
        parts.append(fold(f"{text(name)} by class", grid(filter(None, classes))))
    if protocol.settings:
        rows = [row(text(key), [text(value)]) for key, value in protocol.settings.items()]
        body = table("From evaluation.json", head_row(["what", "value"]), rows, kind="plain")
        parts.append(fold(f"Settings of {text(name)}", body))
    return "".join(parts)


def _sizes(counts: Mapping[str, float]) -> str:
    """The sizes that every mAP depends on, in words."""
    known = [
        counted(round(counts[key]), *nouns) for key, nouns in _COUNTED.items() if key in counts
    ]
    return f"Scored on {', '.join(known)}." if known else ""


def _averages(name: str, results: tuple[Result, ...]) -> str:
    """A row a variant: mAP at each threshold, its means, and that of whole videos' classes."""
    thresholds = _ordered(key for result in results for key in result.scores)
    ranges = list(dict.fromkeys(key for result in results for key in result.averages))
    titles = ["result", *(f"@{key}" for key in thresholds), *ranges]
    whole = any(result.classification for result in results)
    rows = []
    for result in results:
        scores = [result.scores.get(key) for key in thresholds]
        scores += [result.averages.get(key) for key in ranges]
        scores += [result.classification] * whole
        rows.append(row(_title(result), [cell(score) for score in scores], kind="result"))
    caption = (
        f"{text(name)}, percent: mAP at each tIoU and its mean over a range"
        f"{'; of whole videos’ classes' if whole else ''}; {_spread(results)}"
    )
    return table(caption, head_row([*titles, *(["videos"] * whole)]), rows)


def _ordered(thresholds) -> list[str]:
    return sorted(dict.fromkeys(thresholds), key=float)


def _spread(results: tuple[Result, ...]) -> str:
    seeds = sorted({len(result.seeds) for result in results})
    return f"mean ± spread over {'/'.join(map(str, seeds))} seeds" if seeds != [1] else "one seed"


def _title(result: Result) -> str:
    return text(result.variant) or "run"


def _figures(name: str, results: tuple[Result, ...]) -> list[str]:
    """mAP over tIoU and recall over proposals of all variants; precision over recall of one."""
    pictures = []
    scores = _curved({result.variant: result.scores for result in results})
    if scores:
        alt = f"mAP against the tIoU threshold under {name}"
        caption = f"mAP <small>{text(name)}, {_spread(results)}</small>"
        pictures.append(figure(map_curves(scores), alt, caption))
    if results and results[0].curves:
        pictures.append(_precision_recall(name, results[0]))
    recalls = _curved({result.variant: result.recall for result in results})
    if recalls:
        alt = f"average recall against the number of proposals under {name}"
        caption = "Recall of proposals <small>whatever their labels, tIoU 0.5:0.95</small>"
        pictures.append(figure(recall_curves(recalls), alt, caption))
    return pictures


def _curved(scores: Scores) -> Scores:
    """Those that have at least two points."""
    return {
        variant: by_place
        for variant, by_place in scores.items()
        if sum(score is not None for score in by_place.values()) > 1
    }


def _precision_recall(name: str, result: Result) -> str:
    classes = counted(len(result.curves), "class", "classes")
    caption = (
        f"Precision and recall <small>{text(name)}, tIoU 0.5, seed {result.seeds[0]}: "
        f"{classes} and their mean</small>"
    )
    alt = f"precision against recall at tIoU 0.5 under {name}"
    return figure(precision_recall_curves(result.curves), alt, caption)


def _by_class(name: str, result: Result) -> str:
    """AP of every class at the thresholds that were kept."""
    if not result.classes:
        return ""
    thresholds = _ordered(key for scores in result.classes.values() for key in scores)
    rows = [
        row(text(label), [cell(scores.get(key)) for key in thresholds])
        for label, scores in result.classes.items()
    ]
    head = head_row(["class", *(f"@{key}" for key in thresholds)])
    return table(f"{text(name)}, AP in percent: {_title(result)}", head, rows)


def error_block(name: str, protocol: Protocol) -> str:
    """What proposals are, by kind, as a stacked bar a variant and as counts; "" without counts."""
    results = [result for result in protocol.results if result.errors]
    if not results:
        return ""
    kinds = list(dict.fromkeys(kind for result in results for kind in result.errors))
    fills = [_KIND_COLOURS[place % len(_KIND_COLOURS)] for place in range(len(kinds))]
    paints = {kind: Paint(fill, kind) for kind, fill in zip(kinds, fills, strict=True)}
    stacked = strips([(_title(result), _stack(result, paints)) for result in results], kind="wide")
    head = head_row(["proposals", *map(text, kinds), "missed truth"])
    rows = []
    for result in results:
        numbers: list[Any] = [*(result.errors.get(kind, 0.0) for kind in kinds), result.missed]
        rows.append(row(_title(result), ["–" if n is None else f"{n:,.0f}" for n in numbers]))
    caption = f"{text(name)}: proposals by kind, and true segments that none found; mean of seeds"
    return f"<h3>{text(name)}</h3>{legend(paints.values())}{stacked}{table(caption, head, rows)}"


def _stack(result: Result, paints: Mapping[str, Paint]) -> str:
    total, end, parts = sum(result.errors.values()), 0.0, []
    for kind, number in result.errors.items():
        start, end = end, end + number
        said = f"{kind}: {number:,.0f}, {100 * number / (total or 1):.1f} %"
        parts.append(Span(start, end, said, paints[kind].fill))
    return spans(parts, Timeline(total or 1), f"kinds of {total:,.0f} proposals")
