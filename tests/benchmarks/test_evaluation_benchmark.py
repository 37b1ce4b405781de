"""The evaluator's benchmark at small sizes: its plain Python agrees with the evaluator."""

import io
import json
import tarfile

import numpy as np
import pytest

from benchmarks import evaluation
from jaxseg.evaluation import PROTOCOLS


def test_a_hundredth_of_the_work(tmp_path, capsys):
    path = tmp_path / "evaluation.json"
    assert evaluation.main(["--scale=0.01", f"--json={path}"]) == 0
    results = json.loads(path.read_text())
    segmentation, localization = results["segmentation"], results["localization"]
    *protocols, together, loop, ours = segmentation["rows"]
    assert [row["work"] for row in protocols] == list(PROTOCOLS)
    assert together["videos"] in (17, 18) and loop["videos"] == ours["videos"] == 2
    assert segmentation["largest_difference"] < 1e-9
    reading, *protocols, loop, ours = localization
    assert (reading["videos"], reading["items"]) == (47, 47 * 200)
    assert [row["work"] for row in protocols] == list(evaluation.LOCALIZATION_PROTOCOLS)
    assert ours["map"] == pytest.approx(loop["map"], abs=1e-9)
    assert 5 < ours["map"] < 95
    printed = capsys.readouterr().out
    assert "Segmentation, generated\n" in printed and "Localization, generated\n" in printed


def test_generated_labels_are_of_the_size_of_breakfast():
    truth, activities = evaluation.generate_truth()
    assert len(truth) == 1712
    assert len(set(activities.values())) == 10
    assert sum(map(len, truth.values())) == pytest.approx(3.6e6, rel=0.05)
    some = {name: truth[name] for name in list(truth)[::20]}
    predictions = evaluation.generate_predictions(some, activities)
    assert all(len(predictions[name]) == len(labels) for name, labels in some.items())
    right = np.mean([np.mean(predictions[name] == some[name]) for name in some])
    assert 0.6 < right < 0.95


def test_an_annotation_is_read_where_it_is_given(tmp_path):
    runs = (("SIL", 1, 3), ("pour", 4, 6))
    lines = [f'<MotionLabel name="{a}" startPoint="{b}" endPoint="{c}"/>' for a, b, c in runs]
    content = f"<all>{''.join(lines)}</all>".encode()
    archive = tmp_path / "annotation.tar.gz"
    with tarfile.open(archive, "w:gz") as files:
        member = tarfile.TarInfo("coffee/P03.xml")
        member.size = len(content)
        files.addfile(member, io.BytesIO(content))
    truth, activities = evaluation.read_annotation(archive)
    assert truth["coffee/P03"].tolist() == [0, 0, 0, 1, 1, 1]
    assert activities == {"coffee/P03": "coffee"}
