"""Localization videos in full, padded to one of a few lengths: training batches and test videos."""

import functools
from collections.abc import Sequence

import numpy as np

from jaxseg.data.batches.snippets import steps_per_epoch
from jaxseg.data.localization.records import SnippetVideo

_ORDER = 0  # the only stream of random numbers


def bucket(length: int) -> int:
    """The padded length of videos of at most `length` snippets: 64, 96, 144, 216, 328, ...

    Multiples of 8 that grow by about a half: a whole data set needs few compiled shapes, and at
    most about a third of the padded length of a video longer than 64 snippets is empty.
    """
    padded = 64
    while padded < length:
        padded = -(-3 * padded // 16) * 8
    return padded


def whole_video(video: SnippetVideo) -> dict[str, np.ndarray]:
    """A video as prediction sees it: {"features" [T, 2C], "mask" [T]}, T of `bucket`."""
    length = bucket(video.num_snippets)
    arrays = {
        "features": np.zeros((length, 2 * video.rgb.shape[1]), np.float32),
        "mask": np.zeros(length, bool),
    }
    _write_video(video, arrays["features"], arrays["mask"])
    return arrays


def _write_video(video: SnippetVideo, features: np.ndarray, mask: np.ndarray) -> None:
    """Writes RGB, then flow; the assignment converts them without a copy in between."""
    length, channels = video.rgb.shape
    features[:length, :channels] = video.rgb
    features[:length, channels:] = video.flow
    mask[:length] = True


class WholeVideoStream:
    """The batches of training videos under one seed: {"features", "mask", "labels", ...}.

    Every epoch is a new permutation of the videos, of which whole batches are shown. Where there
    are fewer videos than a batch holds, it shows each of them once and has empty places.

    Args:
        videos: at least one; all of them training videos of one data set.
        seed: of the order.
        videos_per_batch: B.
    """

    def __init__(self, videos: Sequence[SnippetVideo], *, seed: int, videos_per_batch: int):
        self.videos = videos
        self.seed = seed
        self.videos_per_batch = videos_per_batch
        self.num_channels = 2 * videos[0].rgb.shape[1]
        self.known_classes = np.any([video.labels > 0 for video in videos], axis=0)
        self._classes = [np.flatnonzero(video.labels > 0) for video in videos]
        self._order = functools.lru_cache(maxsize=2)(self._shuffled)

    def arrays(self, num_videos: int, step: int | None) -> dict[str, tuple[tuple[int, ...], type]]:
        """Shape and dtype of each array of a step's batch; T is the bucket of its longest video.

        "features" [videos, T, 2C] hold RGB before flow; "mask" [videos, T] is True for snippets
        and False for padding. "labels" [videos, classes] are those of the videos, "classes"
        [videos, c] the indices of a video's classes, padded with -1; c is the most that any video
        has. "known_classes" [videos, classes], the same for every video, is True for classes that
        any of them has. "video" [videos] is a video's index in the stream, -1 in an empty place;
        "epoch" [videos] is the same number for all.
        """
        length = bucket(max(self.videos[index].num_snippets for index in self._shown(step)))
        classes = num_videos, len(self.known_classes)
        most = max(map(len, self._classes))
        return {
            "features": ((num_videos, length, self.num_channels), np.float32),
            "mask": ((num_videos, length), bool),
            "labels": (classes, np.float32),
            "known_classes": (classes, bool),
            "classes": ((num_videos, most), np.int32),
            "video": ((num_videos,), np.int32),
            "epoch": ((num_videos,), np.float32),
        }

    def write_batch(self, step: int, arrays: dict[str, np.ndarray], first: int = 0) -> None:
        """Writes the batch of a step, or some videos of it, into zeroed arrays.

        Args:
            step: counts from 0 over all epochs.
            arrays: as `arrays` describes them, for any number of videos; T may be larger.
            first: place in the batch of the first of them.
        """
        chosen = self._shown(step)[first : first + len(arrays["mask"])]
        self._write(chosen, step // self._steps_per_epoch, arrays)

    def write_warm_start(self, arrays: dict[str, np.ndarray]) -> None:
        """Writes every video, in order, as of epoch 0."""
        self._write(self._shown(None), 0, arrays)

    @property
    def _steps_per_epoch(self) -> int:
        return steps_per_epoch(len(self.videos), self.videos_per_batch)

    def _shown(self, step: int | None) -> Sequence[int]:
        """Indices of the videos in the batch of a step; all of them for the warm start."""
        if step is None:
            return range(len(self.videos))
        epoch, position = divmod(step, self._steps_per_epoch)
        start = position * self.videos_per_batch
        return self._order(epoch)[start : start + self.videos_per_batch]

    def _shuffled(self, epoch: int) -> np.ndarray:
        generator = np.random.default_rng((self.seed, _ORDER, epoch))
        return generator.permutation(len(self.videos))

    def _write(self, chosen: Sequence[int], epoch: int, arrays: dict[str, np.ndarray]) -> None:
        arrays["video"][:] = arrays["classes"][:] = -1
        arrays["epoch"][:] = epoch
        for slot, index in enumerate(chosen):
            video, classes = self.videos[index], self._classes[index]
            _write_video(video, arrays["features"][slot], arrays["mask"][slot])
            arrays["labels"][slot] = video.labels
            arrays["known_classes"][slot] = self.known_classes
            arrays["classes"][slot, : len(classes)] = classes
            arrays["video"][slot] = index
