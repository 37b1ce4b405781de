"""The stage from the files of a workdir to `evaluation.json` and its table."""

import json
import re

import numpy as np
import pytest

from jaxseg.config.shared import PROTOCOLS as CONFIGURED
from jaxseg.evaluation import PROTOCOLS, evaluate_segmentation, trivial_baselines
from jaxseg.formats.labels import write_labels
from jaxseg.report.segmentation.scores import protocol_scores
from jaxseg.runfiles.evaluation import read_segmentation_scores
from jaxseg.scoring.segments import evaluate, summary_lines

CLASSES = ["SIL", "pour", "stir"]
TRUTH = {
    ("coffee", "P01"): [0, 0, 1, 1, 1, 1, 2, 2],
    ("coffee", "P02"): [1, 1, 1, 2, 2, 2],
    ("tea", "P01"): [0, 0, 0, 2, 2],
}
CLUSTERS = {"coffee": 3, "tea": 3}


def perfect(labels):
    return [2 - label for label in labels]


def constant(labels):
    return [0] * len(labels)


RUNS = {
    "seed0": ("", 0, perfect),
    "seed1": ("", 1, constant),
    "seed0,alpha=0.4": ("alpha=0.4", 0, constant),
}


def write_json(path, contents):
    path.write_text(json.dumps(contents))


def member(activity, directory):
    variant, seed, _ = RUNS[directory]
    return {
        "activity": activity,
        "seed": seed,
        "variant": variant,
        "num_clusters": CLUSTERS[activity],
        "num_steps": 10,
        "directory": directory,
    }


def dataset(generated=False, labels=True):
    return {
        "name": "small",
        "generated": generated,
        "fps": None,
        "classes": CLASSES if labels else [],
        "excluded": [],
        "videos": [
            {"name": name, "activity": activity, "frames": len(each), "labels": labels}
            for (activity, name), each in TRUTH.items()
        ],
    }


@pytest.fixture
def workdir(tmp_path):
    write_json(tmp_path / "dataset.json", dataset())
    write_json(
        tmp_path / "members.json",
        [member(activity, directory) for directory in RUNS for activity in CLUSTERS],
    )
    for (activity, name), labels in TRUTH.items():
        names = [CLASSES[label] for label in labels]
        write_labels(tmp_path / "truth" / activity / f"{name}.txt", names)
        for directory, (_, _, predict) in RUNS.items():
            path = tmp_path / "predictions" / activity / directory / f"{name}.txt"
            write_labels(path, predict(labels))
    return tmp_path


def run(workdir, protocols=("asot", "asot-exact"), seed=0):
    return evaluate(workdir, protocols=protocols, seed=seed)


def test_means_and_spreads_over_seeds(workdir):
    """Seed 0 is perfect; seed 1 gets 7 of coffee's 14 frames and 3 of tea's 5."""
    evaluation = run(workdir)
    trained, overridden = evaluation["protocols"]["asot-exact"]["results"]
    assert (trained["variant"], trained["seeds"]) == ("", [0, 1])
    assert (overridden["variant"], overridden["seeds"]) == ("alpha=0.4", [0])
    macro = trained["full"]["macro"]["mof"]
    assert macro["values"] == pytest.approx([100, 55], abs=1e-9)
    assert (macro["mean"], macro["std"]) == pytest.approx((77.5, 22.5), abs=1e-9)
    pooled = trained["full"]["pooled"]["mof"]["values"]
    assert pooled == pytest.approx([100, 100 * 10 / 19], abs=1e-9)
    by_activity = trained["full"]["by_activity"]
    assert by_activity["tea"]["mof"]["values"] == pytest.approx([100, 60], abs=1e-9)
    assert overridden["full"]["macro"]["mof"]["std"] == 0


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_same_scores_as_the_evaluator(workdir, protocol):
    """Every protocol, among them one without MoF: matched by activity and by video."""
    entry = run(workdir, protocols=(protocol,), seed=4)["protocols"][protocol]
    truth = {"/".join(key): labels for key, labels in TRUTH.items()}
    options = {
        "protocol": protocol,
        "activities": {"/".join(key): key[0] for key in TRUTH},
        "classes": CLASSES,
        "num_clusters": CLUSTERS,
        "seed": 4,
        "baselines": False,
    }
    for name, predictions in trivial_baselines(truth, CLUSTERS, options["activities"]).items():
        full = evaluate_segmentation(truth, predictions, match="activity", **options)
        alone = evaluate_segmentation(truth, predictions, match="video", **options)
        found = entry["baselines"][name]
        assert found["full"]["macro"] == full["averages"]["macro"]
        assert found["full"]["pooled"] == full["averages"]["pooled"]
        assert found["per_video"]["macro"] == alone["averages"]["macro"]
        assert found["per_video"]["pooled"] == alone["averages"]["video"]
        tea = found["full"]["by_activity"]["tea"]
        assert tea.items() <= full["activities"]["tea"].items()
        assert tea.keys() == full["averages"]["macro"].keys()
    assert entry["counts"] == {key: full[key] for key in entry["counts"]}
    assert entry["settings"]["seed"] == full["seed"]
    assert summary_lines({"data": {"generated": False}, "protocols": {protocol: entry}})


