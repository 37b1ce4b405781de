"""Videos with a feature vector and perhaps a label a frame, and how they are made of files.

`read_videos` decides which axis of an array is time, cuts features and labels to one length,
checks that all videos have the same channels and computes the standardization.
"""

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from jaxseg.data.segmentation.features import ONE_PROCESS, Processes, check_channels, read_arrays
from jaxseg.data.segmentation.labels import ClassNames
from jaxseg.data.segmentation.layouts import Source
from jaxseg.formats.labels import read_classes
from jaxseg.formats.names import listed


@dataclasses.dataclass(frozen=True, eq=False)
class Video:
    """One untrimmed video.

    Attributes:
        name: file stem, unique within its activity.
        activity: the group of videos that is trained, decoded and matched together.
        features: float32 [frames, channels] as published, in memory or memory-mapped.
        labels: int32 [frames], indices into `DataSet.classes`; None where there is no truth.
        scaling: (mean, factor), float32 [channels] each, of the per-video standardization, or None.
    """

    name: str
    activity: str
    features: np.ndarray
    labels: np.ndarray | None = None
    scaling: tuple[np.ndarray, np.ndarray] | None = None

    @property
    def num_frames(self) -> int:
        return len(self.features)

    def frames(self, index: slice | np.ndarray = slice(None)) -> np.ndarray:
        """Features of the chosen frames, standardized where the data set has a scaling.

        Rows that are zero in the file stay zero: they mark frames without a feature, which a
        shift would turn into the most frequent feature of the video.
        """
        rows = np.asarray(self.features[index], np.float32)
        if self.scaling is None:
            return rows
        mean, factor = self.scaling
        return np.where(rows.any(axis=-1, keepdims=True), (rows - mean) * factor, rows)


@dataclasses.dataclass(frozen=True, eq=False)
class DataSet:
    """Videos, sorted by activity and name, and the names behind their labels.

    Attributes:
        name: its name in the run's files and report.
        videos: sorted by (activity, name).
        classes: class names by index; empty where there is no truth.
        excluded: names of classes that evaluation leaves out (YouTube Instructions: background).
        fps: frames a second, where known; None otherwise.
        generated: True for the embedded twin and for videos made of short clips; their numbers
            are not comparable with a paper's.
    """

    name: str
    videos: tuple[Video, ...]
    classes: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    fps: float | None = None
    generated: bool = False

    @property
    def has_labels(self) -> bool:
        return bool(self.videos) and all(video.labels is not None for video in self.videos)

    @property
    def num_channels(self) -> int:
        return self.videos[0].features.shape[1]

    @property
    def activities(self) -> Mapping[str, tuple[Video, ...]]:
        """Activity name -> its videos, both in sorted order."""
        groups: dict[str, list[Video]] = {}
        for video in self.videos:
            groups.setdefault(video.activity, []).append(video)
        return {name: tuple(videos) for name, videos in groups.items()}

    def summary(self) -> str:
        """Numbers of videos, frames and activities, in one line."""
        frames = sum(video.num_frames for video in self.videos)
        return (
            f"{self.name}: {len(self.videos)} videos, {frames} frames, "
            f"{len(self.activities)} activities"
        )


def read_videos(
    sources: Sequence[Source],
    names: ClassNames | None,
    *,
    length_tolerance: int,
    scaling: str,
    cache: Path | None,
    progress: bool,
    processes: Processes = ONE_PROCESS,
) -> tuple[Video, ...]:
    """Reads the features and labels of every source.

    Arrays may be frames first, [frames, channels], or channels first: where there are labels,
    the axis as long as they are is time; without labels they are frames first. Features and
    labels that differ by at most `length_tolerance` frames are cut to the shorter.

    Args:
        sources: sorted by (activity, video).
        names: the classes in truth files; None where the sources have no truth.
        length_tolerance: frames.
        scaling: "" leaves features as they are, see `standardization` for the others.
        cache, progress, processes: see `read_arrays`.
    """
    labels = [
        None if names is None else read_classes(source.truth, names.index).astype(np.int32)
        for source in sources
    ]
    files = [source.features for source in sources]
    arrays = read_arrays(files, cache=cache, progress=progress, processes=processes)
    axes = frame_axes(sources, arrays, labels, length_tolerance)
    arrays = [frames_first(array, axis) for array, axis in zip(arrays, axes, strict=True)]
    shapes = {str(file): array.shape for file, array in zip(files, arrays, strict=True)}
    hint = "" if names else "; without labels arrays are read frames first"
    check_channels(shapes, "videos", hint)
    videos = [
        make_video(source, array, truth)
        for source, array, truth in zip(sources, arrays, labels, strict=True)
    ]
    return tuple(standardized(videos, sources, scaling, processes) if scaling else videos)


def frame_axes(
    sources: Sequence[Source],
    arrays: Sequence[np.ndarray],
    labels: Sequence[np.ndarray | None],
    length_tolerance: int,
) -> list[int]:
    """The axis of each array that is time.

    Where both axes are as long as the labels, it is the one whose other axis is the number of
    channels that fits most videos; where that is a tie, the first axis.
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
    """The axes that are as long as the labels, within the tolerance."""
    return [axis for axis in (0, 1) if abs(shape[axis] - num_labels) <= length_tolerance]


def frames_first(array: np.ndarray, axis: int) -> np.ndarray:
    """[frames, channels]; a memory map stays one."""
    if axis == 0:
        return array
    return array.T if isinstance(array, np.memmap) else np.ascontiguousarray(array.T)


def make_video(source: Source, features: np.ndarray, labels: np.ndarray | None) -> Video:
    """A video of one source, its features and labels cut to the shorter of the two."""
    if labels is not None:
        length = min(len(features), len(labels))
        features, labels = features[:length], labels[:length]
    if len(features) < 2:
        raise ValueError(
            f"{source.features}: video {source.video} has {len(features)} frame; two are needed"
        )
    return Video(source.video, source.activity, features, labels)


def standardized(
    videos: Sequence[Video], sources: Sequence[Source], scaling: str, processes: Processes
) -> list[Video]:
    """The videos with their scaling; each process computes it for its share of them."""
    computed = {}
    for index, video in processes.share(videos):
        if not video.features.any():
            raise ValueError(
                f"{sources[index].features}: every row of video {video.name} is zero: "
                f"nothing to standardize"
            )
        mean, factor = standardization(video.features, scaling)
        computed |= {f"{index}/mean": mean, f"{index}/factor": factor}
    scalings = processes.exchange(computed)
    return [
        dataclasses.replace(video, scaling=(scalings[f"{index}/mean"], scalings[f"{index}/factor"]))
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
    # The type and order that training uses, so that a memory map gives the same digits as memory.
    features = np.ascontiguousarray(features, np.float32)
    rows = features[features.any(axis=1)].astype(np.float64)
    deviation = rows.std(axis=0)
    # Rounding gives a constant channel a tiny deviation; infinity makes its factor exactly 0.
    deviation[rows.max(axis=0) == rows.min(axis=0)] = np.inf
    factor = 1 / (deviation * (np.sqrt(rows.shape[1]) if scaling == "frame" else 1))
    return rows.mean(axis=0).astype(np.float32), factor.astype(np.float32)
