"""Localisation results of several protocols side by side, as text for the terminal."""

from collections.abc import Sequence

from jaxseg.evaluation.localization.diagnosis import KINDS

SHOWN_AN = (1, 5, 10, 50, 100)


def table_lines(
    results: Sequence[dict], *, errors: bool = False, proposals: bool = False
) -> list[str]:
    """The table: a row a protocol; then errors and proposals where asked for; then the notes."""
    lines = [heading(results[0]), *map(row, results)]
    subset = f"subset {results[0]['subset']}, " if results[0]["subset"] else ""
    lines.append(
        f"{subset}percent: mAP at each tIoU, its means, mAP of whole videos' classes (class)"
    )
    if errors:
        lines += error_lines(results)
    if proposals:
        lines += proposal_lines(results)
    return lines + [f"{each['protocol']}: {note}" for each in results for note in each["notes"]]


def heading(result: dict) -> str:
    """Titles of the columns."""
    sizes = f"{'videos':>7}{'classes':>8}{'truths':>8}{'predictions':>12} "
    thresholds = [f"@{threshold:g}" for threshold in result["tiou"]]
    return f"{'protocol':<10}{sizes}{cells(thresholds)} {cells(result['averages'], 9)}{'class':>7}"


def row(result: dict) -> str:
    """One protocol with what it was scored on."""
    sizes = (
        f"{result['videos']:>7,}{result['classes']:>8}{result['truths']:>8,}"
        f"{result['predictions']:>12,} "
    )
    scores = cells(map(number, result["map"]))
    means = cells(map(number, result["averages"].values()), 9)
    video = number(result["classification_map"])
    return f"{result['protocol']:<10}{sizes}{scores} {means}{video:>7}"


def error_lines(results: Sequence[dict]) -> list[str]:
    """How many predictions are of each kind, and how many true segments are missed."""
    width = 18
    lines = [f"{'at tIoU 0.5':<12}{cells([*KINDS, 'missed truths'], width)}"]
    for result in results:
        found = result["errors"]
        numbers = [f"{found['all'][kind]:,}" for kind in KINDS] + [f"{found['missed']:,}"]
        lines.append(f"{result['protocol']:<12}{cells(numbers, width)}")
    return lines


def proposal_lines(results: Sequence[dict]) -> list[str]:
    """Average recall at a few numbers of proposals."""
    lines = [f"{'recall':<12}{cells([f'AR@{count}' for count in SHOWN_AN] + ['AUC'], 9)}"]
    for result in results:
        recall = result["proposals"]
        values = [number(recall["ar"][count - 1]) for count in SHOWN_AN] + [number(recall["auc"])]
        lines.append(f"{result['protocol']:<12}{cells(values, 9)}")
    return lines


def cells(values, width: int = 7) -> str:
    """Right-aligned columns."""
    return "".join(f"{value:>{width}}" for value in values)


def number(value: float) -> str:
    """Two decimals: protocols differ by less than one."""
    return f"{value:.2f}"
