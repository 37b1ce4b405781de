"""Detections of videos at their own length, on GauFuse's backbone with and without clusters."""

import dataclasses
import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import toy_gaufuse

from jaxseg.config.localization import LocalizationCheckpointConfig
from jaxseg.data.batches import snippets as whole_videos
from jaxseg.prediction.finished import read_best
from jaxseg.prediction.intervals import predict
from jaxseg.prediction.oracle import OracleTest
from jaxseg.training.checkpoint import Checkpoints
from jaxseg.training.setup import set_up
from jaxseg.training.step import make_init

DATA = toy_gaufuse.make_data()
LENGTHS = {video.name: video.num_snippets for video in DATA.test}
CONFIG = toy_gaufuse.make_config({"seeds": 2, "predict.maps": 2})
CLUSTERED = toy_gaufuse.make_config(toy_gaufuse.CLUSTERED | {"seeds": 2, "predict.maps": 2})
INSTANCES = {f"instances_{name}" for name in ("start", "end", "score", "label")}


def start(config):
    """(setup, the state that training would begin with, after its last step)."""
    setup = set_up(config, DATA)
    state = make_init(setup.method, setup.mesh)(setup.batches.batch(0), setup.inputs)
    return setup, state._replace(step=jnp.array(setup.num_steps, jnp.int32))


@pytest.fixture(scope="module")
def run(quickly, tmp_path_factory):
    """run(config) -> the folder of a finished run with its predictions."""

    def finished(config, change=lambda state: state):
        workdir = tmp_path_factory.mktemp("run")
        with quickly():
            setup, state = start(config)
            checkpoints = Checkpoints(config, setup, workdir)
            checkpoints.save(change(state))
            checkpoints.close()
            predict(config, DATA, setup, workdir, progress=False)
        return workdir

    return finished


@pytest.fixture(scope="module")
def predicted(run):
    return run(CONFIG)


@pytest.fixture(scope="module")
def clustered(run):
    """Clusters of which the first is foreground, the others are not."""
    classes = jnp.array([[1.0, 0.0], *[[0.0, 1.0]] * 3])

    def classified(state):
        every = jnp.broadcast_to(classes, state.carried["cluster_classes"].shape)
        return state._replace(carried=state.carried | {"cluster_classes": every})

    return run(CLUSTERED, classified), lambda config: run(config, classified)


def results(workdir, directory="seed0") -> dict[str, list]:
    return json.loads((workdir / f"predictions/{directory}.json").read_text())["results"]


def maps(workdir) -> dict[str, dict[str, np.ndarray]]:
    found = {}
    for path in sorted((workdir / "maps").rglob("*.npz")):
        with np.load(path) as arrays:
            found[str(path.relative_to(workdir / "maps"))] = dict(arrays)
    return found


def numbers(workdir) -> dict[str, np.ndarray]:
    """Score, start and end of every detection by video and label."""
    found = {}
    for video, entries in results(workdir).items():
        for entry in entries:
            key = f"{video} {entry['label']}"
            found.setdefault(key, []).append([entry["score"], *entry["segment"]])
    return {key: np.array(sorted(rows)) for key, rows in found.items()}


def test_every_test_video_under_every_member(predicted):
    names = sorted(path.name for path in (predicted / "predictions").iterdir())
    assert names == ["seed0.json", "seed1.json"]
    for directory in ("seed0", "seed1"):
        found = results(predicted, directory)
        assert list(found) == ["x", "y", "z"] and any(found.values())
        for video, entries in found.items():
            for entry in entries:
                assert entry["label"] in toy_gaufuse.CLASSES
                assert 0 <= entry["segment"][0] < entry["segment"][1] <= LENGTHS[video]
    assert results(predicted) != results(predicted, "seed1")


