"""Refreshes of a method's pseudo-labels: made at named epochs, kept on disk, mixed into batches."""

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import jax
import numpy as np
from jax.sharding import Mesh
from tqdm import tqdm

from jaxseg import processes
from jaxseg.data.batches.loader import STREAMS
from jaxseg.formats.arrays import read_npz
from jaxseg.methods.refresh import Labels
from jaxseg.training import sharding
from jaxseg.training.forward import make_forward, make_gather
from jaxseg.training.members import Member
from jaxseg.training.step import TrainState
from jaxseg.training.writer import write_arrays

FOLDER = "pseudo_labels"
SHOWN = 3  # videos whose labels the report may draw


class Refreshes:
    """The pseudo-labels of a run whose method has a `refresh`.

    `pseudo_labels/<r>.all.npz` holds the labels of every training video at refresh r, for a run
    that goes on; `pseudo_labels/<r>.npz` those of a few videos, for the report.

    Args:
        config: of the run.
        setup: see `loop.set_up`.
        workdir: of the run.
        progress: show a bar over the videos.

    Attributes:
        steps: before which there is a refresh each.
    """

    def __init__(self, config, setup, workdir: Path, *, progress: bool = True):
        self._refresh = setup.method.refresh
        self._config, self._members = config, setup.members
        self._videos = setup.batches.unique[0].videos
        self._per_epoch = config.data.steps_per_epoch(len(self._videos))
        # Epochs of a schedule that was scaled are whole steps up to rounding alone.
        steps = np.ceil(np.round(np.array(self._refresh.epochs) * self._per_epoch, 6))
        self.steps = steps.astype(int).tolist()
        self._columns = self._refresh.extra_columns + len(self._videos[0].labels)
        chosen = np.linspace(0, len(self._videos) - 1, min(SHOWN, len(self._videos)))
        self._shown = [self._videos[int(index)].name for index in chosen]
        self._folder, self._progress = workdir / FOLDER, progress and processes.is_first()
        self._gather = make_gather(len(setup.members), setup.mesh)
        self._forward = make_forward(setup.method, self._gather(setup.inputs))
        self._first = setup.part.members.start
        self._reset = _make_reset(self._refresh.reset, setup.mesh)
        self._newest: list[list[_Compact]] = []  # of the last refresh and the one before it

    def restore(self, step: int) -> None:
        """Reads what the steps before this one had been given; what is to be made again goes.

        Raises:
            ValueError: a refresh whose file is missing or damaged.
        """
        made = [number for number, at in enumerate(self.steps) if at < step]
        if processes.is_first():
            for number in range(len(made), len(self.steps)):
                for name in (f"{number}.npz", f"{number}.all.npz"):
                    (self._folder / name).unlink(missing_ok=True)
        self._newest = [self._read(number) for number in reversed(made[-2:])]

    def before(self, step: int, state: TrainState) -> TrainState:
        """Makes new labels where this step begins with a refresh; else nothing.

        Raises:
            ValueError: with the video and the member, outputs that are not finite.
            OSError: a file that cannot be written.
        """
        for number in [number for number, at in enumerate(self.steps) if at == step]:
            made, shown = self._make(number, state)
            self._newest = [made, *self._newest[:1]]
            if processes.is_first():
                self._write(number, made, shown | {"epoch": np.array(step / self._per_epoch)})
            state = state._replace(carried=self._reset(state.carried))
        return state

    def targets(self, step: int, batch: dict[str, np.ndarray]) -> np.ndarray:
        """What this process's part of a batch learns from, float32 [members, videos, T, W]."""
        members, videos, length = batch["mask"].shape
        real = range(self._first, min(self._first + members, len(self._members)))
        targets = np.zeros((members, videos, length, self._columns), np.float32)
        weights = self._refresh.mix(step // self._per_epoch)
        for weight, labels in zip(weights, self._newest, strict=False):
            if not weight:
                continue
            for place, slot in np.ndindex(len(real), videos):
                video = batch["video"][place, slot]
                if video >= 0:
                    columns, values = labels[real[place]][video]
                    targets[place, slot, : len(values), columns] += weight * values.T
        return targets

    def _make(self, number: int, state: TrainState) -> tuple[list[list["_Compact"]], dict]:
        """Labels by member and video, and what the report may draw of them.

        Every process looks at its share of the videos, and all of them get everything.
        """
        params, carried = self._gather((state.params, state.carried))
        view = STREAMS[self._config.sampling].test_view
        title = f"refresh {number} of 0 to {len(self.steps) - 1}"
        videos = processes.share(self._videos)
        bar = tqdm(videos, desc=title, unit="video", disable=not self._progress, leave=False)
        own = {}
        for index, video in bar:
            outputs = self._forward(params, carried, *view(video, self._config.data))
            for slot, said in enumerate(outputs):
                labels = self._label(number, self._members[slot], video, said)
                own |= self._named(f"{index}/{slot}", labels, video, first=slot == 0)
        found = processes.exchange(own)
        made = [
            [
                (found[f"{index}/{slot}/columns"], found[f"{index}/{slot}/values"])
                for index in range(len(self._videos))
            ]
            for slot in range(len(self._members))
        ]
        return made, {"shown": np.array(self._shown)} | self._told(title, found)

    def _named(self, prefix: str, labels: Labels, video, *, first: bool) -> dict[str, np.ndarray]:
        """One video's labels under one member, for the others to have."""
        columns, values = _compact(labels.labels)
        named = {f"{prefix}/columns": columns, f"{prefix}/values": values}
        named |= {f"{prefix}/counts/{name}": np.array(n) for name, n in labels.counts.items()}
        if first and video.name in self._shown:
            drawn = {"labels": labels.labels} | labels.shown
            place = f"shown/{self._members[0].directory}/{video.name}"
            named |= {f"{place}/{name}": array for name, array in drawn.items()}
        return named

    def _told(self, title: str, found: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """What the report may draw; what was counted is printed too."""
        counts: Counter[str] = Counter()
        for name, array in found.items():
            _, _, kind, *what = name.split("/", 3)
            if not name.startswith("shown/") and kind == "counts":
                counts[what[0]] += int(array)
        if counts and self._progress:
            listed = ", ".join(f"{count:,} {name}" for name, count in counts.items())
            tqdm.write(f"{title}: {listed}", file=sys.stderr)
        shown = {
            name.removeprefix("shown/"): array
            for name, array in found.items()
            if name.startswith("shown/")
        }
        return shown | {f"counts/{name}": np.array(n) for name, n in counts.items()}

    def _label(self, number: int, member: Member, video, outputs) -> Labels:
        try:
            return self._refresh.label(outputs, number, member.config)
        except ValueError as error:
            where = f"refresh {number}, video {video.name!r}, {member.directory}"
            raise ValueError(f"{where}: {error}") from None

    def _write(self, number: int, made: list[list["_Compact"]], shown: dict) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        arrays = {}
        for member, own in zip(self._members, made, strict=True):
            arrays |= {f"{member.directory}/{key}": each for key, each in _pack(own).items()}
        write_arrays(self._folder / f"{number}.all.npz", arrays)
        write_arrays(self._folder / f"{number}.npz", shown)

    def _read(self, number: int) -> list[list["_Compact"]]:
        path = self._folder / f"{number}.all.npz"
        lengths = [video.num_snippets for video in self._videos]
        folders = [member.directory for member in self._members]
        try:
            arrays = read_npz(path, [f"{folder}/{key}" for folder in folders for key in _PARTS])
            return [
                _unpack({key: arrays[f"{folder}/{key}"] for key in _PARTS}, lengths)
                for folder in folders
            ]
        except ValueError as error:
            reason = f"is damaged ({error})" if path.exists() else "is missing"
        raise ValueError(
            f"{path} {reason}, and its steps have been trained with it: "
            f"remove {path.parents[1]} to train anew"
        )


def _make_reset(reset: Callable | None, mesh: Mesh) -> Callable:
    """Carried state of all members -> the same after a refresh, where the step expects it."""
    if reset is None:
        return lambda carried: carried
    return jax.jit(jax.vmap(reset), donate_argnums=0, out_shardings=sharding.by_member(mesh))


# Columns that are not 0, and their values [T, columns]: labels are 0 for nearly all classes.
_Compact = tuple[np.ndarray, np.ndarray]
_PARTS = ("counts", "columns", "values")


def _compact(labels: np.ndarray) -> _Compact:
    columns = np.flatnonzero(labels.any(axis=0))
    return columns, np.ascontiguousarray(labels[:, columns], np.float32)


def _pack(videos: Sequence[_Compact]) -> dict[str, np.ndarray]:
    """All videos in three arrays: a file of thousands of small ones takes minutes."""
    return {
        "counts": np.array([len(columns) for columns, _ in videos]),
        "columns": np.concatenate([columns for columns, _ in videos]),
        "values": np.concatenate([values.reshape(-1) for _, values in videos]),
    }


def _unpack(parts: dict[str, np.ndarray], lengths: Sequence[int]) -> list[_Compact]:
    counts = parts["counts"]
    if len(counts) != len(lengths) or parts["values"].size != np.dot(counts, lengths):
        raise ValueError(f"labels of {len(counts)} videos, not of these {len(lengths)}")
    columns = np.split(parts["columns"], np.cumsum(counts)[:-1])
    values = np.split(parts["values"], np.cumsum(counts * lengths)[:-1])
    return [
        (own, each.reshape(length, len(own)))
        for own, each, length in zip(columns, values, lengths, strict=True)
    ]
