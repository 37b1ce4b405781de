"""Refreshes of a method's pseudo-labels: made at named epochs, kept on disk, mixed into batches."""

import sys
from collections import Counter
from pathlib import Path
from typing import Any

import jax
import numpy as np
from tqdm import tqdm

from jaxseg import processes
from jaxseg.config import Config
from jaxseg.data import SnippetVideo
from jaxseg.data.batches.loader import STREAMS
from jaxseg.methods.method import Labels
from jaxseg.runfiles import pseudo_labels
from jaxseg.runfiles.pseudo_labels import SparseLabels
from jaxseg.training import sharding
from jaxseg.training.members import Member
from jaxseg.training.setup import Setup
from jaxseg.training.step import TrainState, make_forward, make_gather

SHOWN = 3  # videos whose labels the report may draw


class Refreshes:
    """The pseudo-labels of a run whose method has a `refresh`, kept in `pseudo_labels/`.

    Args:
        config: of the run.
        setup: see `setup.set_up`.
        workdir: of the run.
        progress: show a bar over the videos.

    Attributes:
        steps: the steps that begin with a refresh.
    """

    def __init__(self, config: Config, setup: Setup, workdir: Path, *, progress: bool = True):
        self._refresh = setup.method.refresh
        self._config, self._members = config, setup.members
        self._directories = [member.directory for member in setup.members]
        self._videos = setup.batches.unique[0].videos
        self._per_epoch = config.data.steps_per_epoch(len(self._videos))
        # Rounded first: epochs of a schedule that was scaled are whole steps up to rounding alone.
        steps = np.ceil(np.round(np.array(self._refresh.epochs) * self._per_epoch, 6))
        self.steps = steps.astype(int).tolist()
        self._columns = self._refresh.extra_columns + len(self._videos[0].labels)
        chosen = np.linspace(0, len(self._videos) - 1, min(SHOWN, len(self._videos)))
        self._shown = [self._videos[int(index)].name for index in chosen]
        self._workdir, self._progress = workdir, progress and processes.is_first()
        self._gather = make_gather(len(setup.members), setup.mesh)
        self._forward = make_forward(setup.method, self._gather(setup.inputs))
        self._first_member = setup.part.members.start
        self._reset = None
        if reset := self._refresh.reset:  # carried state, placed as the step expects it
            where = sharding.by_member(setup.mesh)
            self._reset = jax.jit(jax.vmap(reset), donate_argnums=0, out_shardings=where)
        # Of the last refresh and the one before it, by member and video.
        self._newest: list[list[list[SparseLabels]]] = []

    def restore(self, step: int) -> None:
        """Reads the labels that the steps before this one learned from, and removes later ones.

        Raises:
            ValueError: a refresh whose file is missing or damaged.
        """
        made = [number for number, first in enumerate(self.steps) if first < step]
        if processes.is_first():
            for number in range(len(made), len(self.steps)):
                pseudo_labels.remove(self._workdir, number)
        lengths = [video.num_snippets for video in self._videos]
        self._newest = [
            pseudo_labels.read_all(self._workdir, number, self._directories, lengths)
            for number in reversed(made[-2:])
        ]

    def before(self, step: int, state: TrainState) -> TrainState:
        """Makes new labels where this step begins with a refresh; returns the state to go on with.

        Raises:
            ValueError: with the video and the member, outputs that are not finite.
            OSError: a file that cannot be written.
        """
        for number in [number for number, first in enumerate(self.steps) if first == step]:
            labels, shown = self._make(number, state)
            self._newest = [labels, *self._newest[:1]]
            if processes.is_first():
                shown |= {"epoch": np.array(step / self._per_epoch)}
                pseudo_labels.write_all(self._workdir, number, self._directories, labels)
                pseudo_labels.write_shown(self._workdir, number, shown)
            if self._reset:
                state = state._replace(carried=self._reset(state.carried))
        return state

    def targets(self, step: int, batch: dict[str, np.ndarray]) -> np.ndarray:
        """Labels that this process's part of a batch learns from, [members, videos, T, W] float32.

        They are the newest labels and those before them, weighted as the method mixes them.
        """
        members, videos, length = batch["mask"].shape
        last = min(self._first_member + members, len(self._members))  # idle ones have no labels
        targets = np.zeros((members, videos, length, self._columns), np.float32)
        weights = self._refresh.mix(step // self._per_epoch)
        for weight, labels in zip(weights, self._newest, strict=False):
            if not weight:
                continue
            for row, slot in np.ndindex(last - self._first_member, videos):
                video = batch["video"][row, slot]
                if video >= 0:
                    columns, values = labels[self._first_member + row][video]
                    targets[row, slot, : len(values), columns] += weight * values.T
        return targets

    def _make(
        self, number: int, state: TrainState
    ) -> tuple[list[list[SparseLabels]], dict[str, np.ndarray]]:
        """Labels by member and video, and the arrays that the report may draw.

        Every process labels its share of the videos, and all of them get everything.
        """
        params, carried = self._gather((state.params, state.carried))
        view = STREAMS[self._config.sampling].test_view
        title = f"refresh {number} of 0 to {len(self.steps) - 1}"
        videos = processes.share(self._videos)
        bar = tqdm(videos, desc=title, unit="video", disable=not self._progress, leave=False)
        arrays = {}
        for index, video in bar:
            outputs = self._forward(params, carried, *view(video, self._config.data))
            for slot, output in enumerate(outputs):
                labels = self._label(number, self._members[slot], video, output)
                arrays |= self._to_arrays(f"{index}/{slot}", labels, video, is_first=slot == 0)
        arrays = processes.exchange(arrays)
        made = [
            [
                SparseLabels(arrays[f"{index}/{slot}/columns"], arrays[f"{index}/{slot}/values"])
                for index in range(len(self._videos))
            ]
            for slot in range(len(self._members))
        ]
        shown = {
            name.removeprefix("shown/"): array
            for name, array in arrays.items()
            if name.startswith("shown/")
        }
        counts = self._count(title, arrays)
        return made, {"shown": np.array(self._shown)} | shown | counts

    def _label(self, number: int, member: Member, video: SnippetVideo, output: Any) -> Labels:
        try:
            return self._refresh.label(output, number, member.config)
        except ValueError as error:
            where = f"refresh {number}, video {video.name!r}, {member.directory}"
            raise ValueError(f"{where}: {error}") from None

    def _to_arrays(
        self, prefix: str, labels: Labels, video: SnippetVideo, *, is_first: bool
    ) -> dict[str, np.ndarray]:
        """One video's labels under one member as named arrays, which processes can exchange.

        Of the first member the arrays for the report are added, under "shown/".
        """
        columns = np.flatnonzero(labels.labels.any(axis=0))  # most classes are 0 throughout
        values = np.ascontiguousarray(labels.labels[:, columns], np.float32)
        arrays = {f"{prefix}/columns": columns, f"{prefix}/values": values}
        arrays |= {f"{prefix}/counts/{name}": np.array(n) for name, n in labels.counts.items()}
        if is_first and video.name in self._shown:
            drawn = {"labels": labels.labels} | labels.shown
            place = f"shown/{self._members[0].directory}/{video.name}"
            arrays |= {f"{place}/{name}": array for name, array in drawn.items()}
        return arrays

    def _count(self, title: str, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The method's counts, added up over videos and members; prints them too."""
        counts: Counter[str] = Counter()
        for name, array in arrays.items():
            _, _, kind, *rest = name.split("/", 3)
            if not name.startswith("shown/") and kind == "counts":
                counts[rest[0]] += int(array)
        if counts and self._progress:
            listed = ", ".join(f"{count:,} {name}" for name, count in counts.items())
            tqdm.write(f"{title}: {listed}", file=sys.stderr)
        return {f"counts/{name}": np.array(n) for name, n in counts.items()}
