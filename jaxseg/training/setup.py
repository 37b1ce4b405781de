"""What a run trains, and where on its devices: members, batches and the mesh."""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import numpy as np
from jax.sharding import Mesh

from jaxseg import methods
from jaxseg.config import Config
from jaxseg.data import DataSet, SnippetSet
from jaxseg.data.batches.loader import STREAMS, Batches, Stream
from jaxseg.methods.method import MemberInputs, Method
from jaxseg.training import sharding
from jaxseg.training.members import Member, enumerate_members, stack
from jaxseg.training.step import TrainState, make_init, state_shardings


class Setup(NamedTuple):
    """What training and prediction share.

    Attributes:
        method: with the optimizer's betas.
        members: of the run, without the idle ones that fill the mesh.
        inputs: of all members, and behind them of the idle ones, which have no steps; on the
            devices, but NumPy arrays (the keys JAX's) from `lay_out`.
        mesh: of the config's shape.
        batches: of every step, this process's part; None from `lay_out`.
    """

    method: Method
    members: tuple[Member, ...]
    inputs: MemberInputs
    mesh: Mesh
    batches: Batches | None = None

    @property
    def num_steps(self) -> int:
        """Steps of the longest member."""
        return max(member.num_steps for member in self.members)

    @property
    def lengths(self) -> tuple[int, int]:
        """A batch's leading axes over all processes: members with the idle ones, videos."""
        return len(self.inputs.num_steps), self.batches.videos_per_batch

    @property
    def part(self) -> sharding.Part:
        """This process's part of them."""
        return sharding.own_part(self.mesh, *self.lengths)


def set_up(
    config: Config,
    data: DataSet | SnippetSet,
    members: Sequence[Member] | None = None,
) -> Setup:
    """Members, their streams of batches and the mesh.

    Args:
        members: in place of those that `enumerate_members` gives.

    Raises:
        ValueError: for a network that does not fit the features, a mesh that does not fit the
            devices, and what `enumerate_members` refuses.
    """
    layout = lay_out(config, data, members=members)
    part = sharding.own_part(
        layout.mesh, len(layout.inputs.num_steps), config.data.videos_per_batch
    )
    streams = _streams(config, data, _with_idle(layout.members, layout.mesh))
    batches = Batches(streams, layout.num_steps, part.members, part.videos)
    return layout._replace(inputs=_place_inputs(layout.inputs, layout.mesh), batches=batches)


def lay_out(
    config: Config,
    data: DataSet | SnippetSet,
    devices: Sequence[jax.Device] | None = None,
    members: Sequence[Member] | None = None,
) -> Setup:
    """Members and mesh, before anything of a run is on a device; raises as `set_up`.

    Args:
        devices: those to use instead of all.
        members: in place of those that `enumerate_members` gives.
    """
    expected = config.model.channels
    if expected and expected != data.num_channels:
        raise ValueError(
            f"the features of {data.name} have {data.num_channels} channels, "
            f"config.model.layers starts with {expected}"
        )
    members = tuple(members or enumerate_members(config, data))
    mesh = sharding.make_mesh(
        config.mesh,
        num_members=len(members),
        videos_per_batch=config.data.videos_per_batch,
        devices=devices,
    )
    inputs = stack(_with_idle(members, mesh))
    inputs.num_steps[len(members) :] = 0
    # What is static in a config is the same for all members; "auto" has become a number in theirs.
    method = methods.make(members[0].config, num_clusters=inputs.cluster_mask.shape[1])
    method = method._replace(betas=config.optimizer.betas)
    if config.optimizer.freeze_steps and not method.late:
        raise ValueError(
            f"config.optimizer.freeze_steps={config.optimizer.freeze_steps}: {config.method} has "
            "no parameters that stay frozen at first"
        )
    return Setup(method, members, inputs, mesh)


def _with_idle(members: tuple[Member, ...], mesh: Mesh) -> tuple[Member, ...]:
    """Members with copies of the last one that fill the mesh."""
    return members + members[-1:] * sharding.padding(len(members), mesh)


def place_batch(setup: Setup, batch: dict[str, np.ndarray]) -> dict[str, jax.Array]:
    """A batch of all processes' members and videos, from each process's own part."""
    where = sharding.by_member_and_video(setup.mesh)
    return sharding.place(batch, where, setup.lengths, setup.part)


def abstract_state(setup: Setup) -> TrainState:
    """Shapes, dtypes and shardings of the train state, without computing anything."""
    example = place_batch(setup, setup.batches.batch(0))
    shapes = jax.eval_shape(make_init(setup.method, setup.mesh), example, setup.inputs)
    return TrainState(*map(sharding.abstract, shapes, state_shardings(setup.mesh)))


def _place_inputs(inputs: MemberInputs, mesh: Mesh) -> MemberInputs:
    where, num_slots = sharding.by_member(mesh), len(inputs.num_steps)
    # Keys travel as the numbers they are made of: `place` knows NumPy arrays alone.
    numbers = inputs._replace(key=np.asarray(jax.random.key_data(inputs.key)))
    placed = sharding.place(numbers, where, (num_slots,), (slice(0, num_slots),))
    keys = jax.jit(jax.random.wrap_key_data, out_shardings=where)(placed.key)
    return placed._replace(key=keys)


def _streams(config: Config, data: DataSet | SnippetSet, members: Sequence[Member]) -> list[Stream]:
    """The stream of each member; members of one activity and seed see the same batches."""
    streams = {}
    keys = [(member.activity, member.seed, member.config.data) for member in members]
    for key, member in zip(keys, members, strict=True):
        if key not in streams:
            videos = [v for v in data.activities[member.activity] if v.name not in member.test]
            streams[key] = STREAMS[config.sampling].make(
                in_pieces(videos, member.config), member.seed, member.config.data
            )
    return [streams[key] for key in keys]


def in_pieces(videos: Sequence, config: Config) -> list:
    """Training videos, those longer than `config.data.piece` in pieces of about that length."""
    if not config.data.piece:
        return list(videos)
    counts = [config.data.num_pieces(video.num_frames) for video in videos]
    return [
        piece for video, count in zip(videos, counts, strict=True) for piece in video.pieces(count)
    ]
