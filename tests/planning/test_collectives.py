"""Collectives are found with their sizes, their number and who takes part."""

import json
import os
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest
import toy

from jaxseg.planning.collectives import collectives, unknown_loops

ROOTS = [str(Path(toy.__file__).parent), str(Path(toy.__file__).parents[1])]

# Programs on a mesh of 2 x 4, devices 0 to 3 in the first row.
CHILD = """
import json, jax, jax.numpy as jnp, numpy as np, dataclasses
jax.config.update("jax_platforms", "cpu")
jax.config.update("jax_num_cpu_devices", 8)
from jax.sharding import AxisType, PartitionSpec as P
import toy
from jaxseg.planning.collectives import collectives
from jaxseg.planning.step import compile_step

mesh = jax.make_mesh((2, 4), ("member", "data"), axis_types=(AxisType.Auto,) * 2)

def found(function, out=P("member", "data")):
    on_mesh = jax.shard_map(function, mesh=mesh, in_specs=P("member", "data"), out_specs=out,
                            check_vma=False)
    array = jax.ShapeDtypeStruct((4, 8, 100), np.float32)
    text = jax.jit(on_mesh).lower(array).compile().as_text()
    return [each._asdict() for each in collectives(text)]

def again(x, length=5):
    return jax.lax.scan(lambda y, _: (jax.lax.psum(y, "data") / 4, None), x, length=length)[0]

def nested(x):
    return jax.lax.scan(lambda y, _: (again(y, 3), None), x, length=2)[0]

def step(member, data, seeds):
    config = toy.make_config({"seeds": seeds, "data.videos_per_batch": 4, "mesh.member": member,
                              "mesh.data": data})
    made = compile_step(config, toy.make_data(), jax.devices()[:member * data])
    return made._asdict() | {"idle": made.idle_members,
                             "collectives": [each._asdict() for each in made.collectives]}

programs = {
    "rows": found(lambda x: jax.lax.psum(x, "data")),
    "columns": found(lambda x: jax.lax.psum(x, "member")),
    "all": found(lambda x: jax.lax.psum(x, ("member", "data"))),
    "gather": found(lambda x: jax.lax.all_gather(x, "data", axis=1, tiled=True), P("member")),
    "shift": found(lambda x: jax.lax.ppermute(x, "data", [(0, 1), (1, 2)])),
    "loop": found(again),
    "nested": found(nested),
    "alone": found(lambda x: x + 1),
}
jax.config.update("jax_disable_most_optimizations", True)
print(json.dumps({"programs": programs, "2 x 4": step(2, 4, 3), "8 x 1": step(8, 1, 4)}))
"""

ROWS = [[0, 1, 2, 3], [4, 5, 6, 7]]
COLUMNS = [[0, 4], [1, 5], [2, 6], [3, 7]]
SHARD = 2 * 2 * 100 * 4


@pytest.fixture(scope="module")
def eight():
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(ROOTS)}
    command = [sys.executable, "-c", CHILD]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("program", "kind", "size", "times", "groups"),
    [
        ("rows", "all-reduce", SHARD, 1, ROWS),
        ("columns", "all-reduce", SHARD, 1, COLUMNS),
        ("all", "all-reduce", SHARD, 1, [list(range(8))]),
        ("gather", "all-gather", 4 * SHARD, 1, ROWS),
        ("shift", "collective-permute", SHARD, 1, [[0, 1], [1, 2], [4, 5], [5, 6]]),
        ("loop", "all-reduce", SHARD, 5, ROWS),
        ("nested", "all-reduce", SHARD, 6, ROWS),
    ],
)
def test_one_collective(eight, program, kind, size, times, groups):
    (found,) = eight["programs"][program]
    assert (found["kind"], found["bytes"], found["times"]) == (kind, size, times)
    assert sorted(sorted(group) for group in found["groups"]) == groups
    assert found["op_name"].startswith("jit(")


def test_no_collective(eight):
    assert eight["programs"]["alone"] == []


def test_asot_tells_gradients_and_losses_along_rows_alone(eight):
    """Three members a row, each with 121 parameters: 48 + 8, 40 + 5, and 4 prototypes of 5."""
    step = eight["2 x 4"]
    assert step["parameters"] == 121 and step["idle"] == 0
    assert all(each["groups"] == ROWS and each["times"] == 1 for each in step["collectives"])
    sizes = [each["bytes"] for each in step["collectives"]]
    assert 3 * 121 * 4 <= max(sizes) < 3 * 140 * 4


def test_members_by_themselves_tell_each_other_nothing(eight):
    assert eight["8 x 1"]["collectives"] == []
    assert eight["8 x 1"]["state_bytes"] == 121 * 3 * 4 + 2 * 4  # Adam's two moments, two counters


@pytest.mark.parametrize(
    ("notation", "groups"),
    [
        ("{{0,1},{2,3}}", ((0, 1), (2, 3))),
        ("[2,2]<=[4]", ((0, 1), (2, 3))),
        ("[2,2]<=[2,2]T(1,0)", ((0, 2), (1, 3))),
        ("mesh['a'=2,'b'=2] {'b'}", ((0, 1), (2, 3))),
        ("mesh['a'=2,'b'=2] {'a'}", ((0, 2), (1, 3))),
        ("mesh['a'=2,'b'=2] {'a','b'}", ((0, 1, 2, 3),)),
        ("mesh['a'=4] {'a':(1)2}", ((0, 2), (1, 3))),
        ("mesh['a'=4] {'a':(2)2}", ((0, 1), (2, 3))),
    ],
)
def test_groups_in_every_notation(notation, groups):
    text = f"""
ENTRY %main (x: f32[3]) -> f32[3] {{
  %x = f32[3]{{0}} parameter(0)
  ROOT %sum = f32[3]{{0}} all-reduce(%x), replica_groups={notation}, to_apply=%add
}}
"""
    (found,) = collectives(text)
    assert found.groups == groups and found.bytes == 12 and found.op_name == ""


def test_a_notation_that_nobody_knows():
    text = "ENTRY %m (x: f32[3]) -> f32[3] {\n  %x = f32[3]{0} parameter(0)\n"
    text += "  ROOT %sum = f32[3]{0} all-reduce(%x), replica_groups=somehow\n}"
    with pytest.raises(ValueError, match="sum: groups of devices in an unknown notation: somehow"):
        collectives(text)


def test_an_asynchronous_collective_counts_once():
    """The start gives operand and result back; the end is no second one."""
    text = """
ENTRY %m (x: f32[4]) -> f32[16] {
  %x = f32[4]{0} parameter(0)
  %start = (f32[4]{0}, f32[16]{0}) all-gather-start(%x), replica_groups=[1,4]<=[4], dimensions={0}
  ROOT %done = f32[16]{0} all-gather-done(%start)
}
"""
    (found,) = collectives(text)
    assert (found.kind, found.bytes, found.times) == ("all-gather", 64, 1)


def test_loops_of_unknown_length_are_counted():
    def until_large(x):
        return jax.lax.while_loop(lambda x: x.sum() < 1e6, lambda x: x + x, x)

    def seven_times(x):
        return jax.lax.fori_loop(0, 7, lambda _, x: x + x, x)

    vector = jax.ShapeDtypeStruct((3,), np.float32)
    for function, count in ((until_large, 1), (seven_times, 0)):
        assert unknown_loops(jax.jit(function).lower(vector).compile().as_text()) == count


def test_what_is_no_program():
    with pytest.raises(ValueError, match="no ENTRY"):
        collectives("hello")
