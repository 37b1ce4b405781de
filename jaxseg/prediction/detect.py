"""Network -> detections of whole videos, under all members of a run at once."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import numpy as np

from jaxseg import processes
from jaxseg.config import Config
from jaxseg.data.batches.loader import STREAMS
from jaxseg.data.localization.records import SnippetSet, SnippetVideo
from jaxseg.methods.located import Located
from jaxseg.proposals import Detections
from jaxseg.training.forward import make_forward, make_gather
from jaxseg.training.loop import Setup

Detect = Callable[[Any, Any, SnippetVideo], list[Located]]


def make_detect(config: Config, data: SnippetSet, setup: Setup) -> Detect:
    """(params, carried, video) -> what each member of the run finds.

    Both trees are those of `make_gather`. Each member is
    tested by its own `config.predict`.

    The function raises ValueError, with the video and the member, where a network's output is
    not finite.
    """
    gather = make_gather(len(setup.members), setup.mesh)
    forward = make_forward(setup.method, gather(setup.inputs))
    view = STREAMS[config.sampling].test_view

    def detect(params, carried, video: SnippetVideo) -> list[Located]:
        outputs = forward(params, carried, *view(video, config.data))
        seconds = data.snippet_seconds(video) * video.num_snippets
        found = []
        for member, own in zip(setup.members, outputs, strict=True):
            try:
                found.append(setup.method.locate(own, member.config.predict, seconds))
            except ValueError as error:
                where = f"video {video.name!r}, {member.directory}"
                raise ValueError(f"{where}: {error}") from None
        return found

    return detect


def join_detections(
    own: Mapping[int, Sequence[Detections]], num_videos: int, num_members: int
) -> list[list[Detections]]:
    """What all processes have found, by video and member.

    Args:
        own: place of a video -> what each member finds in it, for this process's share.
        num_videos, num_members: of the run.
    """
    if processes.count() == 1:
        return [list(own[index]) for index in range(num_videos)]
    rows = [
        np.column_stack([np.full(len(one.label), index), np.full(len(one.label), slot), *one])
        for index, members in own.items()
        for slot, one in enumerate(members)
    ]
    table = np.concatenate([np.zeros((0, 6)), *rows])
    found = processes.exchange({str(jax.process_index()): table})
    table = np.concatenate(list(found.values()))
    key = table[:, 0] * num_members + table[:, 1]
    order = np.argsort(key, kind="stable")
    borders = np.searchsorted(key[order], np.arange(1, num_videos * num_members))
    parts = [_as_detections(part) for part in np.split(table[order, 2:], borders)]
    return [parts[index * num_members : (index + 1) * num_members] for index in range(num_videos)]


def _as_detections(rows: np.ndarray) -> Detections:
    label, *numbers = rows.T
    return Detections(label.astype(np.int64), *(column.copy() for column in numbers))
