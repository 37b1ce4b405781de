"""`python -m jaxseg.evaluation localization` on other programs' files: the scores are the same."""

import json

import numpy as np
import pytest

from jaxseg.evaluation.__main__ import main

VIDEO = "video_test_0000001"
ITEM = {"label": "GolfSwing", "segment": [10, 14]}


def score(capsys, *arguments):
    """(scores of the first protocol's row, all that was printed)."""
    assert main(["localization", *map(str, arguments)]) == 0
    text = capsys.readouterr().out
    return text.splitlines()[1].split(), text


@pytest.fixture
def files(tmp_path):
    """One truth and an equal detection, by THUMOS14's own files and by ActivityNet's."""
    (tmp_path / "annotations").mkdir()
    (tmp_path / "annotations/GolfSwing_test.txt").write_text(f"{VIDEO} 10.0 14.0\n")
    (tmp_path / "annotations/Ambiguous_test.txt").write_text(f"{VIDEO} 20.0 25.0\n")
    (tmp_path / "annotations/Diving_val.txt").write_bytes(b"\xff\x00 not needed")
    (tmp_path / "detections.txt").write_text(f"{VIDEO} 10.0 14.0 33 0.9\n")
    results = {VIDEO: [ITEM | {"score": 0.9}]}
    (tmp_path / "predictions.json").write_text(json.dumps({"results": results}))
    database = {VIDEO: {"subset": "test", "annotations": [ITEM]}}
    (tmp_path / "truth.json").write_text(json.dumps({"database": database}))
    return tmp_path


@pytest.mark.parametrize("truth", ["annotations", "truth.json"])
@pytest.mark.parametrize("predictions", ["predictions.json", "detections.txt"])
def test_thumos14s_own_files(truth, predictions, files, capsys):
    """By hand: one truth, one equal detection."""
    arguments = [f"--predictions={files / predictions}", f"--truth={files / truth}"]
    row, text = score(capsys, *arguments, "--protocol=th14", "--subset=test")
    assert row[:5] == ["th14", "1", "1", "1", "1"] and set(row[5:]) == {"100.00"}
    assert "Ambiguous" not in text.replace("labeled as ambiguous", "")


def test_swapped_files(files, capsys):
    for truth, predictions in (
        ("predictions.json", "truth.json"),
        ("detections.txt", "annotations"),
    ):
        options = [f"--truth={files / truth}", f"--predictions={files / predictions}"]
        assert main(["localization", *options]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert "swapped" in line


def test_a_bundle_without_times_says_why_it_has_no_score(tmp_path, capsys):
    arrays = {"videoname": [b"v"], "subset": [b"test"], "segments": [[]], "labels": [[]]}
    for name, values in (arrays | {"labels_all": [[b"jump"]]}).items():
        array = np.empty(1, object)
        array[:] = values
        np.save(tmp_path / f"{name}.npy", array, allow_pickle=True)
    path = tmp_path / "p.json"
    path.write_text(json.dumps({"results": {"v": [ITEM | {"score": 1}]}}))
    assert main(["localization", f"--truth={tmp_path}", f"--predictions={path}"]) == 2
    assert "labels without a time" in capsys.readouterr().err
