"""From files to videos: which axis is time, equal lengths, equal channels, standardisation."""

import dataclasses
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from jaxseg.data.batches.crew import ALONE, Crew
from jaxseg.data.segmentation.features import read_arrays
from jaxseg.data.segmentation.files import Source, listed
from jaxseg.data.segmentation.labels import ClassNames
from jaxseg.data.segmentation.records import Video


def read_videos(
    sources: Sequence[Source],
    names: ClassNames | None,
    *,
    length_tolerance: int,
    scaling: str,
    cache: Path | None,
    progress: bool,
    crew: Crew = ALONE,
) -> tuple[Video, ...]:
    """Reads the features and labels of every source.

    Arrays may be frames first, [frames, channels], or channels first: where there are labels,
    the axis as long as they are is time; without labels they are frames first. Features and
    labels that differ by at most `length_tolerance` frames are cut to the shorter.

    Args:
        sources: sorted by (activity, video).
        names: what the labels in truth files mean; None where the sources have no truth.
        length_tolerance: frames.
        scaling: "" leaves features as they are, see `standardization` for the others.
        cache: folder of binary copies of text features, or None.
        progress: show a bar when it takes long.
        crew: the processes that read together.

    Raises:
        ValueError: one line with file, video and value.
        OSError: the cache cannot be written.
    """
    labels = [None if names is None else names.read_labels(source.truth) for source in sources]
    files = [source.features for source in sources]
    arrays = read_arrays(files, cache=cache, progress=progress, crew=crew)
    axes = frame_axes(sources, arrays, labels, length_tolerance)
    arrays = [frames_first(array, axis) for array, axis in zip(arrays, axes, strict=True)]
    check_channels(sources, arrays)
    videos = [
        make_video(source, array, truth)
        for source, array, truth in zip(sources, arrays, labels, strict=True)
    ]
    return tuple(standardized(videos, sources, scaling, crew) if scaling else videos)


def frame_axes(
    sources: Sequence[Source],
    arrays: Sequence[np.ndarray],
    labels: Sequence[np.ndarray | None],
    length_tolerance: int,
) -> list[int]:
    """The axis of each array that is time.

    Where both axes are as long as the labels, the one that leaves the number of channels most
    other videos can have, and frames first if that leaves a choice.
    """
    fitting = [
        [0] if truth is None else fitting_axes(array.shape, len(truth), length_tolerance)
        for array, truth in zip(arrays, labels, strict=True)
    ]
    misfits = [
        f"{source.features} {array.shape} against {len(truth)} labels"
        for source, array, truth, axes in zip(sources, arrays, labels, fitting, strict=True)
        if not axes
    ]
    if misfits:
        raise ValueError(
            f"features and truth of {len(misfits)} of {len(sources)} videos differ in length by "
            f"more than data.length_tolerance={length_tolerance} frames: {listed(misfits)}"
        )
    votes = Counter(
        array.shape[1 - axis] for array, axes in zip(arrays, fitting, strict=True) for axis in axes
    )
    return [
        max(axes, key=lambda axis, shape=array.shape: votes[shape[1 - axis]])
        for array, axes in zip(arrays, fitting, strict=True)
    ]


def fitting_axes(shape: tuple[int, int], num_labels: int, length_tolerance: int) -> list[int]:
    return [axis for axis in (0, 1) if abs(shape[axis] - num_labels) <= length_tolerance]


def frames_first(array: np.ndarray, axis: int) -> np.ndarray:
    """[frames, channels]; a memory map stays one."""
    if axis == 0:
        return array
    return array.T if isinstance(array, np.memmap) else np.ascontiguousarray(array.T)


def check_channels(sources: Sequence[Source], arrays: Sequence[np.ndarray]) -> None:
    """Raises ValueError naming the videos whose number of channels is not that of the most."""
    usual = Counter(array.shape[1] for array in arrays).most_common(1)[0][0]
    others = [
        f"{source.features} {array.shape}"
        for source, array in zip(sources, arrays, strict=True)
        if array.shape[1] != usual
    ]
    if others:
        hint = "" if sources[0].truth else "; without labels arrays are read frames first"
        raise ValueError(
            f"{len(others)} of {len(sources)} videos have not {usual} channels as the others: "
            f"{listed(others)}{hint}"
        )


def make_video(source: Source, features: np.ndarray, labels: np.ndarray | None) -> Video:
    """Cuts to the common length."""
    if labels is not None:
        length = min(len(features), len(labels))
        features, labels = features[:length], labels[:length]
    if len(features) < 2:
        raise ValueError(
            f"{source.features}: video {source.video} has {len(features)} frame; two are needed"
        )
    return Video(source.video, source.activity, features, labels)


def standardized(
    videos: Sequence[Video], sources: Sequence[Source], scaling: str, crew: Crew
) -> list[Video]:
    """The videos with their scaling, of which each process works out its share."""
    own = {}
    for index, video in crew.share(videos):
        if not video.features.any():
            raise ValueError(
                f"{sources[index].features}: every row of video {video.name} is zero: "
                f"nothing to standardise"
            )
        mean, factor = standardization(video.features, scaling)
        own |= {f"{index}/mean": mean, f"{index}/factor": factor}
    found = crew.exchange(own)
    return [
        dataclasses.replace(video, scaling=(found[f"{index}/mean"], found[f"{index}/factor"]))
        for index, video in enumerate(videos)
    ]


def standardization(features: np.ndarray, scaling: str = "frame") -> tuple[np.ndarray, np.ndarray]:
    """(mean, factor) of one video, float32 [channels] each, for `Video.scaling`.

    Over the non-zero rows (x - mean) * factor has mean 0 and the same variance in each channel.
    A constant channel becomes 0.

    Args:
        features: [frames, channels], at least one row not zero.
        scaling: "frame" makes the variance 1 / channels, so that a frame's squared norm is 1 on
            average (ASOT's program); "channel" makes it 1 (TOT's).
    """
    # As training sees it, whether the file was read into memory or is a map of another type.
    features = np.ascontiguousarray(features, np.float32)
    rows = features[features.any(axis=1)].astype(np.float64)
    deviation = rows.std(axis=0)
    # Rounding leaves a constant channel a tiny deviation, which must not be divided by.
    deviation[rows.max(axis=0) == rows.min(axis=0)] = np.inf
    factor = 1 / (deviation * (np.sqrt(rows.shape[1]) if scaling == "frame" else 1))
    return rows.mean(axis=0).astype(np.float32), factor.astype(np.float32)
