"""The parameters that score best on the test videos: kept per member, over stops, said loudly."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import toy_intervals as toy

from jaxseg.config.localization import LocalizationCheckpointConfig
from jaxseg.prediction.finished import BEST, read_best
from jaxseg.prediction.intervals import predict
from jaxseg.prediction.oracle import OracleTest
from jaxseg.runfiles import checks
from jaxseg.scoring.intervals import evaluate

CONFIG = dataclasses.replace(
    toy.Config(), checkpoint=LocalizationCheckpointConfig(rule="oracle-test")
)
DATA = toy.make_data()
LIKE = ({"gain": np.zeros(2)}, {"cluster_classes": np.zeros((2, 2, 2))})
pytestmark = pytest.mark.usefixtures("quick_compile")


def watch(workdir, gains_by_step, setup=None):
    """Shows an oracle the states of a run; gives back what is on the disk then."""
    setup = setup or toy.make_setup(CONFIG)
    watched = OracleTest(CONFIG, DATA, setup, workdir)
    for step, gains in gains_by_step.items():
        watched(step, toy.make_state(setup, gains, step=step))
    return read_best(workdir, like=LIKE)


def test_each_member_keeps_its_best(tmp_path):
    best = watch(tmp_path, {1: (0.0, 10.0), 2: (10.0, 0.0), 3: (1.0, 0.5)})
    assert best.step.tolist() == [2, 1]
    params, carried = best.parameters
    assert params["gain"].tolist() == [10.0, 10.0]
    np.testing.assert_array_equal(carried["cluster_classes"], np.stack([np.eye(2)] * 2))


def test_scores_are_the_mean_map_of_the_test_videos(tmp_path):
    best = watch(tmp_path, {1: (10.0, 0.0)})
    setup = toy.make_setup(CONFIG)
    config = dataclasses.replace(CONFIG, checkpoint=LocalizationCheckpointConfig())
    toy.write_records(tmp_path, DATA, setup)
    toy.save(config, setup, tmp_path, toy.make_state(setup, (10.0, 0.0)))
    predict(config, DATA, setup, tmp_path, progress=False)
    [result] = evaluate(tmp_path)["protocols"]["anet"]["results"]
    np.testing.assert_allclose(best.score, result["averages"]["0.1:0.7"]["values"], rtol=1e-12)
    assert best.score[0] > best.score[1] + 20


def test_equal_scores_keep_the_first(tmp_path):
    best = watch(tmp_path, {1: (10.0, 0.0), 2: (10.0, 0.0)})
    assert best.step.tolist() == [1, 1]


def test_a_stopped_run_goes_on_from_the_file(tmp_path):
    """Also where the steps between checkpoint and stop are done once more."""
    states = {1: (0.0, 10.0), 2: (10.0, 0.0), 3: (1.0, 1.0), 4: (0.5, 0.5)}
    whole = watch(tmp_path / "whole", states)
    watch(tmp_path / "stopped", {step: states[step] for step in (1, 2, 3)})
    stopped = watch(tmp_path / "stopped", {step: states[step] for step in (2, 3, 4)})
    jax.tree.map(np.testing.assert_array_equal, stopped, whole)


def test_idle_members_of_the_mesh_are_not_kept(tmp_path):
    setup = toy.make_setup(CONFIG, idle=2)
    watched = OracleTest(CONFIG, DATA, setup, tmp_path)
    watched(1, toy.make_state(setup, (10.0, 0.0)))
    assert read_best(tmp_path, like=LIKE).step.tolist() == [1, 1]


def test_predictions_come_from_the_best_and_say_so(tmp_path):
    setup = toy.make_setup(CONFIG)
    watch(tmp_path, {1: (0.0, 10.0), 2: (10.0, 0.0), 4: (0.0, 0.0)}, setup)
    toy.write_records(tmp_path, DATA, setup)
    toy.save(CONFIG, setup, tmp_path, toy.make_state(setup, (0.0, 0.0)))
    predict(CONFIG, DATA, setup, tmp_path, progress=False)
    found = evaluate(tmp_path)
    assert found["checkpoint"].startswith("oracle-test: ") and "(step 2, 1)" in found["checkpoint"]
    [result] = found["protocols"]["anet"]["results"]
    assert min(result["averages"]["0.1:0.5"]["values"]) > 95


def test_a_run_that_was_not_watched(tmp_path):
    setup = toy.make_setup(CONFIG)
    toy.save(CONFIG, setup, tmp_path, toy.make_state(setup, (1.0, 1.0)))
    with pytest.raises(ValueError, match=r"no .*best\.npz: .* before training"):
        predict(CONFIG, DATA, setup, tmp_path, progress=False)
    assert not (tmp_path / "predictions").exists()


@pytest.mark.parametrize("kept", [0, 300])
def test_a_damaged_file_is_one_line(tmp_path, kept):
    watch(tmp_path, {1: (1.0, 1.0)})
    file = tmp_path / BEST
    file.write_bytes(file.read_bytes()[:kept])
    with pytest.raises(ValueError, match=r"best\.npz is damaged") as error:
        read_best(tmp_path, like=LIKE)
    assert "\n" not in str(error.value)


def test_a_file_of_another_network(tmp_path):
    watch(tmp_path, {1: (1.0, 1.0)})
    other = ({"gain": jnp.zeros(3)}, LIKE[1])
    with pytest.raises(ValueError, match="another network or of other members"):
        read_best(tmp_path, like=other)


def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch):
    before = watch(tmp_path, {1: (1.0, 1.0)})

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checks.np, "savez", full)
    with pytest.raises(OSError, match=r"cannot write .*best\.npz: No space left on device"):
        watch(tmp_path, {2: (10.0, 10.0)})
    jax.tree.map(np.testing.assert_array_equal, read_best(tmp_path, like=LIKE), before)
    assert [file.name for file in (tmp_path / "oracle").iterdir()] == ["best.npz"]


def test_the_file_is_plain_arrays(tmp_path):
    """Read without pickles, by anyone."""
    watch(tmp_path, {1: (1.0, 1.0)})
    with np.load(tmp_path / BEST, allow_pickle=False) as arrays:
        assert sorted(arrays) == ["0000", "0001", "score", "step"]


def test_test_videos_without_times_choose_nothing(tmp_path):
    videos = tuple(dataclasses.replace(video, segments=()) for video in DATA.videos)
    data = dataclasses.replace(DATA, videos=videos)
    with pytest.raises(ValueError, match=r"no true segments .* --config\.checkpoint\.rule=last"):
        OracleTest(CONFIG, data, toy.make_setup(CONFIG), tmp_path)
