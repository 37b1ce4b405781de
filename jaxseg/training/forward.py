"""One video through all members' networks at once, outputs on the host."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from jaxseg.methods.method import MemberInputs, Method
from jaxseg.training.sharding import replicated

Forward = Callable[[Any, Any, dict, int], list[dict[str, np.ndarray]]]


def make_forward(method: Method, inputs: MemberInputs, num_members: int, mesh) -> Forward:
    """(params, carried, video's arrays, how many rows are valid) -> what `predict` says of it.

    That is a dict a member, without padding. Both trees have the members' axis in front, without
    the mesh's idle members. Compiled once for each shape of the video's arrays.
    """
    predict = jax.vmap(method.predict, in_axes=(0, 0, None, 0))

    def run(params, carried, video, inputs):
        inputs = jax.tree.map(lambda leaf: leaf[:num_members], inputs)
        return predict(params, carried, video, inputs)

    compiled = jax.jit(run, out_shardings=replicated(mesh))

    def forward(params, carried, video: dict, num_rows: int) -> list[dict[str, np.ndarray]]:
        outputs = jax.tree.map(np.asarray, compiled(params, carried, video, inputs))
        for name in outputs.keys() & set(method.rows):
            outputs[name] = outputs[name][:, :num_rows]
        return [
            {name: array[index] for name, array in outputs.items()} for index in range(num_members)
        ]

    return forward
