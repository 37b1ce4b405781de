"""The decoding benchmark at a small size: its rows and labels, not its times."""

import importlib.util
import json
import math
import sys

import numpy as np

from benchmarks import decoding

TINY = ["--frames=60", "--clusters=4", "--repeats=1"]
OTHERS = ("hmmlearn", "librosa")


def test_one_run_prints_and_writes_every_row(tmp_path, capsys):
    """Rows for the libraries that are installed, and a line for each other one."""
    path = tmp_path / "decoding.json"
    assert decoding.main([*TINY, f"--json={path}"]) == 0
    results = json.loads(path.read_text())
    installed = [name for name in OTHERS if importlib.util.find_spec(name)]
    assert results["missing"] == [name for name in OTHERS if name not in installed]
    assert [row["program"] for row in results["rows"]] == [*list(decoding.DECODERS)[:2], *installed]
    assert results["rows"][0]["times_ours"] == 1
    printed = capsys.readouterr().out
    for row in results["rows"]:
        assert row["frames_that_differ"] == 0
        assert row["milliseconds"] > 0 and math.isfinite(row["times_ours"])
        assert f"\n{row['program']} " in printed


def test_libraries_that_are_missing_are_named(monkeypatch, capsys):
    for name in OTHERS:
        for module in [name, *(known for known in sys.modules if known.startswith(f"{name}."))]:
            monkeypatch.setitem(sys.modules, module, None)
    assert decoding.main(TINY) == 0
    printed = capsys.readouterr().out
    for name in OTHERS:
        assert f"\n{name} is not installed: pip install {name}\n" in printed


def test_the_loop_is_right_where_the_answer_is_known():
    scores = np.array([[0, -9, -9], [-3, -1, 0], [-9, 0, -1], [0, 0, -9]], float)
    np.testing.assert_array_equal(decoding.numpy_decode(scores), [0, 1, 1, 2])
    np.testing.assert_array_equal(decoding.numpy_decode(np.zeros((5, 3))), [0, 0, 0, 1, 2])


def test_a_model_without_an_end_has_the_same_paths():
    """Scores of all paths by start and transitions are ours, up to a constant."""
    scores = decoding.random_problem(6, 3)
    start, transitions = decoding.chain(3)
    np.testing.assert_allclose(transitions.sum(1), 1, rtol=0, atol=1e-15)
    general = decoding.as_general_model(scores)
    differences = []
    for first in range(1, 5):
        for second in range(first + 1, 6):
            path = np.repeat([0, 1, 2], [first, second - first, 6 - second])
            moves = np.log(transitions[path[:-1], path[1:]]).sum() + np.log(start[path[0]])
            theirs = general[np.arange(6), path].sum() + moves
            differences.append(theirs - scores[np.arange(6), path].sum())
    np.testing.assert_allclose(differences, 6 * np.log(0.5), rtol=1e-6)
    assert general[-1, :2].max() < -1e29


def test_a_video_that_is_too_short_is_named(capsys):
    assert decoding.main(["--frames=3", "--clusters=4"]) == 2
    message = capsys.readouterr().err.splitlines()[-1]
    assert (
        message
        == "error: --frames=3 cannot hold --clusters=4: every cluster takes at least one frame"
    )
