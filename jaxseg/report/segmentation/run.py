"""Reads a segmentation run into the one record that its page is drawn from."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from jaxseg.report.drawing.page import Source, run_source
from jaxseg.runfiles.about import FrameVideo, Member, SegmentationData, read_members
from jaxseg.runfiles.choice import Choice, read_choice
from jaxseg.runfiles.evaluation import SegmentationScores, read_segmentation_scores
from jaxseg.runfiles.footage import Footage, read_footage
from jaxseg.runfiles.metrics import Metrics, read_metrics
from jaxseg.runfiles.names import read_names
from jaxseg.runfiles.savings import SeedSaving, read_savings
from jaxseg.runfiles.segmentation import (
    Coupling,
    TypicalFrame,
    decoding_directory,
    find_decodings,
    main_first,
    main_variant,
    read_couplings,
    read_labels,
    read_truth,
    read_typical,
    rename_segments,
)
from jaxseg.runfiles.silence import classes_with_ends, split_silence


@dataclasses.dataclass(frozen=True, eq=False)
class Activity:
    """The videos of one activity and what the members of the main variant made of them."""

    name: str
    frames: Mapping[str, int]  # video -> number of frames, in file-name order
    members: tuple[Member, ...]  # the main variant's members, one a seed, the main seed's first
    truth: Mapping[str, np.ndarray]  # video -> int [N] indices into `Run.classes`; {} without
    # Member directory, or name of another decoding of the first member -> video -> int [N]
    # clusters; videos without a file are absent.
    predictions: Mapping[str, Mapping[str, np.ndarray]]
    decodings: Mapping[str, Mapping[str, np.ndarray]]
    # Directory of a member, or of its other decoding -> cluster -> class; empty without scores.
    matching: Mapping[str, dict[int, str]]
    typical: Sequence[Sequence[TypicalFrame]]  # most typical frames of the first member, by cluster
    couplings: Mapping[str, Coupling]  # of the first member by video, where there are files
    names: Mapping[int, str]  # cluster of the first member -> its name, of names.csv
    # What the labels of each member save, in their order; () unless all are known of several.
    savings: Sequence[SeedSaving] = ()


@dataclasses.dataclass(frozen=True, eq=False)
class Run:
    """Everything that the page is made from."""

    source: Source  # head and foot of the page
    workdir: Path  # where pictures of videos are
    data: SegmentationData
    classes: tuple[str, ...]  # names by index, with those that the scores made of SIL
    members: tuple[Member, ...]  # all; each activity has those of its main variant
    activities: tuple[Activity, ...]
    metrics: Metrics
    scores: SegmentationScores | None  # None where the run was not evaluated
    footage: Mapping[str, Footage]  # activity -> its videos; empty where the run knows of none
    choice: Choice | None  # what was found before training; None where nothing was

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
    """Reads what the run's folder holds; `config.json` and `members.json` are required."""
    scores, members = read_segmentation_scores(workdir), read_members(workdir, data)
    splits_silence = scores is not None and scores.split_sil
    run = Run(
        source=run_source(workdir, data),
        workdir=workdir,
        data=data,
        classes=tuple(classes_with_ends(data.classes, data.excluded))
        if splits_silence
        else data.classes,
        members=members,
        activities=(),
        metrics=read_metrics(workdir, len(members)),
        scores=scores,
        footage=read_footage(workdir),
        choice=read_choice(workdir),
    )
    typical = read_typical(workdir)
    activities = [_read_activity(run, name, typical.get(name, {})) for name in data.activities]
    counts = {each.name: each.members[0].num_clusters for each in activities if each.members}
    names = read_names(workdir, counts)
    named = (dataclasses.replace(each, names=names.get(each.name, {})) for each in activities)
    return dataclasses.replace(run, activities=tuple(named))


def rename_tables(run: Run) -> None:
    """Writes the segments' tables beside predictions again, with the names that clusters have now.

    The names are the first member's; clusters of other seeds keep their numbers.
    """
    for activity in run.activities:
        for place, member in enumerate(activity.members):
            folders = {member.directory: activity.predictions[member.directory]}
            if not place:
                folders |= {
                    decoding_directory(member.directory, name): videos
                    for name, videos in activity.decodings.items()
                }
            names = {} if place else activity.names
            for folder, videos in folders.items():
                rename_segments(run.workdir, activity.name, folder, videos, run.data.fps, names)


def _read_activity(
    run: Run, name: str, typical: Mapping[str, Sequence[Sequence[TypicalFrame]]]
) -> Activity:
    """One activity, without names, of a run whose activities are not read yet.

    `typical` is by member directory.
    """
    videos, workdir = run.data.activities[name], run.workdir
    trained = [member for member in run.members if member.activity == name]
    variant = main_variant(trained)
    main = main_first(workdir, [member for member in trained if member.variant == variant])
    predictions = {
        member.directory: read_labels(workdir, member, videos, required=False) for member in main
    }
    first = main[0] if main else None
    decodings = _read_decodings(run, first, videos) if first else {}
    folders = [*predictions, *(decoding_directory(first.directory, each) for each in decodings)]
    return Activity(
        name=name,
        frames={video.name: video.frames for video in videos},
        members=main,
        truth=_read_truth(run, videos),
        predictions=predictions,
        decodings=decodings,
        matching={folder: _matching(run, f"{name}/{folder}") for folder in folders},
        typical=typical.get(first.directory, []) if first else [],
        couplings=read_couplings(workdir, first, videos) if first else {},
        names={},
        savings=_read_savings(workdir, main),
    )


def _read_savings(workdir: Path, main: Sequence[Member]) -> list[SeedSaving]:
    """What the labels of each of an activity's members save; [] unless all of several are known."""
    known = read_savings(workdir).get(main[0].activity, {}) if len(main) > 1 else {}
    savings = [known[member.directory] for member in main if member.directory in known]
    return savings if len(savings) == len(main) else []


def _read_decodings(
    run: Run, member: Member, videos: Sequence[FrameVideo]
) -> dict[str, dict[str, np.ndarray]]:
    directories = [each.directory for each in run.members]
    names = find_decodings(run.workdir, member.directory, directories, activity=member.activity)
    return {
        name: read_labels(run.workdir, member, videos, decoding=name, required=False)
        for name in names
    }


def _read_truth(run: Run, videos: Sequence[FrameVideo]) -> dict[str, np.ndarray]:
    if not (run.workdir / "truth").exists():
        return {}
    truth = read_truth(run.workdir, videos, run.data.classes)
    if run.scores and run.scores.split_sil:
        return {video: split_silence(labels, run.classes) for video, labels in truth.items()}
    return truth


def _matching(run: Run, key: str) -> dict[int, str]:
    """Cluster -> class of "<activity>/<directory>"; empty without scores."""
    matched = run.scores.matching.get(key, {}) if run.scores else {}
    for cluster, label in matched.items():
        if label not in run.classes:
            what = f"{key} matches cluster {cluster} with unknown class {label!r}"
            raise ValueError(f"evaluation.json: {what}")
    return dict(matched)
