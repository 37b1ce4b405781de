"""The training loop: restore or start, step, log, save; it knows no method by name."""

import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np
from jax.sharding import Mesh
from tqdm import tqdm

from jaxseg import methods, processes
from jaxseg.config import Config
from jaxseg.data.batches.loader import STREAMS, Batches, Stream
from jaxseg.data.segmentation.records import DataSet
from jaxseg.methods.method import MemberInputs, Method
from jaxseg.training import sharding
from jaxseg.training.alarms import CollapseAlarm
from jaxseg.training.checkpoint import Checkpoints
from jaxseg.training.cluster_counts import clipping_notes
from jaxseg.training.interrupts import Interrupts, Stopped
from jaxseg.training.members import Member, enumerate_members, stack
from jaxseg.training.refreshes import Refreshes
from jaxseg.training.step import (
    TrainState,
    make_init,
    make_step,
    make_warm_start,
    state_shardings,
)
from jaxseg.training.writer import MetricsWriter

LOGGED_LINES = 200  # about as many lines as a curve has use for


class Setup(NamedTuple):
    """What training and prediction share: the members of a run and where they live."""

    method: Method
    members: tuple[Member, ...]  # without the idle ones that fill the mesh
    inputs: MemberInputs  # with them
    mesh: Mesh
    batches: Batches

    @property
    def num_steps(self) -> int:
        return self.batches.num_steps

    @property
    def lengths(self) -> tuple[int, int]:
        """Of a batch's leading axes over all processes: members with the idle ones, videos."""
        return len(self.inputs.num_steps), self.batches.videos_per_batch

    @property
    def part(self) -> sharding.Part:
        """Which of them this process has."""
        return sharding.own_part(self.mesh, *self.lengths)


class Layout(NamedTuple):
    """Which members a run has and where they live, before anything of it is on a device.

    Attributes:
        method: with the optimiser's betas.
        members: of the run, and behind them the idle ones that fill the mesh.
        inputs: of all of these, NumPy arrays (the keys JAX's); idle ones have no steps.
        mesh: of the config's shape.
        num_idle: how many of the members are idle.
    """

    method: Method
    members: tuple[Member, ...]
    inputs: MemberInputs
    mesh: Mesh
    num_idle: int


def lay_out(config: Config, data: DataSet, devices: Sequence[jax.Device] | None = None) -> Layout:
    """Members and mesh; raises as `set_up`, which gives the arguments."""
    _check_channels(config, data)
    members = enumerate_members(config, data)
    mesh = sharding.make_mesh(
        config.mesh,
        num_members=len(members),
        videos_per_batch=config.data.videos_per_batch,
        devices=devices,
    )
    idle = sharding.padding(len(members), mesh)
    padded = members + (members[-1],) * idle
    inputs = stack(padded)
    inputs.num_steps[len(members) :] = 0
    method = methods.find(config.method).make(config, num_clusters=inputs.cluster_mask.shape[1])
    method = method._replace(betas=config.optimizer.betas)
    if config.optimizer.freeze_steps and not method.late:
        raise ValueError(
            f"config.optimizer.freeze_steps={config.optimizer.freeze_steps}: {config.method} has "
            "no parameters that stay frozen at first"
        )
    return Layout(method, padded, inputs, mesh, idle)


def set_up(config: Config, data: DataSet) -> Setup:
    """Members, their streams of batches and the mesh.

    Raises:
        ValueError: for a network that does not fit the features, a mesh that does not fit the
            devices, and what `enumerate_members` refuses.
    """
    method, padded, inputs, mesh, num_idle = lay_out(config, data)
    for note in clipping_notes(config, data):
        processes.say(note)
    num_steps = max(member.num_steps for member in padded)
    part = sharding.own_part(mesh, len(padded), config.data.videos_per_batch)
    batches = Batches(_streams(config, data, padded), num_steps, *part)
    members = padded[: len(padded) - num_idle]
    return Setup(method, members, _place_inputs(inputs, mesh), mesh, batches)


def _place_inputs(inputs: MemberInputs, mesh: Mesh) -> MemberInputs:
    where, slots = sharding.by_member(mesh), len(inputs.num_steps)
    numbers = inputs._replace(key=np.asarray(jax.random.key_data(inputs.key)))
    placed = sharding.place(numbers, where, (slots,), (slice(0, slots),))
    keys = jax.jit(jax.random.wrap_key_data, out_shardings=where)(placed.key)
    return placed._replace(key=keys)


def _check_channels(config: Config, data: DataSet) -> None:
    expected = config.model.channels
    if expected and expected != data.num_channels:
        raise ValueError(
            f"the features of {data.name} have {data.num_channels} channels, "
            f"config.model.layers starts with {expected}"
        )


def _streams(config: Config, data: DataSet, members: Sequence[Member]) -> list[Stream]:
    made = {}
    for member in members:
        key = member.activity, member.seed
        if key not in made:
            videos = [v for v in data.activities[member.activity] if v.name not in member.test]
            made[key] = STREAMS[config.sampling].make(videos, member.seed, config.data)
    return [made[member.activity, member.seed] for member in members]


