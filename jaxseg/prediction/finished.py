"""What prediction of segmentations and of intervals share: a finished training, files at once."""

import contextlib
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from jaxseg import processes
from jaxseg.config import Config
from jaxseg.training.forward import make_gather
from jaxseg.training.loop import Setup, abstract_state, open_checkpoints
from jaxseg.training.step import TrainState


def finished_state(config: Config, setup: Setup, workdir: Path) -> TrainState:
    """The state after the last step, as `make_gather` gives it.

    Raises:
        ValueError: where there is no finished training in the folder.
    """
    if not (workdir / "checkpoints").is_dir():
        raise ValueError(f"no checkpoints in {workdir}: train first (--mode=train)")
    checkpoints = open_checkpoints(config, setup, workdir)
    try:
        state = checkpoints.restore(abstract_state(setup))
    finally:
        checkpoints.close()
    if state is None:
        raise ValueError(f"no checkpoints in {workdir}: train first (--mode=train)")
    if int(state.step) < setup.num_steps:
        raise ValueError(
            f"training in {workdir} stands at step {int(state.step)} of {setup.num_steps}: "
            "finish it first (--mode=train)"
        )
    state = state._replace(step=int(state.step))
    params, carried = make_gather(len(setup.members), setup.mesh)((state.params, state.carried))
    return state._replace(params=params, opt_state=None, carried=carried)


@contextlib.contextmanager
def appearing_together(workdir: Path, names: Sequence[str]) -> Iterator[dict[str, Path]]:
    """Folders to be filled under other names; they replace the old ones at the end, or vanish.

    All processes fill them together, and go on when they have taken their names.
    """
    partial = {name: workdir / f".{name}.partial" for name in names}

    def begin():
        for folder in partial.values():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()

    def end():
        for name, folder in partial.items():
            shutil.rmtree(workdir / name, ignore_errors=True)
            os.replace(folder, workdir / name)

    try:
        processes.first_alone(begin, "prediction begins")
        yield partial
        processes.barrier("prediction ends")
        processes.first_alone(end, "prediction is there")
    finally:
        if processes.is_first():
            for folder in partial.values():
                shutil.rmtree(folder, ignore_errors=True)


def spread(count: int, wanted: int) -> set[int]:
    """Indices of at most `wanted` of `count` videos, evenly through the list."""
    return set(np.linspace(0, count - 1, min(count, wanted)).round().astype(int).tolist())
