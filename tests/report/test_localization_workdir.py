"""The files of a localisation run: what is read, and what is refused in one line."""

import json

import localization_runs
import numpy as np
import pytest

from jaxseg.report import write_report
from jaxseg.report.localization.workdir import read_localization


def one_line(error) -> str:
    message = str(error.value)
    assert "\n" not in message
    return message


def refused(workdir, part) -> str:
    with pytest.raises(ValueError) as error:
        write_report(workdir)
    message = one_line(error)
    assert message.startswith(str(workdir / part))
    return message


def edit(path, change) -> None:
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    path.write_text(json.dumps(content))


def test_what_is_read(make_localization):
    run = read_localization(make_localization())
    assert run.test_videos == ["a", "b", "d"]
    assert [member.directory for member in run.main] == ["seed0", "seed1"]
    assert run.truth["a"][1] == (localization_runs.DIVE, 2.0, 6.0, 1.0)
    assert run.proposals["d"][0] == (localization_runs.DIVE, 1.0, 7.0, 0.4)
    assert set(run.maps) == {"a", "b"}
    np.testing.assert_array_equal(run.maps["a"].borders, localization_runs.SECONDS)
    assert list(run.maps["a"].attention) == ["rgb", "flow"]
    assert set(run.losses) == {"loss", "video_loss", "cluster_loss"}
    np.testing.assert_array_equal(run.losses["video_loss"], [[3.0] * 4, [2.5] * 4])
    anet = run.evaluation.protocols["anet"]
    assert anet.counts["predictions"] == 5678.0
    assert anet.results[0].errors == localization_runs.KINDS
    assert anet.results[0].curves[localization_runs.THROW].shape == (0, 2)


@pytest.mark.parametrize("name", ["config.json", "dataset.json", "members.json"])
def test_a_missing_required_file_is_named(make_localization, name):
    workdir = make_localization()
    (workdir / name).unlink()
    assert "no such file" in refused(workdir, name)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("config.json", "[]", "not a JSON object but list"),
        ("dataset.json", "{", "not valid JSON"),
        ("dataset.json", '{"task": "captioning"}', "task 'captioning' is none of segmentation"),
        ("dataset.json", '{"task": "localization"}', "'videos'"),
        ("members.json", "[]", "no members"),
        ("members.json", '[{"sead": 0}]', "'sead'"),
        ("truth.json", '{"results": {}}', "no 'database' of videos"),
        ("truth.json", '{"database": {"a": {}}}', "video 'a' has no list of segments"),
        ("predictions/seed0.json", '{"results": []}', "no 'results' of videos"),
        ("predictions/seed0.json", '{"results": {"z": []}}', "video 'z' is not in dataset.json"),
        ("predictions/seed0.json", '{"results": {"a": 5}}', "video 'a' has no list of segments"),
        ("maps/seed0/a.npz", "PK", "not a score map"),
        ("clusters.json", '{"seed0": [[1, 0]]}', "'seed0' has shape (1, 2), not (4, 2)"),
        ("clusters.json", '{"seed0": [[1], [1, 0]]}', "'seed0' is not a row a cluster"),
        ("clusters.json", "[]", "not a JSON object but list"),
        ("evaluation.json", "{}", "KeyError 'protocols'"),
        ("evaluation.json", '{"protocols": {"anet": {}}}', "KeyError 'results'"),
        ("evaluation.json", '{"protocols": []}', "of another kind"),
        ("metrics.jsonl", '{"step": 0, "loss": [1], "a_loss": [1]}\n{}', "has 1 losses for 4"),
    ],
)
def test_a_broken_file_is_one_line_with_its_name(make_localization, name, content, message):
    workdir = make_localization()
    (workdir / name).write_text(content)
    assert message in refused(workdir, name)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"segment": [3]}, "is not a label, a score and a segment"),
        ({"segment": ["x", 2]}, "is not a label, a score and a segment"),
        ({"score": None}, "is not a label, a score and a segment"),
        ({"score": float("nan")}, "of score nan"),
        ({"segment": [5, 4]}, "segment 5 to 4"),
        ({"segment": [0, float("inf")]}, "segment 0 to inf"),
        ({"label": "swim"}, "class 'swim' is not in dataset.json"),
    ],
)
def test_a_proposal_that_is_none(make_localization, change, message):
    workdir = make_localization()
    path = workdir / "predictions/seed0.json"
    edit(path, lambda content: content["results"]["b"][0].update(change))
    said = refused(workdir, "predictions/seed0.json")
    assert "video 'b'" in said and message in said


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("map", np.ones((4, 2)), "map has shape (4, 2), not (4, 3)"),
        ("map", np.full((4, 3), np.nan), "map has nan in it"),
        ("attention_flow", np.ones(3), "attention_flow has shape (3,), not (4,)"),
        ("clusters", np.ones((4, 5)), "clusters has shape (4, 5), not (4, 4)"),
        ("video_scores", np.full(3, np.inf), "video_scores has inf in it"),
        ("seconds", np.arange(4.0), "seconds has shape (4,), not (5,)"),
        ("seconds", np.array([0.0, 1, 1, 2, 3]), "seconds do not rise over 4 snippets"),
        ("map", np.ones((0, 3)), "not (0,)"),
        ("map", np.array([{}]), "not a score map"),
    ],
)
def test_a_score_map_of_another_shape(make_localization, name, array, message):
    workdir = make_localization()
    path = workdir / "maps/seed0/a.npz"
    np.savez(path, **localization_runs.arrays() | {name: array})
    assert message in refused(workdir, "maps/seed0/a.npz")


@pytest.mark.parametrize("name", ["map", "seconds"])
def test_a_score_map_without_its_map(make_localization, name):
    workdir = make_localization()
    arrays = localization_runs.arrays()
    del arrays[name]
    np.savez(workdir / "maps/seed0/a.npz", **arrays)
    assert f"'{name}" in refused(workdir, "maps/seed0/a.npz")


@pytest.mark.parametrize("value", ["high", float("nan"), {"mean": 1}])
def test_a_score_that_is_none(make_localization, value):
    workdir = make_localization()
    path = workdir / "evaluation.json"
    edit(path, lambda it: it["protocols"]["wtalc"]["results"][1]["map"].update({"0.5": value}))
    assert "evaluation.json: a field" in refused(workdir, "evaluation.json")


def test_truth_beyond_the_data_set_is_no_fault(make_localization):
    workdir = make_localization()
    edit(
        workdir / "truth.json",
        lambda content: content["database"].update({"z": content["database"]["a"]}),
    )
    assert "z" in read_localization(workdir).truth
