"""What a data set is, whoever wrote its files: videos with features and, if any, labels."""

import dataclasses
from collections.abc import Mapping

import numpy as np


@dataclasses.dataclass(frozen=True, eq=False)
class Video:
    """One untrimmed video.

    Attributes:
        name: file stem, unique within its activity.
        activity: the group of videos that is trained, decoded and matched together.
        features: float32 [frames, channels] as published, in memory or memory-mapped.
        labels: int32 [frames], indices into `DataSet.classes`; None where there is no truth.
        scaling: (mean, factor), float32 [channels] each, of the per-video standardisation, or None.
    """

    name: str
    activity: str
    features: np.ndarray
    labels: np.ndarray | None = None
    scaling: tuple[np.ndarray, np.ndarray] | None = None

    @property
    def num_frames(self) -> int:
        return len(self.features)

    def frames(self, index=slice(None)) -> np.ndarray:
        """Features of the chosen frames, standardised where the data set asks for it.

        Rows that are zero in the file stay zero: they mark frames without a feature, and
        a shift would turn them into the most frequent feature of the video.
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
        name: what the run's files and report call it.
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
        """What it holds, in a line."""
        frames = sum(video.num_frames for video in self.videos)
        return (
            f"{self.name}: {len(self.videos)} videos, {frames} frames, "
            f"{len(self.activities)} activities"
        )

    def describe(self) -> dict:
        """What a run's dataset.json says of it."""
        return {
            "task": "segmentation",
            "name": self.name,
            "generated": self.generated,
            "fps": self.fps,
            "classes": list(self.classes),
            "excluded": list(self.excluded),
            "videos": [
                {
                    "name": video.name,
                    "activity": video.activity,
                    "frames": video.num_frames,
                    "labels": video.labels is not None,
                }
                for video in self.videos
            ],
        }

    def truth_files(self) -> dict[str, str]:
        """Path -> text of the files that hold its labels, a class name a line."""
        return {
            f"truth/{video.activity}/{video.name}.txt": "".join(
                f"{self.classes[label]}\n" for label in video.labels
            )
            for video in self.videos
            if video.labels is not None
        }
