"""The training benchmark: a number for each part of a step, and mistakes as one line."""

from pathlib import Path

import numpy as np
import pytest
import toy

from benchmarks import training
from jaxseg.training.setup import set_up

CONFIG = Path(__file__).resolve().parents[2] / "configs" / "asot_breakfast.py"


def test_parts_of_a_step(quick_compile):
    setup = set_up(toy.make_config({"num_epochs": 10}), toy.make_data())
    times = training.time_training(setup, 5)
    assert np.isfinite(times).all() and min(times) > 0
    assert times.loop > times.waiting


def test_the_command(capsys, monkeypatch):
    times = training.Times(step=0.02, batch=0.001, transfer=0.002, waiting=0.003, loop=0.03)
    monkeypatch.setattr(training, "time_training", lambda setup, num_steps: times)
    words = ["--config", str(CONFIG), "--activities", "coffee", "milk", "--seeds=2", "--steps=2"]
    assert training.main(words) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "frames 4 x 2 x 256 x 64" in lines[1]
    rows = lines[-len(training.NAMES) - 1 : -1]
    assert [row[:20].strip() for row in rows] == list(training.NAMES.values())
    assert rows[0].split()[-2:] == ["20.00", "100.0%"]
    assert rows[-1].split()[-2:] == ["30.00", "150.0%"]


@pytest.mark.slow
def test_the_command_times_localization_too(capsys, quick_compile):
    file = CONFIG.with_name("case_activitynet12.py")
    assert training.main([f"--config={file}", "--seeds=1", "--steps=1"]) == 0
    assert "rgb 1 x 16 x 50 x 32" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["--config=nowhere.py"], "no config file nowhere.py"),
        (["--activities", "cofee"], "'cofee'"),
        (["--seeds=0"], "config.seeds must be at least 1, got 0"),
    ],
)
def test_a_mistake_is_one_line(capsys, words, part):
    assert training.main([f"--config={CONFIG}", *words]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ") and part in line
