"""The propagation benchmark at small sizes: its rows, not its times."""

import json
import math

import jax
import numpy as np
import pytest

from benchmarks import propagation

TINY = ["--width=6", "--means=3", "--repeats=1", "--dense-repeats=1"]
pytestmark = pytest.mark.usefixtures("quick_compile")


def test_one_run_prints_and_writes_every_row(tmp_path, capsys):
    path = tmp_path / "propagation.json"
    assert propagation.main([*TINY, "--snippets=60,20", f"--json={path}"]) == 0
    results = json.loads(path.read_text())
    printed = capsys.readouterr().out
    assert [row["snippets"] for row in results["rows"]] == [20, 60]
    for row in results["rows"]:
        assert 0 < row["largest_difference"] < 1e-5
        assert row["milliseconds"] > 0 and row["dense_milliseconds"] > 0
        assert math.isfinite(row["times_faster"])
        assert row["dense_scratch_mib"] * 2**20 >= 4 * row["snippets"] ** 2
        assert f"\n{row['snippets']} " in printed
    slopes = results["exponents"]
    assert slopes["scratch_mib"] < 1.1 and slopes["dense_scratch_mib"] > 1.4
    assert f"memory as T^{slopes['dense_scratch_mib']:.2f}" in printed


def test_one_length_has_no_growth(capsys):
    assert propagation.main([*TINY, "--snippets=20"]) == 0
    assert "grows" not in capsys.readouterr().out


def test_the_dense_form_solves_its_equation():
    """(I - w^2 Z' Zbar) x^ = (1-w) (w Z' mu + x), evaluated in float64."""
    x, mask, means = (np.asarray(part) for part in propagation.random_video(15, 6, 3))
    dense = jax.jit(propagation.propagate_dense)
    result = np.asarray(dense(x, mask, means, weight=0.4))
    z = np.float64(jax.jit(propagation.assignments)(means, x, mask))
    left = result - 0.16 * z.T @ (z / z.sum(1, keepdims=True)) @ result
    np.testing.assert_allclose(left, 0.6 * (0.4 * z.T @ means + x), atol=1e-6)
