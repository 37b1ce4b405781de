"""The scores of a run as a text table for the terminal."""

from collections.abc import Callable, Sequence

BASELINES = {"equal_split": "equal split", "one_class": "one class"}
GENERATED = "generated data: these scores are not comparable with any paper's figures"
NO_TRUTH = "no truth: no scores"
COLUMNS = (
    ("MoF", "full", "macro", "mof"),
    ("F1", "full", "macro", "f1"),
    ("mIoU", "full", "macro", "miou"),
    ("MoF pooled", "full", "pooled", "mof"),
    ("MoF/video", "per_video", "macro", "mof"),
    ("F1/video", "per_video", "macro", "f1"),
    ("mIoU/video", "per_video", "macro", "miou"),
)
SUPERVISED_COLUMNS = (
    ("accuracy", "full", "pooled", "accuracy"),
    ("edit", "full", "pooled", "edit"),
    ("F1@10", "full", "pooled", "f1@10"),
    ("F1@25", "full", "pooled", "f1@25"),
    ("F1@50", "full", "pooled", "f1@50"),
    ("acc./video", "per_video", "macro", "accuracy"),
    ("edit/video", "per_video", "macro", "edit"),
)


def summary_lines(evaluation: dict) -> list[str]:
    """An evaluation as a compact text table, one line an item."""
    lines = [evaluation["note"]] if "note" in evaluation else []
    lines += [
        f"{activity}: K = {found['chosen']} of those tried, then "
        f"{', '.join(map(str, found['runners_up'][:3]))}"
        for activity, found in evaluation.get("num_clusters", {}).items()
    ]
    splits = evaluation.get("generalisation", {}).get("splits", [])
    lines += split_lines(splits)
    for name, entry in evaluation["protocols"].items():
        lines += protocol_lines(name, entry, "split" if splits else "seed")
    if evaluation["data"]["generated"]:
        lines = [GENERATED, *lines, GENERATED]
    return lines


def split_lines(splits: Sequence[dict]) -> list[str]:
    """What was trained on and what was tested, and the classes that nobody could learn."""
    if not splits:
        return []
    train, test = (extent([split[part] for split in splits]) for part in ("train", "test"))
    lines = [f"generalisation: trained on {train} videos, tested on {test} others"]
    for split in splits:
        for activity, classes in split["unseen"].items():
            where = f"in the test videos alone of {activity}, split {split['seed']}"
            lines.append(f"note: {', '.join(classes)} {where}")
    return lines


def protocol_lines(name: str, entry: dict, repeat: str = "seed") -> list[str]:
    """The table of one protocol: variants, then baselines, then the highest F1 possible.

    Args:
        name: of the protocol.
        entry: its part of `evaluation.json`.
        repeat: what the spread is over, "seed" or "split".
    """
    counts = entry["counts"]
    scores = entry["baselines"]["equal_split"]["full"]["macro"]
    columns = SUPERVISED_COLUMNS if "accuracy" in scores else COLUMNS
    rows = [("", [title for title, *_ in columns])]
    for result in entry["results"]:
        number = len(result["seeds"])
        label = f"{result['variant'] or 'trained'} ({number} {repeat}{'s' * (number > 1)})"
        rows.append((label, cells(result, columns, lambda x: f"{x['mean']:.1f} ± {x['std']:.1f}")))
    for key, label in BASELINES.items():
        rows.append((label, cells(entry["baselines"][key], columns, lambda x: f"{x:.1f}")))
    width = max(len(label) for label, _ in rows)
    return [
        f"{name}: {extent(counts['videos'])} videos, {extent(counts['frames'])} frames,"
        f" {extent(counts['classes'])} classes; percent, mean ± std over {repeat}s",
        *(
            f"  {label:{width}}" + "".join(f"{value:>13}" for value in values)
            for label, values in rows
        ),
        *ceiling_lines(entry),
    ]


def ceiling_lines(entry: dict) -> list[str]:
    """The highest F1 that the truth allows, where the protocol has such a limit."""
    scores = entry["baselines"]["equal_split"]
    ceilings = [scores[part]["macro"].get("f1_ceiling") for part in ("full", "per_video")]
    if None in ceilings:
        return []
    return [f"  F1 is at most {ceilings[0]:.1f} on this truth, F1/video {ceilings[1]:.1f}"]


def extent(counts: int | Sequence[int]) -> str:
    """A number, or the least and the greatest of several."""
    if isinstance(counts, int):
        return f"{counts}"
    low, high = min(counts), max(counts)
    return f"{low}" if low == high else f"{low}-{high}"


def cells(result: dict, columns: Sequence[tuple], text: Callable[[object], str]) -> list[str]:
    """The scores of one row of the table as text."""
    return [text(result[part][average][key]) for _, part, average, key in columns]
