"""The solvers' benchmark at sizes that take a moment: its rows and numbers, never its times."""

import json
import math

import numpy as np
import pytest

from benchmarks import solvers, solvers_lengths, solvers_rounds

ALONE = ["--against=none", "--frames=30", "--clusters=2", "--repeats=1"]


@pytest.mark.slow
def test_without_another_program(quick_compile, tmp_path, capsys):
    path = tmp_path / "solvers.json"
    alone = [*ALONE, "--frames=40,80", f"--json={path}"]
    assert solvers.main(alone) == 0
    results = json.loads(path.read_text())
    assert results["rounds"] == [] and results["comparison"] is None
    assert [row["frames"] for row in results["lengths"]] == [40, 80]
    for row in results["lengths"]:
        assert all(math.isfinite(number) and number > 0 for number in row.values())
    assert results["memory"]["frames"] == 80
    assert results["memory"]["peak_mib"] >= results["memory"]["imports_mib"] > 10
    table = capsys.readouterr().out
    assert "ott" not in table and "POT" not in table
    for line in ("       40", "       80", "asot: time grows as N^"):
        assert f"\n{line}" in table
    assert "peak resident memory at N=80: " in table


def test_the_same_rounds_are_the_same_updates(quick_compile):
    """float32 rounding is all that tells ott-jax's plan from ours."""
    rows = solvers_rounds.compare_with_ott(50, 3, 1)
    ott, balanced, asot = rows
    assert ott["times_faster"] == 1
    assert 0 <= balanced["largest_difference"] < 1e-5
    assert "balanced" in ott["program"] and "ASOT" in asot["program"]
    lines = solvers_rounds.rounds_lines({"rounds": rows, "against_frames": 50})
    for row, line in zip(rows, lines[2:], strict=True):
        assert line.startswith(f"{row['program']} ") and f"{row['times_faster']:.1f}x" in line


@pytest.mark.parametrize(
    "argument",
    ["--frames=10,0", "--frames=", "--clusters=-1", "--repeats=x", "--against=ott,jax"],
)
def test_a_wrong_argument_is_named(argument, capsys):
    with pytest.raises(SystemExit) as stop:
        solvers.main([argument])
    name, value = argument.split("=")
    message = capsys.readouterr().err.splitlines()[-1]
    assert stop.value.code == 2
    assert f"argument {name}" in message and repr(value.split(",")[-1]) in message


def test_a_figure_of_nothing_is_refused(capsys):
    with pytest.raises(SystemExit) as stop:
        solvers.main(["--against=none", "--figure=a.png"])
    assert stop.value.code == 2
    assert "--figure shows the comparison" in capsys.readouterr().err


@pytest.mark.slow
def test_a_file_that_cannot_be_written(quick_compile, tmp_path, capsys):
    missing = tmp_path / "nowhere" / "solvers.json"
    assert solvers.main([*ALONE, f"--json={missing}"]) == 1
    assert str(missing) in capsys.readouterr().err.splitlines()[-1]


def test_the_exponent_is_a_slope():
    rows = [{"frames": n, "time": 3 * n**1.25} for n in (10, 100, 1000)]
    np.testing.assert_allclose(solvers_lengths.exponent(rows, "time"), 1.25)
    assert solvers_lengths.exponent(rows[:1], "time") is None
