"""A process that is interrupted or killed in the middle ends, run again, as if undisturbed."""

import json
import os
import signal
import subprocess
import sys
import time

import commands
import pytest
import toy

pytestmark = pytest.mark.slow
OPTIONS = {"num_epochs": 1500, "checkpoint__every": 200}  # 3000 steps, a line of metrics each 15


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return toy.write_files(tmp_path_factory.mktemp("data") / "mine")


def start(root, workdir) -> subprocess.Popen:
    command = [sys.executable, "-m", "jaxseg.main"]
    return subprocess.Popen(
        command + commands.arguments(root, workdir, **OPTIONS),
        cwd=commands.ROOT,
        env=os.environ | {"JAX_DISABLE_MOST_OPTIMIZATIONS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(root, workdir) -> None:
    process = start(root, workdir)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors


@pytest.fixture(scope="module")
def undisturbed(root, tmp_path_factory):
    workdir = tmp_path_factory.mktemp("runs") / "toy"
    finish(root, workdir)
    return workdir


def metrics(workdir) -> list[dict]:
    lines = (workdir / "metrics.jsonl").read_text().splitlines()
    return [json.loads(line) | {"seconds": None} for line in lines]


def predictions(workdir) -> dict[str, bytes]:
    files = sorted((workdir / "predictions").rglob("*.txt"))
    return {str(file.relative_to(workdir)): file.read_bytes() for file in files}


def wait_for_lines(process, workdir, count: int) -> None:
    """Until the run has written so many lines of metrics."""
    file, deadline = workdir / "metrics.jsonl", time.monotonic() + 120
    while not file.exists() or file.read_text().count("\n") < count:
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("number", "status", "words"),
    [
        (signal.SIGINT, 130, "stopped by SIGINT and saved at step"),
        (signal.SIGTERM, 143, "stopped by SIGTERM and saved at step"),
        (signal.SIGKILL, -signal.SIGKILL, ""),
    ],
    ids=["ctrl-c", "terminate", "kill"],
)
def test_stopped_and_run_again(root, undisturbed, tmp_path, number, status, words):
    workdir = tmp_path / "run"
    process = start(root, workdir)
    wait_for_lines(process, workdir, 60)
    process.send_signal(number)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == status, errors
    last = errors.splitlines()[-1]
    assert words in last and "Traceback" not in errors
    assert not (workdir / "predictions").exists()
    finish(root, workdir)
    assert metrics(workdir) == metrics(undisturbed)
    assert predictions(workdir) == predictions(undisturbed)
    scores = [(folder / "evaluation.json").read_text() for folder in (workdir, undisturbed)]
    assert scores[0] == scores[1]
