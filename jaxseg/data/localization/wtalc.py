"""THUMOS14 as W-TALC packs it: one pickled array of all features beside its annotation arrays.

    <root>/Thumos14reduced-I3D-JOINTFeatures.npy     [videos] of [snippets, 2048], RGB first
    <root>/[Thumos14reduced-Annotations/]...         videoname, subset, segments, labels,
                                                     labels_all, classlist and duration.npy

`labels_all` is what W-TALC trains on. In a few videos it lists other classes than `segments`.
"""

from pathlib import Path

import numpy as np

from jaxseg.data.batches.crew import ALONE, Crew
from jaxseg.data.localization.annotations import Annotation, annotate, check_subsets
from jaxseg.data.localization.assembly import assemble
from jaxseg.data.localization.files import Streams, find_home, need_file, split
from jaxseg.data.localization.records import SnippetSet
from jaxseg.data.segmentation.features import check_finite, check_matrix
from jaxseg.data.segmentation.files import listed
from jaxseg.formats.arrays import read_pickled_npy
from jaxseg.formats.names import check_name, clip
from jaxseg.formats.wtalc import ARRAYS, entries, read_wtalc, text

FOLDERS = ("Thumos14reduced", "THUMOS14", "thumos14")
FEATURES = "Thumos14reduced-I3D-JOINTFeatures.npy"
ANNOTATIONS = "Thumos14reduced-Annotations"
SUBSETS = {"validation": "train", "test": "test"}


def read_bundle(
    name: str, root: Path, *, length_tolerance: int, progress: bool, crew: Crew = ALONE
) -> SnippetSet:
    """Reads the bundle into memory; its pickles are never run, see `read_pickled_npy`.

    RGB and flow are columns of one array and equally long, and one file needs no bar:
    `length_tolerance` and `progress` are there for the readers' common form.
    """
    folder = find_home(root, FOLDERS, FEATURES)
    inside = folder / ANNOTATIONS
    beside = inside if inside.is_dir() else folder
    for array in (*ARRAYS, "labels_all", "classlist", "duration"):
        need_file(beside / f"{array}.npy")
    annotations = read_annotations(beside)
    classes = read_classes(beside / "classlist.npy")
    check_classes(annotations, classes, beside)
    streams = read_features(folder / FEATURES, list(annotations))
    videos = assemble(annotations, streams, classes, length_tolerance=length_tolerance)
    return SnippetSet(name, videos, classes, subset_names=tuple(SUBSETS))


def read_annotations(folder: Path) -> dict[str, Annotation]:
    """Video -> annotation, in the order of the arrays, labels from `labels_all`."""
    truth = read_wtalc(folder)
    durations = per_video(folder / "duration.npy", truth.videos)
    path = folder / "labels_all.npy"
    labels = per_video(path, truth.videos)
    annotations = {
        video: one._replace(labels=names(f"{path}: video {video!r}", labels[video]))
        for video, one in annotate(truth, SUBSETS, durations=durations).items()
    }
    check_subsets(annotations, str(path))
    return annotations


def read_classes(path: Path) -> tuple[str, ...]:
    """All class names, in their order."""
    classes = entries(np.atleast_1d(read_pickled_npy(path)))
    return tuple(check_name(path, "class", text(path, "class", label)) for label in classes)


def names(where: str, labels: object) -> frozenset[str]:
    """The labels of one video; ValueError where they are no list of names."""
    if not isinstance(labels, list | np.ndarray) or getattr(labels, "shape", None) == ():
        raise ValueError(f"{where}: {clip(labels)} is no list of labels")
    return frozenset(text(where, "label", label) for label in labels)


def per_video(path: Path, videos: tuple[str, ...]) -> dict[str, object]:
    """Video -> entry of an annotation array.

    Raises:
        ValueError: not one entry a video.
    """
    array = read_pickled_npy(path)
    if array.shape[:1] != (len(videos),):
        raise ValueError(f"{path}: shape {array.shape} is not one entry for {len(videos)} videos")
    return dict(zip(videos, entries(array), strict=True))


def check_classes(
    annotations: dict[str, Annotation], classes: tuple[str, ...], folder: Path
) -> None:
    """Raises ValueError for labels that `classlist` does not have."""
    used = {label for one in annotations.values() for _, _, label in one.segments}
    used = used.union(*(one.labels for one in annotations.values()))
    if unknown := sorted(used.difference(classes)):
        raise ValueError(f"{folder}: labels that classlist.npy does not have: {listed(unknown)}")


def read_features(path: Path, videos: list[str]) -> dict[str, Streams]:
    """Video -> RGB and flow, float32.

    Raises:
        ValueError: a broken file, not one array a video, or an array that cannot be features.
    """
    arrays = read_pickled_npy(path)
    if arrays.shape[:1] != (len(videos),):
        raise ValueError(f"{path}: shape {arrays.shape} is not one array for {len(videos)} videos")
    streams = {}
    for video, array in zip(videos, arrays, strict=True):
        source = f"{path}: video {video!r}"
        if not isinstance(array, np.ndarray):
            raise ValueError(f"{source}: features are a matrix of numbers, not {clip(array)}")
        array = np.asarray(array)
        check_matrix(source, array)
        check_finite(source, array)
        streams[video] = split(np.asarray(array, np.float32), source)
    return streams
