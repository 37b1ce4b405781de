"""Reads a segmentation run into the one record that its page is drawn from."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from jaxseg.report.drawing.page import Source, run_source
from jaxseg.runfiles.about import FrameVideo, Member, SegmentationData, read_members
from jaxseg.runfiles.evaluation import SegmentationScores, read_segmentation_scores
from jaxseg.runfiles.footage import Footage, read_footage
from jaxseg.runfiles.metrics import Metrics, read_metrics
from jaxseg.runfiles.segmentation import (
    Choice,
    Coupling,
    Typical,
    TypicalFrame,
    decoding_directory,
    find_decodings,
    main_variant,
    read_choice,
    read_couplings,
    read_labels,
    read_truth,
    read_typical,
)
from jaxseg.runfiles.silence import classes_with_ends, split_silence

FILES = (
    "config.json",
    "versions.json",
    "dataset.json",
    "members.json",
    "metrics.jsonl",
    "truth/",
    "predictions/",
    "couplings/",
    "typical.json",
    "evaluation.json",
    "objectives.json",
    "num_clusters.json",
    "footage/footage.json",
    "footage/pictures/",
)


@dataclasses.dataclass(frozen=True, eq=False)
class Activity:
    """The videos of one activity and what the members of the main variant made of them.

    Attributes:
        name: the activity.
        frames: video -> number of frames, in file-name order.
        members: the main variant's members, one a seed.
        truth: video -> int [N] indices into `Run.classes`; empty without labels.
        predictions: member directory -> video -> int [N] clusters; videos without a file absent.
        decodings: name of another decoding -> video -> int [N] clusters of the first member.
        matching: directory of a member, or of its other decoding -> cluster -> class; empty
            without scores.
        typical: most typical frames of the first member, by cluster.
        couplings: video -> coupling of the first member, as far as there are files.
    """

    name: str
    frames: Mapping[str, int]
    members: tuple[Member, ...]
    truth: Mapping[str, np.ndarray]
    predictions: Mapping[str, Mapping[str, np.ndarray]]
    decodings: Mapping[str, Mapping[str, np.ndarray]]
    matching: Mapping[str, dict[int, str]]
    typical: Sequence[Sequence[TypicalFrame]]
    couplings: Mapping[str, Coupling]


@dataclasses.dataclass(frozen=True, eq=False)
class Run:
    """Everything that the page is made from.

    Attributes:
        source: head and foot of the page.
        workdir: where pictures of videos are.
        classes: names by index, with those that the scores made of SIL.
        members: all; each activity has those of its main variant.
        scores: None where the run was not evaluated.
        footage: activity -> its videos; empty where the run knows of none.
        choice: of the number of clusters; None where no range was tried.
    """

    source: Source
    workdir: Path
    fps: float | None
    classes: tuple[str, ...]
    excluded: tuple[str, ...]
    members: tuple[Member, ...]
    activities: tuple[Activity, ...]
    metrics: Metrics
    scores: SegmentationScores | None
    footage: Mapping[str, Footage]
    choice: Choice | None

    @property
    def has_labels(self) -> bool:
        """Whether there is any truth."""
        return any(activity.truth for activity in self.activities)

    @property
    def repeat(self) -> str:
        """What sets runs of one activity and variant apart, in a word."""
        return "split" if any(member.test for member in self.members) else "seed"

    @property
    def decodings(self) -> list[str]:
        """Names of decodings beside the run's own, of any activity."""
        return list(dict.fromkeys(name for each in self.activities for name in each.decodings))


def read_run(workdir: Path, data: SegmentationData) -> Run:
    """Reads what the run's folder holds.

    Args:
        workdir: the folder; `config.json` and `members.json` are required, others may be absent.
        data: its data set.

    Raises:
        ValueError: a required file is missing, or a file does not hold what it should.
    """
    scores = read_segmentation_scores(workdir)
    reader = _ActivityReader(
        workdir=workdir,
        data=data,
        classes=tuple(classes_with_ends(data.classes, data.excluded))
        if scores and scores.split_sil
        else data.classes,
        members=read_members(workdir, data),
        scores=scores,
        typical=read_typical(workdir),
        choice=read_choice(workdir),
    )
    return Run(
        source=run_source(workdir, data, FILES),
        workdir=workdir,
        fps=data.fps,
        classes=reader.classes,
        excluded=data.excluded,
        members=reader.members,
        activities=tuple(map(reader.read, data.activities)),
        metrics=read_metrics(workdir, len(reader.members)),
        scores=scores,
        footage=read_footage(workdir),
        choice=reader.choice,
    )


class _ActivityReader(NamedTuple):
    """What the files of all activities are read with; `classes` are those that were scored."""

    workdir: Path
    data: SegmentationData
    classes: tuple[str, ...]
    members: tuple[Member, ...]
    scores: SegmentationScores | None
    typical: Typical
    choice: Choice | None

    def read(self, name: str) -> Activity:
        """One activity."""
        videos = self.data.activities[name]
        trained = [member for member in self.members if member.activity == name]
        variant = main_variant(self.choice, trained)
        main = tuple(member for member in trained if member.variant == variant)
        predictions = {
            member.directory: read_labels(self.workdir, member, videos, required=False)
            for member in main
        }
        first = main[0] if main else None
        decodings = self._decodings(first, videos) if first else {}
        folders = [*predictions]
        folders += [decoding_directory(first.directory, each) for each in decodings]
        return Activity(
            name=name,
            frames={video.name: video.frames for video in videos},
            members=main,
            truth=self._truth(videos),
            predictions=predictions,
            decodings=decodings,
            matching={each: _matching(self.scores, name, each, self.classes) for each in folders},
            typical=self.typical.get(name, {}).get(first.directory, []) if first else [],
            couplings=read_couplings(self.workdir, first, videos) if first else {},
        )

    def _decodings(
        self, member: Member, videos: Sequence[FrameVideo]
    ) -> dict[str, dict[str, np.ndarray]]:
        directories = [each.directory for each in self.members]
        names = find_decodings(
            self.workdir, member.directory, directories, activity=member.activity
        )
        return {
            name: read_labels(self.workdir, member, videos, decoding=name, required=False)
            for name in names
        }

    def _truth(self, videos: Sequence[FrameVideo]) -> dict[str, np.ndarray]:
        if not (self.workdir / "truth").exists():
            return {}
        truth = read_truth(self.workdir, videos, self.data.classes)
        if self.scores and self.scores.split_sil:
            return {video: split_silence(labels, self.classes) for video, labels in truth.items()}
        return truth


def _matching(
    scores: SegmentationScores | None, activity: str, directory: str, classes: Sequence[str]
) -> dict[int, str]:
    key = f"{activity}/{directory}"
    matched = scores.matching.get(key, {}) if scores else {}
    for cluster, label in matched.items():
        if label not in classes:
            what = f"{key} matches cluster {cluster} with unknown class {label!r}"
            raise ValueError(f"evaluation.json: {what}")
    return dict(matched)
