"""Folders of label files -> class indices and cluster numbers, as the evaluator takes them."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from jaxseg.formats.labels import LabelFolder
from jaxseg.formats.names import hint


class ClassNames(NamedTuple):
    """The classes, and the class that each written label stands for."""

    classes: list[str]  # names by index
    mapping: Mapping[str, int] | None  # name -> index; None: every label is a class of its own
    label_map: Mapping[str, str] | None  # fine -> coarse label, applied first; None: labels stay

    def name_of(self, label: str, folder: LabelFolder) -> str:
        """Name of the class that a written label stands for; ValueError for a label of none."""
        name = fine_name(label, self.mapping)
        if name is None:
            raise ValueError(
                f"{folder.places(label)}: label {label!r} is not in the mapping"
                f"{mapping_hint(label, self.mapping)}"
            )
        if self.label_map is None:
            return name
        if name not in self.label_map:
            raise ValueError(
                f"{folder.places(label)}: label {name!r} is not in the label map"
                f"{hint(name, self.label_map)}"
            )
        return self.label_map[name]


def fine_name(label: str, mapping: Mapping[str, int] | None) -> str | None:
    """Name of a label, which may be written as its index; None where the mapping lacks it."""
    if mapping is None:
        return label
    names = {index: name for name, index in reversed(mapping.items())}
    if label in mapping:
        return names[mapping[label]]
    return names.get(int(label)) if re.fullmatch("-1|[0-9]{1,9}", label) else None


def mapping_hint(label: str, mapping: Mapping[str, int]) -> str:
    """End of a message on a label that a mapping lacks: the nearest name, or its indices."""
    if re.fullmatch("-?[0-9]+", label):
        return f", whose indices are {min(mapping.values())} to {max(mapping.values())}"
    return hint(label, mapping)


def class_names(
    truth: LabelFolder, mapping: Mapping[str, int] | None, label_map: Mapping[str, str] | None
) -> ClassNames:
    """The classes of a truth: the mapping's in its order, or those that occur, sorted."""
    reader = ClassNames([], mapping, label_map)
    used = dict.fromkeys(reader.name_of(label, truth) for label in truth.labels)
    if mapping is None:
        return reader._replace(classes=sorted(used, key=natural))
    names = (fine_name(name, mapping) for name in mapping)
    if label_map is not None:
        names = (label_map[name] for name in names if name in label_map)
    return reader._replace(classes=list(dict.fromkeys(names)))


def with_predicted(
    names: ClassNames, predictions: LabelFolder, labels: Sequence[str]
) -> ClassNames:
    """The classes, and those of some labels that predictions alone have, if any label may be."""
    if names.mapping is not None or names.label_map is not None:
        return names
    added = [
        label for label in labels if label in predictions.labels and label not in names.classes
    ]
    return names._replace(classes=[*names.classes, *added])


def natural(label: str) -> tuple:
    """Sorts numbers by value and before names."""
    is_number = re.fullmatch("-?[0-9]{1,18}", label) is not None
    return not is_number, int(label) if is_number else 0, label


def class_indices(
    option: str, labels: Sequence[str], names: ClassNames, coarse: Sequence[str] | None
) -> list[int]:
    """Ascending indices of the classes that an option names, by fine or by coarse labels."""
    indices = set()
    for label in labels:
        matching = {
            index
            for index, name in enumerate(names.classes)
            if label == name or (coarse is not None and label == coarse[index])
        }
        if not matching:
            raise ValueError(
                f"{option}: no class {label!r} among {', '.join(names.classes)}"
                f"{hint(label, names.classes)}"
            )
        indices |= matching
    return sorted(indices)


def coarse_names(classes: Sequence[str], label_map: Mapping[str, str]) -> list[str]:
    """Coarse label of each class; ValueError where the label map lacks one."""
    for name in classes:
        if name not in label_map:
            raise ValueError(f"class {name!r} is not in the label map")
    return [label_map[name] for name in classes]


def merge_table(coarse: Sequence[str]) -> list[int]:
    """Index of the first class with the same coarse label, for each class."""
    first: dict[str, int] = {}
    return [first.setdefault(name, index) for index, name in enumerate(coarse)]


def as_classes(folder: LabelFolder, names: ClassNames) -> dict[str, np.ndarray]:
    """Video -> int64 [frames] of class indices.

    A label that is no class, which only a prediction can hold, gets an index beyond them.
    """
    index = {name: number for number, name in enumerate(names.classes)}
    table = [index.setdefault(names.name_of(label, folder), len(index)) for label in folder.labels]
    return recode(folder, table)


def as_clusters(
    folder: LabelFolder, names: ClassNames, background: Sequence[int]
) -> dict[str, np.ndarray]:
    """Video -> int64 [frames] of cluster numbers, -1 or more.

    Numbers are clusters as they stand. Names are clusters, too, numbered by class; the background
    classes among them are cluster -1.
    """
    if folder.numbers:
        for label in folder.labels:
            if not re.fullmatch("-1|[0-9]{1,9}", label):
                raise ValueError(f"{folder.places(label)}: {label!r} is no cluster number")
        return recode(folder, [int(label) for label in folder.labels])
    videos = as_classes(folder, names)
    return {
        video: np.where(np.isin(labels, background), -1, labels) for video, labels in videos.items()
    }


def recode(folder: LabelFolder, table: Sequence[int]) -> dict[str, np.ndarray]:
    """Video -> labels with `table` in place of codes."""
    return {video: np.asarray(table)[codes] for video, codes in folder.codes.items()}
