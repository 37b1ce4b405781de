"""A small run, written by hand, so that every number in the report can be known in advance."""

import json
from pathlib import Path

import gaufuse_runs
import localization_runs
import numpy as np
import pytest

CLASSES = ["SIL", "pour_milk", 'stir <&> "taste"', "background"]
# Class indices of the truth; frames 8 and 9 of each video are the excluded background.
TRUTH = [0, 0, 1, 1, 1, 2, 2, 2, 3, 3]
# Clusters by seed and video: 0 is pour_milk, 1 stir, 2 SIL; 3 and 4 are without a class.
PREDICTIONS = {
    0: [
        [2, 2, 0, 0, 0, 1, 1, 1, 4, 4],  # all eight scored frames right
        [2, 2, 0, 0, 3, 3, 1, 1, 2, 2],  # six of eight
        [3, 3, 0, 0, 4, 4, 1, 1, 2, 2],  # four of eight
    ],
    1: [
        [2, 2, 0, 0, 0, 1, 1, 1, 1, 1],
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        [-1, -1, -1, -1, -1, -1, -1, -1, -1, -1],
    ],
}
MATCHING = {"0": "pour_milk", "1": CLASSES[2], "2": "SIL"}


def _metrics(base: float, wrap) -> dict:
    return {"mof": wrap(base + 0.5), "f1": wrap(base - 10), "miou": wrap(base - 20)}


def _scores(activities, base: float, wrap) -> dict:
    """`base` + .5 is the full macro MoF, 1.5 more when pooled, 5.5 when matched per video."""
    return {
        "full": {
            "macro": _metrics(base, wrap),
            "pooled": _metrics(base + 1, wrap),
            "by_activity": {name: _metrics(base + 2, wrap) for name in activities},
        },
        "per_video": {
            "macro": _metrics(base + 5, wrap),
            "pooled": _metrics(base + 6, wrap),
            "by_activity": {},
        },
    }


def _seeds(mean: float) -> dict:
    return {"mean": mean, "std": 1.25, "values": [mean - 1.25, mean + 1.25]}


def _evaluation(activities) -> dict:
    protocol = {
        "settings": {"matching": "activity"},
        "counts": {"videos": 3 * len(activities)},
        "results": [
            {"variant": "", "decoding": "", "seeds": [0, 1], **_scores(activities, 61, _seeds)}
        ],
        "baselines": {
            "equal_split": _scores(activities, 41, float),
            "one_class": _scores(activities, 31, float),
        },
    }
    matching = {f"{name}/seed{seed}": MATCHING for name in activities for seed in PREDICTIONS}
    return {
        "units": "percent",
        "protocols": {"asot-exact": protocol, "asot": protocol},
        "matching": matching,
    }


def _write(path: Path, content) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")


def _write_videos(root: Path, activity: str, labels: bool) -> None:
    for video in range(3):
        if labels:
            lines = "\n".join(CLASSES[i] for i in TRUTH)
            _write(root / f"truth/{activity}/v{video}.txt", lines + "\n")
        for seed, videos in PREDICTIONS.items():
            lines = "\n".join(map(str, videos[video]))
            _write(root / f"predictions/{activity}/seed{seed}/v{video}.txt", lines + "\n")
    plan = np.full((10, 5), 0.1, np.float32)
    plan[np.arange(10), PREDICTIONS[0][0]] = 0.6
    folder = root / f"couplings/{activity}/seed0"
    folder.mkdir(parents=True)
    np.savez(folder / "v0.npz", plan=plan, affinity=plan - 0.5)


