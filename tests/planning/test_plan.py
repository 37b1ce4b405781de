"""A plan of the toy's run, against numbers that can be worked out, and the command."""

import importlib
import json

import commands
import jax
import numpy as np
import pytest
import toy

from jaxseg.data import DATA_SETS
from jaxseg.methods import from_dict
from jaxseg.planning import published
from jaxseg.planning.step import compile_step
from jaxseg.training.members import enumerate_members
from jaxseg.training.setup import set_up
from jaxseg.training.step import make_init


@pytest.fixture(scope="module")
def plan(quickly):
    """Of two members with two videos each a step, on one device."""
    with quickly():
        return compile_step(toy.make_config(), toy.make_data(), jax.devices()[:1])


def test_sizes_are_those_of_the_real_arrays(plan, quick_compile):
    setup = set_up(toy.make_config(), toy.make_data())
    batch = setup.batches.batch(0)
    state = make_init(setup.method, setup.mesh)(batch, setup.inputs)
    assert plan.state_bytes == sum(leaf.nbytes for leaf in jax.tree.leaves(state))
    assert plan.batch_bytes == sum(leaf.nbytes for leaf in batch.values())
    assert plan.num_steps == setup.num_steps and plan.members == len(setup.members) == 2
    per_member = sum(leaf.size for leaf in jax.tree.leaves(state.params)) // 2
    assert plan.parameters == per_member == 6 * 8 + 8 + 8 * 5 + 5 + 4 * 5


def test_what_members_cost_grows_with_them(quick_compile, plan):
    """Four times as many members; what all share is counted once."""
    more = compile_step(toy.make_config({"seeds": 4}), toy.make_data(), jax.devices()[:1])
    assert more.members == more.members_per_device == 4 * plan.members
    assert more.state_bytes - 4 == 4 * (plan.state_bytes - 4)
    assert 3 * plan.device_bytes < more.device_bytes <= 4 * plan.device_bytes


def config_of(name: str, **others):
    values = importlib.import_module(f"configs.{name}").get_config().to_dict() | others
    values["data"]["root"] = "published"
    return from_dict(values)


def test_published_breakfast():
    """50 members; the longest activities have 187 videos, 94 batches of two, 15 epochs."""
    config = config_of("asot_breakfast", seeds=5)
    data = published(config)
    members = enumerate_members(config, data)
    assert len(members) == 50 and len(data.videos) == 1712
    assert max(member.num_steps for member in members) == 15 * 94


def test_published_activitynet_has_the_published_schedule():
    config = config_of("case_activitynet12", seeds=1)
    data = published(config)
    (member,) = enumerate_members(config, data)
    assert member.num_steps == 20 * (4819 // 16) and config.data.num_snippets == 50
    assert len(data.train) == 4819 and len(data.classes) == 100 and data.num_channels == 1024


@pytest.mark.parametrize("name", DATA_SETS)
def test_a_published_data_set_takes_no_memory(name):
    """Videos share one zero; every one has its label, and every class its video."""
    config = from_dict(
        {"method": "asot" if DATA_SETS[name].task == "segmentation" else "case"}
        | {"data": {"name": name, "root": "published"}}
    )
    data = published(config)
    arrays = [getattr(video, "features", getattr(video, "rgb", None)) for video in data.videos]
    assert all(not any(array.strides) for array in arrays) and arrays[0].shape[0] > 100
    labels = [video.labels for video in data.videos if video.labels is not None]
    assert not labels or (np.all(np.any(labels, axis=0)) and np.all(np.any(labels, axis=1)))


@pytest.fixture(scope="module")
def command(quickly, tmp_path_factory):
    folder = tmp_path_factory.mktemp("plan")
    root = toy.write_files(folder / "data")
    with quickly():
        result = commands.run(
            *commands.arguments(root, folder / "run"), "--mode=plan", "--meshes=1"
        )
    return result, folder / "run"


def test_the_command_prints_a_table_and_writes_all_of_it(command):
    result, workdir = command
    assert result.status == 0  # standard error may have a progress bar, once reading takes long
    assert [path.name for path in workdir.iterdir()] == ["plan.json"]
    written = json.loads((workdir / "plan.json").read_text())
    (step,) = written["steps"]
    assert step["mesh"] == {"member": 1, "data": 1} and step["members"] == 4
    parts = step["state_bytes"], step["batch_bytes"], step["other_bytes"]
    assert step["device_bytes"] == sum(parts) and step["collectives"] == []
    assert f"4 members of {step['parameters']} parameters each" in result.out
    assert all(sentence in result.out for sentence in written["limits"])


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["--meshes=2x2x2"], "'2x2x2' is no mesh; give devices or member x data: 16 or 8x2"),
        (["--meshes=0"], "'0' is no mesh"),
        (["--meshes=1,-3"], "'-3' is no mesh"),
        (["--meshes=64x65"], "'64x65' has more than 4096 devices"),
        (["--published"], "--published plans without data: leave out config.data.root="),
        (["--published", "--config.data.root="], "there is no 'folder'"),
        (["--mode=train", "--meshes=1"], "--meshes and --published belong to --mode=plan"),
    ],
)
def test_what_cannot_be_planned(tmp_path, words, part):
    root = toy.write_files(tmp_path / "data")
    arguments = commands.arguments(root, tmp_path / "run")
    assert part in commands.run(*arguments, "--mode=plan", *words).complaint
    assert not (tmp_path / "run").exists()
