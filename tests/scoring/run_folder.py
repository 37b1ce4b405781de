"""A workdir for the stage that scores it, written by hand."""

import json
from pathlib import Path

from jaxseg.formats.labels import write_labels
from jaxseg.scoring.segments import evaluate

CLASSES = ["SIL", "pour", "stir"]


def write_run(root: Path, truth: dict, members: list[dict], predictions: dict, **facts) -> Path:
    """Writes what the stage reads.

    Args:
        truth: (activity, video) -> class indices.
        members: what `member` returns.
        predictions: (activity, directory, video) -> cluster numbers.
        facts: in place of the usual ones of `dataset.json`.
    """
    dataset = {"name": "small", "generated": False, "fps": None, "classes": CLASSES}
    dataset |= {"excluded": [], **facts}
    dataset["videos"] = [
        {"name": name, "activity": activity, "frames": len(labels), "labels": True}
        for (activity, name), labels in truth.items()
    ]
    (root / "dataset.json").write_text(json.dumps(dataset))
    (root / "members.json").write_text(json.dumps(members))
    for (activity, name), labels in truth.items():
        names = [dataset["classes"][label] for label in labels]
        write_labels(root / "truth" / activity / f"{name}.txt", names)
    for (activity, directory, name), labels in predictions.items():
        write_labels(root / "predictions" / activity / directory / f"{name}.txt", labels)
    return root


def member(activity: str, seed: int, *, variant: str = "", clusters: int = 2, test=()) -> dict:
    """An entry of `members.json`."""
    directory = f"seed{seed},{variant}" if variant else f"seed{seed}"
    entry = {"activity": activity, "seed": seed, "variant": variant, "num_clusters": clusters}
    entry |= {"num_steps": 10, "directory": directory}
    return entry | ({"test": list(test)} if test else {})


def run(root: Path, protocols=("asot-exact",), **rules) -> dict:
    """The stage, with the drawing's seed at 0."""
    return evaluate(root, protocols=protocols, seed=0, **rules)
