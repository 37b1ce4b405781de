"""A checkpoint of one mesh is any other's, whatever stands in its idle members."""

import json
import shutil

import groups
import mesh_runs
import numpy as np
import pytest
import toy

from jaxseg.training.checkpoint import Checkpoints
from jaxseg.training.setup import abstract_state, set_up
from jaxseg.training.step import make_init

NAME = "five members"  # three places of eight rows are idle


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A run of eight devices, each with a member or none."""
    folder = tmp_path_factory.mktemp("finished")
    groups.run(["tests/mesh_runs.py", NAME, folder, "8x1"], devices=8)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mesh", "processes", "devices"),
    [("1x1", 1, 1), ("2x4", 1, 8), ("4x2", 2, 4), ("1x4", 4, 1)],
)
def test_every_mesh_reads_the_same_members(
    finished, quick_compile, tmp_path, mesh, processes, devices
):
    """And predicts from them, on one device for each video, in the same bits."""
    shutil.copytree(finished / "8x1", tmp_path / mesh)
    shutil.rmtree(tmp_path / mesh / "predictions")
    if processes == devices == 1:
        mesh_runs.main(NAME, str(tmp_path), mesh)
    else:
        words = ["tests/mesh_runs.py", NAME, tmp_path, mesh]
        groups.run(words, processes=processes, devices=devices)
    with np.load(finished / "8x1.npz") as saved, np.load(tmp_path / f"{mesh}.npz") as read:
        assert saved["000"].shape[0] == 5
        np.testing.assert_equal(dict(read), dict(saved))
    assert contents(tmp_path / mesh) == contents(finished / "8x1")


def contents(workdir) -> dict[str, bytes]:
    files = [path for path in (workdir / "predictions").rglob("*") if path.is_file()]
    found = {str(file.relative_to(workdir)): file.read_bytes() for file in files}
    assert len(found) == 5 * len(mesh_runs.LENGTHS["salad"])
    return found


IDLE = """
import json, sys
from pathlib import Path
import jax, jax.numpy as jnp, numpy as np
import mesh_runs
from jaxseg.training.checkpoint import Checkpoints
from jaxseg.training.setup import abstract_state, place_batch
from jaxseg.training.step import make_init, state_shardings

def spoil(leaf):
    slots = np.arange(len(leaf)).reshape(-1, *[1] * (leaf.ndim - 1))
    worst = jnp.nan if jnp.issubdtype(leaf.dtype, jnp.floating) else jnp.iinfo(leaf.dtype).max
    return jnp.where(slots < 5, leaf, worst)

config, _, setup = mesh_runs.set_up(sys.argv[1], "8x1")
example = place_batch(setup, setup.batches.batch(0))
state = make_init(setup.method, setup.mesh)(example, setup.inputs)
spoilt = jax.tree.map(spoil, tuple(state[1:]))
spoilt = jax.device_put(type(state)(state.step, *spoilt), state_shardings(setup.mesh))
assert np.isnan(np.asarray(jax.tree.leaves(spoilt.params)[0])).any()
checkpoints = Checkpoints(config, setup, Path(sys.argv[2]))
checkpoints.save(spoilt)
checkpoints.close()
slots = {}
for mesh in ("8x1", "4x2", "2x4", "1x8"):
    config, _, setup = mesh_runs.set_up(sys.argv[1], mesh)
    checkpoints = Checkpoints(config, setup, Path(sys.argv[2]))
    found = checkpoints.restore(abstract_state(setup))
    checkpoints.close()
    for own, leaf in zip(jax.tree.leaves(state[1:]), jax.tree.leaves(found[1:]), strict=True):
        source = np.minimum(np.arange(len(leaf)), 4)
        np.testing.assert_array_equal(leaf, np.asarray(own)[source])
    slots[mesh] = len(leaf)
print(json.dumps(slots))
"""


def test_what_stands_in_idle_members_is_of_no_account(tmp_path):
    """Saved as NaN; each mesh that has idle places finds a copy of the last member there."""
    (result,) = groups.run(["-c", IDLE, NAME, tmp_path], devices=8)
    assert json.loads(result.out) == {"8x1": 8, "4x2": 8, "2x4": 6, "1x8": 5}


def save(config, workdir) -> None:
    setup = set_up(config, toy.make_data())
    checkpoints = Checkpoints(config, setup, workdir)
    checkpoints.save(make_init(setup.method, setup.mesh)(setup.batches.batch(0), setup.inputs))
    checkpoints.close()


def restore(config, workdir):
    setup = set_up(config, toy.make_data())
    checkpoints = Checkpoints(config, setup, workdir)
    try:
        return checkpoints.restore(abstract_state(setup))
    finally:
        checkpoints.close()


@pytest.mark.usefixtures("quick_compile")
@pytest.mark.parametrize(
    "other",
    [
        {"model.layers": (toy.CHANNELS, 9, 5)},
        {"model.layers": (toy.CHANNELS, 8, 4)},
        {"model.layers": (toy.CHANNELS, 8, 8, 5)},
        {"model.clusters_by_activity": {"salad": 5, "soup": 3}},
        {"seeds": 3},
    ],
    ids=["wider", "narrower", "deeper", "clusters", "more members"],
)
def test_another_network_is_not_read(tmp_path, other):
    """Though members may be cut and filled, nothing else is."""
    save(toy.make_config({"seeds": 2}), tmp_path)
    assert restore(toy.make_config({"seeds": 2}), tmp_path) is not None
    with pytest.raises(ValueError, match=r"none of the checkpoints in .* can be read: \[0\]; "):
        restore(toy.make_config({"seeds": 2} | other), tmp_path)
    assert (tmp_path / "checkpoints/0").is_dir()
