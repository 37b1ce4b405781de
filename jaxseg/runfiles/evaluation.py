"""The scores of a run, evaluation.json: what scoring has written, as the report reads it.

All scores are in percent. A score over seeds is a `Spread`.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from jaxseg.formats.files import write_text
from jaxseg.runfiles.checks import read_record
from jaxseg.runfiles.segmentation import Spread

NAME = "evaluation.json"


def write_evaluation(workdir: Path, evaluation: Mapping[str, Any]) -> None:
    """Writes `evaluation.json` of a run of either task; ValueError where a score is not finite."""
    write_text(workdir / NAME, json.dumps(evaluation, indent=1, allow_nan=False))


# A score of a trivial baseline, or a number that no seed changes, has no spread.
Score = Spread | float


def mean_of(score: Score) -> float:
    """A number, or the mean of one that has a spread."""
    return score.mean if isinstance(score, Spread) else score


class Averages(NamedTuple):
    """Scores by metric: mean of activities, of all their frames together, of each activity."""

    macro: Mapping[str, Score]
    pooled: Mapping[str, Score]
    by_activity: Mapping[str, Mapping[str, Score]] = {}


class SegmentationBaseline(NamedTuple):
    """Scores of a trivial baseline: clusters matched over an activity, and anew in each video."""

    full: Averages
    per_video: Averages


class SegmentationResult(NamedTuple):
    """Scores of one variant and decoding over its seeds; matched as a baseline's."""

    variant: str
    decoding: str
    seeds: tuple[int, ...]
    full: Averages
    per_video: Averages


class SegmentationProtocol(NamedTuple):
    """What was scored under one protocol: its rules and how much was counted, for people."""

    settings: Mapping[str, Any]
    counts: Mapping[str, Any]
    baselines: Mapping[str, SegmentationBaseline]
    results: tuple[SegmentationResult, ...]


class Splits(NamedTuple):
    """How members were tested on videos that they have not learned from."""

    splits: tuple[Mapping[str, Any], ...] = ()  # {"train", "test", "seed", "unseen"} of each
    note: str = ""  # how they were drawn, a sentence without its full stop
    test_share: float = 0.0  # share of the videos that a split is tested on


class Finding(NamedTuple):
    """Something that is wrong with an activity's result, or with the settings of the run."""

    activity: str
    seeds: tuple[int, ...]  # that it is true of; () where it is about the settings alone
    kind: str  # "warning", or "note" where nothing may be wrong
    sentence: str  # what was found, with numbers, without its full stop
    advice: str  # what to try, whole sentences or nothing

    @property
    def where(self) -> str:
        """Activity and seeds in words."""
        if not self.seeds:
            return self.activity
        seeds = ", ".join(map(str, self.seeds))
        return f"{self.activity}, seed{'s' * (len(self.seeds) > 1)} {seeds}"

    def __str__(self) -> str:
        """The finding as a line."""
        return f"{self.where}: {self.sentence}. {self.advice}".rstrip()


class SegmentationScores(NamedTuple):
    """The scores of a segmentation run, and what is wrong with its result."""

    protocols: Mapping[str, SegmentationProtocol]  # by name
    # "<activity>/<directory>" -> cluster -> class, where one was matched.
    matching: Mapping[str, Mapping[int, str]] = {}
    split_sil: bool = False  # whether Breakfast's SIL was scored as two classes
    generalization: Splits = Splits()  # how members were split
    findings: tuple[Finding, ...] = ()  # activity by activity


def read_segmentation_scores(workdir: Path) -> SegmentationScores | None:
    """Reads `evaluation.json` of a segmentation run; None where there is none."""
    return read_record(workdir / NAME, SegmentationScores, known_only=False)


class Errors(NamedTuple):
    """Mean counts of detections by kind, and of true segments that no detection meets."""

    all: Mapping[str, Score]
    missed: Score


class Recall(NamedTuple):
    """Number of proposals a video -> average recall."""

    ar: Mapping[str, Spread]


class LocalizationResult(NamedTuple):
    """Scores of one variant under a protocol, over its seeds."""

    variant: str
    seeds: tuple[int, ...]
    map: Mapping[str, Spread]  # tIoU threshold, as in the file -> mAP
    averages: Mapping[str, Spread]  # range of thresholds ("0.1:0.7") -> mean mAP
    average_precision: Mapping[str, Mapping[str, Spread]]  # class -> threshold -> AP
    classification_map: Spread  # mAP of whole videos' classes
    errors: Errors
    recall: Recall
    # Class -> [n, 2] recall and precision at each hit, [0] without any; tIoU 0.5, first seed.
    precision_recall: Mapping[str, np.ndarray]


class LocalizationProtocol(NamedTuple):
    """What was scored under one protocol."""

    settings: Mapping[str, Any]  # its rules, for people
    counts: Mapping[str, Score]  # of videos, classes, true segments; the mean of detections
    results: tuple[LocalizationResult, ...]  # one a variant
    notes: tuple[str, ...]  # remarks, one sentence each


class LocalizationScores(NamedTuple):
    """The scores of a localization run."""

    checkpoint: str  # a sentence on which parameters were scored
    protocols: Mapping[str, LocalizationProtocol]  # name -> scores; empty where there is no truth


def read_localization_scores(workdir: Path) -> LocalizationScores | None:
    """Reads `evaluation.json` of a localization run; None where there is none."""
    return read_record(workdir / NAME, LocalizationScores, known_only=False)
