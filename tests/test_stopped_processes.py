"""A process that is interrupted or killed in the middle ends, run again, as if undisturbed."""

import json
import os
import signal
import subprocess
import sys

import commands
import pytest
import toy

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("quickly")]
OPTIONS = {"num_epochs": 30, "checkpoint__every": 12}  # 60 steps, each with a line of metrics
GUARD = 600  # seconds after which a test gives up; nothing takes that long but a defect


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return toy.write_files(tmp_path_factory.mktemp("data") / "mine")


def run(root, workdir, *program: object) -> tuple[int, str]:
    """Exit status and standard error of a run of its own process."""
    done = subprocess.run(
        [sys.executable, *map(str, program), *commands.arguments(root, workdir, **OPTIONS)],
        cwd=commands.ROOT,
        env=os.environ | {"JAX_DISABLE_MOST_OPTIMIZATIONS": "1", "PYTHONPATH": str(commands.ROOT)},
        capture_output=True,
        text=True,
        timeout=GUARD,
    )
    return done.returncode, done.stderr


def finish(root, workdir) -> None:
    status, errors = run(root, workdir, "-m", "jaxseg.main")
    assert status == 0, errors


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


@pytest.mark.parametrize(
    ("number", "status", "words"),
    [
        (signal.SIGINT, 130, "stopped by SIGINT and saved at step 21 of 60"),
        (signal.SIGTERM, 143, "stopped by SIGTERM and saved at step 21 of 60"),
        (signal.SIGKILL, -signal.SIGKILL, ""),
    ],
    ids=["ctrl-c", "terminate", "kill"],
)
def test_stopped_and_run_again(root, undisturbed, tmp_path, number, status, words):
    workdir = tmp_path / "run"
    program = commands.ROOT / "tests/signaled_main.py", 20, int(number), 0
    ended, errors = run(root, workdir, *program)
    assert ended == status, errors
    assert words in errors.splitlines()[-1] and "Traceback" not in errors
    assert metrics(workdir)[-1]["step"] == 20
    assert not (workdir / "predictions").exists()
    finish(root, workdir)
    assert metrics(workdir) == metrics(undisturbed)
    assert predictions(workdir) == predictions(undisturbed)
    scores = [(folder / "evaluation.json").read_text() for folder in (workdir, undisturbed)]
    assert scores[0] == scores[1]
