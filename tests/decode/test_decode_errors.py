"""A mistake on the command line or in a file: one line on stderr, a 2, and no output folder."""

import subprocess
import sys

import numpy as np
import pytest
from score_sets import score_set, write_arrays, write_truth

from jaxseg.decode import command
from jaxseg.decode.__main__ import main


@pytest.fixture
def folder(tmp_path):
    write_arrays(tmp_path / "scores", score_set())
    write_truth(tmp_path / "truth")
    return tmp_path


def fails(folder, capsys, *options, scores="scores"):
    """The one line of an error; nothing is left where the output would have been."""
    before = sorted(folder.iterdir())
    options = [each.format(folder) for each in options]
    try:
        status = main([f"--scores={folder / scores}", f"--out={folder / 'out'}", *options])
    except SystemExit as stop:
        status = stop.code
    captured = capsys.readouterr()
    assert status == 2
    assert captured.err.startswith("error: ") and captured.err.count("\n") == 1
    assert sorted(folder.iterdir()) == before
    return captured.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--method=magic"], "invalid choice: 'magic'"),
        (["--kind=scores"], "invalid choice: 'scores'"),
        (["--alpha=much"], "invalid numbers value: 'much'"),
        (["--alpha=nan"], "invalid numbers value: 'nan'"),
        (["--alpha=2"], "alpha must be in [0, 1], got 2"),
        (["--alpha=.1,.2"], "alpha: 2 values; several are for --tune"),
        (["--window=4", "--method=median"], "invalid odd value: '4'"),
        (["--window=5"], "--window is for --method=median, not fugw"),
        (["--order=x"], "--order is for --method=viterbi, not fugw"),
        (["--alpha=0", "--method=median"], "--alpha is for --method=fugw, not median"),
        (["--tune"], "--tune needs --truth"),
        (["--background=0"], "--background needs --truth"),
        (["--seed=0"], "--seed needs --tune"),
        (["--out={0}/scores/out"], "scores/out: lies in --scores, where every file is read"),
        (["--truth={0}/truth", "--out={0}/truth"], "truth: lies in --truth"),
        (["--out={0}/truth/v1.txt/out"], "out: cannot be written in "),
        (["--tune", "--truth={0}/truth", "--settings=x"], "--tune chooses what --settings"),
        (["--classes=4", "--mapping=x"], "not allowed with argument"),
        (["--settings={0}/none"], "none: No such file or directory"),
        (["--mapping={0}/none"], "none: No such file or directory"),
        (["--classes=0"], "'0' is no whole number from 1 on"),
        (["--classes=5"], "video 'v1': no axis of (60, 4) is 5 classes"),
        (["--key=S"], "v1.npy: a .npy file has no keys (--key=S)"),
        (["--truth={0}/none"], "none: no such folder"),
        (["--truth={0}/truth", "--background=SIL"], "--background: 'SIL' is no class; without"),
        (["--truth={0}/truth", "--background=4"], "'4' is no class; without --mapping they are 0"),
    ],
)
def test_options(folder, capsys, options, message):
    assert message in fails(folder, capsys, *options)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("truth/v2.txt", None, "truth: no labels of video 'v2'"),
        ("truth/v2.txt", "0\n1\n", "video 'v2' has 2 labels, 75 rows of scores (tolerance 0)"),
        ("truth/v2.txt", "9\n" * 75, "truth: video 'v2': '9' is no class; without --mapping"),
        ("truth/v2.txt", "", "truth/v2.txt: empty"),
        ("scores/v2.npy", None, "scores/v2.npy: no file of scores"),
        ("scores/v2.npy", "x", "scores/v2.npy: not a readable .npy array"),
        ("scores/notes.md", "x", "scores/notes.md: no file of scores"),
    ],
)
def test_files(folder, capsys, name, content, message):
    path = folder / name
    if content is not None:
        path.write_text(content)
    elif name.startswith("truth"):
        path.unlink()
    else:
        path.unlink()
        path.symlink_to("nowhere")
    assert message in fails(folder, capsys, "--truth={0}/truth")


def test_scores_that_are_no_probabilities(folder, capsys):
    np.save(folder / "scores/v2.npy", 3 * score_set()["v2"])
    assert "video 'v2': frame 1 sums to 3" in fails(folder, capsys)
    assert "video 'v2': 2.1 is no similarity" in fails(folder, capsys, "--kind=similarities")


def test_more_classes_than_the_solver_takes(folder, capsys):
    (folder / "many").mkdir()
    np.save(folder / "many/v1.npy", np.full((2, 1001), 1 / 1001))
    message = fails(folder, capsys, "--classes=1001", scores="many")
    assert "many: 1001 classes; fugw takes 1000" in message


def test_names_that_the_mapping_lacks(folder, capsys):
    (folder / "mapping").write_text("0 cut\n1 mix\n2 serve\n3 wait\n")
    (folder / "truth/v3.txt").write_text("cut\n" * 89 + "wash\n")
    options = ["--truth={0}/truth", "--mapping={0}/mapping"]
    assert "truth: video 'v3': 'wash' is no class\n" in fails(folder, capsys, *options)


def test_orders(folder, capsys):
    (folder / "order").write_text("0\nSIL\n")
    options = ["--method=viterbi", "--order={0}/order"]
    assert "order: 'SIL' is no class; without --mapping they are 0 to 3" in fails(
        folder, capsys, *options
    )
    (folder / "order").unlink()
    assert "order: No such file" in fails(folder, capsys, *options)
    (folder / "order").mkdir()
    (folder / "order/v1.txt").write_text("0\n")
    assert "order: no order of video 'v2'" in fails(folder, capsys, *options)


def test_nothing_is_written_over(folder, capsys):
    out = folder / "out"
    out.mkdir()
    (out / "mine").write_text("mine")
    assert "out: is not empty; give a new --out" in fails(folder, capsys, "--method=argmax")
    assert [path.name for path in out.iterdir()] == ["mine"]
    (out / "mine").unlink()
    assert main([f"--scores={folder / 'scores'}", f"--out={out}", "--method=argmax"]) == 0
    capsys.readouterr()
    (folder / "file").write_text("")
    argv = [f"--scores={folder / 'scores'}", f"--out={folder / 'file'}"]
    assert main(argv) == 2
    assert "file: is no folder" in capsys.readouterr().err


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_no_half_of_an_output(folder, capsys, monkeypatch, error):
    def fail(path, value):
        assert (path.parent / "predictions/v4.txt").exists()
        raise error

    monkeypatch.setattr(command, "write_json", fail)
    if isinstance(error, OSError):
        message = fails(folder, capsys, "--method=argmax")
        assert f"cannot write {folder / 'out'}: No space left on device" in message
        return
    before = sorted(folder.iterdir())
    argv = [f"--scores={folder / 'scores'}", f"--out={folder / 'out'}", "--method=argmax"]
    assert main(argv) == 130
    assert capsys.readouterr().err == "stopped; nothing was written\n"
    assert sorted(folder.iterdir()) == before


HELP = """
import sys
sys.modules["jax"] = sys.modules["matplotlib"] = None
from jaxseg.decode.__main__ import main
main(["--help"])
"""


def test_help_imports_no_jax():
    done = subprocess.run([sys.executable, "-c", HELP], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "python -m jaxseg.decode --scores=DIR --out=DIR" in done.stdout
    assert "tuned.json" in done.stdout and "viterbi" in done.stdout
