"""A small run of GauFuse, written by hand: pseudo-labels of a training video, instances before."""

import json
from pathlib import Path

import localization_runs
import numpy as np
from localization_runs import CLASSES, DIVE, THROW, write_json

# Two seconds a snippet, of which the training video "c" has nine.
SNIPPET = 2.0
LABELS_TRUTH = [(THROW, 12.0, 16.0), (DIVE, 2.0, 8.0)]
EPOCHS = (200.0, 230.0, 245.5)
# Of each refresh: class, first snippet, stop, label; the rest is 0.
PLATEAUS = [
    [(DIVE, 0, 6, 0.10), (THROW, 6, 9, 0.05)],
    [(DIVE, 1, 5, 0.20), (THROW, 6, 8, 0.05)],
    [(DIVE, 1, 4, 0.25), (THROW, 6, 8, 0.05)],
]
PEAK = 0.25
# Of each refresh: class index (3 is the background), start, end, score.
FUSED = [
    [(0, 0.0, 6.0, 0.8), (1, 6.0, 9.0, 0.4), (3, 0.0, 9.0, 0.9)],
    [(0, 1.0, 5.0, 0.8), (1, 6.0, 8.0, 0.2)],
    [(0, 1.0, 4.5, 0.8)],
]
# Of the test videos: class index, start, end in seconds, score.
BEFORE = [(0, 2.5, 5.0, 0.5), (0, 1.0, 7.0, 0.9), (0, 2.0, 6.0, -0.1), (1, 7.0, 8.0, 0.3)]


def labels(refresh: int) -> np.ndarray:
    """[9, 4]; the background has a label everywhere."""
    curve = np.zeros((9, len(CLASSES) + 1), np.float32)
    curve[:, -1] = 0.7
    for name, start, stop, value in PLATEAUS[refresh]:
        curve[start:stop, CLASSES.index(name)] = value
    return curve


def refresh(number: int, *, video: str = "c") -> dict[str, np.ndarray]:
    """What is in `pseudo_labels/<number>.npz`."""
    label, start, end, score = np.array(FUSED[number]).T
    columns = {"label": label.astype(int), "start": start, "end": end, "score": score}
    columns["labels"] = labels(number)
    named = {f"seed0/{video}/{name}": array for name, array in columns.items()}
    return named | {"epoch": np.array(EPOCHS[number]), "shown": np.array([video])}


def score_map() -> dict[str, np.ndarray]:
    """A test video's map with one stream of attention and the instances before fusion."""
    arrays = localization_runs.arrays()
    label, start, end, score = np.array(BEFORE).T
    return {name: arrays[name] for name in ("map", "video_scores", "seconds")} | {
        "attention": arrays["attention_rgb"],
        "instances_label": label,
        "instances_start": start,
        "instances_end": end,
        "instances_score": score,
    }


def write(root: Path, *, num_refreshes: int = 3, method: str = "fusion", **options) -> Path:
    """The run of `localization_runs` as GauFuse's, without clusters, and without curves to plot."""
    localization_runs.write(root, **options)
    write_json(root / "config.json", {"method": "gaufuse", "predict": {"method": method}})
    for name in ("clusters.json", "metrics.jsonl", "evaluation.json"):
        (root / name).unlink()
    for path in (root / "maps/seed0").glob("*.npz"):
        np.savez(path, **score_map())
    truth = json.loads((root / "truth.json").read_text())
    segments = [{"label": label, "segment": [start, end]} for label, start, end in LABELS_TRUTH]
    truth["database"]["c"] = {"subset": "train", "annotations": segments}
    write_json(root / "truth.json", truth)
    folder = root / "pseudo_labels"
    folder.mkdir()
    for number in range(num_refreshes):
        np.savez(folder / f"{number}.npz", **refresh(number))
        (folder / f"{number}.all.npz").write_text("of all videos, and not the report's")
    return root
