"""What predictions are made with and where they go: a finished training, folders at once."""

import contextlib
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxseg import processes
from jaxseg.config import Config
from jaxseg.formats.arrays import read_npz
from jaxseg.runfiles.checks import write_arrays
from jaxseg.training.checkpoint import Checkpoints
from jaxseg.training.setup import Setup, abstract_state
from jaxseg.training.step import make_gather


class Parameters(NamedTuple):
    """Parameters and carried state of all members, as `make_gather` gives them.

    Attributes:
        params, carried: trees with the members' axis in front.
        checkpoint: a sentence on which parameters they are.
    """

    params: Any
    carried: Any
    checkpoint: str


def chosen_parameters(config: Config, setup: Setup, workdir: Path) -> Parameters:
    """The parameters that `config.checkpoint.rule` asks for: "last" or "oracle-test".

    Raises:
        ValueError: training is not finished, or was not watched as the rule needs it.
    """
    last = finished_parameters(config, setup, workdir)
    if config.checkpoint.rule == "last":
        return last
    best = read_best(workdir, like=(last.params, last.carried))
    params, carried = best.parameters
    return Parameters(params, carried, best.describe())


def finished_parameters(config: Config, setup: Setup, workdir: Path) -> Parameters:
    """The parameters after the last step.

    Raises:
        ValueError: there is no finished training in the folder.
    """
    state = None
    if (workdir / "checkpoints").is_dir():  # opening them would make it
        with contextlib.closing(Checkpoints(config, setup, workdir)) as checkpoints:
            state = checkpoints.restore(abstract_state(setup))
    if state is None:
        raise ValueError(f"no checkpoints in {workdir}: train first (--mode=train)")
    step = int(state.step)
    if step < setup.num_steps:
        raise ValueError(
            f"training in {workdir} stands at step {step} of {setup.num_steps}: "
            "finish it first (--mode=train)"
        )
    params, carried = make_gather(len(setup.members), setup.mesh)((state.params, state.carried))
    return Parameters(params, carried, f"last: the parameters after step {step}")


BEST = Path("oracle/best.npz")


class Best(NamedTuple):
    """The parameters of each member that have scored best on the test videos, `oracle/best.npz`.

    Attributes:
        score: float64 [members], mAP in percent, mean over the thresholds.
        step: int64 [members], how many steps had been done.
        parameters: (params, carried) in NumPy, the members' axis in front.
    """

    score: np.ndarray
    step: np.ndarray
    parameters: tuple[Any, Any]

    def describe(self) -> str:
        """A sentence for everything that is made from these parameters."""
        steps = ", ".join(map(str, self.step.tolist()))
        return (
            f"oracle-test: the parameters that score best on the test videos (step {steps}); "
            "chosen by the test itself, so not comparable with results of the last step"
        )


def write_best(workdir: Path, best: Best) -> None:
    """Writes `oracle/best.npz`, whole or not at all.

    Raises:
        OSError: with the file's name.
    """
    leaves = jax.tree.leaves(best.parameters)
    arrays = {f"{index:04d}": leaf for index, leaf in enumerate(leaves)}
    path = workdir / BEST
    path.parent.mkdir(parents=True, exist_ok=True)
    write_arrays(path, {"score": best.score, "step": best.step} | arrays)


def read_best(workdir: Path, *, like: tuple[Any, Any]) -> Best:
    """Reads `oracle/best.npz`.

    Args:
        like: (params, carried) of the same members, for their structure and shapes.

    Raises:
        ValueError: no such file, or one that is damaged or of another network.
    """
    path = workdir / BEST
    leaves, structure = jax.tree.flatten(like)
    if not path.exists():
        raise ValueError(
            f"no {path}: config.checkpoint.rule = 'oracle-test' has to be set before training"
        )
    names = [f"{index:04d}" for index in range(len(leaves))]
    try:
        arrays = read_npz(path, ["score", "step", *names])
    except ValueError as error:
        raise ValueError(f"{path} is damaged ({error}); remove {workdir} to train anew") from None
    restored = [arrays[name] for name in names]
    if [leaf.shape for leaf in restored] != [leaf.shape for leaf in leaves]:
        raise ValueError(f"{path} holds the parameters of another network or of other members")
    return Best(arrays["score"], arrays["step"], jax.tree.unflatten(structure, restored))


@contextlib.contextmanager
def appearing_together(workdir: Path, names: Sequence[str]) -> Iterator[dict[str, Path]]:
    """Folders to be filled under other names; they replace the old ones at the end, or vanish.

    All processes fill them together, and go on when the folders have taken their names.

    Args:
        names: those that they take in the workdir.

    Yields:
        name -> the folder to be filled.
    """
    partial = {name: workdir / f".{name}.partial" for name in names}

    def remove() -> None:
        for folder in partial.values():
            shutil.rmtree(folder, ignore_errors=True)

    def begin() -> None:
        remove()
        for folder in partial.values():
            folder.mkdir()

    def end() -> None:
        for name, folder in partial.items():
            shutil.rmtree(workdir / name, ignore_errors=True)
            os.replace(folder, workdir / name)

    try:
        processes.first_alone(begin, "prediction begins")
        yield partial
        processes.barrier("prediction ends")
        processes.first_alone(end, "prediction is complete")
    finally:
        if processes.is_first():
            remove()


def evenly_chosen(count: int, most: int) -> set[int]:
    """Indices of at most `most` of `count` videos, evenly through the list."""
    return set(np.linspace(0, count - 1, min(count, most)).round().astype(int).tolist())
