"""Random mutations of every file that the command reads: scores, or one line; never a traceback."""

import io
from contextlib import redirect_stderr, redirect_stdout

import numpy as np
import pytest
from label_folders import write_folder
from mutations import mutations

from jaxseg.evaluation.__main__ import main

NAMES = ["background", "pour_milk", "stir"]
TRUTH = {"v1": [0] * 4 + [1] * 9 + [2] * 3, "v2": [1] * 5 + [0] * 5}
FILES = (
    "truth/v1.txt",
    "names/v1.txt",
    "results/v1",
    "arrays/v1.npy",
    *("mapping.txt", "split", "activities", "map"),
)
OPTIONS = ("mapping=mapping.txt", "splits=split", "activities=activities", "label-map=map")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {video: [NAMES[index] for index in each] for video, each in TRUTH.items()}
    write_folder(tmp_path / "truth", names)
    write_folder(tmp_path / "names", names)
    for name in ("results", "arrays"):
        (tmp_path / name).mkdir()
    for video, each in TRUTH.items():
        np.save(tmp_path / f"arrays/{video}.npy", np.array(each, np.int16))
        text = f"### Frame level recognition: ###\n{' '.join(names[video])}"
        (tmp_path / "results" / video).write_text(text)
    (tmp_path / "mapping.txt").write_text("0 background\n1\tpour_milk\r\n2 stir\n")
    (tmp_path / "split").write_text("v1.txt\nv2.txt\n")
    (tmp_path / "activities").write_text("v1 tea, green\nv2 coffee\n")
    (tmp_path / "map").write_text("background b\npour_milk work\nstir work\n")
    return tmp_path


def survive(folder, file, count):
    """Scores so many mutations of a file."""
    side = file.partition("/")[0]
    predictions = side if side in ("results", "arrays") else "names"
    argv = ["segmentation", "--truth=truth", f"--predictions={predictions}"]
    argv += [f"--{option}" for option in OPTIONS if option.endswith(f"={file}")]
    argv += ["--protocol=mstcn,mstcn2,asot-exact,twfinch", "--length-tolerance=1"]
    content, scored = (folder / file).read_bytes(), 0
    for changed in mutations(content, count, seed=len(file)):
        (folder / file).write_bytes(changed)
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            status = main(argv)
        lines = err.getvalue().splitlines()
        assert (status, len(lines)) in ((0, 0), (2, 1)), (changed, lines)
        scored += status == 0
    return scored


@pytest.mark.parametrize("file", FILES)
def test_mutated_files(folder, file):
    assert 0 < survive(folder, file, 60) < 60


@pytest.mark.slow
@pytest.mark.parametrize("file", FILES)
def test_a_thousand_mutations(folder, file):
    assert 0 < survive(folder, file, 1000) < 1000
