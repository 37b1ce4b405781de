"""The worked example of docs/examples/add_a_data_set: an entry and a config file are enough."""

import importlib
import json

import commands
import numpy as np
import pytest

from jaxseg.data import DATA_SETS

EXAMPLE = commands.ROOT / "docs" / "examples" / "add_a_data_set"
NAMES = ("idle", "cut_bread", "cut_cheese", "pour")


@pytest.fixture
def root(tmp_path, monkeypatch):
    """Six short videos in the layout that the example's entry describes."""
    monkeypatch.delitem(DATA_SETS, "kitchen", raising=False)
    for name in ("entry", "asot_kitchen"):
        module = f"docs.examples.add_a_data_set.{name}"
        importlib.reload(importlib.import_module(module))
    folder = tmp_path / "Kitchen"
    for part in ("features", "groundTruth", "mapping"):
        (folder / part).mkdir(parents=True)
    (folder / "mapping" / "actions.txt").write_text("0 idle\n1 cut_bread\n1 cut_cheese\n2 pour\n")
    rng = np.random.default_rng(0)
    for number in range(6):
        labels = np.repeat((0, 1 + number % 2, 3), 8)
        features = rng.standard_normal((len(labels), 64)) + 4 * np.eye(4, 64)[labels]
        np.save(folder / f"features/v{number}.npy", features.astype(np.float32))
        lines = "".join(f"{NAMES[label]}\n" for label in labels)
        (folder / f"groundTruth/v{number}.txt").write_text(lines)
    yield tmp_path
    DATA_SETS.pop("kitchen", None)


@pytest.mark.usefixtures("quick_compile")
def test_the_example_runs_from_files_to_scores(root, tmp_path):
    result = commands.run(
        f"--config={EXAMPLE / 'asot_kitchen.py'}",
        f"--workdir={tmp_path / 'run'}",
        f"--config.data.root={root}",
        "--config.seeds=1",
        "--config.num_epochs=1",
        "--config.data.frames_per_video=16",
        "--config.model.kmeans=False",
        "--config.solver.train.num_iterations=5",
        "--config.solver.eval.num_iterations=5",
    )
    assert result.status == 0, result
    data = json.loads((tmp_path / "run" / "dataset.json").read_text())
    assert (data["name"], data["fps"], data["generated"]) == ("kitchen", 10.0, False)
    assert data["classes"] == ["idle", "cut", "pour"] and data["excluded"] == ["idle"]
    evaluation = json.loads((tmp_path / "run" / "evaluation.json").read_text())
    assert evaluation["protocols"] and evaluation["data"]["name"] == "kitchen"


@pytest.mark.usefixtures("root")
def test_a_data_set_without_a_twin_needs_a_root(tmp_path):
    result = commands.run(f"--config={EXAMPLE / 'asot_kitchen.py'}", f"--workdir={tmp_path / 'r'}")
    assert "no twin of 'kitchen'" in result.complaint


def test_the_example_is_short():
    lines = [line for path in EXAMPLE.glob("*.py") for line in path.read_text().splitlines()]
    assert len(lines) < 60
