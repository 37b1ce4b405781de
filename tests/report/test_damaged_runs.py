"""A file of a run that is missing or damaged ends the report in one line with its name."""

import json

import gaufuse_runs
import localization_runs
import numpy as np
import pytest

from jaxseg.report import read_run

COUPLING = "couplings/coffee/seed0/v0.npz"
MAP = "maps/seed0/a.npz"
PSEUDO_LABELS = "pseudo_labels/1.npz"


def refuse(workdir, name: str, words: str) -> None:
    with pytest.raises(ValueError) as error:
        read_run(workdir)
    message = str(error.value)
    assert "\n" not in message and name in message and words in message, message


def change(path, **values) -> None:
    """Puts other values into a JSON object, or other arrays into an archive."""
    if path.suffix == ".npz":
        with np.load(path) as file:
            arrays = {name: file[name] for name in file.files}
        kept = {name: array for name, array in (arrays | values).items() if array is not None}
        np.savez(path, **kept)
    else:
        path.write_text(json.dumps(json.loads(path.read_text()) | values))


@pytest.mark.parametrize("name", ["config.json", "dataset.json", "members.json"])
@pytest.mark.parametrize("writer", ["make_workdir", "make_localization"])
def test_a_missing_required_file(request, writer, name):
    workdir = request.getfixturevalue(writer)()
    (workdir / name).unlink()
    refuse(workdir, name, "No such file")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("config.json", "[]", "not a JSON object but list"),
        ("evaluation.json", "{", "not valid JSON"),
        ("dataset.json", '{"videos": []}', "name"),
        ("members.json", '[{"activity": "coffee", "sead": 1}]', "sead"),
        ("truth/coffee/v1.txt", "SIL\nsit\n", "sit"),
        ("predictions/coffee/seed0/v0.txt", "0\n1.5\n", "1.5"),
        ("predictions/coffee/seed0/v0.txt", "0\n-2\n", "-2"),
        ("predictions/coffee/seed1/v0.txt", "5\n" * 10, "cluster 5 of a member with 5 clusters"),
        (COUPLING, "PK", "archive"),
        ("metrics.jsonl", '{"step": 0, "seconds": 0, "loss": [1]}\n', "line 1: 1 values of 'loss'"),
        ("metrics.jsonl", '{"step"\n{"step": 1, "seconds": 0, "loss": [1, 2]}\n', "line 1"),
        (
            "evaluation.json",
            '{"protocols": {}, "matching": {"coffee/seed1": {"3": "sleep"}}}',
            "sleep",
        ),
    ],
)
def test_a_damaged_file_of_a_segmentation(make_workdir, name, content, words):
    workdir = make_workdir()
    (workdir / name).write_text(content)
    refuse(workdir, name, words)


@pytest.mark.parametrize("name", ["plan", "affinity", "codes", "plan_without_prior"])
@pytest.mark.parametrize("matrix", [np.ones((10, 4)), np.ones((9, 5)), np.full((10, 5), np.nan)])
def test_a_damaged_coupling(make_tot_workdir, name, matrix):
    workdir = make_tot_workdir()
    change(workdir / COUPLING, **{name: matrix})
    refuse(workdir, COUPLING, name)


def test_a_damaged_label_of_another_decoding(make_tot_workdir):
    workdir = make_tot_workdir()
    path = workdir / "predictions/coffee/seed0,argmax/v1.txt"
    path.write_text("5\n" * 10)
    refuse(workdir, str(path), "cluster 5 of a member with 5 clusters")


