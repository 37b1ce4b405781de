"""CASE in the training loop: it learns, resumes to the same bits, and spreads over devices."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest
import toy_case

from jaxseg.training import loop
from jaxseg.training.interrupts import Stopped

CONFIG = toy_case.make_config({"seeds": 2, "checkpoint.watch_every": 3})
ROOTS = [str(Path(toy_case.__file__).parent), str(Path(toy_case.__file__).parents[1])]
TRAIN = """
import pathlib, sys, jax, toy_case
jax.config.update("jax_disable_most_optimizations", True)
assert jax.device_count() == 8
toy_case.train(toy_case.make_config({"seeds": 2, "mesh.data": 8}), pathlib.Path(sys.argv[1]))
"""


@pytest.fixture(scope="module")
def finished(quickly, tmp_path_factory):
    """(state in NumPy, workdir) of two seeds after six steps."""
    workdir = tmp_path_factory.mktemp("run")
    with quickly():
        _, state = toy_case.train(CONFIG, workdir)
    return state, workdir


def metrics(workdir: Path) -> dict[str, np.ndarray]:
    """name -> [steps, members], without the time they took."""
    lines = [json.loads(line) for line in (workdir / "metrics.jsonl").read_text().splitlines()]
    return {
        name: np.array([line[name] for line in lines]) for name in lines[0] if name != "seconds"
    }


def test_losses_fall(finished):
    """All but that of the clusters, whose labels move with every step."""
    _, workdir = finished
    found = metrics(workdir)
    assert found["loss"].shape == (6, 2)
    for name in ("loss", "video_loss", "attention_loss", "snippet_loss"):
        assert (found[name][-1] < found[name][0]).all(), name
    assert (found["loss"][-1] < 0.9 * found["loss"][0]).all()


def test_seeds_differ_and_their_prototypes_have_unit_norm(finished):
    state, _ = finished
    assert np.abs(np.diff(state.carried["cluster_classes"], axis=0)).max() > 1e-3
    norms = np.linalg.norm(state.params["flow"]["prototypes"], axis=-1)
    np.testing.assert_allclose(norms, 1, rtol=1e-6)


@pytest.mark.usefixtures("quick_compile")
def test_stopped_and_resumed_equals_undisturbed(finished, tmp_path):
    """Q_C is part of the state: without it the prior of the fourth step would be another."""
    expected, workdir = finished

    def interrupt(step, state):
        assert np.any(np.asarray(state.carried["cluster_classes"]) != 0.5)
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(Stopped, match="saved at step 3 of 6"):
        toy_case.train(CONFIG, tmp_path, watch=interrupt)
    _, state = toy_case.train(CONFIG, tmp_path)
    jax.tree.map(np.testing.assert_array_equal, state, expected)
    jax.tree.map(np.testing.assert_array_equal, metrics(tmp_path), metrics(workdir))


@pytest.mark.usefixtures("quick_compile")
def test_eight_devices_give_what_one_gives(finished, tmp_path):
    """A video on each: both transport problems are the global batch's."""
    environment = os.environ | {
        "XLA_FLAGS": "--xla_force_host_platform_device_count=8",
        "JAX_PLATFORMS": "cpu",
        "PYTHONPATH": os.pathsep.join(ROOTS),
    }
    command = [sys.executable, "-c", TRAIN, str(tmp_path)]
    subprocess.run(command, env=environment, check=True, capture_output=True)
    state, workdir = finished
    for name, found in metrics(tmp_path).items():
        np.testing.assert_allclose(found, metrics(workdir)[name], rtol=1e-5, atol=1e-5)
    setup = loop.set_up(CONFIG, toy_case.make_data())
    checkpoints = loop.open_checkpoints(CONFIG, setup, tmp_path)
    there = checkpoints.restore(loop.abstract_state(setup))
    checkpoints.close()
    np.testing.assert_allclose(
        there.carried["cluster_classes"], state.carried["cluster_classes"], atol=1e-5
    )
