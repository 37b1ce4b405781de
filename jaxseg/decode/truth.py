"""True labels of the videos, and the scores that segmentations have against them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from jaxseg.decode.score_files import Scores
from jaxseg.evaluation import evaluate_segmentation
from jaxseg.evaluation.segmentation.folders import fine_name
from jaxseg.evaluation.segmentation.protocols import AVERAGES, NAME_COLUMNS
from jaxseg.formats.labels import LabelFolder, read_label_folder
from jaxseg.formats.matrices import TRUTH_FIELD
from jaxseg.formats.names import shown

PROTOCOL = "mstcn"


class Classes(NamedTuple):
    """The classes, and how labels are written.

    Attributes:
        names: by index; the indices themselves where there is no mapping.
        mapping: name -> index of a mapping file, or None.
    """

    names: list[str]
    mapping: Mapping[str, int] | None

    def index(self, label: str) -> int | None:
        """The class that a written label stands for; None: there is none."""
        name = fine_name(label, self.mapping)
        return self.names.index(name) if name in self.names else None

    def indices(self, where: object, labels: Sequence[str]) -> list[int]:
        """The classes of several labels; ValueError for one that is none."""
        found = [self.index(label) for label in labels]
        if None in found:
            raise ValueError(f"{where}: {self.unknown(labels[found.index(None)])}")
        return found

    def unknown(self, label: str) -> str:
        """What is wrong with a label that is no class, in words."""
        hint = f"; without --mapping they are 0 to {len(self.names) - 1}"
        return f"{shown(label)} is no class{'' if self.mapping else hint}"


class Truth(NamedTuple):
    """What segmentations are scored against.

    Attributes:
        labels: video -> int [frames], classes.
        classes: their names.
        splits: split -> its videos, or None.
        background: classes that edit score and F1 leave out.
        length_tolerance: frames by which lengths may differ.
    """

    labels: dict[str, np.ndarray]
    classes: Classes
    splits: dict[str, list[str]] | None
    background: list[int]
    length_tolerance: int

    def of(self, videos: Sequence[str]) -> "Truth":
        """The truth of some of the videos; a split that has none of them is gone."""
        chosen = set(videos)
        splits = self.splits and {
            split: [name for name in names if name in chosen]
            for split, names in self.splits.items()
            if chosen.intersection(names)
        }
        return self._replace(labels={name: self.labels[name] for name in videos}, splits=splits)

    def score(self, labels: Mapping[str, np.ndarray]) -> dict:
        """The result of `evaluate_segmentation` of the truth's videos under `mstcn`."""
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
    background: Sequence[str] = (),
    length_tolerance: int = 0,
) -> Truth:
    """The truth of the videos that have scores; others may have any labels.

    Args:
        path: a folder of label files, or of ED-TCN's .mat (`Y`); a file of either kind.
        scores: the videos.
        classes: of the labels.
        background: names of classes that edit score and F1 leave out.
        length_tolerance: frames by which truth and scores may differ.

    Raises:
        ValueError: no truth of a video, or one of another length; a label that is no class.
    """
    folder = read_label_folder(path, TRUTH_FIELD)
    for name, matrix in scores.videos.items():
        if name not in folder.codes:
            raise ValueError(f"{path}: no labels of video {name!r}")
        frames = len(folder.codes[name])
        if abs(frames - len(matrix)) > length_tolerance:
            raise ValueError(
                f"{path}: video {name!r} has {frames} labels, {len(matrix)} rows of scores"
                f" (tolerance {length_tolerance})"
            )
    folder = folder._replace(codes={name: folder.codes[name] for name in scores.videos})
    table = class_table(folder, classes)
    labels = {name: table[codes] for name, codes in folder.codes.items()}
    indices = list(dict.fromkeys(classes.indices("--background", background)))
    return Truth(labels, classes, scores.splits, indices, length_tolerance)


def class_table(folder: LabelFolder, classes: Classes) -> np.ndarray:
    """Class of each of a folder's labels, int64, -1 for those of no video.

    Raises:
        ValueError: a label of a video that is no class.
    """
    table = np.full(len(folder.labels), -1, np.int64)
    for code in np.unique(np.concatenate(list(folder.codes.values()))):
        label = folder.labels[code]
        if (index := classes.index(label)) is None:
            raise ValueError(f"{folder.places(label)}: {classes.unknown(label)}")
        table[code] = index
    return table


def table_lines(results: Mapping[str, dict]) -> list[str]:
    """Results side by side, and how the last differs from the first; nothing where there are none.

    Args:
        results: name -> what `Truth.score` gave.
    """
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
    """The scores of one row, one decimal."""
    return "".join(f"{scores[key]:>{sign}8.1f}" for key in NAME_COLUMNS)
