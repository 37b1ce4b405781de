"""Odd names go through the whole chain, and nothing is written but in the run's own folder."""

import json
from pathlib import Path

import commands
import numpy as np
import pytest
import toy
import toy_intervals
from hostile_names import GOOD

from jaxseg.formats.names import clip
from jaxseg.methods.case.config import CaseTestConfig
from jaxseg.prediction.intervals import predict
from jaxseg.scoring.intervals import evaluate

CASE = commands.ROOT / "configs" / "case_thumos14.py"


def contents(folder: Path, but: Path) -> dict[str, bytes]:
    """What lies in a folder outside of another one."""
    files = (path for path in folder.rglob("*") if path.is_file() and but not in path.parents)
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.fixture
def checked_run(tmp_path, quick_compile):
    """checked_run(*words) -> the workdir of a command that left all other files as they were."""

    def run(*words) -> Path:
        workdir = tmp_path / "run"
        before = contents(tmp_path, workdir)
        result = commands.run(*words)
        assert result.status == 0, result
        assert contents(tmp_path, workdir) == before
        return workdir

    return run


def write_segmentation(root: Path) -> Path:
    """Activities, videos and classes of all the names; four frames of a class."""
    activities = {GOOD[0]: GOOD[:6], "приготовить 🍵": GOOD[6:]}
    for number, (activity, names) in enumerate(activities.items()):
        for video in names:
            rng = np.random.default_rng(len(video))
            labels = np.repeat(np.arange(6), 4)
            features = rng.standard_normal((24, toy.CHANNELS)) + 3 * np.eye(6)[labels]
            path = root / "features" / activity / f"{video}.npy"
            path.parent.mkdir(parents=True, exist_ok=True)
            np.save(path, features.astype(np.float32))
            path = root / "groundTruth" / activity / f"{video}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            lines = "".join(f"{GOOD[6 * number + label]}\n" for label in labels)
            path.write_text(lines, encoding="utf-8")
    return root


def test_segmentation_from_features_to_report(tmp_path, checked_run):
    root = write_segmentation(tmp_path / "видео")
    words = commands.arguments(
        root, tmp_path / "run", seeds=1, num_epochs=1, predict__segments="csv"
    )
    workdir = checked_run(*words)
    names = {path.stem for path in (workdir / "predictions").rglob("*.txt")}
    assert names == set(GOOD)
    assert {path.stem for path in (workdir / "predictions").rglob("*.csv")} == names
    evaluation = json.loads((workdir / "evaluation.json").read_text())
    assert set(evaluation["data"]["activities"]) == {GOOD[0], "приготовить 🍵"}
    matched = [{*pairs.values()} for pairs in evaluation["matching"].values()]
    assert len(matched) == 2 and all(matched) and set.union(*matched) < set(GOOD)
    assert "приготовить 🍵" in (workdir / "report.html").read_text(encoding="utf-8")


@pytest.mark.usefixtures("quick_compile")
def test_detections_and_maps_under_odd_names(tmp_path):
    """What the slow test below does, without training and its data."""
    odd = dict(zip(GOOD, list(toy_intervals.VIDEOS.values()) * 2, strict=False))
    tested = {name for name, (subset, *_) in odd.items() if subset == "test"}
    config = toy_intervals.Config(predict=CaseTestConfig(maps=len(tested)))
    data, setup = toy_intervals.make_data(odd), toy_intervals.make_setup(config, seeds=1)
    workdir = tmp_path / "run"
    workdir.mkdir()
    toy_intervals.write_records(workdir, data, setup)
    toy_intervals.save(config, setup, workdir, toy_intervals.make_state(setup, (10.0,)))
    predict(config, data, setup, workdir, progress=False)
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    assert {path.stem for path in (workdir / "maps" / "seed0").iterdir()} == tested
    results = json.loads((workdir / "predictions" / "seed0.json").read_text())["results"]
    assert set(results) == tested
    assert evaluate(workdir)["protocols"]["anet"]["counts"]["videos"] == len(tested)


def write_localization(root: Path) -> Path:
    """THUMOS14's layout: half of the videos to train on, a class each."""
    database, splits = {}, {"train": [], "test": []}
    for number, video in enumerate(GOOD):
        subset = ("train", "test")[number % 2]
        splits[subset].append(video)
        segment = {"label": GOOD[number // 2], "segment": [1.0, 6.0]}
        database[video] = {"subset": subset, "annotations": [segment]}
        for stream in ("rgb", "flow"):
            path = root / "features" / subset / stream / f"{video}.npy"
            path.parent.mkdir(parents=True, exist_ok=True)
            features = np.random.default_rng(number).standard_normal((16, 6))
            np.save(path, features.astype(np.float32))
    (root / "gt.json").write_text(json.dumps({"database": database}))
    for subset, videos in splits.items():
        lines = "".join(f"{video}\n" for video in videos)
        (root / f"split_{subset}.txt").write_text(lines, encoding="utf-8")
    return root


@pytest.mark.slow
def test_localization_from_features_to_report(tmp_path, checked_run):
    root = write_localization(tmp_path / "видео")
    values = {
        "data.root": root,
        "data.num_snippets": 16,
        "data.videos_per_batch": 6,
        "model.num_clusters": 3,
        "model.hidden": 8,
        "num_epochs": 1,
        "seeds": 1,
        "predict.maps": 6,
    }
    given = [f"--config.{name}={value}" for name, value in values.items()]
    workdir = checked_run(f"--config={CASE}", f"--workdir={tmp_path / 'run'}", *given)
    tested = set(GOOD[1::2])
    results = json.loads((workdir / "predictions" / "seed0.json").read_text())["results"]
    assert set(results) == tested
    assert {path.stem for path in (workdir / "maps" / "seed0").iterdir()} == tested
    truth = json.loads((workdir / "truth.json").read_text())["database"]
    assert set(truth) == set(GOOD)
    assert "咖啡 与 茶" in (workdir / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["../../escape", "{outside}/escape", "a\nb", "x" * 300])
def test_a_name_that_leads_out_of_the_run_writes_nothing(tmp_path, name):
    root = write_localization(tmp_path / "data")
    name = name.format(outside=tmp_path / "outside")
    content = json.loads((root / "gt.json").read_text())
    content["database"][name] = {"subset": "test", "annotations": []}
    (root / "gt.json").write_text(json.dumps(content))
    before = contents(tmp_path, tmp_path / "run")
    result = commands.run(
        f"--config={CASE}", f"--workdir={tmp_path / 'run'}", f"--config.data.root={root}"
    )
    assert str(root / "gt.json") in result.complaint and clip(name) in result.complaint
    assert contents(tmp_path, tmp_path / "run") == before
    assert not (tmp_path / "run").exists()
