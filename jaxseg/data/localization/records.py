"""Videos as snippets of two streams, with video-level labels and perhaps true segments."""

import dataclasses
from collections.abc import Mapping

import numpy as np

# A snippet of I3D is sixteen frames of a video at 25 frames a second.
SNIPPET_SECONDS = 16 / 25


@dataclasses.dataclass(frozen=True, eq=False)
class SnippetVideo:
    """One untrimmed video; `rgb` and `flow` are equally long.

    Attributes:
        name: as the annotation has it, unique in its data set.
        subset: "train" or "test".
        rgb: [snippets, channels], float32 in memory or a memory map of the stored type.
        flow: the same, from optical flow.
        labels: float32 [classes], 1 for every class that occurs; training sees nothing else.
        segments: (start, end, class index) of every true instance, in seconds.
        duration: in seconds; None where the annotation has none.
        checksum: of the files of features, see `features.checksum`; "" where there are none.
    """

    name: str
    subset: str
    rgb: np.ndarray
    flow: np.ndarray
    labels: np.ndarray
    segments: tuple[tuple[float, float, int], ...]
    duration: float | None = None
    checksum: str = ""

    @property
    def num_snippets(self) -> int:
        return len(self.rgb)

    def snippets(self, index: slice | np.ndarray = slice(None)) -> tuple[np.ndarray, np.ndarray]:
        """RGB and flow of the chosen snippets, float32 [chosen, channels] each."""
        return np.asarray(self.rgb[index], np.float32), np.asarray(self.flow[index], np.float32)


@dataclasses.dataclass(frozen=True, eq=False)
class SnippetSet:
    """Videos, sorted by subset and name, and the names behind their labels.

    Attributes:
        name: its name in the run's files and report.
        videos: of both subsets; every training video has at least one class.
        classes: class names by index; some may have no training video, or no video at all.
        subset_names: the source's names of "train" and "test", which `to_truth` writes.
        seconds_per_snippet: the same for all videos; None where it follows from the duration of
            a video, see `snippet_seconds`.
        generated: True for the embedded twin; its numbers are not comparable with a paper's.
        left_out: annotated videos that are not among `videos`, as they have no features.
        notes: sentences on what was left out when the files were read.
    """

    name: str
    videos: tuple[SnippetVideo, ...]
    classes: tuple[str, ...]
    subset_names: tuple[str, str] = ("train", "test")
    seconds_per_snippet: float | None = SNIPPET_SECONDS
    generated: bool = False
    left_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def train(self) -> tuple[SnippetVideo, ...]:
        return tuple(video for video in self.videos if video.subset == "train")

    @property
    def test(self) -> tuple[SnippetVideo, ...]:
        return tuple(video for video in self.videos if video.subset == "test")

    @property
    def num_channels(self) -> int:
        """Channels of one stream."""
        return self.videos[0].rgb.shape[1]

    @property
    def activities(self) -> Mapping[str, tuple[SnippetVideo, ...]]:
        """The training videos as one group: localization trains on all classes together."""
        return {self.name: self.train}

    def snippet_seconds(self, video: SnippetVideo) -> float:
        """Seconds that one snippet of this video stands for."""
        if self.seconds_per_snippet is not None:
            return self.seconds_per_snippet
        return video.duration / video.num_snippets

    def to_truth(self) -> dict:
        """The annotation as ActivityNet's JSON, plain numbers and strings.

        Returns:
            {"database": {video: {"subset", "annotations": [{"label", "segment"}]}}}, with
            "duration" where it is known, and {"label"} alone where a training video, or a test
            video that has no segment at all, has a class without a time.
        """
        database = {}
        for video in self.videos:
            known = {} if video.duration is None else {"duration": float(video.duration)}
            annotations = [
                {"label": self.classes[label], "segment": [float(start), float(end)]}
                for start, end, label in video.segments
            ]
            if video.subset == "train" or not video.segments:
                timed = {label for _, _, label in video.segments}
                untimed = [label for label in np.flatnonzero(video.labels) if label not in timed]
                annotations += [{"label": self.classes[label]} for label in untimed]
            subset = self.subset_names[video.subset == "test"]
            database[video.name] = {"subset": subset, **known, "annotations": annotations}
        return {"database": database}

    def summary(self) -> str:
        """Numbers of videos, classes and channels, in one line."""
        return (
            f"{self.name}: {len(self.train)} videos to train on, {len(self.test)} to test, "
            f"{len(self.classes)} classes, {self.num_channels} channels a stream"
        )
