"""The stage that scores a localization run, from files that are written by hand."""

import json

import numpy as np
import pytest
import toy_intervals as toy

from jaxseg.evaluation import evaluate_localization
from jaxseg.evaluation.localization.protocols import PROTOCOLS
from jaxseg.scoring.intervals import NO_SEGMENTS, evaluate, summary_lines

# Video b has dive 4-12 and 20-32, c jump 6-12, d dive 9-21 and throw 30-51, e nothing.
PERFECT = {
    "b": [("dive", 0.9, 4, 12), ("dive", 0.8, 20, 32)],
    "c": [("jump", 0.7, 6, 12)],
    "d": [("dive", 0.6, 9, 21), ("throw", 0.5, 30, 51)],
    "e": [],
}
# One of three dives, then a false one above it; the others are missed.
POOR = {"b": [("dive", 0.2, 4, 12)], "c": [], "d": [], "e": [("dive", 0.9, 1, 3)]}


def entries(table):
    return {
        video: [
            {"label": label, "score": score, "segment": [start, end]}
            for label, score, start, end in rows
        ]
        for video, rows in table.items()
    }


def write(workdir, tables, checkpoint="last: the parameters after step 4"):
    """A run whose members, one a seed, predict these tables."""
    setup = toy.make_setup(toy.Config(), seeds=len(tables))
    toy.write_records(workdir, toy.make_data(), setup)
    (workdir / "predictions").mkdir()
    for member, table in zip(setup.members, tables, strict=True):
        external = {"checkpoint": checkpoint}
        content = {"version": "", "external_data": external, "results": entries(table)}
        (workdir / f"predictions/{member.directory}.json").write_text(json.dumps(content))
    return workdir


def edit(path, change):
    """Changes a JSON file."""
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def test_scores_with_their_spread_over_seeds(tmp_path):
    found = evaluate(write(tmp_path, [PERFECT, POOR]))
    assert found == json.loads((tmp_path / "evaluation.json").read_text())
    entry = found["protocols"]["anet"]
    assert entry["counts"] == {
        "videos": 4,
        "classes": 3,
        "truths": 5,
        "predictions": {"mean": 3.5, "std": 1.5, "values": [5, 2]},
    }
    [result] = entry["results"]
    assert (result["variant"], result["seeds"]) == ("", [0, 1])
    # The poor one: a dive at rank 2 of 3, precision 1/2 at recall 1/3; other classes 0.
    poor = 100 / 3 / 2 / 3
    for threshold in ("0.1", "0.5", "0.7"):
        score = result["map"][threshold]
        np.testing.assert_allclose(score["values"], [100, poor])
        np.testing.assert_allclose(score["mean"], 50 + poor / 2)
        np.testing.assert_allclose(score["std"], 50 - poor / 2)
    assert list(result["averages"]) == ["0.1:0.5", "0.3:0.7", "0.1:0.7"]
    np.testing.assert_allclose(result["average_precision"]["dive"]["0.5"]["values"], [100, 50 / 3])
    # Both videos with a dive, or the second of the list.
    np.testing.assert_allclose(result["classification_map"]["values"], [100, 100 / 2 / 2 / 3])


def test_errors_recall_and_curves(tmp_path):
    [result] = evaluate(write(tmp_path, [POOR]))["protocols"]["anet"]["results"]
    kinds = {kind: count["values"] for kind, count in result["errors"]["all"].items()}
    assert kinds.pop("correct") == [1] and kinds.pop("background") == [1]
    assert set(map(tuple, kinds.values())) == {(0,)}
    assert result["errors"]["missed"]["values"] == [4]
    np.testing.assert_allclose(result["recall"]["ar"]["1"]["values"], [20])
    assert result["precision_recall"] == {"dive": [[33.333, 50.0]], "jump": [], "throw": []}


def test_protocols_stand_side_by_side(tmp_path):
    found = evaluate(write(tmp_path, [PERFECT, POOR]), protocols=tuple(PROTOCOLS))
    database = toy.make_data().to_truth()["database"]
    database = {video: database[video] for video in PERFECT}
    for name, entry in found["protocols"].items():
        [result] = entry["results"]
        for seed, table in enumerate((PERFECT, POOR)):
            expected = evaluate_localization(database, entries(table), protocol=name)
            values = [score["values"][seed] for score in result["map"].values()]
            np.testing.assert_allclose(values, expected["map"])
        assert entry["settings"]["rule"] == PROTOCOLS[name].summary
    assert any("no ambiguous intervals" in note for note in found["protocols"]["rskp"]["notes"])


def test_ambiguous_intervals_are_left_out(tmp_path):
    write(tmp_path, [POOR])
    (tmp_path / "ambiguous.txt").write_text("e 0.5 4.0\n")
    found = evaluate(tmp_path, protocols=("anet-snip",), ambiguous=str(tmp_path / "ambiguous.txt"))
    [result] = found["protocols"]["anet-snip"]["results"]
    np.testing.assert_allclose(result["average_precision"]["dive"]["0.5"]["values"], [100 / 3])
    assert found["protocols"]["anet-snip"]["settings"]["ambiguous"].endswith("ambiguous.txt")


