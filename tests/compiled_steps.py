"""`python compiled_steps.py asot/2x4 tot/8x1 ...`: what devices tell each other in toy steps."""

import dataclasses
import json
import sys

import jax
import mesh_runs

from jaxseg.config.shared import MeshConfig
from jaxseg.planning.collectives import Collective
from jaxseg.planning.step import compile_step


def found(method: str, mesh: str) -> list[Collective]:
    rows, columns = map(int, mesh.split("x"))
    config = dataclasses.replace(mesh_runs.CONFIGS[method], mesh=MeshConfig(rows, columns))
    return compile_step(config, mesh_runs.make_data(method), jax.devices()).collectives


if __name__ == "__main__":
    steps = {name: found(*name.split("/")) for name in sys.argv[1:]}
    json.dump({n: [each._asdict() for each in own] for n, own in steps.items()}, sys.stdout)
