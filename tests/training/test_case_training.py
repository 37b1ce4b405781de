"""CASE in the training loop: it learns, and resumes to the same bits."""

import json
import signal
from pathlib import Path

import jax
import numpy as np
import pytest
import toy_case

from jaxseg.training.interrupts import Stopped

CONFIG = toy_case.make_config({"seeds": 2, "checkpoint.watch_every": 3})


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
