"""Readers of THUMOS14 in its two layouts.

As CASE and BaS-Net lay it out (`read_thumos14`); splits and gt.json have to list the same videos:

    <root>/[THUMOS14/]features/{train,test}/{rgb,flow}/<video>.npy    [snippets, 1024] each
    <root>/[THUMOS14/]gt.json                         {"database": {video: {"subset", ...}}}
    <root>/[THUMOS14/]split_{train,test}.txt          a video a line

As W-TALC packs it (`read_bundle`), one pickled array of all features beside annotation arrays:

    <root>/Thumos14reduced-I3D-JOINTFeatures.npy     [videos] of [snippets, 2048], RGB first
    <root>/[Thumos14reduced-Annotations/]...         videoname, subset, segments, labels,
                                                     labels_all, classlist and duration.npy

W-TALC trains on `labels_all`, which lists other classes than `segments` in a few videos.
"""

from pathlib import Path
from typing import Any

import numpy as np

from jaxseg.data.localization.assembly import (
    Annotation,
    Parts,
    Streams,
    annotate,
    check_paired,
    class_names,
    find_streams,
    read_streams,
    split,
)
from jaxseg.data.segmentation.features import checksum
from jaxseg.formats.arrays import read_pickled_npy
from jaxseg.formats.files import need_file
from jaxseg.formats.localization.files import read_truth
from jaxseg.formats.matrices import check_finite, check_matrix
from jaxseg.formats.names import check_name, clip, listed
from jaxseg.formats.tables import read_split
from jaxseg.formats.wtalc import ARRAYS, entries, per_video, read_all_labels, read_wtalc, text

SUBSETS = ("train", "test")
BUNDLE = "Thumos14reduced-I3D-JOINTFeatures.npy"
ANNOTATIONS = "Thumos14reduced-Annotations"
BUNDLE_SUBSETS = {"validation": "train", "test": "test"}


def read_thumos14(folder: Path, **reading: Any) -> Parts:
    """Reads CASE's layout; see `LocalizationEntry.read` for the arguments."""
    annotations = read_gt(folder)
    files = {}
    for subset in SUBSETS:
        pairs = find_streams(folder / "features" / subset)
        annotated = [video for video, one in annotations.items() if one.subset == subset]
        check_paired(pairs, annotated, folder / "features" / subset)
        files |= pairs
    return Parts(annotations, read_streams(files, **reading), class_names(annotations))


def read_gt(folder: Path) -> dict[str, Annotation]:
    """`gt.json`, which has to have the videos of the splits and no others."""
    gt = need_file(folder / "gt.json")
    annotations = annotate(read_truth(gt), {subset: subset for subset in SUBSETS})
    for subset in SUBSETS:
        path = need_file(folder / f"split_{subset}.txt")
        annotated = {video for video, one in annotations.items() if one.subset == subset}
        if different := sorted(annotated.symmetric_difference(read_split(path))):
            raise ValueError(
                f"{path}: {len(different)} {subset} videos stand only here or only in {gt.name} "
                f"({listed(different)})"
            )
    return annotations


def read_bundle(folder: Path, **_: Any) -> Parts:
    """Reads W-TALC's bundle into memory; its pickles are never run, see `read_pickled_npy`.

    The bundle is one file, which every process reads for itself.
    """
    inside = folder / ANNOTATIONS
    beside = inside if inside.is_dir() else folder
    for array in (*ARRAYS, "labels_all", "classlist", "duration"):
        need_file(beside / f"{array}.npy")
    annotations = read_bundle_annotations(beside)
    classes = read_classlist(beside / "classlist.npy")
    check_classes(annotations, classes, beside)
    return Parts(annotations, read_bundle_features(folder / BUNDLE, list(annotations)), classes)


def read_bundle_annotations(folder: Path) -> dict[str, Annotation]:
    """Video -> annotation, in the order of the arrays, labels from `labels_all`."""
    truth = read_wtalc(folder)
    durations = per_video(folder / "duration.npy", truth.videos)
    return annotate(
        truth,
        BUNDLE_SUBSETS,
        durations=durations,
        labels=read_all_labels(folder, truth.videos),
        labels_source=str(folder / "labels_all.npy"),
    )


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


def read_bundle_features(path: Path, videos: list[str]) -> dict[str, Streams]:
    """Video -> RGB and flow, float32."""
    streams = {}
    for video, array in per_video(path, videos).items():
        source = f"{path}: video {video!r}"
        if not isinstance(array, np.ndarray):
            raise ValueError(f"{source}: features are a matrix of numbers, not {clip(array)}")
        array = np.asarray(array)
        check_matrix(source, array)
        check_finite(source, array)
        streams[video] = split(np.asarray(array, np.float32), source)._replace(
            checksum=checksum(array)
        )
    return streams
