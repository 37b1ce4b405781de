"""The training loop: restore or start, step, log, save; it knows no method by name."""

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
from jaxseg.training.checkpoint import Checkpoints, open_checkpoints
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
    checkpoints = open_checkpoints(config, setup, workdir)
    try:
        state = checkpoints.restore(abstract_state(setup))
        if state is None:
            state = _first_state(setup)
        start = int(state.step)
        writer = MetricsWriter(workdir, start=start, enabled=processes.is_first())
        try:
            run = _Loop(
                config,
                setup,
                checkpoints=checkpoints,
                writer=writer,
                refreshes=_refreshes(config, setup, workdir, start, progress),
                watch=watch,
                progress=progress and processes.is_first(),
            )
            return run(state, start)
        finally:
            writer.close()
    finally:
        checkpoints.close()


def _first_state(setup: Setup) -> TrainState:
    example = place_batch(setup, setup.batches.batch(0))
    state = make_init(setup.method, setup.mesh)(example, setup.inputs)
    if setup.method.warm_start is None:
        return state
    where, sample = sharding.by_member(setup.mesh), setup.batches.warm_start()
    sample = sharding.place(sample, where, setup.lengths[:1], setup.part[:1])
    return make_warm_start(setup.method, setup.mesh)(state, sample, setup.inputs)


def _refreshes(
    config: Config, setup: Setup, workdir: Path, start: int, progress: bool
) -> Refreshes | None:
    """The method's pseudo-labels as step `start` expects them; None for a method without."""
    if setup.method.refresh is None or start >= setup.num_steps:
        return None
    refreshes = Refreshes(config, setup, workdir, progress=progress)
    refreshes.restore(start)
    return refreshes


class _Loop:
    """The steps of one call of `train`, and what is done between two of them."""

    def __init__(
        self,
        config: Config,
        setup: Setup,
        *,
        checkpoints: Checkpoints,
        writer: MetricsWriter,
        refreshes: Refreshes | None,
        watch: Watch | None,
        progress: bool,
    ):
        self._setup, self._checkpoints, self._writer = setup, checkpoints, writer
        self._refreshes, self._watch, self._progress = refreshes, watch, progress
        self._total = setup.num_steps
        self._last_steps = np.array([member.num_steps for member in setup.members])
        self._save_every = config.checkpoint.every or max(1, -(-self._total // 5))
        self._watch_every = config.checkpoint.watch_every
        self._log_every = max(1, self._total // LOGGED_LINES)
        self._alarm = CollapseAlarm(setup.members, _warn)

    def __call__(self, state: TrainState, start: int) -> TrainState:
        """Takes the steps from `start` on; returns the last state."""
        setup, total = self._setup, self._total
        train_step = make_step(setup.method, setup.mesh)
        agree = processes.Agreement()
        bar = tqdm(
            total=total,
            initial=start,
            desc="train",
            unit="step",
            disable=not self._progress,
            leave=True,
        )
        with Interrupts() as interrupts, bar:
            for step, batch in enumerate(setup.batches.iterate(start), start):
                if self._refreshes:
                    state = self._refreshes.before(step, state)
                    batch |= {"targets": self._refreshes.targets(step, batch)}
                state, metrics = train_step(state, place_batch(setup, batch), setup.inputs)
                done = step + 1
                if step % self._log_every == 0 or done == total:
                    self._log(bar, step, metrics)
                bar.update()
                if self._watch and (done % self._watch_every == 0 or done == total):
                    self._watch(done, state)
                if done % self._save_every == 0 or done == total:
                    self._checkpoints.save(state)
                if received := agree(interrupts.received or 0):
                    self._checkpoints.save(state)
                    raise _stopped(received, done, total)
            # Several processes agree one step late: what came at the last step is told here.
            if received := agree(interrupts.received or 0) or agree.settled():
                raise _stopped(received, total, total)
        if total == start == 0:
            self._checkpoints.save(state)
        return state

    def _log(self, bar: tqdm, step: int, metrics: Mapping[str, jax.Array]) -> None:
        running = step < self._last_steps
        values = {
            name: metric[: len(running)]  # without the idle members
            for name, metric in sharding.on_host(metrics, self._setup.mesh).items()
        }
        self._writer.write(step, values, running)
        bar.set_postfix(loss=f"{values['loss'][running].mean():.3f}", refresh=False)
        self._alarm.check(step, values)


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