def test_other_thresholds(tmp_path):
    found = evaluate(write(tmp_path, [PERFECT]), tiou="activitynet")
    [result] = found["protocols"]["anet"]["results"]
    assert list(result["map"]) == [f"{threshold / 100:g}" for threshold in range(50, 100, 5)]
    assert result["averages"]["0.5:0.95"]["values"] == [100]


def test_variants_are_apart(tmp_path):
    write(tmp_path, [PERFECT, POOR])
    edit(tmp_path / "members.json", lambda members: members[1].update(variant="x=1", seed=0))
    results = evaluate(tmp_path)["protocols"]["anet"]["results"]
    assert [(result["variant"], result["seeds"]) for result in results] == [("", [0]), ("x=1", [0])]
    assert results[0]["map"]["0.5"]["std"] == 0


def test_training_videos_are_not_scored(tmp_path):
    """Nor are their detections, which other tools may have put into the same file."""
    write(tmp_path, [PERFECT])
    file = tmp_path / "predictions/seed0.json"
    more = {"a": entries({"a": [("dive", 1.0, 0, 1)]})["a"]}
    edit(file, lambda content: content["results"].update(more))
    entry = evaluate(tmp_path)["protocols"]["anet"]
    assert entry["counts"]["truths"] == 5 and entry["results"][0]["map"]["0.7"]["mean"] == 100


def test_no_truth_no_scores(tmp_path):
    write(tmp_path, [PERFECT])

    def forget(truth):
        for entry in truth["database"].values():
            entry["annotations"] = []

    edit(tmp_path / "truth.json", forget)
    found = evaluate(tmp_path)
    assert found["protocols"] == {} and found["note"] == NO_SEGMENTS
    assert summary_lines(found)[0] == NO_SEGMENTS


def test_the_table(tmp_path):
    lines = summary_lines(evaluate(write(tmp_path, [PERFECT, POOR])))
    assert lines[0].startswith(
        "anet: 4 test videos, 3 classes, 5 true segments, 4 predictions; mAP in percent"
    )
    assert lines[1].split() == [
        *("@0.1", "@0.2", "@0.3", "@0.4", "@0.5", "@0.6", "@0.7"),
        *("0.1:0.5", "0.3:0.7", "0.1:0.7", "class", "mAP"),
    ]
    assert lines[2].startswith("  trained (2 seeds)") and lines[2].count("52.8 ± 47.2") == 10
    assert lines[-1] == "last: the parameters after step 4"


def test_generated_data_and_the_oracle_are_said(tmp_path):
    write(tmp_path, [PERFECT], "oracle-test: chosen by the test itself")
    edit(tmp_path / "dataset.json", lambda dataset: dataset.update(generated=True))
    found = evaluate(tmp_path)
    assert found["checkpoint"] == "oracle-test: chosen by the test itself"
    lines = summary_lines(found)
    assert lines[0] == lines[-1] == found["data"]["note"] != ""
    assert "oracle-test: chosen by the test itself" in lines


@pytest.mark.parametrize(
    "file, change, message",
    [
        ("truth.json", None, r"truth\.json: No such file"),
        ("predictions/seed1.json", None, r"seed1\.json: No such file"),
        (
            "predictions/seed1.json",
            lambda content: content["results"].pop("c"),
            r"seed1\.json: no entry of the test video 'c'",
        ),
        (
            "truth.json",
            lambda content: content["database"].pop("e"),
            r"truth\.json: no entry of the test video 'e'",
        ),
        (
            "predictions/seed0.json",
            lambda content: content.update(results=[1]),
            r"seed0\.json: \[1\] instead of {...} of videos",
        ),
        (
            "predictions/seed0.json",
            lambda content: content["results"]["b"][0].update(segment=[3, 2]),
            r"seed0\.json: video 'b': segment \[3.0, 2.0\] ends before it starts",
        ),
        (
            "predictions/seed0.json",
            lambda content: content["results"]["b"][0].update(score=float("nan")),
            r"seed0\.json: video 'b': score nan is no finite number",
        ),
    ],
)
def test_broken_files_are_one_line(tmp_path, file, change, message):
    write(tmp_path, [PERFECT, POOR])
    if change:
        edit(tmp_path / file, change)
    else:
        (tmp_path / file).unlink()
    with pytest.raises(ValueError, match=message) as error:
        evaluate(tmp_path)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "evaluation.json").exists()


def test_unknown_protocol_and_thresholds(tmp_path):
    write(tmp_path, [PERFECT])
    with pytest.raises(ValueError, match="unknown protocol 'coco'"):
        evaluate(tmp_path, protocols=("coco",))
    with pytest.raises(ValueError, match="tiou 'coco' is not"):
        evaluate(tmp_path, tiou="coco")
    assert not (tmp_path / "evaluation.json").exists()