@pytest.mark.parametrize("values", [[1], [1, 2, 3], ["one", 2], 4])
def test_damaged_curves(make_tot_workdir, values):
    workdir = make_tot_workdir()
    path = workdir / "metrics.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    lines[2]["entropy"] = values
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    refuse(workdir, "metrics.jsonl", "")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("dataset.json", '{"task": "captioning", "videos": []}', "captioning"),
        ("dataset.json", '{"task": "localization"}', "videos"),
        ("members.json", "[]", "no members"),
        ("truth.json", '{"results": {}}', "database"),
        ("truth.json", '{"database": {"a": {}}}', "'a'"),
        ("predictions/seed0.json", '{"results": []}', ""),
        ("predictions/seed0.json", '{"results": {"z": []}}', ""),
        ("predictions/seed0.json", '{"results": {"a": 5}}', "'a'"),
        (MAP, "PK", "archive"),
        ("clusters.json", '{"seed0": [[1, 0]]}', "'seed0' has shape (1, 2), not (4, 2)"),
        ("clusters.json", '{"seed0": [[1], [1, 0]]}', ""),
        ("clusters.json", "[]", ""),
        ("evaluation.json", "{}", "protocols"),
        ("evaluation.json", '{"protocols": []}', ""),
        ("metrics.jsonl", '{"step": 0, "seconds": 0, "loss": [1]}\n{}', "1 values of 'loss' for 4"),
    ],
)
def test_a_damaged_file_of_a_localization(make_localization, name, content, words):
    workdir = make_localization()
    (workdir / name).write_text(content)
    refuse(workdir, name, words)


@pytest.mark.parametrize(
    "changes",
    [
        {"segment": [3]},
        {"segment": ["x", 2]},
        {"score": None},
        {"score": float("nan")},
        {"segment": [5, 4]},
        {"segment": [0, float("inf")]},
        {"label": "swim"},
    ],
)
def test_a_detection_that_is_none(make_localization, changes):
    workdir = make_localization()
    path = workdir / "predictions/seed0.json"
    content = json.loads(path.read_text())
    content["results"]["b"][0].update(changes)
    path.write_text(json.dumps(content))
    refuse(workdir, "predictions/seed0.json", "swim" if "label" in changes else "'b'")


@pytest.mark.parametrize(
    ("name", "array", "words"),
    [
        ("map", np.ones((4, 2)), "map has shape (4, 2), not (4, 3)"),
        ("map", np.full((4, 3), np.nan), "map has nan in it"),
        ("map", np.ones((0, 3)), "not (0,)"),
        ("map", np.array([{}]), "objects"),
        ("map", None, "map"),
        ("seconds", None, "seconds"),
        ("seconds", np.arange(4.0), "seconds has shape (4,), not (5,)"),
        ("seconds", np.array([0.0, 1, 1, 2, 3]), "seconds do not rise over 4 snippets"),
        ("video_scores", np.full(3, np.inf), "video_scores has inf in it"),
        ("clusters", np.ones((4, 5)), "clusters has shape (4, 5), not (4, 4)"),
        ("attention", np.ones(3), "attention has shape (3,), not (4,)"),
        ("attention", np.array(list("abcd")), "attention holds <U1, not numbers"),
        ("instances_end", np.ones(3), "instances_end has shape (3,), not (4,)"),
        ("instances_end", np.full(4, 0.5), "instances_end has 0.5 in it, before its start 2.5"),
        ("instances_score", np.full(4, np.nan), "instances_score has nan in it"),
        ("instances_score", None, "instances_score"),
        ("instances_label", np.full(4, 3.0), "instances_label has 3 in it, of 3 classes"),
        ("instances_label", np.full(4, 0.5), "instances_label has 0.5 in it, of 3 classes"),
        ("instances_label", np.float32(0), "instances_label has shape (), not (1,)"),
    ],
)
def test_a_damaged_map(make_gaufuse, name, array, words):
    workdir = make_gaufuse()
    change(workdir / MAP, **{name: array})
    refuse(workdir, MAP, words)


