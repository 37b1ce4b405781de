"""The command with a truth of segments: the same scores as of the same truth frame by frame."""

import itertools
import json

import numpy as np
import pytest

from jaxseg.evaluation.__main__ import main
from jaxseg.formats.annotations.exports import FORMATS, write_exports
from jaxseg.formats.annotations.exports.segments import Clusters, Segmented, segments_of

TRUTH = {
    "a": np.repeat(["walk", "run", "rest"], [20, 25, 15]),
    "b": np.repeat(["run", "walk"], [30, 12]),
}
CASES = {
    "boris": ("Behavior,Start (s),Stop (s),Behavior type\n{}", "{2},{0},{1},STATE\n", ".csv"),
    "audacity": ("{}", "{0}\t{1}\t{2}\n", ".txt"),
    "own": ("start,end,label\n{}", "{0},{1},{2}\n", ".csv"),
}


@pytest.fixture
def folders(tmp_path):
    """Predictions that are mostly right, and the truth a label a line."""
    rng = np.random.default_rng(0)
    for name, labels in TRUTH.items():
        predicted = np.where(rng.random(len(labels)) < 0.8, labels, "walk")
        for folder, lines in (("frames", labels), ("predictions", predicted)):
            (tmp_path / folder).mkdir(exist_ok=True)
            (tmp_path / folder / f"{name}.txt").write_text("".join(f"{line}\n" for line in lines))
    return tmp_path


def segments(labels, rate):
    edges = [0, *(np.flatnonzero(labels[1:] != labels[:-1]) + 1), len(labels)]
    return [(a / rate, b / rate, labels[a]) for a, b in itertools.pairwise(edges)]


def write(folder, case, rate=10, change=list):
    head, row, suffix = CASES[case]
    (folder / "segments").mkdir()
    for name, labels in TRUTH.items():
        rows = "".join(row.format(*each) for each in change(segments(labels, rate)))
        (folder / "segments" / f"{name}{suffix}").write_text(head.format(rows))


def scores(folder, truth, *words, protocols="asot-exact,mstcn"):
    out = folder / "scores.json"
    words = [f"--predictions={folder}/predictions", f"--truth={folder}/{truth}", *words]
    status = main(["segmentation", *words, f"--protocol={protocols}", f"--json={out}"])
    assert status == 0
    return json.loads(out.read_text())


@pytest.mark.parametrize("case", CASES)
def test_segments_score_as_frames_do(folders, case):
    write(folders, case)
    expected = scores(folders, "frames")
    assert scores(folders, "segments", "--fps=10")["results"] == expected["results"]


def test_frames_without_a_segment_are_left_out(folders):
    write(folders, "own", change=lambda each: each[:-1])
    found = scores(folders, "segments", "--fps=10")
    for name, count in (("a", 45), ("b", 30)):
        for folder in ("frames", "predictions"):
            file = folders / folder / f"{name}.txt"
            file.write_text("".join(file.read_text().splitlines(keepends=True)[:count]))
    assert found["results"] == scores(folders, "frames")["results"]
    assert "26.5 % of the frames have no segment and are not scored" in found["notes"]


@pytest.mark.parametrize("kept", ["*", "*.nwb", "*.ids.txt", "*.csv"])
def test_own_exports_are_truth(folders, kept):
    """All of them in one folder, or one kind alone, and `ids.csv` among tables of segments."""
    names = sorted({label for labels in TRUTH.values() for label in labels})
    recordings = []
    for name, labels in TRUTH.items():
        codes = np.array([names.index(label) for label in labels])
        recordings.append(Segmented(name, codes, segments_of(codes, 10)))
    write_exports(folders / "segments", recordings, Clusters(3, dict(enumerate(names))), FORMATS)
    for path in {*(folders / "segments").iterdir()} - {*(folders / "segments").glob(kept)}:
        path.unlink()
    only = "asot-exact" if "ids" in kept else "asot-exact,mstcn"  # numbers have to be matched
    found = scores(folders, "segments", "--fps=10", protocols=only)
    expected = scores(folders, "frames", protocols=only)
    for one, other in zip(found["results"], expected["results"], strict=True):
        assert one["metrics"] == other["metrics"]


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        ([], ["segments are in seconds; give --fps"]),
        (["--fps=0"], ["'0' is no number above 0"]),
        (["--fps=100"], ["segments end at 6 seconds, 'a' has 60 frames; is --fps right?"]),
    ],
)
def test_rates_that_do_not_fit(folders, capsys, words, parts):
    write(folders, "boris")
    command = [f"--predictions={folders}/predictions", f"--truth={folders}/segments", *words]
    try:
        assert main(["segmentation", *command]) == 2
    except SystemExit as error:
        assert error.code == 2
    text = capsys.readouterr().err
    assert all(part in text for part in parts), text