def open_checkpoints(config: Config, setup: Setup, workdir: Path) -> Checkpoints:
    """The checkpoints of a run, to be closed by the caller."""
    return Checkpoints(
        workdir / "checkpoints",
        keep=config.checkpoint.keep,
        num_members=len(setup.members),
        mesh=setup.mesh,
    )


def abstract_state(setup: Setup) -> TrainState:
    """Shapes, dtypes and shardings of the train state, without computing anything."""
    example = place_batch(setup, setup.batches.batch(0))
    shapes = jax.eval_shape(make_init(setup.method, setup.mesh), example, setup.inputs)

    def abstract(tree, where):
        return jax.tree.map(
            lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=where), tree
        )

    return TrainState(*map(abstract, shapes, state_shardings(setup.mesh)))


def place_batch(setup: Setup, batch: dict[str, np.ndarray]) -> dict[str, jax.Array]:
    """A batch of all processes' members and videos, from each process's own part."""
    where = sharding.by_member_and_video(setup.mesh)
    return sharding.place(batch, where, setup.lengths, setup.part)


def _first_state(setup: Setup) -> TrainState:
    example = place_batch(setup, setup.batches.batch(0))
    state = make_init(setup.method, setup.mesh)(example, setup.inputs)
    if setup.method.warm_start is None:
        return state
    where, sample = sharding.by_member(setup.mesh), setup.batches.warm_start()
    sample = sharding.place(sample, where, setup.lengths[:1], setup.part[:1])
    return make_warm_start(setup.method, setup.mesh)(state, sample, setup.inputs)


def train(
    config: Config,
    setup: Setup,
    workdir: Path,
    *,
    progress: bool = True,
    watch: Callable[[int, TrainState], None] | None = None,
) -> TrainState:
    """Trains all members to their last step, from the newest checkpoint where there is one.

    All processes of a run call it together. A run that is stopped and resumed ends in the same
    bits, on a CPU, as one that ran through: the batch and the random numbers of a step depend on
    its number alone. `watch` is shown the state after every `config.checkpoint.watch_every`
    steps, and at the end.

    Raises:
        Stopped: after SIGINT or SIGTERM, once the state is saved.
        ValueError, OSError: see `Checkpoints`.
    """
    checkpoints = open_checkpoints(config, setup, workdir)
    try:
        state = checkpoints.restore(abstract_state(setup))
        if state is None:
            state = _first_state(setup)
        start = int(state.step)
        writer = MetricsWriter(workdir / "metrics.jsonl", start=start, writes=processes.is_first())
        try:
            refreshes = _refreshes(config, setup, workdir, start, progress)
            return _run(
                config, setup, state, checkpoints, writer, start, progress, watch, refreshes
            )
        finally:
            writer.close()
    finally:
        checkpoints.close()


def _refreshes(config, setup, workdir, start, progress) -> Refreshes | None:
    """The method's pseudo-labels as the first step to come expects them, if it has any."""
    if setup.method.refresh is None or start >= setup.num_steps:
        return None
    refreshes = Refreshes(config, setup, workdir, progress=progress)
    refreshes.restore(start)
    return refreshes


def _run(
    config, setup, state, checkpoints, writer, start, progress, watch, refreshes
) -> TrainState:
    total, running = setup.num_steps, np.array([m.num_steps for m in setup.members])
    every = config.checkpoint.every or max(1, -(-total // 5))
    log_every = max(1, total // LOGGED_LINES)
    step_function = make_step(setup.method, setup.mesh)
    alarm = CollapseAlarm(setup.members, _warn)
    agree = processes.Agreement()
    progress = progress and processes.is_first()
    bar = tqdm(
        total=total, initial=start, desc="train", unit="step", disable=not progress, leave=True
    )
    with Interrupts() as interrupts, bar:
        for step, batch in enumerate(setup.batches.iterate(start), start):
            if refreshes:
                state = refreshes.before(step, state)
                batch |= {"targets": refreshes.targets(step, batch)}
            state, metrics = step_function(state, place_batch(setup, batch), setup.inputs)
            done = step + 1
            if step % log_every == 0 or done == total:
                metrics = sharding.on_host(metrics, setup.mesh)
                alarm.check(step, _log(writer, bar, step, metrics, step < running))
            bar.update()
            if watch and (done % config.checkpoint.watch_every == 0 or done == total):
                watch(done, state)
            if done % every == 0 or done == total:
                checkpoints.save(state)
            if received := agree(interrupts.received or 0):
                checkpoints.save(state)
                raise _stopped(received, done, total)
        if received := agree(interrupts.received or 0) or agree.settled():
            raise _stopped(received, total, total)
    if total == start == 0:
        checkpoints.save(state)
    return state


def _stopped(number: int, done: int, total: int) -> Stopped:
    name = signal.Signals(number).name
    where = f"stopped by {name} and saved at step {done} of {total}"
    return Stopped(f"{where}; the same command goes on from there", number)


def _warn(text: str) -> None:
    if processes.is_first():
        tqdm.write(text, file=sys.stderr)


def _log(writer, bar, step, metrics, running) -> dict[str, np.ndarray]:
    values = {name: metric[: len(running)] for name, metric in metrics.items()}
    writer.write(step, values, running)
    bar.set_postfix(loss=f"{values['loss'][running].mean():.3f}", refresh=False)
    return values
