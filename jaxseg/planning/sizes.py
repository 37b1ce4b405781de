"""The published data sets by their sizes alone: videos without a number in them.

A plan needs shapes, and these are known without the data. Lengths are typical ones: the frames
drawn from a video, or its snippets, are a matter of the config, but for GauFuse, whose batches
are as long as their longest video: the median longest of ten training videos stands for all.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from jaxseg.config import Config
from jaxseg.data import DataSet, SnippetSet, SnippetVideo, Video
from jaxseg.data.segmentation.catalog import check_known


class Frames(NamedTuple):
    """A data set of segmentation: videos by activity, frames of a typical one, channels."""

    videos: Mapping[str, int]
    frames: int
    channels: int


class Snippets(NamedTuple):
    """A data set of localisation: training videos, classes, snippets, channels a stream."""

    videos: int
    classes: int
    snippets: int
    channels: int = 1024


# Videos of the published annotation, https://github.com/hildekuehne/HTK_actionRecognition.
BREAKFAST = {"cereals": 184, "coffee": 167, "friedegg": 173, "juice": 162, "milk": 187}
BREAKFAST |= {"pancake": 157, "salat": 163, "sandwich": 169, "scrambledegg": 166, "tea": 184}
YTI = dict.fromkeys(("changing_tire", "coffee", "cpr", "jump_car", "repot"), 30)

PUBLISHED: dict[str, Frames | Snippets] = {
    "breakfast": Frames(BREAKFAST, frames=2000, channels=64),
    "yti": Frames(YTI, frames=4000, channels=3000),
    "50salads_eval": Frames({"50salads_eval": 50}, frames=11552, channels=64),
    "50salads_mid": Frames({"50salads_mid": 50}, frames=11552, channels=64),
    "desktop_assembly": Frames({"desktop_assembly": 76}, frames=778, channels=512),
    "thumos14": Snippets(videos=200, classes=20, snippets=900),
    "thumos14_wtalc": Snippets(videos=200, classes=20, snippets=900),
    "activitynet12": Snippets(videos=4819, classes=100, snippets=341),
    "activitynet13": Snippets(videos=10024, classes=200, snippets=341),
}


def published(config: Config) -> DataSet | SnippetSet:
    """The data set that a config names, in its published size; every feature is one shared zero.

    Raises:
        ValueError: a data set without a published size, an unknown activity.
    """
    name = config.data.name
    check_known("config.data.name", [name], PUBLISHED)
    size = PUBLISHED[name]
    return _frames(config, size) if isinstance(size, Frames) else _snippets(name, size)


def _zeros(*shape: int) -> np.ndarray:
    return np.broadcast_to(np.float32(0), shape)


def _frames(config: Config, size: Frames) -> DataSet:
    check_known("activities", config.activities, size.videos)
    features = _zeros(size.frames, size.channels)
    videos = tuple(
        Video(f"{number:04d}", activity, features)
        for activity in sorted(config.activities or size.videos)
        for number in range(size.videos[activity])
    )
    return DataSet(config.data.name, videos)


def _snippets(name: str, size: Snippets) -> SnippetSet:
    features = _zeros(size.snippets, size.channels)
    labels = np.eye(size.classes, dtype=np.float32)
    videos = tuple(
        SnippetVideo(
            f"{number:05d}", "train", features, features, labels[number % size.classes], ()
        )
        for number in range(size.videos)
    )
    return SnippetSet(name, videos, tuple(f"class {index}" for index in range(size.classes)))
