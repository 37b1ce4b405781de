"""What prediction of segmentations and of intervals share: a finished training, files at once."""

import contextlib
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from jaxseg.config import Config
from jaxseg.training.loop import Setup, abstract_state, open_checkpoints
from jaxseg.training.step import TrainState


def finished_state(config: Config, setup: Setup, workdir: Path) -> TrainState:
    """The state after the last step.

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
    return state


@contextlib.contextmanager
def appearing_together(workdir: Path, names: Sequence[str]) -> Iterator[dict[str, Path]]:
    """Folders to be filled under other names; they replace the old ones at the end, or vanish."""
    partial = {name: workdir / f".{name}.partial" for name in names}
    try:
        for folder in partial.values():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
        yield partial
        for name, folder in partial.items():
            shutil.rmtree(workdir / name, ignore_errors=True)
            os.replace(folder, workdir / name)
    finally:
        for folder in partial.values():
            shutil.rmtree(folder, ignore_errors=True)


def spread(count: int, wanted: int) -> set[int]:
    """Indices of at most `wanted` of `count` videos, evenly through the list."""
    return set(np.linspace(0, count - 1, min(count, wanted)).round().astype(int).tolist())
