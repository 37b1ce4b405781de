"""The training loop: restore or start, step, log, save; it knows no method by name."""

import contextlib
import dataclasses
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import jax
import numpy as np
from tqdm import tqdm

from jaxseg import processes
from jaxseg.config import Config
from jaxseg.runfiles.metrics import MetricsWriter
from jaxseg.training import sharding
from jaxseg.training.checkpoint import Checkpoints
from jaxseg.training.interrupts import Interrupts, Stopped
from jaxseg.training.members import Member
from jaxseg.training.refreshes import Refreshes
from jaxseg.training.setup import Setup, abstract_state, place_batch
from jaxseg.training.step import TrainState, make_init, make_step, make_warm_start

LOGGED_LINES = 200  # about as many as a curve has use for

Watch = Callable[[int, TrainState], None]


def train(
    config: Config,
    setup: Setup,
    workdir: Path,
    *,
    progress: bool = True,
    watch: Watch | None = None,
) -> TrainState:
    """Trains all members to their last step, from the newest checkpoint where there is one.

    All processes of a run call it together. A run that is stopped and resumed ends in the same
    bits, on a CPU, as one that ran through: the batch and the random numbers of a step depend on
    its number alone.

    Args:
        config: of the run.
        setup: from `setup.set_up`.
        workdir: holds the checkpoints and `metrics.jsonl`.
        progress: show a bar.
        watch: is given the number of steps done and the state after every
            `config.checkpoint.watch_every` steps, and at the end.

    Raises:
        Stopped: after SIGINT or SIGTERM, once the state is saved.
        ValueError, OSError: see `Checkpoints`.
    """
    with contextlib.closing(Checkpoints(config, setup, workdir)) as checkpoints:
        state = checkpoints.restore(abstract_state(setup))
        if state is None:
            state = first_state(setup)
        start, total = int(state.step), setup.num_steps
        refreshes = None  # of the method's pseudo-labels
        if setup.method.refresh and start < total:
            refreshes = Refreshes(config, setup, workdir, progress=progress)
            refreshes.restore(start)
        writer = MetricsWriter(workdir, start=start, enabled=processes.is_first())
        disable = not (progress and processes.is_first())
        bar = tqdm(total=total, initial=start, desc="train", unit="step", disable=disable)
        with contextlib.closing(writer), bar:
            run = _Loop(
                config=config,
                setup=setup,
                checkpoints=checkpoints,
                writer=writer,
                refreshes=refreshes,
                watch=watch,
                bar=bar,
            )
            return run(state, start)


def first_state(setup: Setup) -> TrainState:
    """The state of all members before the first step."""
    example = place_batch(setup, setup.batches.batch(0))
    state = make_init(setup.method, setup.mesh)(example, setup.inputs)
    if setup.method.warm_start is None:
        return state
    where, sample = sharding.by_member(setup.mesh), setup.batches.warm_start()
    sample = sharding.place(sample, where, setup.lengths[:1], setup.part[:1])
    return make_warm_start(setup.method, setup.mesh)(state, sample, setup.inputs)


@dataclasses.dataclass
class _Loop:
    """The steps of one call of `train`, and what is done between two of them."""

    config: Config
    setup: Setup
    checkpoints: Checkpoints
    writer: MetricsWriter
    refreshes: Refreshes | None
    watch: Watch | None
    bar: tqdm

    def __call__(self, state: TrainState, start: int) -> TrainState:
        """Takes the steps from `start` on; returns the last state."""
        setup, total = self.setup, self.setup.num_steps
        save_every = self.config.checkpoint.every or max(1, -(-total // 5))
        watch_every = self.config.checkpoint.watch_every
        log_every = max(1, total // LOGGED_LINES)
        alarm = CollapseAlarm(setup.members, _warn)
        train_step = make_step(setup.method, setup.mesh)
        agree = processes.Agreement()
        with Interrupts() as interrupts:
            for step, batch in enumerate(setup.batches.iterate(start), start):
                if self.refreshes:
                    state = self.refreshes.before(step, state)
                    batch |= {"targets": self.refreshes.targets(step, batch)}
                state, metrics = train_step(state, place_batch(setup, batch), setup.inputs)
                done = step + 1
                if step % log_every == 0 or done == total:
                    alarm.check(step, self._log(step, metrics))
                self.bar.update()
                if self.watch and (done % watch_every == 0 or done == total):
                    self.watch(done, state)
                if done % save_every == 0 or done == total:
                    self.checkpoints.save(state)
                if received := agree(interrupts.received or 0):
                    self.checkpoints.save(state)
                    raise _stopped(received, done, total)
            # Several processes agree one step late: what came at the last step is told here.
            if received := agree(interrupts.received or 0) or agree.settled():
                raise _stopped(received, total, total)
        if total == start == 0:
            self.checkpoints.save(state)
        return state

    def _log(self, step: int, metrics: Mapping[str, jax.Array]) -> dict[str, np.ndarray]:
        """Writes the metrics of all members that are still trained; returns those of all."""
        running = np.array([step < member.num_steps for member in self.setup.members])
        values = {
            name: metric[: len(running)]  # without the idle members
            for name, metric in sharding.on_host(metrics, self.setup.mesh).items()
        }
        self.writer.write(step, values, running)
        self.bar.set_postfix(loss=f"{values['loss'][running].mean():.3f}", refresh=False)
        return values


def _stopped(number: int, done: int, total: int) -> Stopped:
    name = signal.Signals(number).name
    where = f"stopped by {name} and saved at step {done} of {total}"
    return Stopped(f"{where}; the same command goes on from there", number)


def _warn(text: str) -> None:
    if processes.is_first():
        tqdm.write(text, file=sys.stderr)


class CollapseAlarm:
    """Warns where a method's metric "collapsed" holds in the second half of a member's training.

    Before, networks that have learned nothing yet show the same signs. There is one warning an
    activity, and none for methods without the metric.

    Args:
        members: of the run.
        warn: prints a line without disturbing the progress bar.
    """

    def __init__(self, members: Sequence[Member], warn: Callable[[str], None]):
        self._members = members
        self._warn = warn
        self._warned: set[str] = set()

    def check(self, step: int, metrics: Mapping[str, np.ndarray]) -> None:
        """Looks at one logged step's metrics, one number a member."""
        if "collapsed" not in metrics:
            return
        for index, member in enumerate(self._members):
            in_question = member.num_steps / 2 <= step < member.num_steps
            if in_question and metrics["collapsed"][index] and member.activity not in self._warned:
                self._warned.add(member.activity)
                signs = {name: values[index] for name, values in metrics.items()}
                self._warn(_collapse_warning(step, member, signs))


def _collapse_warning(step: int, member: Member, signs: Mapping[str, float]) -> str:
    used, top = int(signs["clusters_used"]), float(signs["top_probability"])
    return (
        f"warning: {member.activity} has collapsed ({member.directory}, step {step}): its "
        f"frames use {used} of {member.num_clusters} clusters, highest probability {top:.2f} "
        f"on average (1/K is {1 / member.num_clusters:.2f}), entropy {signs['entropy']:.2f} of "
        f"{np.log(member.num_clusters):.2f}; see config.optimizer.freeze_steps"
    )
