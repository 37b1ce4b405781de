"""`| head`: a command whose reader has gone ends without a word, and what it was to write is there.

Each runs as a process of its own, its output a pipe that nobody reads.
"""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from label_folders import write_folder

ROOT = Path(__file__).resolve().parents[1]
BROKEN = 128 + 13


def run(*arguments: object, unbuffered: str = "") -> tuple[int, str]:
    """Exit status and standard error of a command that nobody listens to."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [sys.executable, "-m", *map(str, arguments)],
            cwd=ROOT,
            stdout=writer,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONUNBUFFERED": unbuffered},
        )
    finally:
        os.close(writer)
    return done.returncode, done.stderr


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_the_evaluator_writes_before_it_prints(tmp_path, unbuffered):
    labels = {"v": ["a"] * 8}
    for side in ("predictions", "truth"):
        write_folder(tmp_path / side, labels)
    sides = [f"--{side}={tmp_path / side}" for side in ("predictions", "truth")]
    path = tmp_path / "scores.json"
    done = run("jaxseg.evaluation", "segmentation", *sides, f"--json={path}", unbuffered=unbuffered)
    assert done == (BROKEN, "")
    assert path.stat().st_size > 1000


def test_a_decoding_that_nobody_listens_to_is_written(tmp_path):
    """Its first line is printed before the work, which goes on."""
    (tmp_path / "scores").mkdir()
    np.save(tmp_path / "scores/v.npy", np.eye(3, dtype=np.float32)[[0, 0, 1, 2]])
    options = [f"--scores={tmp_path / 'scores'}", f"--out={tmp_path / 'out'}", "--classes=3"]
    status, error = run("jaxseg.decode", *options, "--method=argmax", unbuffered="1")
    assert (tmp_path / "out/predictions/v.txt").read_text() == "0\n0\n1\n2\n"
    assert status in (0, BROKEN) and "Broken" not in error and "Traceback" not in error


@pytest.mark.parametrize(
    "command",
    ["jaxseg.evaluation segmentation --help", "jaxseg.main --help", "jaxseg.decode --help"],
)
def test_help(command):
    assert run(*command.split()) == (BROKEN, "")
