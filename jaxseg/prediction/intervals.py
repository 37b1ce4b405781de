"""Checkpoint -> detections of the test videos, as ActivityNet's JSON, and maps to look at."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np
from tqdm import tqdm

from jaxseg import processes
from jaxseg.config import Config
from jaxseg.data.batches.loader import STREAMS
from jaxseg.data.localization.records import SnippetSet, SnippetVideo
from jaxseg.methods.method import Located
from jaxseg.prediction.finished import appearing_together, chosen_parameters, evenly_chosen
from jaxseg.proposals import Detections, as_segments
from jaxseg.runfiles import localization as files
from jaxseg.training.members import Member
from jaxseg.training.setup import Setup
from jaxseg.training.step import make_forward, make_gather

# (params, carried, video) -> what each member finds in it.
Detect = Callable[[Any, Any, SnippetVideo], list[Located]]


def predict(
    config: Config, data: SnippetSet, setup: Setup, workdir: Path, *, progress: bool = True
) -> None:
    """Finds the actions of every test video under every member.

    Writes `predictions/`; of some videos `maps/`, for the report; `clusters.json` where the
    method has clusters. All of them appear at the end, together.

    Raises:
        ValueError: there is no finished training in the folder, or a network's output is not
            finite.
    """
    params, carried, checkpoint = chosen_parameters(config, setup, workdir)
    detect = make_detect(config, data, setup)
    shown = evenly_chosen(len(data.test), config.predict.maps)
    progress = progress and processes.is_first()
    bar = tqdm(total=len(data.test), desc="predict", unit="video", disable=not progress)
    with appearing_together(workdir, ("predictions", "maps")) as partial, bar:
        detections = {}
        for index, video in processes.share(data.test):
            located = detect(params, carried, video)
            detections[index] = [each.detections for each in located]
            for member, each in zip(setup.members, located, strict=True):
                if index in shown and member.seed == setup.members[0].seed:
                    files.write_map(
                        partial["maps"],
                        member.directory,
                        video.name,
                        scores=each.score_map,
                        video_scores=each.video_scores,
                        seconds=data.snippet_seconds(video) * video.num_snippets,
                        drawn=each.drawn,
                    )
            bar.update(min(processes.count(), bar.total - bar.n))
        joined = join_detections(detections, len(data.test), len(setup.members))
        if processes.is_first():
            for member, results in zip(setup.members, by_name(joined, data), strict=True):
                files.write_detections(
                    partial["predictions"], member.directory, results, checkpoint
                )
    if processes.is_first() and "cluster_classes" in carried:
        files.write_cluster_roles(workdir, _cluster_roles(setup.members, carried))


def make_detect(config: Config, data: SnippetSet, setup: Setup) -> Detect:
    """Function that finds the actions of one video under all members at once.

    Its parameters and carried state are those of `make_gather`; each member is tested by its own
    `config.predict`. It raises ValueError, with the video and the member, where a network's
    output is not finite.
    """
    gather = make_gather(len(setup.members), setup.mesh)
    forward = make_forward(setup.method, gather(setup.inputs))
    view = STREAMS[config.sampling].test_view

    def detect(params: Any, carried: Any, video: SnippetVideo) -> list[Located]:
        outputs = forward(params, carried, *view(video, config.data))
        seconds = data.snippet_seconds(video) * video.num_snippets
        located = []
        for member, output in zip(setup.members, outputs, strict=True):
            try:
                located.append(setup.method.locate(output, member.config.predict, seconds))
            except ValueError as error:
                where = f"video {video.name!r}, {member.directory}"
                raise ValueError(f"{where}: {error}") from None
        return located

    return detect


def join_detections(
    detections: Mapping[int, Sequence[Detections]], num_videos: int, num_members: int
) -> list[list[Detections]]:
    """Detections of all processes, by video and member.

    Args:
        detections: index of a video -> those of each member, for this process's share.
        num_videos, num_members: of the run.
    """
    if processes.count() == 1:
        return [list(detections[index]) for index in range(num_videos)]
    # One table for everything, because every array that is exchanged costs: video, member, label,
    # score, start, end.
    rows = [
        np.column_stack([np.full(len(each.label), index), np.full(len(each.label), slot), *each])
        for index, members in detections.items()
        for slot, each in enumerate(members)
    ]
    table = np.concatenate([np.zeros((0, 6)), *rows])
    tables = processes.exchange({str(jax.process_index()): table})
    table = np.concatenate(list(tables.values()))
    key = table[:, 0] * num_members + table[:, 1]
    order = np.argsort(key, kind="stable")
    borders = np.searchsorted(key[order], np.arange(1, num_videos * num_members))
    parts = [_as_detections(part) for part in np.split(table[order, 2:], borders)]
    return [parts[index * num_members : (index + 1) * num_members] for index in range(num_videos)]


def by_name(joined: Sequence[Sequence[Detections]], data: SnippetSet) -> list[dict[str, list]]:
    """For each member: test video -> segments, from the result of `join_detections`."""
    return [
        {
            video.name: as_segments(each, data.classes)
            for video, each in zip(data.test, detections, strict=True)
        }
        for detections in zip(*joined, strict=True)
    ]


def _as_detections(rows: np.ndarray) -> Detections:
    label, *numbers = rows.T
    return Detections(label.astype(np.int64), *(column.copy() for column in numbers))


def _cluster_roles(members: Sequence[Member], carried: Any) -> dict[str, np.ndarray]:
    """Member directory -> [K, 2], foreground and background; the mean where streams differ."""
    classes = np.asarray(jax.device_get(carried["cluster_classes"]), np.float64)
    classes = classes.reshape(len(members), -1, *classes.shape[-2:]).mean(axis=1)
    return {member.directory: roles for member, roles in zip(members, classes, strict=True)}
