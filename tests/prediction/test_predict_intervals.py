"""Detections of every test video under every member, and the files that hold them."""

import dataclasses
import json

import numpy as np
import pytest
import toy_intervals as toy

from jaxseg.evaluation import evaluate_localization
from jaxseg.formats.localization.files import read_predictions
from jaxseg.prediction.intervals import predict
from jaxseg.runfiles import localization

CONFIG = toy.Config()
DATA = toy.make_data()
TEST = ["b", "c", "d", "e"]


@pytest.fixture(scope="module")
def run(tmp_path_factory, quickly):
    """run(config, gains) -> the folder of a finished run with its predictions."""

    def finished(config=CONFIG, gains=(10.0, 0.0), idle=0, data=DATA):
        workdir = tmp_path_factory.mktemp("run")
        with quickly():
            setup = toy.make_setup(config, seeds=len(gains), idle=idle)
            toy.save(config, setup, workdir, toy.make_state(setup, gains))
            predict(config, data, setup, workdir, progress=False)
        return workdir

    return finished


@pytest.fixture(scope="module")
def predicted(run):
    return run()


def results(workdir, directory="seed0"):
    return json.loads((workdir / f"predictions/{directory}.json").read_text())["results"]


def test_every_test_video_under_every_member(predicted):
    assert sorted(path.name for path in (predicted / "predictions").iterdir()) == [
        "seed0.json",
        "seed1.json",
    ]
    assert list(results(predicted)) == list(results(predicted, "seed1")) == TEST
    assert not [path for path in predicted.iterdir() if path.name.startswith(".")]


def test_the_best_detections_are_the_true_segments(predicted):
    """To the snippet: between snippets the map is interpolated, so that borders are not exact."""
    for name, (subset, length, actions) in toy.VIDEOS.items():
        if subset == "test":
            found = sorted(results(predicted)[name], key=lambda entry: -entry["score"])
            found = sorted(found[: len(actions)], key=lambda entry: entry["segment"])
            assert [entry["label"] for entry in found] == [toy.CLASSES[c] for *_, c in actions]
            borders = [entry["segment"] for entry in found]
            expected = [action[:2] for action in actions]
            if expected:
                np.testing.assert_allclose(borders, expected, atol=length / toy.SNIPPETS)


def test_members_are_themselves(predicted):
    """The second one, which knows nothing, finds nothing well."""
    database = {name: entry for name, entry in DATA.to_truth()["database"].items() if name in TEST}
    good, bad = (
        evaluate_localization(database, read_predictions(predicted / f"predictions/seed{k}.json"))
        for k in (0, 1)
    )
    assert good["averages"]["0.1:0.5"] > 95
    assert bad["averages"]["0.1:0.5"] < 40


def test_idle_members_of_the_mesh_do_not_matter(run, predicted):
    folder = run(idle=3)
    for directory in ("seed0", "seed1"):
        assert results(folder, directory) == results(predicted, directory)


def test_the_checkpoint_is_named(predicted):
    content = json.loads((predicted / "predictions/seed0.json").read_text())
    assert content["external_data"]["checkpoint"] == "last: the parameters after step 4"


def test_maps_of_some_videos(predicted):
    """Evenly through the test videos, of the first seed alone."""
    files = sorted(path.relative_to(predicted / "maps") for path in predicted.rglob("*.npz"))
    assert [str(file) for file in files] == ["seed0/b.npz", "seed0/e.npz"]
    with np.load(predicted / "maps/seed0/b.npz") as arrays:
        arrays = dict(arrays)
    assert {name: array.shape for name, array in arrays.items()} == {
        "map": (20, 3),
        "attention_rgb": (20,),
        "attention_flow": (20,),
        "clusters": (20, 2),
        "video_scores": (3,),
        "seconds": (21,),
    }
    np.testing.assert_allclose(arrays["seconds"], 2 * np.arange(21))
    np.testing.assert_allclose(arrays["clusters"].sum(1), 1, rtol=1e-6)
    shown = np.zeros(20, bool)
    shown[[*range(2, 6), *range(10, 16)]] = True
    np.testing.assert_array_equal(arrays["map"][:, 0] > 0.5, shown)
    np.testing.assert_array_equal(arrays["attention_flow"] > 0.5, shown)


def test_classes_of_the_clusters(predicted):
    clusters = json.loads((predicted / "clusters.json").read_text())
    assert clusters == {f"seed{k}": [[1.0, 0.0], [0.0, 1.0]] for k in (0, 1)}


def test_options_of_the_test_reach_the_map(run, predicted):
    """The plain test: a map without the clusters' share."""
    options = dataclasses.replace(CONFIG.predict, foreground="attention", maps=4)
    plain = run(dataclasses.replace(CONFIG, predict=options))
    assert len(list(plain.rglob("*.npz"))) == 4
    with np.load(plain / "maps/seed0/b.npz") as arrays:
        expected = arrays["attention_rgb"] + arrays["attention_flow"]
        spread = 3 * arrays["map"] - expected[:, None]
    np.testing.assert_allclose(spread.sum(axis=1), 1, atol=1e-5)
    assert results(plain) != results(predicted)


def test_no_training(tmp_path):
    setup = toy.make_setup(CONFIG)
    with pytest.raises(ValueError, match=r"no checkpoints in .*train first"):
        predict(CONFIG, DATA, setup, tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("quick_compile")
def test_unfinished_training(tmp_path):
    setup = toy.make_setup(CONFIG)
    toy.save(CONFIG, setup, tmp_path, toy.make_state(setup, [1.0, 1.0], step=3))
    with pytest.raises(ValueError, match=r"stands at step 3 of 4: finish it first"):
        predict(CONFIG, DATA, setup, tmp_path)


def test_a_network_that_diverged_names_video_and_member(run):
    with pytest.raises(ValueError, match=r"^video 'b', seed1: .*nan at \[0, 0\]$"):
        run(gains=(1.0, float("nan")))


def test_a_failure_leaves_the_old_predictions_and_nothing_half(predicted, monkeypatch):
    before = results(predicted)

    def full(*_, **__):
        raise OSError("cannot write: no space")

    monkeypatch.setattr(localization, "write_json", full)
    with pytest.raises(OSError, match="no space"):
        predict(CONFIG, DATA, toy.make_setup(CONFIG), predicted, progress=False)
    assert results(predicted) == before
    assert not [path.name for path in predicted.iterdir() if path.name.startswith(".")]


def test_videos_of_one_snippet_and_of_many(run):
    videos = {"a": toy.VIDEOS["a"]} | {
        "one": ("test", 1, [(0, 1, 1)]),
        "many": ("test", 100_000, [(20_000, 60_000, 2)]),
    }
    found = results(run(data=toy.make_data(videos)))
    best = {name: max(found[name], key=lambda entry: entry["score"]) for name in found}
    assert best["one"]["label"] == "jump" and best["one"]["segment"] == [0.0, 1.0]
    assert best["many"]["label"] == "throw"
    np.testing.assert_allclose(best["many"]["segment"], [20_000, 60_000], atol=5_000)
