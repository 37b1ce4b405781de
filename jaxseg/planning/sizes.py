"""The published data sets by their sizes alone: videos without a number in them.

A plan needs shapes, and these are known without the data. Lengths are typical ones: the frames
drawn from a video, or its snippets, are a matter of the config, but for GauFuse, whose batches
are as long as their longest video: the median longest of ten training videos stands for all.
"""

import numpy as np

from jaxseg.config import Config
from jaxseg.data import (
    DATA_SETS,
    DataSet,
    LocalizationEntry,
    SegmentationEntry,
    SnippetSet,
    SnippetVideo,
    Video,
)
from jaxseg.formats.names import check_known


def published(config: Config) -> DataSet | SnippetSet:
    """The data set that a config names, in its published size; every feature is one shared zero.

    Raises:
        ValueError: a data set without a published size, an unknown activity.
    """
    name = config.data.name
    sizes = {each: entry for each, entry in DATA_SETS.items() if entry.videos}
    check_known("config.data.name", [name], sizes)
    size = sizes[name]
    return _frames(config, size) if size.task == "segmentation" else _snippets(name, size)


def _zeros(*shape: int) -> np.ndarray:
    return np.broadcast_to(np.float32(0), shape)


def _frames(config: Config, size: SegmentationEntry) -> DataSet:
    check_known("activities", config.activities, size.videos)
    features = _zeros(size.frames, size.channels)
    videos = tuple(
        Video(f"{number:04d}", activity, features)
        for activity in sorted(config.activities or size.videos)
        for number in range(size.videos[activity])
    )
    return DataSet(config.data.name, videos)


def _snippets(name: str, size: LocalizationEntry) -> SnippetSet:
    features = _zeros(size.snippets, size.channels)
    labels = np.eye(size.classes, dtype=np.float32)
    videos = tuple(
        SnippetVideo(
            f"{number:05d}", "train", features, features, labels[number % size.classes], ()
        )
        for number in range(size.videos)
    )
    return SnippetSet(name, videos, tuple(f"class {index}" for index in range(size.classes)))
