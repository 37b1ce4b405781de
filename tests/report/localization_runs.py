"""A small localization run, written by hand, so that what is drawn can be known in advance."""

import json
from pathlib import Path

import numpy as np

DIVE, THROW, COFFEE = CLASSES = ["dive", 'throw <&> "it"', "café"]
SEEDS = (0, 1)
# Ten seconds, of which four snippets cover the first eight.
SECONDS = [0.0, 2.0, 4.0, 6.0, 8.0]
TRUTH = [(THROW, 7.0, 9.0), (DIVE, 2.0, 6.0)]
PROPOSALS = [
    (DIVE, 0.4, 1.0, 7.0),
    (DIVE, 0.8, 2.0, 5.5),
    (DIVE, -0.1, 8.0, 9.0),
    (COFFEE, 0.2, 0.0, 1.0),
]
# Cluster 0 is surely foreground, 2 just so.
ROLES = [[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.1, 0.9]]
LIKELIEST = [3, 0, 0, 1]
VERSIONS = {
    "packages": {"jax": "9.8.7"},
    "python": "3.14",
    "platform": "loom",
    "device": "abacus",
    "commit": None,
    "command": ["main.py"],
}
KINDS = {"correct": 30.0, "wrong label": 10.0, "background": 60.0}


def spread(mean: float) -> dict:
    return {"mean": mean, "std": 1.25, "values": [mean - 1.25, mean + 1.25]}


def arrays() -> dict[str, np.ndarray]:
    """A video's score map: dive from second 2 to 6."""
    clusters = np.full((4, 4), 0.1)
    clusters[np.arange(4), LIKELIEST] = 0.7
    return {
        "map": np.array([[0, 0, 0.1], [1, 0, 0.1], [0.5, 0, 0.1], [0, 0.75, 0.1]]),
        "attention_rgb": np.array([0, 1, 1, 0.25]),
        "attention_flow": np.array([0, 0.5, 0.5, 0]),
        "clusters": clusters,
        "video_scores": np.array([0.83, 0.26, 0.07]),
        "seconds": np.array(SECONDS),
    }


def result(variant: str, mean: float) -> dict:
    return {
        "variant": variant,
        "seeds": list(SEEDS),
        "map": {"0.3": spread(mean), "0.5": spread(mean - 20)},
        "averages": {"0.3:0.5": spread(mean - 10)},
        "classification_map": spread(mean + 30),
        "average_precision": {name: {"0.5": spread(mean - 30)} for name in CLASSES},
        "errors": {"all": {kind: spread(n) for kind, n in KINDS.items()}, "missed": spread(7.0)},
        "recall": {"auc": spread(50.0), "ar": {"1": spread(20.0), "100": spread(70.0)}},
        "precision_recall": {DIVE: [[25.0, 100.0], [50.0, 80.0]], THROW: [], COFFEE: [[100, 10]]},
    }


def evaluation() -> dict:
    protocol = {
        "settings": {"rule": "by falling score"},
        "counts": {"videos": 3, "classes": 3, "truths": 1234, "predictions": spread(5678.0)},
        "results": [result("", 61.5), result("model.omega=1", 51.5)],
        "notes": ["classes without predictions: café"],
    }
    return {
        "task": "localization",
        "units": "percent",
        "checkpoint": "last: the parameters after step 20",
        "protocols": {"anet": protocol, "wtalc": protocol},
    }


def annotations() -> dict:
    segments = [{"label": label, "segment": [start, end]} for label, start, end in TRUTH]
    return {
        "database": {
            name: {"subset": "test", "duration": None, "annotations": segments}
            for name in ("a", "b")
        }
        | {"d": {"subset": "test", "duration": None, "annotations": []}}
    }


def detections() -> dict:
    entries = [
        {"label": label, "score": score, "segment": [start, end]}
        for label, score, start, end in PROPOSALS
    ]
    return {"version": "jaxseg", "results": dict.fromkeys(("a", "b", "d"), entries)}


def write_json(path: Path, content) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")


def write(root: Path, *, generated: bool = False, videos=("a", "b", "d")) -> Path:
    """Three test videos, two of them with truth and a score map; two variants of two seeds."""
    listed = [{"name": name, "subset": "test", "snippets": 4, "seconds": 10.0} for name in videos]
    listed.append({"name": "c", "subset": "train", "snippets": 9, "seconds": None})
    members = [
        {"activity": "", "seed": seed, "variant": variant, "num_clusters": 4, "num_steps": 20}
        | {"directory": f"seed{seed}{variant and ','}{variant}"}
        for variant in ("", "model.omega=1")
        for seed in SEEDS
    ]
    dataset = {"task": "localization", "name": "pool", "generated": generated}
    dataset |= {"seconds_per_snippet": 2.0, "classes": CLASSES, "videos": listed}
    write_json(root / "config.json", {"method": "case", "predict": {"gamma": 0.1234}})
    write_json(root / "versions.json", VERSIONS)
    write_json(root / "dataset.json", dataset)
    write_json(root / "members.json", members)
    write_json(root / "truth.json", annotations())
    write_json(root / "predictions" / "seed0.json", detections())
    write_json(root / "clusters.json", {each["directory"]: ROLES for each in members})
    write_json(root / "evaluation.json", evaluation())
    names = ("loss", "video_loss", "cluster_loss")
    lines = [{"step": s, "seconds": s} | {name: [3 - s / 10] * 4 for name in names} for s in (0, 5)]
    (root / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    folder = root / "maps" / "seed0"
    folder.mkdir(parents=True)
    for name in {"a", "b"} & set(videos):
        np.savez(folder / f"{name}.npz", **arrays())
    return root
