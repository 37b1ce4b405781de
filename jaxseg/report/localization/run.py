"""Reads a localization run into the one record that its page is drawn from."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from jaxseg.report.drawing.page import Source, run_source
from jaxseg.runfiles.about import LocalizationData, Member, read_members
from jaxseg.runfiles.evaluation import LocalizationScores, read_localization_scores
from jaxseg.runfiles.localization import (
    Interval,
    ScoreMap,
    by_video,
    read_cluster_roles,
    read_detections,
    read_maps,
    read_truth,
)
from jaxseg.runfiles.metrics import Metrics, read_metrics
from jaxseg.runfiles.pseudo_labels import Refresh, read_shown


@dataclasses.dataclass(frozen=True, eq=False)
class Run:
    """Everything that the page is made from.

    Attributes:
        source: head and foot of the page.
        data: the data set.
        members: all; those of the main variant, one a seed, are `main`.
        truth: video -> true segments; empty where there is no `truth.json`.
        detections: video -> detections of the first member; empty where there is no file of it.
        maps: video -> score map of the first member, as far as there are files.
        refreshes: pseudo-labels of the first member in the order they were made; all of the same
            videos; empty for a method without them.
        roles: member directory -> [K, 2], each cluster's share of foreground and background.
        scores: None where the run was not evaluated.
    """

    source: Source
    data: LocalizationData
    members: tuple[Member, ...]
    metrics: Metrics
    truth: Mapping[str, tuple[Interval, ...]]
    detections: Mapping[str, tuple[Interval, ...]]
    maps: Mapping[str, ScoreMap]
    refreshes: tuple[Refresh, ...]
    roles: Mapping[str, np.ndarray]
    scores: LocalizationScores | None

    @property
    def main(self) -> tuple[Member, ...]:
        """Members of the main variant, one a seed."""
        return tuple(m for m in self.members if m.variant == self.members[0].variant)

    def seconds(self, name: str, intervals: tuple[Interval, ...]) -> float:
        """Seconds until the last thing that is drawn of a video."""
        video = next(video for video in self.data.videos if video.name == name)
        ends = [video.seconds or 0.0, *(each.end for each in intervals)]
        if name in self.maps:
            ends.append(self.maps[name].borders[-1])
        return max(ends) or 1.0


def read_run(workdir: Path, data: LocalizationData) -> Run:
    """Reads what the run's folder holds.

    Args:
        workdir: the folder; `config.json` and `members.json` are required, others may be absent.
        data: its data set.

    Raises:
        ValueError: a required file is missing, or a file does not hold what it should.
    """
    members = read_members(workdir, data)
    first = members[0]
    truth = read_truth(workdir, data)
    detections = read_detections(workdir, first, data, required=False)
    return Run(
        source=run_source(workdir, data),
        data=data,
        members=members,
        metrics=read_metrics(workdir, len(members)),
        truth=by_video(truth) if truth else {},
        detections=by_video(detections.segments) if detections else {},
        maps=read_maps(workdir, first, data),
        refreshes=read_shown(workdir, first, data),
        roles=read_cluster_roles(workdir, members),
        scores=read_localization_scores(workdir),
    )
