"""What a localization data set says about itself, and the truth that the evaluator reads."""

import json

import numpy as np
import pytest
from snippet_layouts import matrix

from jaxseg.data import SnippetSet, SnippetVideo
from jaxseg.evaluation.__main__ import main
from jaxseg.formats.files import write_json


def video(name, subset, *segments, duration=None, num_snippets=10):
    labels = np.zeros(3, np.float32)
    labels[[label for _, _, label in segments]] = 1
    features = matrix(num_snippets)
    return SnippetVideo(name, subset, features, features, labels, segments, duration)


CLASSES = ("CliffDiving", "Diving", "GolfSwing")
TEST = video("t", "test", (1.0, 2.0, 1), (4, 5.5, 1), duration=6.4)
TRAIN = video("a", "train", (np.float32(0.5), 3.0, 0))
DATA = SnippetSet("toy", (TEST, TRAIN), CLASSES, subset_names=("training", "validation"))


def test_subsets_and_the_one_group_that_is_trained():
    assert DATA.train == (TRAIN,) and DATA.test == (TEST,)
    assert DATA.activities == {"toy": (TRAIN,)}
    assert DATA.num_channels == 3 and TEST.num_snippets == 10


def test_the_truth_has_the_sources_words_and_plain_numbers():
    database = DATA.to_truth()["database"]
    assert database == json.loads(json.dumps(database))
    assert database["a"] == {
        "subset": "training",
        "annotations": [{"label": "CliffDiving", "segment": [0.5, 3.0]}],
    }
    assert database["t"]["subset"] == "validation" and database["t"]["duration"] == 6.4


def test_the_evaluators_command_reads_the_truth(tmp_path, capsys):
    """The detections are the truth itself but for one, so that mAP is known."""
    detections = [
        {"label": "Diving", "segment": [1.0, 2.0], "score": 0.9},
        {"label": "Diving", "segment": [8.0, 9.0], "score": 0.8},
    ]
    truth, predictions, result = (tmp_path / name for name in ("gt.json", "p.json", "r.json"))
    write_json(truth, DATA.to_truth())
    write_json(predictions, {"results": {"t": detections}})
    files = [f"--truth={truth}", f"--predictions={predictions}", f"--json={result}"]
    assert main(["localization", *files, "--subset=validation", "--tiou=0.5"]) == 0
    capsys.readouterr()
    (scored,) = json.loads(result.read_text())["results"]
    assert (scored["videos"], scored["truths"]) == (1, 2)
    # One of two instances is found, at precision 1.
    assert scored["map"] == [50.0]


@pytest.mark.parametrize(("fixed", "expected"), [(0.64, 0.64), (None, 0.8)])
def test_seconds_of_a_snippet(fixed, expected):
    data = SnippetSet("toy", (TRAIN,), CLASSES, seconds_per_snippet=fixed)
    one = video("v", "test", duration=8.0)
    assert data.snippet_seconds(one) == pytest.approx(expected)
