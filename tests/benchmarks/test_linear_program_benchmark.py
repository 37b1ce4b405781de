"""LinPro's benchmark at a small size: its rows and optima, not its times."""

import json
import math

import numpy as np
import pytest

from benchmarks import linear_program
from benchmarks.harness import compiled_bytes

PROGRAMS = [linear_program.INTERVALS, linear_program.ROWS, *linear_program.HIGHS]
pytestmark = pytest.mark.usefixtures("quick_compile")


@pytest.mark.slow
def test_one_run_prints_and_writes_every_row(tmp_path, capsys):
    path = tmp_path / "linear_program.json"
    assert linear_program.main(["--snippets=60", "--repeats=1", f"--json={path}"]) == 0
    measured = json.loads(path.read_text())["lengths"]
    assert [(row["snippets"], row["instances"]) for row in measured] == [(60, 2)]
    printed = capsys.readouterr().out
    for length in measured:
        assert [row["program"] for row in length["rows"]] == PROGRAMS
        assert length["rows"][0]["times_ours"] == 1
        for row in length["rows"]:
            assert row["milliseconds"] > 0 and math.isfinite(row["times_ours"])
            assert abs(row["relative_difference"]) < 1e-3
            assert f"  {row['program']} " in printed
        for count in length["bytes"].values():
            assert f"{count:,}" in printed


def test_the_chain_overlaps_and_ends_with_the_video():
    start, end, score = linear_program.chain(1000)
    assert len(start) == 28 and (end[:-1] > start[1:]).all()
    assert start[0] == 0 and end[-1] <= 1000 and (np.diff(start) > 0).all()
    assert ((score > 0) & (score < 1)).all()


@pytest.mark.slow
def test_memory_is_linear_in_snippets_times_instances():
    """Bytes for each snippet and instance do not grow from a tenth of the length to the whole."""
    sizes = []
    for snippets in (1_000, 10_000):
        start, _, score = linear_program.chain(snippets)
        rows = np.zeros((len(start), snippets), np.float32)
        program = linear_program.from_rows(rows, score)
        sizes.append(compiled_bytes(program) / rows.size)
    assert sizes[1] < 1.1 * sizes[0]


def test_an_infeasible_program_is_named():
    """Scores that no curve can have are reported with HiGHS's message."""
    start, end, score = linear_program.chain(60)
    rows = np.stack(
        [(np.arange(60) >= a) & (np.arange(60) < b) for a, b in zip(start, end, strict=True)]
    )
    solve = linear_program.highs(rows.astype(np.float32), 100 * score, "highs-ds")
    with pytest.raises(ValueError, match="highs-ds at T=60: The problem is infeasible"):
        solve()
