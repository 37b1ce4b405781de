"""Scores and confusions as HTML tables."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from jaxseg.report.drawing.figures import seed_dots
from jaxseg.report.drawing.markup import figure, fold, grid, head_row, row, table, text

METRICS = {
    "mof": "MoF",
    "f1": "F1",
    "miou": "mIoU",
    "accuracy": "accuracy",
    "edit": "edit",
    "f1@10": "F1@10",
    "f1@25": "F1@25",
    "f1@50": "F1@50",
}
BASELINES = {"equal_split": "equal split", "one_class": "one class"}
_AVERAGES = {
    "full, macro": ("full", "macro"),
    "full, pooled": ("full", "pooled"),
    "per video": ("per_video", "macro"),
}


def protocol_scores(
    name: str, protocol: Mapping[str, Any], *, opened: bool, repeat: str = "seed"
) -> str:
    """Everything scored under one protocol: averages, then activities, seeds and settings.

    Only the averages are in sight at once unless `opened`; other variants stay folded. `repeat`
    is what spreads are over, "seed" or "split".
    """
    results, baselines = protocol["results"], protocol["baselines"]
    parts = [f"<h3>Protocol {text(name)}</h3>", _averages(name, results, baselines, repeat)]
    details = [_by_activity(name, result, baselines) for result in results]
    if any(details):
        main = details[0] + _dots(name, results[0], baselines, repeat)
        parts.append(main if opened else fold(f"{text(name)} by activity", main))
        parts += [
            fold(f"{text(name)} by activity: {_title(result)}", body)
            for result, body in zip(results[1:], details[1:], strict=True)
        ]
    described = {**protocol.get("settings", {}), **protocol.get("counts", {})}
    if described:
        rows = [row(text(key), [text(value)]) for key, value in described.items()]
        body = table("From evaluation.json", head_row(["what", "value"]), rows, kind="plain")
        parts.append(fold(f"Settings and counts of {text(name)}", body))
    return "".join(parts)


def _metrics(result: Mapping[str, Any]) -> dict[str, str]:
    """Title of each score that the result's protocol has."""
    scores = result["full"]["macro"]
    return {key: title for key, title in METRICS.items() if key in scores}


def _averages(
    name: str, results: Sequence[Mapping], baselines: Mapping[str, Mapping], repeat: str
) -> str:
    metrics = _metrics(results[0])
    head = head_row(["", *_AVERAGES], span=len(metrics))
    head += head_row(["result", *(list(metrics.values()) * len(_AVERAGES))])
    trivial = [baselines[key] for key in BASELINES if key in baselines]
    rows = [row(_title(r), _average_cells(r, trivial), kind="result") for r in results]
    rows += [
        row(title, _average_cells(baselines[key], []), kind="baseline")
        for key, title in BASELINES.items()
        if key in baselines
    ]
    seeds = sorted({len(result["seeds"]) for result in results})
    several = f"mean ± spread over {'/'.join(map(str, seeds))} {repeat}s"
    spread = several if seeds != [1] else f"one {repeat}"
    return table(f"{text(name)}, percent: {spread}; two trivial baselines", head, rows)


def _average_cells(scores: Mapping[str, Any], trivial: Sequence[Mapping]) -> list[str]:
    cells = []
    for matching, average in _AVERAGES.values():
        for metric in _metrics(scores):
            own, *others = (s[matching][average].get(metric) for s in [scores, *trivial])
            cells.append(cell(own, others))
    return cells


def _by_activity(name: str, result: Mapping[str, Any], baselines: Mapping[str, Mapping]) -> str:
    scores = result["full"].get("by_activity", {})
    if not scores:
        return ""
    trivial = {
        title: baselines[key]["full"]["by_activity"]
        for key, title in BASELINES.items()
        if key in baselines
    }
    metrics = _metrics(result)
    head = head_row(["", *metrics.values()], span=1 + len(trivial))
    head += head_row(["activity", *(["run", *trivial] * len(metrics))])
    rows = []
    for activity, values in scores.items():
        cells = []
        for metric in metrics:
            others = [by.get(activity, {}).get(metric) for by in trivial.values()]
            cells += [cell(values.get(metric), others), *map(_baseline_cell, others)]
        rows.append(row(text(activity), cells))
    caption = f"{text(name)}, full, by activity, percent: {_title(result)} and trivial baselines"
    return table(caption, head, rows)


def cell(value: float | Mapping[str, Any] | None, trivial: Sequence[float | None] = ()) -> str:
    """A score: mean ± spread where there are several seeds; marked when below a `trivial` one."""
    if value is None:
        return '<td class="missing">–</td>'
    if not isinstance(value, Mapping):
        return f"<td>{value:.1f}</td>"
    spread = f"<small> ± {value['std']:.1f}</small>" if len(value["values"]) > 1 else ""
    if any(other is not None and value["mean"] < other for other in trivial):
        return (
            f'<td class="below" title="below a trivial baseline">{value["mean"]:.1f}{spread}</td>'
        )
    return f'<td class="run">{value["mean"]:.1f}{spread}</td>'


def _baseline_cell(value: float | None) -> str:
    return cell(value).replace("<td>", '<td class="baseline">')


def _title(result: Mapping[str, Any]) -> str:
    return text(result["variant"]) or "trained"


def _dots(
    name: str, result: Mapping[str, Any], baselines: Mapping[str, Mapping], repeat: str
) -> str:
    scores = result["full"].get("by_activity", {})
    pictures = []
    for metric, title in _metrics(result).items():
        values = {a: s[metric]["values"] for a, s in scores.items() if metric in s}
        trivial = {
            BASELINES[key]: {a: s[metric] for a, s in baselines[key]["full"]["by_activity"].items()}
            for key in BASELINES
            if key in baselines
        }
        if values:
            caption = f"{title} <small>{text(name)}, full</small>"
            alt = f"{title} of every {repeat} by activity beside the trivial baselines"
            pictures.append(figure(seed_dots(values, trivial), alt, caption))
    marks = f"● a {repeat}, | their mean, ▲ equal split, × one class"
    return f'{grid(pictures)}<p class="note">{marks}</p>' if pictures else ""


def confusion_table(counts: np.ndarray, classes: Sequence[str], caption: str) -> str:
    """A row-normalised confusion of truth and matched prediction.

    Args:
        counts: [classes, classes + 1] frames; the last column is of unmatched clusters.
        classes: names of the rows.
    """
    columns = [*classes, "unmatched"]
    rotated = "".join(f'<th scope="col"><span>{text(name)}</span></th>' for name in columns)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    rows = [
        row(text(name), [_share_cell(name, *pair) for pair in zip(columns, line, strict=True)])
        for name, line in zip(classes, shares, strict=True)
    ]
    head = f'<tr><th scope="col">truth ↓ prediction →</th>{rotated}</tr>'
    return table(caption, head, rows, kind="confusion")


def _share_cell(truth: str, predicted: str, share: float) -> str:
    if share < 0.005:
        return f'<td class="{"hit" if truth == predicted else ""}"></td>'
    kind = ("strong" if share > 0.5 else "weak") + (" hit" if truth == predicted else "")
    title = f"{truth} taken for {predicted}: {100 * share:.1f} %"
    look = f'class="{kind}" style="--share:{share:.2f}"'
    return f'<td {look} title="{text(title)}">{100 * share:.0f}</td>'
