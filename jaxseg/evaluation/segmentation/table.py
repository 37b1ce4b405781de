"""Results of several protocols side by side, as text for the terminal."""

from collections.abc import Sequence

FRAME_COLUMNS = {
    "mof_pooled": "MoF",
    "mof_macro": "macro",
    "mof_video": "/video",
    "f1": "F1",
    "f1_ceiling": "(most)",
    "precision": "prec",
    "recall": "recall",
    "miou": "mIoU",
    "jsd": "JSD",
}
NAME_COLUMNS = {
    "accuracy": "acc",
    "edit": "edit",
    "f1@10": "F1@10",
    "f1@25": "F1@25",
    "f1@50": "F1@50",
}
BASELINES = {"equal_split": "  equal split", "one_class": "  one class"}
AVERAGES = {
    "macro": "mean of activities",
    "pooled": "all frames together",
    "video": "mean of videos",
    "splits": "mean of splits",
}
LEGEND = (
    "percent. MoF: all frames, mean of activities, mean of videos. (most): what F1 can reach on"
    " this truth. JSD: less is better."
)


def table_lines(results: Sequence[dict]) -> list[str]:
    """The table: a row a protocol, its trivial baselines under it."""
    frames = [result for result in results if "accuracy" not in result["metrics"]]
    names = [result for result in results if "accuracy" in result["metrics"]]
    lines = []
    if frames:
        lines += [heading(FRAME_COLUMNS)]
        for result in frames:
            lines += [row(result, result["metrics"], FRAME_COLUMNS), *baseline_rows(result)]
        lines += [LEGEND]
    for result in names:
        lines += [heading(NAME_COLUMNS), *name_rows(result), *baseline_rows(result)]
    return lines + left_out(results)


def heading(columns: dict[str, str]) -> str:
    """Titles of the columns."""
    sizes = f"{'videos':>7}{'frames':>11}{'classes':>8}  "
    return f"{'protocol':<20}{'match':<9}{sizes}" + cells(columns.values())


def row(result: dict, scores: dict, columns: dict[str, str]) -> str:
    """One protocol with what it was scored on."""
    sizes = f"{result['videos']:>7,}{result['frames']:>11,}{result['classes']:>8}  "
    values = cells(number(scores.get(key)) for key in columns)
    return f"{result['protocol']:<20}{result['match']:<9}{sizes}{values}"


def more(label: str, scores: dict, columns: dict[str, str]) -> str:
    """A row under a protocol's."""
    return f"{label:<57}" + cells(number(scores.get(key)) for key in columns)


def name_rows(result: dict) -> list[str]:
    """The row of a supervised protocol, and its other averages."""
    rows = [row(result, result["metrics"], NAME_COLUMNS) + f"   {AVERAGES[result['average']]}"]
    others = {key: each for key, each in result["averages"].items() if key != result["average"]}
    if len(result["activities"]) == 1:
        others.pop("macro", None)
    return rows + [more(f"  {AVERAGES[key]}", each, NAME_COLUMNS) for key, each in others.items()]


def baseline_rows(result: dict) -> list[str]:
    """Rows of the two trivial predictions."""
    columns = NAME_COLUMNS if "accuracy" in result["metrics"] else FRAME_COLUMNS
    found = result.get("baselines", {})
    return [more(label, found[key], columns) for key, label in BASELINES.items() if key in found]


def left_out(results: Sequence[dict]) -> list[str]:
    """Which classes did not count, and what was drawn."""
    exclude = results[0]["exclude"]
    dropped = ", ".join(map(str, exclude["drop"])) or "none"
    background = ", ".join(map(str, exclude["background"])) or "none"
    lines = [f"classes dropped: {dropped}; background: {background}"]
    drawn = {each["protocol"]: each["seed"] for each in results if each["seed"] is not None}
    if drawn:
        lines += [f"frames drawn with seed {min(drawn.values())}: {', '.join(drawn)}"]
    skipped = max(result["videos_skipped"] for result in results)
    return lines + ([f"{skipped} videos hold dropped classes only"] if skipped else [])


def cells(values) -> str:
    """Right-aligned columns."""
    return "".join(f"{value:>8}" for value in values)


def number(value: float | None) -> str:
    """One decimal, as papers print it."""
    return "-" if value is None else f"{value:.1f}"
