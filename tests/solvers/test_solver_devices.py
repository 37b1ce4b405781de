"""A batch on one device and the same batch over eight."""

import subprocess
import sys

import pytest

SETTING = """
import jax
import numpy as np
from jax.sharding import AxisType, NamedSharding, PartitionSpec

jax.config.update("jax_platforms", "cpu")
jax.config.update("jax_num_cpu_devices", 8)
from jaxseg.solvers import fugw, sinkhorn, viterbi

rng = np.random.default_rng(0)
masks = np.arange(30) < np.array([30, 1, 17, 29, 30, 8, 0, 23])[:, None]
mesh = jax.make_mesh((8,), ("data",), axis_types=(AxisType.Auto,))
sharding = NamedSharding(mesh, PartitionSpec("data"))

def on_one_and_on_eight(solve, values):
    batch = jax.jit(jax.vmap(solve))
    first = jax.devices()[0]
    alone = batch(jax.device_put(values, first), jax.device_put(masks, first))
    over = jax.device_put(values, sharding), jax.device_put(masks, sharding)
    program = batch.lower(*over).compile()
    collectives = ("all-reduce", "all-gather", "collective-permute", "all-to-all")
    print([word for word in collectives if word in program.as_text()])
    return alone, program(*over)
"""
TRANSPORT = """
def solve(cost, mask):
    # The tolerances stop each video at its own iteration: none may wait for another.
    return {
        "actions relaxed": fugw.solve(cost, mask=mask, radius=0.1, tolerance=1e-3),
        "balanced": fugw.solve(cost, mask=mask, radius=0.1, lambda_actions=None),
        "sinkhorn": sinkhorn.solve(cost, mask=mask, epsilon=0.1, tolerance=1e-3),
    }

costs = rng.uniform(0, 2, (8, 30, 4)).astype(np.float32)
alone, spread = on_one_and_on_eight(solve, costs)
assert len(spread["balanced"].plan.sharding.device_set) == 8, spread["balanced"].plan.sharding
for name, solution in alone.items():
    for ours, expected in zip(spread[name], solution, strict=True):
        # Objectives lie near 10, where float32 has one number in 1e-6.
        np.testing.assert_allclose(ours, expected, rtol=5e-7, atol=1e-6, err_msg=name)
"""
DECODING = """
def decode(scores, mask):
    order = viterbi.mean_time_order(jax.nn.softmax(scores), mask=mask)
    return viterbi.decode(scores, mask=mask, order=order)

scores = rng.normal(size=(8, 30, 4)).astype(np.float32)
alone, spread = on_one_and_on_eight(decode, scores)
assert len(spread.sharding.device_set) == 8, spread.sharding
np.testing.assert_array_equal(spread, alone)
assert len(np.unique(alone)) == 5, alone
"""


@pytest.mark.parametrize(
    "program",
    [pytest.param(TRANSPORT, marks=pytest.mark.slow), DECODING],
    ids=["transport", "decoding"],
)
def test_eight_devices_give_what_one_gives(program):
    """And no video waits for another: the sharded program holds no communication."""
    command = [sys.executable, "-c", SETTING + program]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"
