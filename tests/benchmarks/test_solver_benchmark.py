"""The solvers' benchmark at small sizes: its rows and numbers, not its times."""

import json
import math

import pytest

from benchmarks import solvers

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
    assert "ott-jax" not in table and "POT" not in table
    for line in ("40 ", "80 ", "asot: time grows as N^"):
        assert f"\n{line}" in table
    assert "peak resident memory at N=80: " in table


def test_the_same_rounds_are_the_same_updates(quick_compile):
    """ott-jax's plan and ours differ by float32 rounding only."""
    rows = solvers.compare_rounds(50, 3, 1)
    ott, balanced, asot = rows
    assert ott["times_faster"] == 1
    assert 0 <= balanced["largest_difference"] < 1e-5
    assert "balanced" in ott["program"] and "ASOT" in asot["program"]


def test_a_figure_of_nothing_is_refused(capsys):
    with pytest.raises(SystemExit) as stop:
        solvers.main(["--against=none", "--figure=a.png"])
    assert stop.value.code == 2
    assert "--figure shows the comparison" in capsys.readouterr().err
