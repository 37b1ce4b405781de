"""Annotation of localization videos: subset, true segments, video-level labels, duration."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from jaxseg.formats.detections import Segments, number
from jaxseg.formats.names import check_file_name, listed


class Annotation(NamedTuple):
    """One video's annotation.

    Attributes:
        subset: "train" or "test".
        segments: (start, end, class name), in seconds, in the order of the file.
        labels: names of the classes that occur.
        duration: in seconds, or None.
    """

    subset: str
    segments: tuple[tuple[float, float, str], ...]
    labels: frozenset[str]
    duration: float | None = None


def annotate(
    truth: Segments,
    subsets: Mapping[str, str | None],
    *,
    durations: Mapping[str, object] | None = None,
) -> dict[str, Annotation]:
    """Video -> annotation, of the videos that belong to a subset.

    Args:
        truth: true segments; the labels of a video are the classes of its segments.
        subsets: the source's name of a subset -> "train", "test", or None to leave it out.
        durations: video -> seconds, for all videos; None where the source has none.

    Raises:
        ValueError: an unknown subset, a duration that is no positive number, a subset that has
            no videos, a training video without a class, or a name that no file can have.
    """
    segments = segments_by_video(truth)
    annotations = {}
    for place, (video, subset) in enumerate(zip(truth.videos, truth.subsets, strict=True)):
        if subset not in subsets:
            known = ", ".join(map(repr, subsets))
            raise ValueError(
                f"{truth.source}: video {video!r}: subset {subset!r} is none of {known}"
            )
        if subsets[subset] is None:
            continue
        check_file_name(truth.source, "video", video)
        labels = frozenset(name for _, _, name in segments[place])
        duration = None if durations is None else seconds(truth.source, video, durations[video])
        annotations[video] = Annotation(subsets[subset], segments[place], labels, duration)
    check_subsets(annotations, truth.source)
    return annotations


def segments_by_video(truth: Segments) -> list[tuple[tuple[float, float, str], ...]]:
    """(start, end, class name) of each video in `truth.videos`."""
    segments: list[list[tuple[float, float, str]]] = [[] for _ in truth.videos]
    rows = zip(truth.video, truth.start.tolist(), truth.end.tolist(), truth.label, strict=True)
    for video, start, end, label in rows:
        segments[video].append((start, end, truth.labels[label]))
    return [tuple(each) for each in segments]


def seconds(source: str, video: str, value: object) -> float:
    """A duration; raises ValueError if it is no positive number."""
    duration = number(f"{source}: video {video!r}", "duration", value)
    if duration <= 0:
        raise ValueError(f"{source}: video {video!r}: duration {duration} is not positive")
    return duration


def check_subsets(annotations: Mapping[str, Annotation], source: str) -> None:
    """Raises ValueError if a subset is empty or a training video has no class."""
    for subset in ("train", "test"):
        if all(annotation.subset != subset for annotation in annotations.values()):
            raise ValueError(f"{source}: no {subset} videos")
    unlabeled = [
        video
        for video, annotation in annotations.items()
        if annotation.subset == "train" and not annotation.labels
    ]
    if unlabeled:
        raise ValueError(
            f"{source}: {len(unlabeled)} training videos without a class ({listed(unlabeled)})"
        )


def class_names(annotations: Iterable[Annotation]) -> tuple[str, ...]:
    """The names of all classes that occur, sorted."""
    return tuple(sorted(frozenset().union(*(annotation.labels for annotation in annotations))))


def multi_hot(labels: Iterable[str], classes: tuple[str, ...]) -> np.ndarray:
    """Float32 [classes], 1 for each of the labels."""
    labels = frozenset(labels)
    return np.array([name in labels for name in classes], np.float32)
