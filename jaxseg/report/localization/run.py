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
    """Everything that the page is made from."""

    source: Source  # head and foot of the page
    data: LocalizationData
    members: tuple[Member, ...]  # all; those of the main variant, one a seed, are `main`
    metrics: Metrics
    # By video, detections and score maps of the first member, as far as there are files.
    truth: Mapping[str, tuple[Interval, ...]]
    detections: Mapping[str, tuple[Interval, ...]]
    maps: Mapping[str, ScoreMap]
    refreshes: tuple[Refresh, ...]  # pseudo-labels of the first member, all of the same videos
    roles: Mapping[str, np.ndarray]  # by member directory, see `read_cluster_roles`
    scores: LocalizationScores | None  # None where the run was not evaluated

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
    """Reads what the run's folder holds; `config.json` and `members.json` are required."""
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
