"""The harness of the benchmarks: report, files, turns; and what all benchmarks have in common."""

import argparse
import importlib
import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks import harness
from benchmarks.harness import Column, Line, Panel, Table

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = sorted(
    path.stem
    for path in (ROOT / "benchmarks").glob("*.py")
    if "harness.parser(" in path.read_text(encoding="utf-8")
)
ROWS = [{"name": "one", "ms": 1.25, "rest": None}, {"name": "second|", "ms": 12.0, "rest": 3}]
TABLE = Table((Column("", "name"), Column("ms", "ms", "{:.1f}".format), Column("", "rest")), ROWS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_benchmark_has_help_with_an_example(name, capsys):
    if name == "features":
        pytest.importorskip("av")
    with pytest.raises(SystemExit) as stop:
        importlib.import_module(f"benchmarks.{name}").main(["--help"])
    shown = capsys.readouterr().out
    assert stop.value.code == 0
    assert f"    python -m benchmarks.{name}" in shown and "--json" in shown


@pytest.mark.parametrize(
    ("name", "argument"),
    [
        ("solvers", "--frames=10,0"),
        ("solvers", "--frames="),
        ("solvers", "--against=ott,jax"),
        ("decoding", "--repeats=x"),
        ("evaluation", "--scale=2.0"),
        ("iterations", "--enough=x"),
        ("linear_program", "--snippets=9,x"),
        ("propagation", "--width=-1"),
        ("scaling", "--members=1,0"),
        ("training", "--steps=0"),
        ("videos", "--seeds=0"),
    ],
)
def test_a_wrong_argument_is_named(name, argument, capsys):
    with pytest.raises(SystemExit) as stop:
        importlib.import_module(f"benchmarks.{name}").main([argument])
    flag, value = argument.split("=")
    message = capsys.readouterr().err.splitlines()[-1]
    assert stop.value.code == 2
    assert f"argument {flag}" in message and value.split(",")[-1] in message


def test_text_aligns_numbers_right_and_words_left():
    lines = harness.as_text(["head", TABLE, "tail"])
    assert lines == [
        "head",
        "",
        "           ms",
        "one       1.2  -",
        "second|  12.0  3",
        "",
        "tail",
    ]


def test_markdown_has_a_heading_and_tables():
    lines = harness.as_markdown(["head", "more", TABLE._replace(title="All")])
    table = ["|  | ms |  |", "| --- | --- | --- |", "| one | 1.2 | - |", "| second/ | 12.0 | 3 |"]
    assert lines == ["# head", "", "more", "", "## All", "", *table]


def run(words, results):
    options = harness.parser("none", "Nothing.", figure="a figure").parse_args(words)

    def measure(_):
        if isinstance(results, Exception):
            raise results
        return results

    def draw(_):
        return [[Panel([Line("line", "#1b6ca8", "-", [(1, 2), (10, 5)])], ticks=[1, 10])]]

    return harness.run(options, measure, lambda results: ["head", str(results)], draw)


def test_a_run_prints_and_writes_every_file(tmp_path, capsys):
    files = {kind: tmp_path / f"file.{kind}" for kind in ("json", "markdown", "png")}
    words = [f"--json={files['json']}", f"--markdown={files['markdown']}"]
    assert run([*words, f"--figure={files['png']}"], {"a": 1}) == 0
    assert capsys.readouterr().out == "head\n{'a': 1}\n"
    assert json.loads(files["json"].read_text()) == {"a": 1}
    assert files["markdown"].read_text() == "# head\n\n{'a': 1}\n"
    assert files["png"].read_bytes().startswith(b"\x89PNG")


def test_a_mistake_is_one_line(tmp_path, capsys):
    assert run([], ValueError("no such\nthing")) == 2
    assert capsys.readouterr().err == "error: no such thing\n"
    path = tmp_path / "nowhere" / "file.json"
    assert run([f"--json={path}"], {}) == 2
    assert str(path) in capsys.readouterr().err


def test_programs_take_turns():
    calls = []
    programs = [lambda name=name: calls.append(name) for name in "ab"]
    assert len(harness.median_seconds(programs, 2)) == 2
    assert "".join(calls) == "ababab"  # the first turn is the warm-up


def test_growth_is_the_exponent():
    rows = [{"size": size, "value": 3.0 * size**1.5} for size in (10, 70, 400)]
    np.testing.assert_allclose(harness.growth(rows, "size", "value"), 1.5, rtol=1e-12)
    assert harness.growth(rows[:1], "size", "value") is None


def test_types_of_arguments():
    assert harness.all_positive("3,14") == [3, 14]
    for text in ("0", "-1", "x", ""):
        with pytest.raises(argparse.ArgumentTypeError, match="not a whole number above 0"):
            harness.positive(text)


def test_a_missing_config_file_is_named():
    with pytest.raises(ValueError, match=r"no config file nowhere\.py"):
        harness.config_values(Path("nowhere.py"))
