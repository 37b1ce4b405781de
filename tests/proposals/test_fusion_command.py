"""`python -m jaxseg.proposals`, in this process and in one of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from jaxseg.evaluation.localization.evaluate import evaluate_localization
from jaxseg.formats.detections import write_predictions
from jaxseg.formats.localization.files import read_predictions
from jaxseg.proposals.__main__ import OPTIONS, main

ROOT = Path(__file__).resolve().parents[2]
JUMP = [(10.0, 20.0, 0.9), (12.0, 20.0, 0.7), (50.0, 60.0, 1e-9)]


def detections(label, rows):
    return [{"label": label, "score": score, "segment": [start, end]} for start, end, score in rows]


RESULTS = {
    "b": detections("jump", JUMP) + detections("dive", [(11.0, 20.0, 0.8)]),
    "empty": [],
    "a": detections("dive", [(3.0, 3.0, 0.1)]),
}


@pytest.fixture
def files(tmp_path):
    """Where detections lie, and where others go."""
    write_predictions(tmp_path / "in.json", RESULTS)
    return tmp_path / "in.json", tmp_path / "new/out.json"


def run(files, *options):
    """Exit status of the command."""
    return main([f"--predictions={files[0]}", f"--out={files[1]}", *options])


def written(files):
    """{video: {label: [(start, end, score)]}}."""
    found = {}
    for video, entries in json.loads(files[1].read_text())["results"].items():
        found[video] = {}
        for entry in entries:
            row = (*entry["segment"], entry["score"])
            found[video].setdefault(entry["label"], []).append(row)
    return found


def test_none_keeps_every_number(files, capsys):
    assert run(files, "--method=none") == 0
    assert capsys.readouterr().out == f"{files[1]}: 5 detections of 5\n"
    assert written(files) == {
        "b": {"jump": JUMP, "dive": [(11.0, 20.0, 0.8)]},
        "empty": {},
        "a": {"dive": [(3.0, 3.0, 0.1)]},
    }


def test_fusion_stays_within_class_and_video(files):
    assert run(files, "--distribution=uniform") == 0
    found = written(files)
    [fused, alone] = found["b"].pop("jump")
    assert fused == pytest.approx((11.0, 20.0, 0.8), rel=1e-12) and alone == JUMP[2]
    assert found == {
        "b": {"dive": [(11.0, 20.0, 0.8)]},
        "empty": {},
        "a": {"dive": [(3.0, 3.0, 0.1)]},
    }


@pytest.mark.parametrize(
    "options, kept",
    [
        (["--method=hard"], JUMP[::2]),
        (["--method=hard", "--nms_threshold=.81"], JUMP),
        # With 2 s more the overlap of 0.8 becomes 10/12.
        (["--method=hard", "--nms_threshold=.81", "--extra=2"], JUMP[::2]),
        (["--overlap=.9999", "--tau=1e-3"], JUMP[::2]),
    ],
)
def test_settings_arrive(files, options, kept):
    assert run(files, *options) == 0
    assert written(files)["b"]["jump"] == kept


def test_proposals_without_a_label_stay_without(files):
    bare = [{"score": score, "segment": [start, end]} for start, end, score in JUMP]
    write_predictions(files[0], {"v": bare + detections("dive", JUMP[:1])})
    assert run(files, "--method=hard") == 0
    kept = json.loads(files[1].read_text())["results"]["v"]
    assert kept == [bare[0], bare[2], *detections("dive", JUMP[:1])]


def test_numbers_of_classes_are_named(files):
    files[0].write_text("v 10 20 9 0.875\n")
    mapping = files[0].with_name("mapping.txt")
    mapping.write_text("9 jump\n")
    assert run(files, f"--mapping={mapping}") == 0
    assert written(files) == {"v": {"jump": [(10.0, 20.0, 0.875)]}}


def test_soft_suppression_lowers_scores(files):
    assert run(files, "--method=soft", "--nms_alpha=.64") == 0
    best, lowered, alone = written(files)["b"]["jump"]
    assert (best, alone) == (JUMP[0], JUMP[2])
    assert lowered == pytest.approx((12.0, 20.0, 0.7 * 2.718281828459045**-1), rel=1e-12)


def test_the_result_reads_back_and_says_what_it_is(files):
    assert run(files, "--tau=.02") == 0
    found = read_predictions(files[1])
    assert found.videos == ("b", "empty", "a") and len(found.start) == 4
    version = json.loads(files[1].read_text())["version"]
    assert "method=fusion" in version and "tau=0.02" in version


def test_the_input_is_never_written_over(files, capsys):
    before = files[0].read_bytes()
    files[1].parent.mkdir()
    again = files[1].parent / "../in.json"
    assert run((files[0], again)) == 2
    assert capsys.readouterr().err == (
        f"error: {again}: is the file that is read; --out must name another one\n"
    )
    assert files[0].read_bytes() == before


@pytest.mark.parametrize(
    "content, message",
    [
        ("{", "not valid JSON"),
        ('{"results": {"v": [{"label": "a", "score": NaN, "segment": [0, 1]}]}}', "video 'v'"),
        ('{"results": {"v": [{"label": "a", "score": 1, "segment": [3, 2]}]}}', "[3.0, 2.0] ends"),
        ('{"results": {"v": [{"label": "a", "score": 1}]}}', "has no 'segment'"),
    ],
)
def test_a_bad_file_is_one_line_that_names_it(files, capsys, content, message):
    files[0].write_text(content)
    assert run(files) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: {files[0]}: ") and message in line
    assert not files[1].exists()


@pytest.mark.parametrize(
    "option, message",
    [
        ("--tau=0", "tau must be positive and finite, got 0.0"),
        ("--tau=-1", "tau must be positive and finite, got -1.0"),
        ("--tau=nan", "tau must be positive and finite, got nan"),
        ("--overlap=1", "overlap must be in (0, 1), got 1.0"),
    ],
)
def test_a_setting_out_of_range_is_one_line(files, capsys, option, message):
    assert run(files, option) == 2
    assert capsys.readouterr().err == f"error: {message}\n"
    assert not files[1].exists()


@pytest.mark.parametrize("option", ["--method=nms", "--distribution=t", "--tau=warm", "--taus=1"])
def test_an_unknown_choice_is_one_line(files, capsys, option):
    with pytest.raises(SystemExit) as end:
        run(files, option)
    assert end.value.code == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")


def test_a_missing_file_is_one_line(tmp_path, capsys):
    (tmp_path / "out.json").write_text("")
    assert run((tmp_path / "in.json", tmp_path / "out.json")) == 2
    missing = f"error: {tmp_path}/in.json: No such file or directory\n"
    assert capsys.readouterr().err == missing


def test_help_says_every_default(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    text = capsys.readouterr().out
    defaults = {name: own["default"] for name, own in OPTIONS.items() if "default" in own}
    assert len(defaults) >= 6
    for name, default in defaults.items():
        own = " ".join(OPTIONS[name]["help"].split())
        assert f"default {default:g}" in own if isinstance(default, float) else str(default) in own
        assert name in text
    assert "python -m jaxseg.evaluation localization" in text


def test_in_a_process_of_its_own_and_on_to_the_evaluator(files):
    command = [sys.executable, "-m", "jaxseg.proposals"]
    command += [f"--predictions={files[0]}", f"--out={files[1]}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{files[1]}: 4 detections of 5\n"
    annotations = [{"label": "dive", "segment": [11, 20]}, {"label": "jump", "segment": [11, 20]}]
    truth = {"b": {"subset": "test", "annotations": annotations}}
    results = json.loads(files[1].read_text())["results"]
    found = evaluate_localization(truth, {"b": results["b"]}, tiou=[0.5])
    assert found["map"] == [100.0]
