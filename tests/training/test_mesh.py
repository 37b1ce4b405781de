"""One device and eight give the same run; a mesh that does not fit says which do."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest
import toy

from jaxseg.config.shared import MeshConfig
from jaxseg.prediction import segments as predict
from jaxseg.training import loop
from jaxseg.training.sharding import make_mesh

# Six members: 8 x 1 and 4 x 2 are filled up with two idle ones, 2 x 4 with none.
VALUES = {"seeds": 3, "data.videos_per_batch": 4, "checkpoint.every": 2}
ROOTS = [str(Path(toy.__file__).parent), str(Path(toy.__file__).parents[1])]
# Eight videos a batch, so that 1 x 8 splits it too: most of them are missing.
TOT_VALUES = VALUES | {"data.videos_per_batch": 8, "tcl": True, "optimizer.learning_rate": 0.01}
TOT_VALUES |= {"num_epochs": 12, "optimizer.freeze_steps": 3}
TRAIN = """
import pathlib, sys, jax, toy
jax.config.update("jax_disable_most_optimizations", True)
assert jax.device_count() == 8
_, member, data, folder = sys.argv
mesh = {"mesh.member": int(member), "mesh.data": int(data)}
toy.train(toy.%s(%r | mesh), pathlib.Path(folder))
"""


@pytest.fixture(scope="module")
def one_device(train_toy):
    return train_toy(toy.make_config(VALUES))


@pytest.fixture(scope="module")
def tot_on_one_device(train_toy):
    return train_toy(toy.make_tot_config(TOT_VALUES))


def train_on_eight(
    member: int, data: int, folder: Path, maker: str = "make_config", values: dict = VALUES
) -> None:
    environment = os.environ | {
        "XLA_FLAGS": "--xla_force_host_platform_device_count=8",
        "JAX_PLATFORMS": "cpu",
        "PYTHONPATH": os.pathsep.join(ROOTS),
    }
    command = [sys.executable, "-c", TRAIN % (maker, values), str(member), str(data), str(folder)]
    subprocess.run(command, env=environment, check=True, capture_output=True)


def metrics(workdir: Path) -> dict[str, np.ndarray]:
    lines = [json.loads(line) for line in (workdir / "metrics.jsonl").read_text().splitlines()]
    return {name: np.array([line[name] for line in lines], float) for name in ("step", "loss")}


slow = pytest.mark.slow


@pytest.mark.parametrize(
    ("member", "data"),
    [(4, 2), pytest.param(8, 1, marks=slow), pytest.param(2, 4, marks=slow)],
)
def test_eight_devices_give_what_one_gives(one_device, tmp_path, member, data):
    """Compared through a checkpoint of the eight, which the one device reads."""
    setup, state, workdir = one_device
    train_on_eight(member, data, tmp_path)
    there, here = metrics(tmp_path), metrics(workdir)
    np.testing.assert_array_equal(there["step"], here["step"])
    np.testing.assert_allclose(there["loss"], here["loss"], rtol=1e-5, atol=1e-5)
    checkpoints = loop.open_checkpoints(toy.make_config(VALUES), setup, tmp_path)
    found = checkpoints.restore(loop.abstract_state(setup))
    checkpoints.close()
    assert int(found.step) == setup.num_steps
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5),
        found.params,
        state.params,
    )


def decoded(setup, run: Path, folder: Path) -> dict[str, str]:
    """Labels that one device reads out of a run's last checkpoint."""
    shutil.copytree(run / "checkpoints", folder / "checkpoints")
    config = toy.make_tot_config(TOT_VALUES | {"predict.num_buckets": 1})
    predict.predict(config, toy.make_data(), setup, folder, progress=False)
    files = sorted((folder / "predictions").rglob("*.txt"))
    return {str(file.relative_to(folder)): file.read_text() for file in files}


@pytest.mark.parametrize(
    ("member", "data"),
    [(2, 4), *(pytest.param(m, 8 // m, marks=slow) for m in (1, 8))],
)
def test_tot_couples_videos_of_all_devices(
    tot_on_one_device, quick_compile, tmp_path, member, data
):
    """Sinkhorn and, among one video's own frames, the coherence loss: as on one device."""
    setup, _, workdir = tot_on_one_device
    train_on_eight(member, data, tmp_path, "make_tot_config", TOT_VALUES)
    there, here = metrics(tmp_path), metrics(workdir)
    np.testing.assert_array_equal(there["step"], here["step"])
    np.testing.assert_allclose(there["loss"], here["loss"], rtol=1e-6, atol=1e-6)
    found = decoded(setup, tmp_path, tmp_path / "eight")
    assert found == decoded(setup, workdir, tmp_path / "one") and len(found) == 30


@pytest.mark.parametrize(
    ("member", "data", "parts"),
    [
        (0, 3, ["member x data = 2 x 3", "8 devices", "8 x 1, 4 x 2"]),
        (8, 2, ["member x data = 8 x 2"]),
        (3, 1, ["member x data = 3 x 1"]),
        (1, 8, ["batches of 2 videos", "8 x 1, 4 x 2"]),
    ],
)
def test_a_mesh_that_does_not_fit(monkeypatch, member, data, parts):
    monkeypatch.setattr(jax, "devices", lambda: [None] * 8)
    with pytest.raises(ValueError) as error:
        make_mesh(MeshConfig(member, data), videos_per_batch=2)
    assert all(part in str(error.value) for part in parts) and "\n" not in str(error.value)


def test_the_mesh_takes_all_devices_by_itself():
    mesh = make_mesh(MeshConfig(), videos_per_batch=2)
    assert dict(mesh.shape) == {"member": jax.device_count(), "data": 1}
