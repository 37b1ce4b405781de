"""`python -m jaxseg.features`: what it says, its exit status, and life without the extra."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from mean_color import MeanColor
from serial_pool import SerialPool
from tiny_videos import write_video

from jaxseg.features import __main__, job
from jaxseg.features.folders import RECORD

ROOT = Path(__file__).resolve().parents[2]
LIBRARIES = ("av", "cv2", "pebble", "sklearn", "onnxruntime", "pympi")


@pytest.fixture
def folders(tmp_path):
    pytest.importorskip("av")
    write_video(tmp_path / "videos" / "a.mp4", 10)
    write_video(tmp_path / "videos" / "b.mkv", 10)
    return [f"--videos={tmp_path / 'videos'}", f"--out={tmp_path / 'out'}"]


@pytest.fixture
def mean_kind(monkeypatch):
    monkeypatch.setattr(__main__, "kind_of", lambda arguments: MeanColor())
    monkeypatch.setattr(job, "Pool", SerialPool)


def run(capsys, *words):
    """(status, lines of output, lines on standard error)."""
    try:
        status = __main__.main([*words, "--processes=1"])
    except SystemExit as end:
        status = end.code
    out, err = capsys.readouterr()
    return status, out.splitlines(), err.splitlines()


def test_all_is_well(folders, mean_kind, capsys, tmp_path):
    out = tmp_path / "out"
    assert run(capsys, *folders) == (0, [f"{out}: 2 done, 0 kept, 0 failed"], [])
    assert run(capsys, *folders) == (0, [f"{out}: 0 done, 2 kept, 0 failed"], [])
    assert json.loads((out / RECORD).read_text())["fps"] == 15
    run(capsys, *folders, "--fps=7.5")
    assert np.load(out / "a.npy").shape == (3, 3)


def test_a_tilde_is_the_home_folder(folders, mean_kind, capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert run(capsys, "--videos=~/videos", "--out=~/out")[0] == 0
    assert (tmp_path / "out" / "a.npy").is_file()


def test_some_fail(folders, mean_kind, capsys, tmp_path):
    (tmp_path / "videos" / "it's\nzero.mp4").touch()
    (tmp_path / "videos" / "notes.txt").touch()
    status, out, (line,) = run(capsys, *folders)
    assert status == 1 and out[0].endswith("2 done, 0 kept, 1 failed")
    assert out[1:] == ["left out: 'notes.txt': empty"]
    assert line.startswith(r'failed: "it' + r"'s\nzero.mp4" + '": ')


def test_videos_of_camcorders_and_phones(folders, mean_kind, capsys, tmp_path):
    for name, container in (("00001.MTS", "mpegts"), ("IMG_1.m4v", "ipod"), ("c.ts", "mpegts")):
        write_video(tmp_path / "videos" / name, 10, codec="libx264", format=container)
    (tmp_path / "videos" / "notes.txt").write_text("Tuesday\n")
    out = tmp_path / "out"
    assert run(capsys, *folders) == (
        0,
        [f"{out}: 5 done, 0 kept, 0 failed", "left out: 'notes.txt': text"],
        [],
    )
    assert json.loads((out / RECORD).read_text())["left_out"] == {"notes.txt": "text"}
    for suffix in ("mp4", "mkv"):
        for path in (tmp_path / "videos").glob(f"*.{suffix}"):
            path.unlink()
    assert run(capsys, *folders)[1][0] == f"{out}: 0 done, 3 kept, 0 failed"


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["--fps=0"], "--fps"),
        (["--fps=nan"], "--fps: 'nan' is not a number above 0"),
        (["--fps=x"], "--fps: 'x' is not a number above 0 and up to 1000"),
        (["--out="], "--out: '' is not a path"),
        (["--processes=0"], "--processes: '0' is not a whole number from 1"),
        (["--kind=sift"], "--kind"),
        (["--kind=onnx", "--reuse=x.npz"], "--reuse belongs to --kind=motion|image|motion+image"),
        (["--model=x.onnx"], "--model belongs to --kind=onnx"),
        (["--channel-order=bgr"], "--channel-order belongs to --kind=onnx"),
        (["--videos=/nowhere"], "/nowhere: no such folder of videos"),
        (["--what"], "--what"),
    ],
)
def test_mistakes_are_one_line(folders, capsys, tmp_path, words, part):
    status, out, (line,) = run(capsys, *folders, *words)
    assert status == 2 and not out and line.startswith("error: ") and part in line
    assert not (tmp_path / "out").exists()


def test_help_says_what_comes_next(capsys):
    status, lines, _ = run(capsys, "--help")
    text = "\n".join(lines)
    assert status == 0 and max(map(len, lines)) <= 100
    for word in ("--reuse", "--model", "features.json", "asot_folder.py", "asot_videos.py"):
        assert word in text


def without_extra(folder, *words):
    """Runs a command where none of the libraries can be imported."""
    refuse = f"import sys; sys.modules.update(dict.fromkeys({LIBRARIES!r}))"
    (folder / "sitecustomize.py").write_text(refuse)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)])}
    return subprocess.run(
        [sys.executable, *words], env=environment, capture_output=True, text=True, check=False
    )


def test_without_the_extra_one_line_says_what_installs_it(tmp_path):
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos" / "a.mp4").touch()
    words = f"-m jaxseg.features --videos={tmp_path}/videos --out={tmp_path}/out".split()
    result = without_extra(tmp_path, *words)
    assert result.returncode == 2 and not result.stdout and not (tmp_path / "out").exists()
    assert result.stderr == (
        "error: reading videos needs PyAV; pip install '.[video]' in jaxseg's checkout installs it"
        " (or pip install -r requirements-video.txt)\n"
    )
    result = without_extra(tmp_path, "-m", "jaxseg.features", "--help")
    assert result.returncode == 0 and "--videos" in result.stdout


def test_the_rest_does_not_need_the_extra(tmp_path):
    """tests/test_import_order.py knows that only features and footage may import them at all."""
    # Worker processes import the main module again, and are to be spared JAX.
    program = (
        "import sys, jaxseg.main, jaxseg.features.__main__; assert 'jax' not in sys.modules; "
        "import jaxseg.run.videos"
    )
    result = without_extra(tmp_path, "-c", program)
    assert result.returncode == 0, result.stderr


ENDLESS = """
import sys
from jaxseg.features import __main__
from mean_color import MeanColor
__main__.kind_of = lambda arguments: MeanColor(seconds=0.1)
sys.exit(__main__.main(sys.argv[1:]))
"""


def test_ctrl_c_ends_all_with_one_line(folders, tmp_path):
    paths = [os.getcwd(), *filter(None, sys.path)]
    process = subprocess.Popen(
        [sys.executable, "-c", ENDLESS, *folders, "--fps=1000", "--processes=2"],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    out = tmp_path / "out"
    while len(list(out.glob(".*.npy.*"))) < 2:
        assert process.poll() is None
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does, to all processes
    printed, errors = process.communicate(timeout=30)
    assert (process.returncode, printed) == (130, "")
    assert errors == "stopped; the same command goes on from here\n"
    assert sorted(path.name for path in out.iterdir() if path.suffix == ".npy") == []
