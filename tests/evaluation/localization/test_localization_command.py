"""`python -m jaxseg.evaluation localization`, in this process and in one of its own."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from localization_reference import database, detections

from jaxseg.command_line import Parser
from jaxseg.evaluation.__main__ import add_arguments
from jaxseg.evaluation.localization import command
from jaxseg.evaluation.localization.evaluate import evaluate_localization
from jaxseg.evaluation.localization.protocols import PROTOCOLS
from jaxseg.formats.detections import write_predictions, write_truth

ROOT = Path(__file__).resolve().parents[3]
TRUTH = database(("v", "a<b>", 0, 16), ("v", "c", 32, 48), ("w", "c", 0, 16))
RESULTS = detections(
    ("v", "a<b>", 0, 16, 0.9),
    ("v", "c", 32, 40, 0.8),
    ("w", "c", 0, 15, 0.7),
    ("x", "c", 0, 9, 0.6),
)


@pytest.fixture
def files(tmp_path):
    write_truth(tmp_path / "truth.json", TRUTH)
    write_predictions(tmp_path / "predictions.json", RESULTS)
    (tmp_path / "ambiguous.txt").write_text("w 14 20\n")
    return tmp_path


def arguments(folder, *extra):
    parser = Parser()
    add_arguments(parser, command)
    sides = [f"--{side}={folder / side}.json" for side in ("truth", "predictions")]
    return parser.parse_args([*sides, *extra])


def test_all_protocols_side_by_side(files, capsys):
    extra = [f"--ambiguous={files}/ambiguous.txt", f"--json={files}/out/scores.json"]
    status = command.run(arguments(files, "--protocol=all", "--errors", "--proposals", *extra))
    assert status == 0
    lines = capsys.readouterr().out.splitlines()
    content = json.loads((files / "out/scores.json").read_text())
    assert content["task"] == "localization"
    assert [result["protocol"] for result in content["results"]] == list(PROTOCOLS)
    for line, result in zip(lines[1:], content["results"], strict=False):
        name, videos, classes, truths, predictions, *values = line.split()
        assert name == result["protocol"]
        assert [int(each) for each in (videos, classes, truths, predictions)] == [
            result[key] for key in ("videos", "classes", "truths", "predictions")
        ]
        scores = [*result["map"], *result["averages"].values(), result["classification_map"]]
        assert values == [f"{score:.2f}" for score in scores]
        assert {"subset", "tiou", "classes_ap", "errors", "proposals", "notes"} <= result.keys()
    assert any(
        line.startswith("wtalc: predictions in videos without true segments: 1, taken out")
        for line in lines
    )
    assert any(
        line == "rskp: predictions that touch an ambiguous interval: 1, taken out" for line in lines
    )
    assert any("missed truths" in line for line in lines)
    assert any("AR@100" in line for line in lines)


def test_the_command_and_the_function_agree(files):
    run = arguments(files, "--tiou=activitynet", "--subset=test", f"--json={files}/scores.json")
    assert command.run(run) == 0
    [result] = json.loads((files / "scores.json").read_text())["results"]
    tiou = [round(0.5 + 0.05 * i, 2) for i in range(10)]
    assert result == evaluate_localization(TRUTH, RESULTS, tiou=tiou, subset="test")


def test_the_page_stands_alone(files, capsys):
    protocols = "anet,th14"
    run = arguments(files, f"--protocol={protocols}", f"--report={files}/pages/page.html")
    assert command.run(run) == 0
    assert "missed truths" not in capsys.readouterr().out
    page = (files / "pages/page.html").read_text()
    assert not re.search(r"<script|https?://|<link|<img|@import", page)
    # For each protocol: a line a threshold, a bar a kind and depth, a line of recall.
    assert page.count("<polyline") == 2 * (7 + 1)
    assert page.count("</rect>") == 2 * 10 * 6
    assert page.count('<svg class="chart"') == 2 * 3
    assert not re.search(r"\bnan\b", page)


def test_help_explains_every_protocol():
    parser = Parser()
    add_arguments(parser, command)
    text = parser.format_help()
    for name, rule in PROTOCOLS.items():
        assert f"  {name}\n    {rule.summary}\n    ({rule.used_by})" in text
        assert max(map(len, (rule.summary, rule.used_by))) < 90


@pytest.mark.parametrize(
    ("extra", "part"),
    [
        (["--protocol=anet,map"], "unknown protocol 'map'"),
        (["--protocol="], "--protocol: nothing named"),
        (["--tiou=2"], "tiou"),
        (["--subset=val"], "no subset 'val'"),
        (["--ambiguous=nowhere.txt"], "nowhere.txt"),
        (["--truth=nowhere.json"], "nowhere.json"),
    ],
)
def test_a_wrong_option_is_one_line(extra, part, files):
    with pytest.raises(ValueError, match=re.escape(part)) as caught:
        command.run(arguments(files, *extra))
    assert "\n" not in str(caught.value)


BLOCKED = """
import sys
for name in ("jax", "flax", "optax", "orbax", "ml_collections", "matplotlib"):
    sys.modules[name] = None
from jaxseg.evaluation.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


def test_it_runs_where_jax_and_matplotlib_are_not_installed(files):
    sides = [f"--{side}={files / side}.json" for side in ("truth", "predictions")]
    program = [sys.executable, "-c", BLOCKED, "localization", *sides, "--protocol=all"]
    done = subprocess.run(
        [*program, f"--report={files}/page.html"], cwd=ROOT, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "th14" in done.stdout
    done = subprocess.run([*program, "--tiou=x"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1 and done.stderr.startswith("error: tiou 'x'")
