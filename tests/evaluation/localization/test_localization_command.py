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
        line.startswith(
            "anet-snip, wtalc, rskp: predictions in videos without true segments: 1, taken out"
        )
        for line in lines
    )
    (touching,) = (line for line in lines if "that touch an ambiguous interval: 1, tak" in line)
    assert touching.startswith("anet-snip, wtalc, rskp: ")
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


def test_proposals_without_labels_have_a_table_and_a_page_of_recall(files, capsys):
    bare = {"v": [{"score": 0.9, "segment": [0, 16]}], "w": [{"score": 0.1, "segment": [0, 8]}]}
    write_predictions(files / "predictions.json", bare)
    outputs = [f"--json={files}/scores.json", f"--report={files}/page.html"]
    run = arguments(files, "--proposals", "--protocol=anet,th14", *outputs)
    assert command.run(run) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines[:2]] == [
        ["protocol", "videos", "classes", "truths", "predictions"],
        ["anet", "2", "2", "3", "2"],
    ]
    # One of three truths is covered at all thresholds, one at the lowest.
    wanted = ["anet", *["36.67"] * 5, "36.30"]
    assert wanted in [line.split() for line in lines]
    assert "all: 2 of 2 detections have no 'label': no mAP, recall of proposals alone" in lines
    results = json.loads((files / "scores.json").read_text())["results"]
    assert all("map" not in result and result["proposals"]["ar"] for result in results)
    assert (files / "page.html").read_text().count('<svg class="chart"') == 2
    for options, part in (
        ((), "2 of 2 detections have no 'label', which mAP needs; --proposals"),
        (("--proposals", "--errors"), "--errors needs a label of every detection"),
    ):
        with pytest.raises(ValueError, match=re.escape(part)):
            command.run(arguments(files, *options))


def test_what_was_asked_for_is_written_though_nobody_reads_the_table(files):
    wanted = [files / "scores.json", files / "page.html"]
    program = [sys.executable, "-m", "jaxseg.evaluation", "localization", "--proposals"]
    program += [f"--{side}={files / side}.json" for side in ("truth", "predictions")]
    program += [f"--json={wanted[0]}", f"--report={wanted[1]}"]
    with subprocess.Popen(program, cwd=ROOT, stdout=subprocess.PIPE) as running:
        running.stdout.close()
    assert all(path.stat().st_size > 1000 for path in wanted)


def test_swapped_files_are_told(files):
    for side, words in (("truth", "predictions"), ("predictions", "truth")):
        other = arguments(files, f"--{side}={files / words}.json")
        with pytest.raises(ValueError, match=f"looks like {words}: are truth and predictions"):
            command.run(other)


def test_notes_of_all_protocols_are_said_once(files, capsys):
    write_predictions(files / "predictions.json", RESULTS | detections(("w", "d", 0, 16, 1)))
    assert command.run(arguments(files, "--protocol=anet,anet-opentad,th14")) == 0
    lines = capsys.readouterr().out.splitlines()
    note = "predictions of classes without truth: 1, not in the mAP: d; the classes"
    assert sum(note.partition(";")[0] in line for line in lines) == 1
    assert any(line.startswith("all: predicted videos that the truth does not") for line in lines)
    assert any(line.startswith("th14: no ambiguous intervals were given") for line in lines)
    assert command.run(arguments(files, "--protocol=wtalc,rskp,anet")) == 0
    lines = capsys.readouterr().out.splitlines()
    note = "wtalc, rskp: no ambiguous intervals were given, which this protocol knows"
    assert [line for line in lines if "no ambiguous" in line] == [note]


def test_help_explains_every_protocol():
    parser = Parser()
    add_arguments(parser, command)
    text = parser.format_help()
    assert "Ties: " in text and "0 / 0: " in text
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
