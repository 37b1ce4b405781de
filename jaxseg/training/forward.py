"""One video through all members' networks at once, by one process alone, outputs on the host."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh

from jaxseg.methods.method import MemberInputs, Method
from jaxseg.training.sharding import replicated

Forward = Callable[[Any, Any, dict, int], list[dict[str, np.ndarray]]]


def make_gather(num_members: int, mesh: Mesh) -> Callable[[Any], Any]:
    """Tree with the members' axis in front -> a copy of it on this process's first device.

    Idle members of the mesh are left out. All processes call it together; what they do with
    their copies concerns nobody else, and does not depend on the mesh.
    """

    def copy(tree):
        return jax.tree.map(lambda leaf: leaf[:num_members], tree)

    everywhere = jax.jit(copy, out_shardings=replicated(mesh))
    return lambda tree: jax.tree.map(lambda leaf: leaf.addressable_data(0), everywhere(tree))


def make_forward(method: Method, inputs: MemberInputs) -> Forward:
    """(params, carried, video's arrays, how many rows are valid) -> what `predict` says of it.

    That is a dict a member, without padding. All three trees are those of `make_gather`.
    Compiled once for each shape of the video's arrays.
    """
    compiled = jax.jit(jax.vmap(method.predict, in_axes=(0, 0, None, 0)))

    def forward(params, carried, video: dict, num_rows: int) -> list[dict[str, np.ndarray]]:
        outputs = jax.tree.map(np.asarray, compiled(params, carried, video, inputs))
        num_members = len(inputs.num_steps)
        for name in outputs.keys() & set(method.rows):
            outputs[name] = outputs[name][:, :num_rows]
        return [
            {name: array[index] for name, array in outputs.items()} for index in range(num_members)
        ]

    return forward
