"""Reader of W-TALC's bundles of THUMOS14 and ActivityNet v1.2, which others, as 3C-Net, use too.

One pickled array of all features lies beside annotation arrays; NAME is "Thumos14reduced", of the
videos whose times are annotated, "Thumos14", of all, or "ActivityNet1.2":

    <root>/NAME-I3D-JOINTFeatures.npy     [videos] of [snippets, 2048], RGB first
    <root>/[NAME-Annotations/]...         videoname, subset, segments, labels, labels_all,
                                          classlist and duration.npy

W-TALC trains on `labels_all`, which lists other classes than `segments` in a few videos, and is all
that there is where segments are missing.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from jaxseg.data.localization.assembly import (
    SKIP,
    Annotation,
    Parts,
    Streams,
    annotate,
    split,
)
from jaxseg.data.segmentation.features import checksum
from jaxseg.formats.arrays import read_pickled_npy
from jaxseg.formats.files import need_file
from jaxseg.formats.matrices import check_finite, check_matrix
from jaxseg.formats.names import check_name, clip, listed
from jaxseg.formats.wtalc import (
    entries,
    needed_arrays,
    per_video,
    read_all_labels,
    read_wtalc,
    text,
)

FEATURES = "-I3D-JOINTFeatures.npy"
THUMOS14 = ("Thumos14reduced", "Thumos14")
THUMOS14_SUBSETS = {"validation": "train", "test": "test"}
ACTIVITYNET12 = ("ActivityNet1.2",)
ACTIVITYNET12_SUBSETS = {"training": "train", "validation": "test", "testing": None}


def content(names: Sequence[str]) -> tuple[str, ...]:
    """The files by which a folder of a bundle is recognized."""
    return tuple(f"{name}{FEATURES}" for name in names)


def read_bundle(
    folder: Path,
    *,
    names: Sequence[str],
    subsets: Mapping[str, str | None],
    skip_missing: bool = False,
    **_: Any,
) -> Parts:
    """Reads a bundle into memory; its pickles are never run, see `read_pickled_npy`.

    The bundle is one file, which every process reads for itself.

    Args:
        folder: of the bundle.
        names: those that it may have; the first that is there is read.
        subsets: see `annotate`.
        skip_missing: leave out videos whose features are empty or zero everywhere.
    """
    name = next((each for each in names if (folder / f"{each}{FEATURES}").is_file()), names[0])
    inside = folder / f"{name}-Annotations"
    beside = inside if inside.is_dir() else folder
    for array in (*needed_arrays(beside), "labels_all", "classlist", "duration"):
        need_file(beside / f"{array}.npy")
    videos, annotations = read_annotations(beside, subsets)
    classes = read_classlist(beside / "classlist.npy")
    check_classes(annotations, classes, beside)
    path = folder / f"{name}{FEATURES}"
    arrays = {
        video: each for video, each in per_video(path, videos).items() if video in annotations
    }
    empty = tuple(video for video, array in arrays.items() if is_empty(array))
    if empty and not skip_missing:
        raise ValueError(
            f"{path}: features of {len(empty)} of {len(arrays)} videos are empty or zero "
            f"everywhere ({listed(empty)}); {SKIP}"
        )
    streams = {
        video: read_features(f"{path}: video {video!r}", array)
        for video, array in arrays.items()
        if video not in set(empty)
    }
    return Parts(annotations, streams, classes, empty)


def read_annotations(
    folder: Path, subsets: Mapping[str, str | None]
) -> tuple[tuple[str, ...], dict[str, Annotation]]:
    """All videos in the order of the arrays, and video -> annotation with its `labels_all`."""
    truth = read_wtalc(folder)
    annotations = annotate(
        truth,
        subsets,
        durations=per_video(folder / "duration.npy", truth.videos),
        labels=read_all_labels(folder, truth.videos),
        labels_source=str(folder / "labels_all.npy"),
    )
    return truth.videos, annotations


def is_empty(array: object) -> bool:
    """Whether a video's features are none: an array of no rows, or of zeros."""
    if array is None:
        return True
    return isinstance(array, np.ndarray) and array.dtype.kind in "biuf" and not array.any()


def read_classlist(path: Path) -> tuple[str, ...]:
    """All class names, in their order."""
    classes = entries(np.atleast_1d(read_pickled_npy(path)))
    return tuple(check_name(path, "class", text(path, "class", label)) for label in classes)


def check_classes(
    annotations: dict[str, Annotation], classes: tuple[str, ...], folder: Path
) -> None:
    """Raises ValueError for labels that are not in `classlist`."""
    used = {label for one in annotations.values() for _, _, label in one.segments}
    used = used.union(*(one.labels for one in annotations.values()))
    if unknown := sorted(used.difference(classes)):
        raise ValueError(f"{folder}: labels that classlist.npy does not have: {listed(unknown)}")


def read_features(source: str, array: object) -> Streams:
    """RGB and flow of one video, float32."""
    if not isinstance(array, np.ndarray):
        raise ValueError(f"{source}: features are a matrix of numbers, not {clip(array)}")
    array = np.asarray(array)
    check_matrix(source, array)
    check_finite(source, array)
    return split(np.asarray(array, np.float32), source)._replace(checksum=checksum(array))
