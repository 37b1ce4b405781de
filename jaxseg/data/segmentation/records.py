"""Videos with a feature vector and perhaps a label a frame, and how they are made of files.

`read_videos` joins streams, cuts features and labels to one length,
checks that all videos have the same channels and scales them (`scaling`).
"""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from jaxseg.data.segmentation.alignment import Clock, TruthSettings
from jaxseg.data.segmentation.axes import KEY, LAST, frames_of
from jaxseg.data.segmentation.features import ONE_PROCESS, Processes, check_channels
from jaxseg.data.segmentation.labels import ClassNames
from jaxseg.data.segmentation.scaling import scaled
from jaxseg.data.segmentation.sources import Source, read_sources
from jaxseg.data.segmentation.streams import cut_notes, join
from jaxseg.data.segmentation.truth import label_rows
from jaxseg.data.segmentation.video import Video
from jaxseg.formats.annotations.annotation import Labels
from jaxseg.formats.labels import read_classes

PLAIN, UNSAID = Clock(), TruthSettings()  # row i has label i; labels say all of themselves


@dataclasses.dataclass(frozen=True, eq=False)
class DataSet:
    """Videos, sorted by activity and name, and the names behind their labels.

    Attributes:
        name: its name in the run's files and report.
        videos: sorted by (activity, name).
        classes: class names by index; empty where there is no truth.
        excluded: names of classes that evaluation leaves out (YouTube Instructions: background).
        fps: frames a second, where known; None otherwise.
        generated: True for the embedded twin, whose numbers are not comparable with a paper's.
        origin: sentence on where the data is from, where nobody named it; "" otherwise.
        notes: sentences on what was left out, filled in or cut when its files were read.
        channels: names of the features' channels; () where files have none.
    """

    name: str
    videos: tuple[Video, ...]
    classes: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    fps: float | None = None
    generated: bool = False
    origin: str = ""
    notes: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()

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


class ReadVideos(NamedTuple):
    """Videos with their classes, and sentences on what was cut or has no label.

    `gap` is the class of frames without a label, where that is not scored; `channels` are names.
    """

    videos: tuple[Video, ...]
    classes: tuple[str, ...]
    gap: str
    notes: tuple[str, ...]
    channels: tuple[str, ...] = ()


def read_videos(
    sources: Sequence[Source],
    names: ClassNames | None,
    *,
    scaling: str,
    cache: Path | None,
    progress: bool,
    clock: Clock = PLAIN,
    truth: TruthSettings = UNSAID,
    axis: str = "",
    channels: int = 0,
    processes: Processes = ONE_PROCESS,
) -> ReadVideos:
    """Reads the features and labels of every source.

    Arrays may be frames first, [frames, channels], or channels first: see `axes`. Features and
    labels that differ by at most `clock.tolerance` frames are cut to the shorter.

    Args:
        sources: sorted by (activity, video); those of people's own have their `labels`.
        names: the classes in truth files; None where no source has a truth.
        scaling: "" leaves features as they are, see `scaling.scaled` for the others.
        clock: which labels are those of a row.
        truth: what a user says of labels.
        axis, channels: see `frames_of`.
        cache, progress, processes: see `read_arrays`.
    """
    known = [_published_labels(source, names) for source in sources]
    counts = [_num_labels(source, each) for source, each in zip(sources, known, strict=True)]
    files = [source.features for source in sources]
    read = read_sources(sources, cache=cache, progress=progress, processes=processes)
    stored = [[file.array for file in parts] for parts in read]
    turned = frames_of(sources, stored, counts, clock, axis=axis, channels=channels)
    joined = [join(*each) for each in zip(sources, turned, strict=True)]
    arrays = [array for array, _ in joined]
    shapes = {str(file): array.shape for file, array in zip(files, arrays, strict=True)}
    hint = "" if names else f"; without labels arrays are read frames first, but for {KEY}={LAST}"
    check_channels(shapes, "videos", hint)
    rows = [len(array) for array in arrays]
    if not truth.window and clock.offset is None:
        counted = zip(rows, counts, strict=True)
        clock = clock.begun([pair for pair in counted if pair[1] is not None])
    labeled = label_rows(sources, rows, names or ClassNames((), {}), clock, truth, known)
    videos = [
        dataclasses.replace(
            make_video(source, array, labels), checksum="-".join(file.checksum for file in parts)
        )
        for source, array, labels, parts in zip(sources, arrays, labeled.labels, read, strict=True)
    ]
    places = [source.features for source in sources]
    return ReadVideos(
        scale_videos(videos, places, scaling, processes),
        labeled.names.classes,
        labeled.gap,
        (
            *cut_notes({s.video: cut for s, (_, cut) in zip(sources, joined, strict=True)}),
            *labeled.notes,
        ),
        sources[0].channels if axis != LAST and all(each.channels for each in sources) else (),
    )


def _published_labels(source: Source, names: ClassNames | None) -> np.ndarray | None:
    """Labels of a video of a published data set, int32 [frames]; None for all others."""
    if names is None or source.truth is None or source.labels is not None:
        return None
    return read_classes(source.truth, names.index).astype(np.int32)


def _num_labels(source: Source, labels: np.ndarray | None) -> int | None:
    """How many labels a source has; None where it has segments, or no truth."""
    if isinstance(source.labels, Labels):
        return len(source.labels.labels)
    return None if labels is None else len(labels)


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


def make_video(source: Source, features: np.ndarray, labels: np.ndarray | None) -> Video:
    """A video of one source, its features cut to its labels where these are fewer."""
    if labels is not None:
        features = features[: len(labels)]
    if len(features) < 2:
        raise ValueError(
            f"{source.features}: video {source.video} has {len(features)} frame; two are needed"
        )
    return Video(source.video, source.activity, features, labels, top=source.top)
