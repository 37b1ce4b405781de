"""Checkpoints: all that is known of orbax."""

import sys
import zlib
from pathlib import Path

import jax
import numpy as np
import orbax.checkpoint as ocp

from jaxseg.training.step import TrainState


class Checkpoints:
    """The checkpoints of one run, in `<workdir>/checkpoints/<step>/`.

    A checksum of all numbers travels with them: a damaged checkpoint is recognised when it is
    read, whatever part of it was damaged, and the one before it is used.

    Args:
        directory: where they are; made on the first save.
        keep: how many of the newest stay.
    """

    def __init__(self, directory: Path, *, keep: int):
        self.directory = directory.absolute()
        self._manager = ocp.CheckpointManager(
            self.directory,
            options=ocp.CheckpointManagerOptions(
                max_to_keep=keep, create=True, enable_async_checkpointing=False
            ),
        )

    def save(self, state: TrainState) -> None:
        """Writes the state under its own step; a checkpoint of that step is left as it is.

        Raises:
            OSError: naming the directory, where it cannot be written.
        """
        step = int(state.step)
        if step in self._manager.all_steps():
            return
        items = ocp.args.Composite(
            state=ocp.args.StandardSave(_as_dict(state)),
            checksum=ocp.args.JsonSave({"crc32": _checksum(state)}),
        )
        try:
            self._manager.save(step, args=items)
        except Exception as error:  # orbax and its storage raise many kinds; all mean: not saved
            reason = str(error).strip().splitlines()[0] if str(error).strip() else repr(error)
            raise OSError(f"cannot write checkpoint {step} in {self.directory}: {reason}") from None

    def restore(self, like: TrainState) -> TrainState | None:
        """The newest checkpoint that can be read, or None where there is none.

        Damaged ones are named on standard error and removed, so that their steps can be saved
        again.

        Args:
            like: shapes, dtypes and shardings of the state, as from `jax.eval_shape`.

        Raises:
            ValueError: where there are checkpoints and none of them can be read.
        """
        steps = sorted(self._manager.all_steps(), reverse=True)
        damaged = []
        for step in steps:
            state = self._read(step, like)
            if state is not None:
                for bad in damaged:
                    print(f"checkpoint {bad} is damaged; using {step}", file=sys.stderr)
                    self._manager.delete(bad)
                return state
            damaged.append(step)
        if damaged:
            raise ValueError(
                f"none of the checkpoints in {self.directory} can be read: {damaged}; "
                "remove the folder to train anew"
            )
        return None

    def _read(self, step: int, like: TrainState) -> TrainState | None:
        items = ocp.args.Composite(
            state=ocp.args.StandardRestore(_as_dict(like)), checksum=ocp.args.JsonRestore()
        )
        try:
            found = self._manager.restore(step, args=items)
            state = _from_dict(found.state, like)
            intact = found.checksum["crc32"] == _checksum(state)
        except Exception:  # whatever a broken file makes of orbax, the answer is the one before
            return None
        return state if intact else None

    def close(self) -> None:
        self._manager.close()


def _as_dict(state: TrainState) -> dict:
    """Numbered leaves: restoring needs no agreement on the names of optax's tuples."""
    return {f"{index:04d}": leaf for index, leaf in enumerate(jax.tree.leaves(state))}


def _from_dict(leaves: dict, like: TrainState) -> TrainState:
    return jax.tree.unflatten(jax.tree.structure(like), [leaves[name] for name in sorted(leaves)])


def _checksum(state: TrainState) -> int:
    value = 0
    for leaf in jax.tree.leaves(state):
        value = zlib.crc32(np.ascontiguousarray(jax.device_get(leaf)).data, value)
    return value
