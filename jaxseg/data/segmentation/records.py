"""Videos with a feature vector and perhaps a label a frame, and how they are made of files.

`read_videos` decides which axis of an array is time, cuts features and labels to one length,
checks that all videos have the same channels and scales them (`scaling`).
"""

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from jaxseg.data.segmentation.features import ONE_PROCESS, Processes, check_channels
from jaxseg.data.segmentation.labels import ClassNames
from jaxseg.data.segmentation.scaling import scaled
from jaxseg.data.segmentation.sources import Source, read_sources
from jaxseg.data.segmentation.video import Video
from jaxseg.formats.labels import read_classes
from jaxseg.formats.names import listed


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
        origin: sentence on where the data is from, where nobody named it; "" otherwise.
        notes: sentences on what was left out, filled in or cut when its files were read.
    """

    name: str
    videos: tuple[Video, ...]
    classes: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    fps: float | None = None
    generated: bool = False
    origin: str = ""
    notes: tuple[str, ...] = ()

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
        scaling: "" leaves features as they are, see `scaling.scaled` for the others.
        cache, progress, processes: see `read_arrays`.
    """
    labels = [
        None if names is None else read_classes(source.truth, names.index).astype(np.int32)
        for source in sources
    ]
    files = [source.features for source in sources]
    read = read_sources(sources, cache=cache, progress=progress, processes=processes)
    arrays = [file.array for file in read]
    axes = frame_axes(sources, arrays, labels, length_tolerance)
    arrays = [frames_first(array, axis) for array, axis in zip(arrays, axes, strict=True)]
    shapes = {str(file): array.shape for file, array in zip(files, arrays, strict=True)}
    hint = "" if names else "; without labels arrays are read frames first"
    check_channels(shapes, "videos", hint)
    videos = [
        dataclasses.replace(make_video(source, array, truth), checksum=file.checksum)
        for source, array, truth, file in zip(sources, arrays, labels, read, strict=True)
    ]
    return scale_videos(videos, [source.features for source in sources], scaling, processes)


def scale_videos(
    videos: Sequence[Video],
    places: Sequence[object],
    scaling: str,
    processes: Processes = ONE_PROCESS,
) -> tuple[Video, ...]:
    """The videos with their scaling, see `scaling.scaled`; "" leaves them as they are.

    `places` are where the videos are from, for the message on one that has nothing to scale.
    """
    if not scaling:
        return tuple(videos)
    for video, place in zip(videos, places, strict=True):
        if not video.features.any():
            raise ValueError(f"{place}: every row of video {video.name} is zero: nothing to scale")
    return scaled(videos, scaling, processes)


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
    return Video(source.video, source.activity, features, labels, top=source.top)