@pytest.mark.parametrize("value", ["high", float("nan"), {"mean": 1}])
def test_a_score_that_is_none(make_localization, value):
    workdir = make_localization()
    content = json.loads((workdir / "evaluation.json").read_text())
    content["protocols"]["wtalc"]["results"][1]["map"]["0.5"] = value
    (workdir / "evaluation.json").write_text(json.dumps(content))
    refuse(workdir, "evaluation.json", "")


@pytest.mark.parametrize(
    ("name", "array", "words"),
    [
        ("epoch", None, "epoch"),
        ("epoch", np.array([1.0, 2.0]), "epoch has shape (2,), not ()"),
        ("epoch", np.array(np.nan), "epoch has nan in it"),
        ("shown", None, "shown"),
        ("shown", np.array(["z"]), "video 'z' is not in dataset.json"),
        ("seed0/c/labels", None, "seed0/c/labels"),
        ("seed0/c/labels", np.zeros((9, 3)), "labels has shape (9, 3), not (9, 4)"),
        ("seed0/c/labels", np.zeros((8, 4)), "labels has shape (8, 4), not (9, 4)"),
        ("seed0/c/labels", np.full((9, 4), np.inf), "labels has inf in it"),
        ("seed0/c/label", np.array([0, 4]), "seed0/c/label has 4 in it, of 4 classes"),
        ("seed0/c/label", np.array([0, -1]), "seed0/c/label has -1 in it"),
        ("seed0/c/end", None, "seed0/c/end"),
        ("seed0/c/end", np.array([0.5, 9]), "seed0/c/end has 0.5 in it, before its start 1"),
        ("seed0/c/score", np.array([0.5]), "seed0/c/score has shape (1,), not (2,)"),
    ],
)
def test_damaged_pseudo_labels(make_gaufuse, name, array, words):
    workdir = make_gaufuse()
    change(workdir / PSEUDO_LABELS, **{name: array})
    refuse(workdir, PSEUDO_LABELS, words)


def test_a_missing_refresh(make_gaufuse):
    workdir = make_gaufuse()
    (workdir / PSEUDO_LABELS).unlink()
    refuse(workdir, "pseudo_labels", "there is 2.npz, but no 1.npz")
    (workdir / PSEUDO_LABELS).write_text("PK")
    refuse(workdir, PSEUDO_LABELS, "archive")


def test_refreshes_of_other_videos(make_gaufuse):
    workdir = make_gaufuse()
    videos = json.loads((workdir / "dataset.json").read_text())["videos"]
    videos.append({"name": "e", "subset": "train", "snippets": 9, "seconds": None})
    change(workdir / "dataset.json", videos=videos)
    np.savez(workdir / "pseudo_labels/2.npz", **gaufuse_runs.refresh(2, video="e"))
    refuse(workdir, "2.npz", "shown are e, in 0.npz c")


def test_snippets_of_unknown_length(make_gaufuse):
    workdir = make_gaufuse()
    change(workdir / "dataset.json", seconds_per_snippet=None)
    refuse(workdir, "pseudo_labels/0.npz", "video 'c' has no snippets of known length")


def test_truth_beyond_the_data_set_is_no_fault(make_localization):
    workdir = make_localization()
    database = localization_runs.annotations()["database"]
    change(workdir / "truth.json", database=database | {"z": database["a"]})
    assert "z" in read_run(workdir).truth


def test_lines_of_a_resumed_and_killed_run(make_workdir):
    workdir = make_workdir()
    lines = [
        '{"step": 0, "seconds": 1, "loss": [5, 6]}',
        '{"step": 1, "seconds": 2, "loss": [4, 5]}',
        '{"step": 1, "seconds": 3, "loss": [3, null], "clusters_used": [4, null]}',
        '{"step": 2, "lo',
    ]
    (workdir / "metrics.jsonl").write_text("\n".join(lines))
    metrics = read_run(workdir).metrics
    np.testing.assert_array_equal(metrics.steps, [0, 1])
    np.testing.assert_array_equal(metrics.curves["loss"], [[5, 6], [3, np.nan]])
