"""The real train step, compiled for a mesh of CPU devices on which nothing ever runs."""

from typing import Any, NamedTuple

import jax
import numpy as np

from jaxseg.config import Config
from jaxseg.data import DataSet, SnippetSet
from jaxseg.data.batches.loader import STREAMS
from jaxseg.methods.method import Method
from jaxseg.planning.collectives import Collective, collectives, unknown_loops
from jaxseg.training import sharding
from jaxseg.training.setup import lay_out
from jaxseg.training.step import make_init, make_step, state_shardings


class Step(NamedTuple):
    """A run's train step on one mesh, counted; nothing in it was measured.

    Attributes:
        mesh: devices along "member" and "data".
        members: of the run.
        videos_per_batch: of each.
        num_steps: of the longest member.
        parameters: of one member.
        state_bytes, batch_bytes: on one device.
        other_bytes: on one device, by XLA's memory analysis: temporaries, members' inputs.
        unknown_loops: those whose length the compiler does not know; they count as one round.
        collectives: of one device in a step.
    """

    mesh: tuple[int, int]
    members: int
    videos_per_batch: int
    num_steps: int
    parameters: int
    state_bytes: int
    batch_bytes: int
    other_bytes: int
    unknown_loops: int
    collectives: list[Collective]

    @property
    def name(self) -> str:
        """The mesh in words."""
        return f"{self.mesh[0]} x {self.mesh[1]}"

    @property
    def members_per_device(self) -> int:
        """Places for members on a device, idle ones among them."""
        return -(-self.members // self.mesh[0])

    @property
    def idle_members(self) -> int:
        """Places for members that no member takes."""
        return self.members_per_device * self.mesh[0] - self.members

    @property
    def device_bytes(self) -> int:
        """Everything that one device holds in a step."""
        return self.state_bytes + self.batch_bytes + self.other_bytes


def compile_step(config: Config, data: DataSet | SnippetSet, devices: list[jax.Device]) -> Step:
    """Compiles and counts the step that `config` trains with on a mesh of these devices.

    Args:
        config: whose mesh is taken.
        data: of which nothing is read but sizes.
        devices: as many as the mesh has.

    Raises:
        ValueError: as `setup.set_up`.
    """
    layout = lay_out(config, data, devices)
    method, mesh, num_slots = layout.method, layout.mesh, len(layout.inputs.num_steps)
    inputs = sharding.abstract(layout.inputs, sharding.by_member(mesh))
    where = sharding.by_member_and_video(mesh)
    batch = sharding.abstract(_batch(config, data, method, num_slots), where)
    state = jax.eval_shape(make_init(method, mesh), batch, inputs)
    compiled = make_step(method, mesh).lower(state, batch, inputs).compile()
    text, memory = compiled.as_text(), compiled.memory_analysis()
    state_bytes = sum(map(_shard_bytes, state, state_shardings(mesh)))
    batch_bytes = _shard_bytes(batch, where)
    # The new state takes the place of the old one, whose buffers are donated.
    outputs = memory.output_size_in_bytes - memory.alias_size_in_bytes
    total_bytes = memory.argument_size_in_bytes + memory.temp_size_in_bytes + outputs
    return Step(
        mesh=(mesh.shape["member"], mesh.shape["data"]),
        members=len(layout.members),
        videos_per_batch=config.data.videos_per_batch,
        num_steps=layout.num_steps,
        parameters=sum(leaf.size for leaf in jax.tree.leaves(state.params)) // num_slots,
        state_bytes=state_bytes,
        batch_bytes=batch_bytes,
        other_bytes=total_bytes - state_bytes - batch_bytes,
        unknown_loops=unknown_loops(text),
        collectives=collectives(text),
    )


def _batch(config: Config, data: DataSet | SnippetSet, method: Method, num_slots: int) -> dict:
    """Shapes of the first step's batch, as large in each dimension as any activity's."""
    per_batch, make = config.data.videos_per_batch, STREAMS[config.sampling].make
    described = [
        make(videos, 0, config.data).arrays(per_batch, 0) for videos in data.activities.values()
    ]
    batch = {}
    for name, (_, dtype) in described[0].items():
        shape = np.max([arrays[name][0] for arrays in described], axis=0)
        batch[name] = jax.ShapeDtypeStruct((num_slots, *shape), dtype)
    if method.refresh is not None:
        columns = method.refresh.extra_columns + batch["labels"].shape[-1]
        batch["targets"] = jax.ShapeDtypeStruct((*batch["mask"].shape, columns), np.float32)
    return batch


def _shard_bytes(tree: Any, where: jax.sharding.Sharding) -> int:
    """Bytes of a tree's arrays that are on one device."""
    return sum(
        int(np.prod(where.shard_shape(leaf.shape))) * leaf.dtype.itemsize
        for leaf in jax.tree.leaves(tree)
    )
