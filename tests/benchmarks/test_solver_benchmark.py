"""The solvers' benchmark at sizes that take a moment: its rows and numbers, never its times."""

import json
import math

import numpy as np
import pytest

from jaxseg.benchmarks import solvers

TINY = ["--frames=40,80", "--clusters=3", "--repeats=1", "--against-frames=50"]


def numbers(value):
    """Every number in a nest of lists and dicts."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [number for part in value for number in numbers(part)]
    return [value] if isinstance(value, int | float) else []


def test_one_run_prints_and_writes_every_row(tmp_path, capsys):
    path = tmp_path / "solvers.json"
    assert solvers.main([*TINY, f"--json={path}"]) == 0
    results = json.loads(path.read_text())
    assert [row["frames"] for row in results["lengths"]] == [40, 80]
    ott, balanced, asot = results["comparison"]
    assert ott["times_faster"] == 1
    # Both solve one problem, for the same number of iterations: float32 rounding is all.
    assert 0 <= balanced["largest_difference"] < 1e-5
    assert "balanced" in ott["program"] and "ASOT" in asot["program"]
    assert results["memory"]["frames"] == 80
    assert results["memory"]["peak_mib"] >= results["memory"]["imports_mib"] > 10
    found = numbers(results)
    assert len(found) > 20 and all(math.isfinite(number) for number in found)

    table = capsys.readouterr().out
    for line in (ott["program"], balanced["program"], asot["program"], "       40", "       80"):
        assert f"\n{line}" in table
    assert "asot: time grows as N^" in table
    assert "peak resident memory at N=80: " in table


def test_without_another_program(capsys):
    assert solvers.main(["--against=none", "--frames=30", "--clusters=2", "--repeats=1"]) == 0
    table = capsys.readouterr().out
    assert "ott" not in table and "grows as" not in table
    assert "\n       30" in table


@pytest.mark.parametrize(
    "argument", ["--frames=10,0", "--frames=", "--clusters=-1", "--repeats=x", "--against=pot"]
)
def test_a_wrong_argument_is_named(argument, capsys):
    with pytest.raises(SystemExit) as stop:
        solvers.main([argument])
    name, value = argument.split("=")
    message = capsys.readouterr().err.splitlines()[-1]
    assert stop.value.code == 2
    assert f"argument {name}" in message and repr(value.split(",")[-1]) in message


def test_a_file_that_cannot_be_written(tmp_path, capsys):
    missing = tmp_path / "nowhere" / "solvers.json"
    tiny = ["--against=none", "--frames=30", "--clusters=2", "--repeats=1"]
    assert solvers.main([*tiny, f"--json={missing}"]) == 1
    assert str(missing) in capsys.readouterr().err.splitlines()[-1]


def test_the_exponent_is_a_slope():
    rows = [{"frames": n, "time": 3 * n**1.25} for n in (10, 100, 1000)]
    np.testing.assert_allclose(solvers.exponent(rows, "time"), 1.25)
    assert solvers.exponent(rows[:1], "time") is None