def test_matching_is_by_name(workdir):
    matching = run(workdir)["matching"]
    assert matching["coffee/seed0"] == {"0": "stir", "1": "pour", "2": "SIL"}
    assert matching["tea/seed1"] == {"0": "SIL"}
    assert set(matching) == {f"{activity}/{each}" for activity in CLUSTERS for each in RUNS}


def test_what_is_returned_is_what_is_written(workdir):
    evaluation = run(workdir)
    assert json.loads((workdir / "evaluation.json").read_text()) == evaluation
    assert evaluation["units"] == "percent"
    assert evaluation["data"] == {
        "name": "small",
        "generated": False,
        "note": "",
        "videos": 3,
        "frames": 19,
        "classes": 3,
        "activities": ["coffee", "tea"],
    }
    assert not [path for path in workdir.iterdir() if path.name.startswith(".")]


def test_excluded_classes_are_left_out(workdir):
    write_json(workdir / "dataset.json", dataset() | {"excluded": ["SIL"]})
    entry = run(workdir)["protocols"]["asot-exact"]
    assert entry["settings"]["excluded"] == ["SIL"]
    assert entry["counts"]["frames"] == 14
    write_json(workdir / "dataset.json", dataset() | {"excluded": ["silence"]})
    with pytest.raises(ValueError, match=r"dataset\.json: excluded 'silence' is no class"):
        run(workdir)


def test_table(workdir):
    """Coffee has 5 segments and 6 slots, tea 2 and 2; no video repeats a class. Findings follow."""
    lines = summary_lines(run(workdir, protocols=("asot-exact",)))
    assert lines[0].startswith("asot-exact: 3 videos, 19 frames, 3 classes; percent")
    assert lines[1].split()[:3] == ["MoF", "F1", "mIoU"]
    assert lines[2].startswith("  trained (2 seeds)")
    assert lines[2].split("seeds)")[1].split()[:3] == ["77.5", "±", "22.5"]
    assert lines[3].split()[:5] == ["alpha=0.4", "(1", "seed)", "55.0", "±"]
    assert [line.split()[:2] for line in lines[4:6]] == [["equal", "split"], ["one", "class"]]
    assert lines[6] == "  * above this run"
    assert lines[7] == "  F1 is at most 95.5 on this truth, F1/video 100.0"
    findings = [line.split(":")[:2] for line in lines[8:]]
    assert findings[0] == ["warning", " coffee, seed 1"]
    assert len(summary_lines(run(workdir))) == 8 + 7 + len(findings)  # no star under asot


def test_generated_data_say_so_first_and_last(workdir):
    write_json(workdir / "dataset.json", dataset(generated=True))
    evaluation = run(workdir)
    assert "not comparable with any paper" in evaluation["data"]["note"]
    lines = summary_lines(evaluation)
    assert "generated data" in lines[0]
    assert "generated data" in lines[-1]


def test_without_labels_there_are_no_scores(workdir):
    write_json(workdir / "dataset.json", dataset(labels=False))
    evaluation = run(workdir)
    assert evaluation["protocols"] == {}
    assert evaluation["note"] == "no truth: no scores"
    assert evaluation["data"]["videos"] == 3
    first, *findings = summary_lines(evaluation)
    assert first == "no truth: no scores"
    assert {line.split(" ")[0] for line in findings} == {"warning:", "note:"}


