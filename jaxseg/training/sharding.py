"""The mesh (member, data) and where each array of a run lives on it."""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

from jaxseg.config.shared import MeshConfig


def make_mesh(
    config: MeshConfig,
    *,
    num_members: int,
    videos_per_batch: int,
    devices: Sequence[jax.Device] | None = None,
) -> Mesh:
    """A mesh with the axes "member" and "data" over all devices.

    Where the config leaves a choice, each device gets as few videos a step as possible.

    Args:
        num_members: of the run, without idle ones.
        devices: those to use instead of all.

    Raises:
        ValueError: for a shape that does not fit the devices, the batch or the members; the
            message lists those that fit. A batch is split evenly, and of the places for members
            that a configured mesh has more than half are taken.
    """
    devices = jax.devices() if devices is None else devices
    total = len(devices)
    even = [
        (total // data, data)
        for data in range(1, total + 1)
        if total % data == 0 and videos_per_batch % data == 0
    ]
    allowed = [
        (member, data)
        for member, data in even
        if config.member in (0, member) and config.data in (0, data)
    ]
    fitting = [shape for shape in allowed if not config.member or shape[0] < 2 * num_members]
    if not fitting:
        others = [f"{m} x {d}" for m, d in even if m < 2 * num_members]
        raise ValueError(
            f"a mesh of member x data = {config.member or 'any'} x {config.data or 'any'} does "
            f"not fit {total} devices, batches of {videos_per_batch} videos and {num_members} "
            f"members; these do: {', '.join(others) or 'none; leave config.mesh.member at 0'}"
        )

    def work(shape: tuple[int, int]) -> tuple[int, int]:
        member, data = shape
        return -(-num_members // member) * (videos_per_batch // data), data

    # In JAX's order, in which the devices of a process are neighbors: so `own_part` is small.
    grid = np.array(devices).reshape(min(fitting, key=work))
    return Mesh(grid, ("member", "data"), axis_types=(AxisType.Auto,) * 2)


def by_member(mesh: Mesh) -> NamedSharding:
    """Leading axis over members: parameters, optimizer state, carried state, member inputs."""
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


class Part(NamedTuple):
    """The members and the videos of a batch that the devices of this process need."""

    members: slice
    videos: slice


@functools.lru_cache(maxsize=8)
def own_part(mesh: Mesh, num_members: int, num_videos: int) -> Part:
    """The smallest block of a batch [members, videos, ...] that holds all of this process's.

    Args:
        num_members: with the idle ones.
    """
    sharding = by_member_and_video(mesh)
    indices = sharding.addressable_devices_indices_map((num_members, num_videos)).values()
    return Part(
        _hull([members for members, _ in indices], num_members),
        _hull([videos for _, videos in indices], num_videos),
    )


def _hull(slices: Sequence[slice], length: int) -> slice:
    """The smallest slice of an axis that holds all of these."""
    bounds = [each.indices(length) for each in slices]
    return slice(min(start for start, _, _ in bounds), max(stop for _, stop, _ in bounds))


def place(arrays: Any, where: NamedSharding, lengths: Sequence[int], part: Sequence[slice]) -> Any:
    """Arrays of all processes from the block of them that each process has.

    Args:
        arrays: tree of NumPy arrays, [part's leading axes, ...].
        where: the sharding of the leading axes.
        lengths: of the leading axes, over all processes.
        part: this process's share of each of them.
    """
    offsets = [each.start for each in part]

    def place_one(array: np.ndarray) -> jax.Array:
        shape = (*lengths, *array.shape[len(lengths) :])

        def block(index: tuple[slice, ...]) -> np.ndarray:
            bounds = [i.indices(n) for i, n in zip(index, lengths, strict=False)]
            local = [slice(a - o, b - o) for (a, b, _), o in zip(bounds, offsets, strict=True)]
            return array[tuple(local)]

        return jax.make_array_from_callback(shape, where, block)

    return jax.tree.map(place_one, arrays)


def abstract(tree: Any, where: NamedSharding) -> Any:
    """Shapes and dtypes of a tree's arrays, and where they would live."""
    return jax.tree.map(
        lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=where), tree
    )


def on_host(arrays: Mapping[str, jax.Array], mesh: Mesh) -> dict[str, np.ndarray]:
    """Arrays of all devices as NumPy arrays, on every process; all call it together."""
    copied = _copy_everywhere(mesh)(dict(arrays))
    return {name: np.asarray(array.addressable_data(0)) for name, array in copied.items()}


@functools.lru_cache(maxsize=4)
def _copy_everywhere(mesh: Mesh) -> Callable[[dict], dict]:
    """Identity whose results are on all devices; cached, so that it is compiled once."""
    return jax.jit(lambda arrays: arrays, out_shardings=replicated(mesh))
