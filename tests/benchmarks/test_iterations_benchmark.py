"""The benchmark of iterations at small sizes: rows and numbers, not times."""

import json

import numpy as np
import pytest

from benchmarks import affinities, iterations
from jaxseg.solvers.fugw.steps import STEPS

QUICK = ["--iterations=2,60", "--enough=60", "--repeats=1"]


@pytest.fixture
def folder(tmp_path):
    """One video of three actions in ASOT's layout."""
    rng = np.random.default_rng(0)
    labels = np.repeat([2, 0, 1], 20)
    affinity = 0.5 * np.eye(3)[labels] + 0.2 * rng.normal(size=(60, 3))
    for name in ("affinity", "gt"):
        (tmp_path / name).mkdir()
    np.save(tmp_path / "affinity/P03_tea.npy", affinity.astype(np.float32))
    (tmp_path / "gt/P03_tea").write_text("".join(f"action {label}\n" for label in labels))
    return tmp_path


@pytest.mark.slow
def test_one_run_prints_and_writes_every_row(folder, quick_compile, capsys):
    files = {kind: folder / f"iterations.{kind}" for kind in ("json", "png", "md")}
    written = [f"--json={files['json']}", f"--figure={files['png']}", f"--markdown={files['md']}"]
    assert iterations.main([*QUICK, f"--affinities={folder}", *written]) == 0
    results = json.loads(files["json"].read_text())
    assert results["generated"] is False
    assert results["videos"] == "P03_tea 60 x 3"
    settings = [block["problem"].removeprefix("P03_tea, ") for block in results["blocks"]]
    assert settings == ["training", "evaluation", "example"]
    for block in results["blocks"]:
        check(block)
    printed = capsys.readouterr().out
    assert files["md"].read_text().count("\n| 60 |") == 3
    assert "generated" not in printed and printed.count("\n        60") == 3
    assert files["png"].read_bytes().startswith(b"\x89PNG")


def check(block):
    """Asserts that the last rows, after all iterations, have the gaps and labels of the ends."""
    assert block["gap_at_the_end"][block["best"]] == 0
    assert block["times"]["fixed"] == 1 and all(ratio > 0 for ratio in block["times"].values())
    assert [row["step"] for row in block["rows"]] == 2 * list(STEPS)
    early, late = block["rows"][:3], block["rows"][3:]
    for before, row in zip(early, late, strict=True):
        assert (before["iterations"], row["iterations"]) == (2, 60)
        assert row["gap"] == block["gap_at_the_end"][row["step"]] < before["gap"]
        assert row["labels_that_change"] == 0
        assert 0 <= row["labels_unlike_the_best"] <= 1
        assert 0.5 < row["accuracy"] <= 1
    best = next(row for row in late if row["step"] == block["best"])
    assert best["labels_unlike_the_best"] == 0 and best["accuracy"] == block["accuracy"]


@pytest.mark.slow
def test_a_generated_video_says_so(monkeypatch, quick_compile, capsys):
    short = [
        problem._replace(cost=problem.cost[::10], truth=problem.truth[::10])
        for problem in affinities.make_problems()[:1]
    ]
    monkeypatch.setattr(iterations, "make_problems", lambda: short)
    assert iterations.main(QUICK) == 0
    assert f"\n{iterations.GENERATED}\n" in capsys.readouterr().out


def test_settings_are_those_of_the_data_set():
    affinity = np.zeros((40, 4), np.float32)
    breakfast, assembly = (
        affinities.at_settings(name, affinity, None) for name in ("P03_tea", "2020-04-19")
    )
    assert breakfast[1].numbers["alpha"] == 0.7 and assembly[1].numbers["radius"] == 0.02
    np.testing.assert_allclose(np.ptp(breakfast[0].cost), 0.2 * 39 / 40, rtol=1e-6)
    np.testing.assert_allclose(np.ptp(assembly[0].cost), 0.25 * 39 / 40, rtol=1e-6)
    assert np.ptp(breakfast[2].cost) == 0


def test_a_video_without_truth_has_no_accuracy(folder, capsys):
    (folder / "gt/P03_tea").unlink()
    problems = affinities.read_problems(folder)
    assert len(problems) == 3 and all(problem.truth is None for problem in problems)
    assert affinities.accuracy(np.zeros(60, int), None) is None


def test_accuracy_is_that_of_the_best_matching():
    labels, truth = np.array([5, 5, 7, 7, 7, 9]), np.array([1, 1, 1, 0, 0, 0])
    assert affinities.accuracy(labels, truth) == pytest.approx(4 / 6)


def test_broken_folders_are_named(folder, tmp_path, capsys):
    (folder / "gt/P03_tea").write_text("action 0\n" * 59)
    assert iterations.main([*QUICK, f"--affinities={folder}"]) == 2
    message = capsys.readouterr().err.splitlines()[-1]
    assert message == f"error: {folder}/gt/P03_tea: 59 labels for 60 frames"
    np.save(folder / "affinity/P03_tea.npy", np.zeros(60, np.float32))
    assert iterations.main([*QUICK, f"--affinities={folder}"]) == 2
    assert "P03_tea.npy: float32[60], not floats [N, K]" in capsys.readouterr().err
    missing = tmp_path / "nowhere"
    assert iterations.main([*QUICK, f"--affinities={missing}"]) == 2
    message = capsys.readouterr().err.splitlines()[-1]
    assert message == f"error: {missing}/affinity: no affinities *.npy"
