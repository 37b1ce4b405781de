"""Checkpoints of a run, written and read with orbax; no other file knows it."""

import shutil
import sys
import zlib
from pathlib import Path

import jax
import orbax.checkpoint as ocp

from jaxseg import processes
from jaxseg.config import Config
from jaxseg.formats.files import read_json, write_json
from jaxseg.training.setup import Setup
from jaxseg.training.step import TrainState, make_fill

CHECKSUMS = "checksums.json"
OVERHEAD = 2**18  # bytes of a checkpoint beside the numbers in it, generously


class Checkpoints:
    """The checkpoints of one run, in `<workdir>/checkpoints/<step>/`.

    Every process writes its own members. Each checkpoint holds checksums of its files, unless the
    run was killed before they were written: a damaged one is recognized before orbax reads it,
    whatever part of it is damaged, and the one before it is used.

    Idle members of the mesh are saved as they are and ignored when they are read, so that a run
    on any mesh, of any number of processes, can go on from a checkpoint.

    Args:
        config: of the run; its `checkpoint.keep` newest are kept.
        setup: its members, and the mesh where the state lives.
        workdir: of the run; `checkpoints/` is made in it where it is missing.
    """

    def __init__(self, config: Config, setup: Setup, workdir: Path):
        self.directory = (workdir / "checkpoints").absolute()
        self._num_members = len(setup.members)
        self._fill = make_fill(self._num_members, setup.mesh)
        options = ocp.CheckpointManagerOptions(
            max_to_keep=config.checkpoint.keep, create=True, enable_async_checkpointing=False
        )
        self._manager = ocp.CheckpointManager(
            self.directory, item_handlers=ocp.PyTreeCheckpointHandler(), options=options
        )

    def save(self, state: TrainState) -> None:
        """Writes the state under its own step; a checkpoint of that step is left as it is.

        Raises:
            OSError: naming the directory, where it cannot be written.
        """
        step = int(state.step)
        if step in self._manager.all_steps():
            return
        try:
            self._require_space(sum(leaf.nbytes for leaf in jax.tree.leaves(state)))
            self._manager.save(step, args=ocp.args.PyTreeSave(_as_dict(state)))
            path = self.directory / str(step) / CHECKSUMS
            processes.first_alone(lambda: write_json(path, _checksums(path.parent)), "checksums")
        except Exception as error:  # orbax and its storage raise many types; all mean: not saved
            if processes.is_loss(error):
                raise
            reason = str(error).strip().splitlines()[0] if str(error).strip() else repr(error)
            raise OSError(f"cannot write checkpoint {step} in {self.directory}: {reason}") from None

    def _require_space(self, num_bytes: int) -> None:
        """A full disk in the middle of a checkpoint makes orbax print a traceback an array."""
        free = shutil.disk_usage(self.directory).free
        needed = num_bytes + OVERHEAD
        if free < needed:
            raise OSError(f"no space left: {free} bytes, of {needed} that it may take")

    def restore(self, like: TrainState) -> TrainState | None:
        """The newest checkpoint that can be read, or None where there is none.

        Damaged ones are named on standard error and removed, so that their steps can be saved
        again.

        Args:
            like: shapes, dtypes and shardings of the state, from `abstract_state`.

        Raises:
            ValueError: where there are checkpoints and none of them can be read.
        """
        damaged = []
        for step in sorted(self._manager.all_steps(), reverse=True):
            state = self._read(step, like)
            if processes.everyone(state is not None):
                for bad in damaged:
                    if processes.is_first():
                        print(f"checkpoint {bad} is damaged; using {step}", file=sys.stderr)
                    self._remove(bad)
                return self._fill(state)
            damaged.append(step)
        if damaged:
            raise ValueError(
                f"none of the checkpoints in {self.directory} can be read: {damaged}; "
                "remove the folder to train anew"
            )
        return None

    def _remove(self, step: int) -> None:
        """Removes a checkpoint; of a link only the link: its target is not the run's."""
        folder = self.directory / str(step)
        if processes.everyone(folder.is_symlink()):
            processes.first_alone(folder.unlink, "remove")
            self._manager.reload()
        else:
            self._manager.delete(step)

    def _read(self, step: int, like: TrainState) -> TrainState | None:
        if not processes.everyone(_is_intact(self.directory / str(step))):
            return None
        leaves = _as_dict(like)
        # Not strict: this mesh may have places for more members than were saved, or for fewer.
        arguments = {
            name: ocp.ArrayRestoreArgs(
                sharding=leaf.sharding, global_shape=leaf.shape, dtype=leaf.dtype, strict=False
            )
            for name, leaf in leaves.items()
        }
        try:
            if not self._is_of_same_network(step, leaves):
                return None
            restored = self._manager.restore(step, args=ocp.args.PyTreeRestore(leaves, arguments))
        except Exception:  # orbax raises whatever a broken file leads it to; the answer is the same
            return None
        leaves = [restored[name] for name in sorted(restored)]
        state = jax.tree.unflatten(jax.tree.structure(like), leaves)
        return state if int(state.step) == step else None

    def _is_of_same_network(self, step: int, expected: dict) -> bool:
        """Whether the saved arrays have the expected shapes but for more or fewer idle members."""
        saved = self._manager.item_metadata(step).tree
        shapes = {name: leaf.shape for name, leaf in saved.items()}
        has_all = all(not shape or shape[0] >= self._num_members for shape in shapes.values())
        return has_all and {name: (len(shape), shape[1:]) for name, shape in shapes.items()} == {
            name: (leaf.ndim, leaf.shape[1:]) for name, leaf in expected.items()
        }

    def close(self) -> None:
        """Ends orbax's threads."""
        self._manager.close()


def _as_dict(state: TrainState) -> dict:
    """Numbered leaves: restoring needs no agreement on the names of optax's tuples."""
    return {f"{index:04d}": leaf for index, leaf in enumerate(jax.tree.leaves(state))}


def _checksums(folder: Path) -> dict[str, int]:
    return {
        file.relative_to(folder).as_posix(): zlib.crc32(file.read_bytes())
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file.name != CHECKSUMS
    }


def _is_intact(folder: Path) -> bool:
    """Whether all files are as they were written; a process may die before it can list them."""
    path = folder / CHECKSUMS
    try:
        return not path.exists() or _checksums(folder) == read_json(path)
    except (OSError, ValueError):
        return False