def test_maps_are_as_long_as_the_video_and_hold_its_instances(predicted):
    """Before the fusion, so more of them than detections."""
    found = maps(predicted)
    assert list(found) == ["seed0/x.npz", "seed0/z.npz"]
    for file, arrays in found.items():
        video = file[-5]
        length = LENGTHS[video]
        names = {"map", "attention", "video_scores", "seconds"} | INSTANCES
        assert arrays.keys() == names
        assert arrays["map"].shape == (length, 3) and arrays["attention"].shape == (length,)
        np.testing.assert_allclose(arrays["seconds"], np.arange(length + 1))
        counts = {len(arrays[name]) for name in INSTANCES}
        assert len(counts) == 1 and counts.pop() > len(results(predicted)[video]) > 0
        assert np.all(arrays["instances_start"] < arrays["instances_end"])
        assert np.all(arrays["instances_end"] <= length)
        shown = set(arrays["instances_label"].astype(int))
        assert shown <= set(np.flatnonzero(arrays["video_scores"] >= 0.16 - 1e-6))
        labels = {toy_gaufuse.CLASSES[label] for label in shown}
        assert labels == {entry["label"] for entry in results(predicted)[video]}


def test_detections_do_not_depend_on_the_padded_length(run, predicted, monkeypatch):
    monkeypatch.setattr(whole_videos, "bucket", lambda length: 3 * length + 40)
    longer = run(CONFIG)
    found, expected = numbers(longer), numbers(predicted)
    assert found.keys() == expected.keys()
    for key, rows in found.items():
        np.testing.assert_allclose(rows, expected[key], rtol=1e-4, atol=1e-4)
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4),
        maps(longer),
        maps(predicted),
    )


def test_clusters_are_written_where_there_are_any(predicted, clustered):
    workdir, _ = clustered
    assert not (predicted / "clusters.json").exists()
    written = json.loads((workdir / "clusters.json").read_text())
    assert written == {f"seed{k}": [[1, 0], [0, 1], [0, 1], [0, 1]] for k in (0, 1)}
    for arrays in maps(workdir).values():
        assert arrays["clusters"].shape == (len(arrays["map"]), 4)
        np.testing.assert_allclose(arrays["clusters"].sum(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("foreground", ["attention", "clusters"])
def test_clusters_assist_the_test(clustered, foreground):
    """What tells the foreground is a factor of the whole map."""
    workdir, again = clustered
    settings = dataclasses.replace(CLUSTERED.predict, foreground=foreground)
    found = maps(again(dataclasses.replace(CLUSTERED, predict=settings)))
    for file, both in maps(workdir).items():
        attention, first = both["attention"], both["clusters"][:, 0]
        used = attention if foreground == "attention" else first
        factor = (used / ((attention + first) / 2))[:, None]
        np.testing.assert_allclose(found[file]["map"], factor * both["map"], rtol=1e-3, atol=1e-6)


@pytest.mark.slow
@pytest.mark.usefixtures("quick_compile")
def test_the_best_on_the_test_videos(tmp_path):
    """Kept per member, and used where the config asks for it."""
    config = dataclasses.replace(
        CONFIG, checkpoint=LocalizationCheckpointConfig(rule="oracle-test")
    )
    setup, state = start(config)
    watched = OracleTest(config, DATA, setup, tmp_path)
    # All cosines are 0 and nothing stands out: whole videos are better than detections at random.
    none = jax.tree.map(jnp.zeros_like, state.params)
    for step, params in ((3, state.params), (7, none), (9, state.params)):
        watched(step, state._replace(params=params))
    checkpoints = Checkpoints(config, setup, tmp_path)
    checkpoints.save(state)
    checkpoints.close()
    best = read_best(tmp_path, like=(state.params, state.carried))
    better = watched.scores(none, state.carried) > watched.scores(state.params, state.carried)
    assert better.any()
    np.testing.assert_array_equal(best.step, np.where(better, 7, 3))
    predict(config, DATA, setup, tmp_path, progress=False)
    content = json.loads((tmp_path / "predictions/seed0.json").read_text())
    assert content["external_data"]["checkpoint"].startswith("oracle-test: ")


def test_a_network_that_diverged_names_video_and_member(run):
    def diverge(state):
        return state._replace(
            params=jax.tree.map(lambda leaf: leaf.at[1].set(jnp.nan), state.params)
        )

    with pytest.raises(ValueError, match=r"^video 'x', seed1: .*nan") as error:
        run(CONFIG, diverge)
    assert "\n" not in str(error.value)
