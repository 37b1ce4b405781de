"""True labels of the videos, and scores of segmentations against them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from jaxseg.decode.scores import Scores
from jaxseg.evaluation import evaluate_segmentation
from jaxseg.evaluation.segmentation.folders import fine_name
from jaxseg.evaluation.segmentation.protocols import AVERAGES, NAME_COLUMNS
from jaxseg.formats.labels import LabelFolder, largest_cut, read_label_folder
from jaxseg.formats.matrices import TRUTH_FIELD
from jaxseg.formats.names import clip, hint

PROTOCOL = "mstcn"


class Classes(NamedTuple):
    """The classes and their written labels."""

    names: list[str]  # by index; the indices themselves where there is no mapping
    mapping: Mapping[str, int] | None  # name -> index of a mapping file, or None

    def index(self, label: str) -> int | None:
        """Class that a written label stands for, or None."""
        name = fine_name(label, self.mapping)
        return self.names.index(name) if name in self.names else None

    def indices(self, where: object, labels: Sequence[str]) -> list[int]:
        """Classes of several labels; ValueError, which begins with `where`, for an unknown one."""
        indices = [self.index(label) for label in labels]
        if None in indices:
            raise ValueError(f"{where}: {self.unknown(labels[indices.index(None)])}")
        return indices

    def unknown(self, label: str) -> str:
        """Message about a label that is no class."""
        known = f"; without --mapping they are 0 to {len(self.names) - 1}"
        return f"{clip(label)} is no class{hint(label, self.mapping) if self.mapping else known}"


class Truth(NamedTuple):
    """True labels of the videos, with the rules of scoring."""

    labels: dict[str, np.ndarray]  # video -> int [frames], classes
    classes: Classes  # their names
    splits: dict[str, list[str]] | None  # split -> its videos, or None
    background: list[int] | None  # classes that edit score and F1 leave out; None: the protocol's
    length_tolerance: int  # frames by which lengths may differ

    def of(self, videos: Sequence[str]) -> "Truth":
        """Truth of some of the videos; splits without any of them are left out."""
        chosen = set(videos)
        splits = self.splits and {
            split: [name for name in names if name in chosen]
            for split, names in self.splits.items()
            if chosen.intersection(names)
        }
        return self._replace(labels={name: self.labels[name] for name in videos}, splits=splits)

    def score(self, labels: Mapping[str, np.ndarray]) -> dict:
        """Scores of predicted labels, of the truth's videos, by `evaluate_segmentation`."""
        return evaluate_segmentation(
            self.labels,
            {name: labels[name] for name in self.labels},
            protocol=PROTOCOL,
            splits=self.splits,
            classes=self.classes.names,
            background=self.background,
            length_tolerance=self.length_tolerance,
            baselines=False,
        )


def read_truth(
    path: Path,
    scores: Scores,
    classes: Classes,
    *,
    background: Sequence[str] | None = None,
    length_tolerance: int = 0,
) -> Truth:
    """Reads the truth of the videos that have scores; labels of other videos are not looked at.

    `path` is a folder of label files or of ED-TCN's .mat (`Y`), or one file of either kind. Edit
    score and F1 leave out the classes that `background` names, or else the protocol's own. Truth
    and scores may differ in length by `length_tolerance` frames, and by 5 % of a video at most.
    """
    folder = read_label_folder(path, TRUTH_FIELD, scores.videos)
    for name, matrix in scores.videos.items():
        if name not in folder.codes:
            nearest = hint(name, folder.other_names())
            raise ValueError(f"{path}: no labels of video {name!r}{nearest}")
        frames = len(folder.codes[name])
        limit = largest_cut(max(frames, len(matrix)))
        if abs(frames - len(matrix)) > min(length_tolerance, limit):
            raise ValueError(
                f"{path}: video {name!r} has {frames} labels, {len(matrix)} rows of scores"
                f" (tolerance {length_tolerance}); none goes beyond 5 % of a video, here {limit}"
            )
    folder = folder._replace(codes={name: folder.codes[name] for name in scores.videos})
    table = class_table(folder, classes)
    labels = {name: table[codes] for name, codes in folder.codes.items()}
    indices = None
    if background is not None:
        indices = list(dict.fromkeys(classes.indices("--background", background)))
    return Truth(
        labels=labels,
        classes=classes,
        splits=scores.splits,
        background=indices,
        length_tolerance=length_tolerance,
    )


def class_table(folder: LabelFolder, classes: Classes) -> np.ndarray:
    """Class of each of a folder's labels, int64 [labels]; -1 for those that no video has."""
    table = np.full(len(folder.labels), -1, np.int64)
    for code in np.unique(np.concatenate(list(folder.codes.values()))):
        label = folder.labels[code]
        if (index := classes.index(label)) is None:
            raise ValueError(f"{folder.places(label)}: {classes.unknown(label)}")
        table[code] = index
    return table


def table_lines(results: Mapping[str, dict]) -> list[str]:
    """Table of results of `Truth.score`, and of the change from the first to the last."""
    if not results:
        return []
    every = list(results.values())
    first, last = every[0], every[-1]
    change = {key: last["metrics"][key] - first["metrics"][key] for key in NAME_COLUMNS}
    rows = {name: format_cells(each["metrics"]) for name, each in results.items()}
    rows["change"] = format_cells(change, "+")
    background = ", ".join(last["exclude"]["background"]) or "none"
    return [
        f"{PROTOCOL}, {last['videos']} videos, {last['frames']:,} frames,"
        f" {AVERAGES[last['average']]}; percent; background: {background}",
        f"{'':<8}" + "".join(f"{title:>8}" for title in NAME_COLUMNS.values()),
        *(f"{name:<8}{cells}" for name, cells in rows.items()),
    ]


def format_cells(scores: Mapping[str, float], sign: str = "") -> str:
    """Scores of one row, with one decimal."""
    return "".join(f"{scores[key]:>{sign}8.1f}" for key in NAME_COLUMNS)
