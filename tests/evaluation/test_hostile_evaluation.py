"""The evaluators, given names and files that someone made for another purpose than to be scored."""

import json
import os
from collections import Counter
from html.parser import HTMLParser

import numpy as np
import pytest
from hostile_files import npy, trapped
from hostile_names import BAD_CLASSES, GOOD

from jaxseg.evaluation.__main__ import main
from jaxseg.formats.names import clip

PATHS = ("../../escape", "/tmp/escape", "..", "a/b", "x" * 5000)  # the evaluator makes no files


def segment(label: str, **more) -> dict:
    return {"label": label, "segment": [0, 4], **more}


def localization(folder, video: str, label: str, *options) -> int:
    """Scores one detection of that name and label against a truth of others and of the same."""
    annotations = [segment(label), segment("other")]
    truth = {"database": {video: {"annotations": annotations}, "w": {"annotations": []}}}
    results = {"results": {video: [segment(label, score=0.5)], "w": []}}
    (folder / "truth.json").write_text(json.dumps(truth))
    (folder / "predictions.json").write_text(json.dumps(results))
    sides = [f"--{side}={folder / side}.json" for side in ("truth", "predictions")]
    return main(["localization", *sides, *options])


def segmentation(folder, video: str, label: str, *options) -> int:
    """The same of a video that has a label, in a folder of that name."""
    for side in ("truth", "predictions"):
        place = folder / side / video
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{video}.txt").write_text(f"{label}\nother\n" * 4, encoding="utf-8")
    sides = [f"--{side}={folder / side}" for side in ("truth", "predictions")]
    return main(["segmentation", *sides, *options])


def complaint(capsys) -> str:
    """The one line of an error."""
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    return line


@pytest.mark.parametrize(("name", "why"), BAD_CLASSES.items(), ids=map(clip, BAD_CLASSES))
def test_names_that_break_lines_are_refused(tmp_path, capsys, name, why):
    for arguments in ((name, "a"), ("v", name)):
        assert localization(tmp_path, *arguments) == 2
        line = complaint(capsys)
        assert f"{tmp_path / 'truth.json'}: " in line and clip(name) in line and why in line


@pytest.mark.parametrize("name", [*GOOD, *PATHS])
def test_other_names_are_scored_and_lead_nowhere(tmp_path, capsys, name):
    inside = tmp_path / "inside"
    inside.mkdir()
    files = [f"--json={inside / 'scores.json'}", f"--report={inside / 'page.html'}"]
    assert localization(inside, name, name, *files) == 0, capsys.readouterr()
    (result,) = json.loads((inside / "scores.json").read_text())["results"]
    assert max(result["map"]) == 50  # of two classes one is found
    expected = {"truth.json", "predictions.json", "scores.json", "page.html"}
    assert {path.name for path in inside.iterdir()} == expected
    assert list(tmp_path.iterdir()) == [inside]


@pytest.mark.parametrize("name", GOOD)
def test_folders_and_files_of_odd_names_are_scored(tmp_path, capsys, name):
    report, scores = tmp_path / "page.html", tmp_path / "scores.json"
    options = ("--protocol=mstcn", f"--json={scores}", f"--report={report}")
    assert segmentation(tmp_path, name, name, *options) == 0, capsys.readouterr()
    (result,) = json.loads(scores.read_text())["results"]
    assert result["metrics"]["accuracy"] == 100 and list(result["activities"]) == [name]


class Page(HTMLParser):
    """Tags with the names of their attributes, and the text."""

    def __init__(self, source: str):
        super().__init__()
        self.tags, self.text = Counter(), ""
        self.feed(source)

    def handle_starttag(self, tag, attrs):
        self.tags[tag, *sorted(name for name, _ in attrs)] += 1

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize("score", [segmentation, localization])
@pytest.mark.parametrize("name", ["<script>alert(1)", "'\"><img src=x onerror=alert(1)>", "&lt;b>"])
def test_pages_have_no_markup_but_their_own(tmp_path, score, name):
    pages = []
    for number, each in enumerate(("ordinary", name)):
        folder = tmp_path / str(number)
        folder.mkdir()
        options = ["--protocol=mstcn"] if score is segmentation else []
        assert score(folder, each, each, *options, f"--report={folder / 'page.html'}") == 0
        pages.append(Page((folder / "page.html").read_text(encoding="utf-8")))
    plain, page = pages
    assert page.tags == plain.tags
    assert (name in page.text) == ("ordinary" in plain.text)


@pytest.mark.parametrize("side", ["truth", "predictions"])
@pytest.mark.parametrize("what", ["objects", "a petabyte", "surplus"])
def test_label_arrays_that_are_hostile(tmp_path, capsys, side, what):
    segmentation(tmp_path, "v", "a")
    path = tmp_path / side / "v" / "v.npy"
    path.with_suffix(".txt").unlink()
    if what == "objects":
        np.save(path, trapped(tmp_path / "sprung", 8), allow_pickle=True)
    else:
        path.write_bytes(npy((2**47,) if what == "a petabyte" else (2,), descr="<i8"))
    capsys.readouterr()
    assert segmentation_again(tmp_path) == 2
    line = complaint(capsys)
    assert str(path) in line
    assert ("objects" if what == "objects" else "bytes, and there are 152") in line
    assert not (tmp_path / "sprung").exists()


def segmentation_again(folder) -> int:
    return main(["segmentation", *(f"--{s}={folder / s}" for s in ("truth", "predictions"))])


def test_a_device_among_the_labels(tmp_path, capsys):
    """It would be read without an end."""
    segmentation(tmp_path, "v", "a")
    os.symlink("/dev/zero", tmp_path / "truth" / "v" / "w.txt")
    capsys.readouterr()
    assert segmentation_again(tmp_path) == 2
    assert "'v/w.txt' is no file" in complaint(capsys)
