"""What the report of a localisation run is made from, as plain data."""

import dataclasses
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from jaxseg.report.localization.scores import Evaluation
from jaxseg.report.segmentation.records import Member


class Interval(NamedTuple):
    """A true segment (score 1) or a proposal, from `start` to `end` seconds."""

    label: str
    start: float
    end: float
    score: float


class Video(NamedTuple):
    """A video of the data set; None is unknown.

    Attributes:
        seconds: of the whole video.
        snippets: their number.
        snippet_seconds: that one snippet stands for.
    """

    name: str
    subset: str
    seconds: float | None
    snippets: int | None
    snippet_seconds: float | None


class ScoreMap(NamedTuple):
    """What a network said of a video of T snippets.

    Attributes:
        borders: seconds [T + 1] between snippets, rising.
        scores: [T, G] of every class.
        attention: stream ("rgb", "" of a single one) -> [T]; empty for a method without it.
        clusters: [T, K] probabilities, None for a method without clusters.
        video_scores: [G] of the whole video, None where they were not kept.
        instances: proposals before their fusion, None where they were not kept.
    """

    borders: np.ndarray
    scores: np.ndarray
    attention: Mapping[str, np.ndarray]
    clusters: np.ndarray | None
    video_scores: np.ndarray | None
    instances: tuple[Interval, ...] | None


class PseudoLabels(NamedTuple):
    """What a training video of T snippets was labelled with at a refresh.

    Attributes:
        borders: seconds [T + 1] between snippets, rising.
        labels: [T, G], P_r of every class.
        instances: those that the labels were made from.
    """

    borders: np.ndarray
    labels: np.ndarray
    instances: tuple[Interval, ...]


class Refresh(NamedTuple):
    """Pseudo-labels of some training videos, video -> labels, made at this epoch."""

    epoch: float
    videos: Mapping[str, PseudoLabels]


@dataclasses.dataclass(frozen=True, eq=False)
class Localization:
    """Everything that the report of a localisation run is made from.

    Attributes:
        name: of the workdir.
        members: all; those of the main variant, one a seed, are `main`.
        videos: all, in the data set's order.
        steps, losses: int [S] and name -> float [S, members], NaN where there is none.
        truth: video -> true segments; empty where there is no `truth.json`.
        proposals: video -> proposals of the first member; empty where there is no file of it.
        maps: video -> score map of the first member, as far as there are files.
        refreshes: pseudo-labels of the first member in the order they were made; all of the same
            videos; empty for a method without them.
        roles: member directory -> [K, 2], each cluster's share of foreground and background.
        evaluation: None where there is none.
        files: the files read, relative to the workdir, folders with a slash at the end.
    """

    name: str
    config: Mapping[str, Any]
    versions: Mapping[str, Any]
    data_name: str
    generated: bool
    classes: tuple[str, ...]
    members: tuple[Member, ...]
    videos: tuple[Video, ...]
    steps: np.ndarray
    losses: Mapping[str, np.ndarray]
    truth: Mapping[str, tuple[Interval, ...]]
    proposals: Mapping[str, tuple[Interval, ...]]
    maps: Mapping[str, ScoreMap]
    refreshes: tuple[Refresh, ...]
    roles: Mapping[str, np.ndarray]
    evaluation: Evaluation | None
    files: tuple[str, ...]

    @property
    def main(self) -> tuple[Member, ...]:
        return tuple(m for m in self.members if m.variant == self.members[0].variant)

    @property
    def test_videos(self) -> list[str]:
        return [video.name for video in self.videos if video.subset == "test"]