def write_workdir(root: Path, *, activities=("coffee",), labels=True, generated=False, fps=None):
    """Three videos of ten frames an activity, two seeds, five clusters, twenty steps."""
    videos = [
        {"name": f"v{i}", "activity": name, "frames": 10, "labels": labels}
        for name in activities
        for i in range(3)
    ]
    members = [
        {"activity": name, "seed": seed, "variant": "", "num_clusters": 5, "num_steps": 20}
        | {"directory": f"seed{seed}"}
        for name in activities
        for seed in PREDICTIONS
    ]
    dataset = {"name": "kitchen", "generated": generated, "fps": fps, "videos": videos}
    dataset |= {"classes": CLASSES if labels else [], "excluded": ["background"] if labels else []}
    losses = [{"step": s, "seconds": s, "loss": [3 - s / 10] * len(members)} for s in range(20)]
    moments = [[{"video": "v1", "frame": 6, "similarity": 0.75}]] * 5
    _write(root / "config.json", {"method": "asot", "solver": {"train": {"alpha": 0.4321}}})
    _write(root / "versions.json", localization_runs.VERSIONS)
    _write(root / "dataset.json", dataset)
    _write(root / "members.json", members)
    _write(root / "metrics.jsonl", "".join(json.dumps(line) + "\n" for line in losses))
    _write(root / "typical.json", {name: {"seed0": moments} for name in activities})
    _write(root / "evaluation.json", _evaluation(activities) if labels else {"protocols": {}})
    for name in activities:
        _write_videos(root, name, labels)
    return root


@pytest.fixture
def make_workdir(tmp_path):
    """Writes a workdir with the given peculiarities and returns its path."""
    return lambda **options: write_workdir(tmp_path / "my run", **options)


@pytest.fixture
def make_localization(tmp_path):
    """Writes the workdir of a localization run with the given peculiarities, returns its path."""
    return lambda **options: localization_runs.write(tmp_path / "my finds", **options)


@pytest.fixture
def make_gaufuse(tmp_path):
    """Writes the workdir of a run of GauFuse with the given peculiarities, returns its path."""
    return lambda **options: gaufuse_runs.write(tmp_path / "my fuses", **options)


# Videos of the first seed under another decoding; its cluster 0 is stir and 1 pour_milk.
ARGMAX = [[2, 2, 0, 0, 1, 1, 1, 1, 4, 4], [2] * 10, [1] * 10]
ARGMAX_MATCHING = {"0": CLASSES[2], "1": "pour_milk", "2": "SIL"}
# (highest probability, clusters used, entropy) of seeds 0 and 1 after each fifth of training.
SIGNS = [
    [(0.2, 0.2), (1, 1), (1.6, 1.6)],
    [(0.3, 0.21), (3, 1), (1.5, 1.6)],
    [(0.5, 0.22), (5, 2), (1.4, 1.6)],
    [(0.7, 0.23), (5, 2), (1.3, 1.6)],
]


def write_tot_workdir(root: Path, **options):
    """The same run as TOT's: argmax beside Viterbi, codes of v0, signs of a collapse of seed 1."""
    write_workdir(root, **options)
    activities = options.get("activities", ("coffee",))
    _write(root / "config.json", {"method": "tot", "temporal_prior": True})
    lines = []
    for step, (top, used, entropy) in enumerate(SIGNS):
        signs = {"top_probability": top, "clusters_used": used, "entropy": entropy}
        signs |= {"collapsed": [u < 2.5 for u in used], "loss": [3 - step, 3]}
        line = {name: list(values) * len(activities) for name, values in signs.items()}
        lines.append(json.dumps({"step": 5 * step, "seconds": step, **line}) + "\n")
    _write(root / "metrics.jsonl", "".join(lines))
    evaluation = json.loads((root / "evaluation.json").read_text())
    for name in activities:
        for video, labels in enumerate(ARGMAX):
            text = "\n".join(map(str, labels)) + "\n"
            _write(root / f"predictions/{name}/seed0,argmax/v{video}.txt", text)
        if "matching" in evaluation:
            evaluation["matching"][f"{name}/seed0,argmax"] = ARGMAX_MATCHING
        plan = np.full((10, 5), 0.025, np.float32)
        plan[np.arange(10), PREDICTIONS[0][0]] = 0.9
        matrices = {"plan": plan, "plan_without_prior": plan[::-1], "affinity": 30 * plan - 20}
        codes = np.tile(np.array([0.3, 0.25, 0.2, 0.15, 0.1], np.float32), (10, 1))
        np.savez(root / f"couplings/{name}/seed0/v0.npz", codes=codes, **matrices)
    _write(root / "evaluation.json", evaluation)
    return root


@pytest.fixture
def make_tot_workdir(tmp_path):
    """Writes a workdir of a TOT run and returns its path."""
    return lambda **options: write_tot_workdir(tmp_path / "tot run", **options)