def test_videos_without_labels_are_not_scored(workdir):
    facts = dataset()
    facts["videos"][1]["labels"] = False
    write_json(workdir / "dataset.json", facts)
    (workdir / "truth/coffee/P02.txt").unlink()
    assert run(workdir)["protocols"]["asot"]["counts"]["videos"] == 2


@pytest.mark.parametrize(
    ("name", "contents", "message"),
    [
        ("predictions/tea/seed1/P01.txt", None, "No such file"),
        ("predictions/tea/seed1/P01.txt", "0\n0\n", "2 labels for 5 frames"),
        ("predictions/tea/seed1/P01.txt", "0\n0\nx\n0\n0\n", "'x' in line 3"),
        ("truth/tea/P01.txt", None, "No such file"),
        ("truth/tea/P01.txt", "SIL\nwait\n", "unknown label 'wait' in line 2"),
        ("dataset.json", None, "No such file"),
        ("members.json", '[{"activity": ', "not valid JSON"),
        ("members.json", json.dumps([member("tea", "seed0"), member("coffee", "seed1")]), "seed0"),
    ],
)
def test_a_broken_file_is_named_and_nothing_is_written(workdir, name, contents, message):
    path = workdir / name
    path.unlink() if contents is None else path.write_text(contents)
    before = {each.name for each in workdir.iterdir()}
    with pytest.raises(ValueError) as error:
        run(workdir)
    assert str(path) in str(error.value)
    assert message in str(error.value)
    assert "\n" not in str(error.value)
    assert {each.name for each in workdir.iterdir()} == before


def test_a_failed_write_keeps_the_old_file(workdir, monkeypatch):
    run(workdir)
    before = (workdir / "evaluation.json").read_text()

    def full_disk(source, target):
        raise OSError(28, "No space left on device", str(target))

    monkeypatch.setattr("jaxseg.formats.files.os.replace", full_disk)
    with pytest.raises(OSError, match=r"cannot write .*evaluation\.json: No space left"):
        run(workdir, protocols=("asot",))
    assert (workdir / "evaluation.json").read_text() == before
    assert not [path for path in workdir.iterdir() if path.name.startswith(".")]


def test_seed_of_the_drawing(workdir):
    """The equal split has half-right segments, so that the drawn F1 moves with the seed."""

    def f1(seed):
        entry = run(workdir, seed=seed)["protocols"]["asot"]
        return entry["baselines"]["equal_split"]["full"]["macro"]["f1"]

    assert f1(1) == f1(1)
    assert len({f1(seed) for seed in range(4)}) > 1
    assert np.isfinite(f1(1))


def test_a_supervised_protocol_has_its_own_columns(workdir):
    """Perfect: 100 by every score of mstcn; seed 1 has one segment a video for two or three."""
    evaluation = run(workdir, protocols=("mstcn",))
    lines = summary_lines(evaluation)
    assert lines[1].split()[:3] == ["accuracy", "edit", "F1@10"]
    assert not any("at most" in line for line in lines)
    trained = evaluation["protocols"]["mstcn"]["results"][0]
    assert trained["full"]["pooled"]["edit"]["values"] == pytest.approx(
        [100, 100 * (1 / 3 + 1 / 2 + 1 / 2) / 3], abs=1e-9
    )
    assert evaluation["matching"]["coffee/seed0"] == {"0": "stir", "1": "pour", "2": "SIL"}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_report_draws_the_scores_of_every_protocol(workdir, protocol):
    run(workdir, protocols=(protocol,))
    page = protocol_scores(protocol, read_segmentation_scores(workdir).protocols[protocol])
    titles = ("accuracy", "edit", "F1@50") if PROTOCOLS[protocol].names else ("MoF", "F1", "mIoU")
    for table in re.findall(r"<table.*?</table>", page)[:2]:
        assert set(titles) <= set(re.findall(r"<th[^>]*>(.*?)</th>", table))
    assert 'class="missing"' not in page


def test_the_config_knows_every_protocol():
    assert tuple(PROTOCOLS) == CONFIGURED
