"""The solvers for GPUs and TPUs that are not here: lowered always, compiled where libtpu is."""

import importlib.util
import os
import subprocess
import sys

import jax
import jax.numpy as jnp
import pytest

from jaxseg.solvers import fugw, sinkhorn, viterbi

PROGRAMS = {
    "fugw": fugw.solve,
    "fugw with both marginals hard": lambda cost: fugw.solve(cost, lambda_actions=None),
    "batched fugw": lambda cost: jax.vmap(fugw.solve)(jnp.stack([cost, cost])),
    "sinkhorn": lambda cost: sinkhorn.solve(cost, epsilon=0.05),
    "viterbi": viterbi.decode,
}
COMPILED_FOR_TPU = """
import jax, jax.numpy as jnp
from jax.experimental import topologies
from jax.sharding import SingleDeviceSharding
from jaxseg.solvers import fugw
chip = topologies.get_topology_desc("v5e:2x2", platform="tpu").devices[0]
place = SingleDeviceSharding(chip)
cost = jax.ShapeDtypeStruct((1000, 7), jnp.float32)
program = jax.jit(fugw.solve, in_shardings=place, out_shardings=place).lower(cost).compile()
print(chip.device_kind, program.memory_analysis().output_size_in_bytes)
"""


@pytest.mark.parametrize("platform", ["cuda", "tpu"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_lowered_for_another_platform_without_calls_to_a_library(name, platform):
    cost = jax.ShapeDtypeStruct((40, 3), jnp.float32)
    exported = jax.export.export(jax.jit(PROGRAMS[name]), platforms=[platform])(cost)
    assert exported.platforms == (platform,)
    assert "stablehlo.custom_call" not in exported.mlir_module()


@pytest.mark.slow
@pytest.mark.skipif(
    importlib.util.find_spec("libtpu") is None,
    reason="libtpu, which compiles for a TPU without one, is not installed: pip install libtpu",
)
def test_compiled_ahead_of_time_for_a_tpu():
    alone = {
        "TPU_SKIP_MDS_QUERY": "1",
        "TPU_ACCELERATOR_TYPE": "v5litepod-4",
        "TPU_WORKER_HOSTNAMES": "localhost",
        "TPU_WORKER_ID": "0",
        "ALLOW_MULTIPLE_LIBTPU_LOAD": "1",
        "JAX_PLATFORMS": "cpu",
    }
    command = [sys.executable, "-c", COMPILED_FOR_TPU]
    done = subprocess.run(command, env=os.environ | alone, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    kind, size = done.stdout.splitlines()[-1].rsplit(" ", 1)
    assert kind.startswith("TPU v5") and int(size) >= 4 * 1000 * 7
