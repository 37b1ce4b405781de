"""The scaling benchmark at small sizes: its rows and ratios, not its times."""

import json
import os

import numpy as np
import pytest
import toy

from benchmarks import scaling


@pytest.fixture
def small(monkeypatch):
    """The toy's network and videos in place of Breakfast's; a step that does nothing."""

    def make_config(activity, num_members):
        overrides = {"activities": (activity,), "seeds": num_members, "num_epochs": 10}
        return toy.make_config(overrides)

    monkeypatch.setattr(scaling, "make_config", make_config)
    monkeypatch.setattr(scaling, "load", lambda activity: toy.make_data())
    monkeypatch.setattr(scaling, "train_step", lambda config, data: lambda: np.zeros(1))


def test_members_of_one_program(tmp_path, capsys, small):
    path = tmp_path / "scaling.json"
    words = ["--activity=salad", "--members=2,1", "--repeats=1", f"--json={path}"]
    assert scaling.main(words) == 0
    results = json.loads(path.read_text())
    first, second = results["rows"]
    assert (first["members"], second["members"]) == (1, 2) and first["ratio"] == 1
    assert second["ratio"] == pytest.approx(2 * first["milliseconds"] / second["milliseconds"])
    printed = capsys.readouterr().out
    assert "salad of Breakfast's twin" in printed and "\n2 in one program " in printed


@pytest.mark.slow
def test_each_step_trains_all_members_on_the_published_sizes(quick_compile):
    config = scaling.make_config("coffee", 2)
    assert config.data.frames_per_video == 256 and config.model.layers == (64, 128, 40)
    program = scaling.train_step(config, scaling.load("coffee"))
    before, after = (program()["loss"] for _ in range(2))
    assert before.shape == (2,) and (before != after).all()


def test_rows_are_measured_against_the_first():
    rows = scaling.rows(["one", "two"], [8, 16], [0.5, 0.8])
    assert [row["member_steps_a_second"] for row in rows] == pytest.approx([16, 20])
    assert [row["ratio"] for row in rows] == pytest.approx([1, 1.25])


def test_seconds_between_logged_steps(tmp_path):
    """Lines are two steps apart; the first follows compilation, one of them a checkpoint."""
    lines = [(0, 31.0), (2, 31.4), (4, 31.8), (6, 40.0), (8, 40.4), (9, 40.6)]
    file = tmp_path / "metrics.jsonl"
    file.write_text("".join(json.dumps({"step": a, "seconds": b}) + "\n" for a, b in lines))
    assert scaling.seconds_a_step(file) == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["--activity=cofee", "--members=1"], "'cofee'"),
        (["--processes=4000"], "4000 processes need a core each"),
    ],
)
def test_a_mistake_is_one_line(words, part, capsys):
    assert scaling.main(words) == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("error: ") and part in last


needs_two_cores = pytest.mark.skipif(
    not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < 2,
    reason="each process needs a core of its own",
)


@needs_two_cores
def test_a_run_that_fails_says_why(tmp_path, monkeypatch, capsys):
    launcher = tmp_path / "launcher.sh"
    launcher.write_text("#!/bin/sh\necho no space >&2; exit 1\n")
    launcher.chmod(0o755)
    monkeypatch.setattr(scaling, "LAUNCHER", launcher)
    assert scaling.main(["--processes=2"]) == 2
    assert capsys.readouterr().err.splitlines()[-1] == "error: a run failed: no space"


@needs_two_cores
@pytest.mark.slow
def test_processes_of_one_run(capsys):
    assert scaling.main(["--processes=2", "--steps=4", "--members-each=1", "--rounds=1"]) == 0
    rows = capsys.readouterr().out.strip().splitlines()[-3:]
    assert [row.split()[-4] for row in rows] == ["1", "2", "2"]
    assert rows[2].startswith("2 processes ")
