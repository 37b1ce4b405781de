"""The mesh (member, data) and where each array of a run lives on it."""

import jax
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

from jaxseg.config.shared import MeshConfig


def make_mesh(config: MeshConfig, *, videos_per_batch: int) -> Mesh:
    """A mesh with the axes "member" and "data" over all devices.

    Raises:
        ValueError: for a shape that does not fit the devices or the batch, with those that do.
    """
    devices = jax.devices()
    member = config.member or max(1, len(devices) // config.data)
    if member * config.data != len(devices) or videos_per_batch % config.data:
        fitting = [
            f"{len(devices) // data} x {data}"
            for data in range(1, len(devices) + 1)
            if len(devices) % data == 0 and videos_per_batch % data == 0
        ]
        raise ValueError(
            f"a mesh of member x data = {member} x {config.data} does not fit {len(devices)} "
            f"devices and batches of {videos_per_batch} videos; these do: {', '.join(fitting)}"
        )
    return jax.make_mesh(
        (member, config.data), ("member", "data"), axis_types=(AxisType.Auto,) * 2, devices=devices
    )


def by_member(mesh: Mesh) -> NamedSharding:
    """Leading axis over members: parameters, optimiser state, carried state, member inputs."""
    return NamedSharding(mesh, PartitionSpec("member"))


def by_member_and_video(mesh: Mesh) -> NamedSharding:
    """Leading axes over members and videos: batches."""
    return NamedSharding(mesh, PartitionSpec("member", "data"))


def replicated(mesh: Mesh) -> NamedSharding:
    """One copy everywhere: the step number."""
    return NamedSharding(mesh, PartitionSpec())


def padding(num_members: int, mesh: Mesh) -> int:
    """Idle members that fill the last row of the mesh."""
    return -num_members % mesh.shape["member"]
