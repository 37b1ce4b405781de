"""Localization videos as batches and test inputs, which depend only on seed and step.

`SnippetStream` brings every video to a fixed number of snippets (CASE); `WholeVideoStream` pads
videos to one of a few lengths (GauFuse).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from jaxseg.data.batches.streams import Arrays, Shapes, Stream
from jaxseg.data.localization.records import SnippetVideo

View = tuple[dict[str, np.ndarray], int]  # a test video's arrays, and how many rows are valid


def snippet_indices(
    generator: np.random.Generator | None, num_snippets: int, num_samples: int
) -> np.ndarray:
    """Brings a video of any length to a fixed number of snippets (CASE).

    With L snippets and T samples, sample i is drawn uniformly from floor(i L / T) to
    floor((i + 1) L / T), both included but at most L - 1; in testing it is the first of these.
    Neighbors may thus draw the same snippet, and where L < T snippets repeat.

    Args:
        generator: None for testing.
        num_snippets: L, at least 1.
        num_samples: T.

    Returns:
        int64 [T], ascending, from 0 to L - 1.
    """
    edges = np.arange(num_samples + 1) * num_snippets // num_samples
    if generator is None:
        return edges[:-1]
    return generator.integers(edges[:-1], np.minimum(edges[1:], num_snippets - 1), endpoint=True)


def view_snippets(video: SnippetVideo, data: Any) -> View:
    """A test video brought to `data.num_snippets` snippets: "rgb" and "flow" [T, channels]."""
    rgb, flow = video.snippets(snippet_indices(None, video.num_snippets, data.num_snippets))
    return {"rgb": rgb, "flow": flow}, data.num_snippets


def bucket(length: int) -> int:
    """The padded length of videos of at most `length` snippets: 64, 96, 144, 216, 328, ...

    Multiples of 8 that grow by about a half: a whole data set needs few compiled shapes, and at
    most about a third of the padded length of a video longer than 64 snippets is empty.
    """
    padded = 64
    while padded < length:
        padded = -(-3 * padded // 16) * 8
    return padded


def view_whole(video: SnippetVideo, data: Any) -> View:
    """A test video in full: "features" [T, 2C] and "mask" [T], T of `bucket`."""
    length = bucket(video.num_snippets)
    features = np.zeros((length, 2 * video.rgb.shape[1]), np.float32)
    mask = np.zeros(length, bool)
    _write_video(video, features, mask)
    return {"features": features, "mask": mask}, video.num_snippets


class LocalizationStream(Stream):
    """Batches of training videos of one data set; see `Stream` for the arguments.

    Only whole batches of an epoch are shown, and at least one.
    """

    def __init__(self, videos: Sequence[SnippetVideo], *, seed: int, videos_per_batch: int):
        super().__init__(videos, seed=seed, videos_per_batch=videos_per_batch)
        self.known_classes = np.any([video.labels > 0 for video in videos], axis=0)

    @property
    def steps_per_epoch(self) -> int:
        return max(1, len(self.videos) // self.videos_per_batch)

    def arrays(self, num_videos: int, step: int | None) -> Shapes:
        """ "labels" and "known_classes" [videos, classes].

        "known_classes", the same for every video, is True for classes that any of them has.
        """
        classes = num_videos, len(self.known_classes)
        return {"labels": (classes, np.float32), "known_classes": (classes, bool)}

    def write(self, index: int, sample: Any, arrays: Arrays, slot: int) -> None:
        arrays["labels"][slot] = self.videos[index].labels
        arrays["known_classes"][slot] = self.known_classes


class SnippetStream(LocalizationStream):
    """Batches of videos that are brought to `num_snippets` snippets.

    Fewer videos than a batch holds are repeated until it is full, each time with other snippets:
    the pseudo-labels of CASE depend on the number of snippets.
    """

    def __init__(self, videos: Sequence[SnippetVideo], *, num_snippets: int, **options: int):
        super().__init__(videos, **options)
        self.num_snippets = num_snippets

    def arrays(self, num_videos: int, step: int | None) -> Shapes:
        """Beside the labels "rgb" and "flow" [videos, num_snippets, channels], "mask" [videos].

        "mask" is False for the empty places of a batch.
        """
        channels = self.videos[0].rgb.shape[1]
        snippets = (num_videos, self.num_snippets, channels), np.float32
        return {
            "rgb": snippets,
            "flow": snippets,
            **super().arrays(num_videos, step),
            "mask": ((num_videos,), bool),
        }

    def chosen(self, step: int | None) -> Sequence[int]:
        chosen = super().chosen(step)
        repeats = 1 if step is None else -(-self.videos_per_batch // len(chosen))
        return chosen if repeats == 1 else np.tile(chosen, repeats)[: self.videos_per_batch]

    def draw(self, video: SnippetVideo, generator: np.random.Generator) -> Any:
        return snippet_indices(generator, video.num_snippets, self.num_snippets)

    def write(self, index: int, sample: Any, arrays: Arrays, slot: int) -> None:
        super().write(index, sample, arrays, slot)
        arrays["rgb"][slot], arrays["flow"][slot] = self.videos[index].snippets(sample)
        arrays["mask"][slot] = True


class WholeVideoStream(LocalizationStream):
    """Batches of whole videos, padded to the bucket of the longest in a batch.

    Where there are fewer videos than a batch holds, it shows each of them once and has empty
    places.
    """

    def __init__(self, videos: Sequence[SnippetVideo], *, seed: int, videos_per_batch: int):
        super().__init__(videos, seed=seed, videos_per_batch=videos_per_batch)
        self._classes = [np.flatnonzero(video.labels > 0) for video in videos]

    def arrays(self, num_videos: int, step: int | None) -> Shapes:
        """Beside the labels "features" [videos, T, 2C], RGB before flow, "mask" [videos, T], ...

        "mask" is True for snippets and False for padding. "classes" [videos, c] are the indices
        of a video's classes, padded with -1; c is the most that any video has. "video" [videos]
        is a video's index in the stream, -1 in an empty place; "epoch" [videos] is the same
        number for all.
        """
        length = bucket(max(self.videos[index].num_snippets for index in self.chosen(step)))
        channels = 2 * self.videos[0].rgb.shape[1]
        return {
            "features": ((num_videos, length, channels), np.float32),
            "mask": ((num_videos, length), bool),
            **super().arrays(num_videos, step),
            "classes": ((num_videos, max(map(len, self._classes))), np.int32),
            "video": ((num_videos,), np.int32),
            "epoch": ((num_videos,), np.float32),
        }

    def prepare(self, step: int | None, arrays: Arrays) -> None:
        arrays["video"][:] = arrays["classes"][:] = -1
        arrays["epoch"][:] = 0 if step is None else step // self.steps_per_epoch

    def write(self, index: int, sample: Any, arrays: Arrays, slot: int) -> None:
        super().write(index, sample, arrays, slot)
        _write_video(self.videos[index], arrays["features"][slot], arrays["mask"][slot])
        classes = self._classes[index]
        arrays["classes"][slot, : len(classes)] = classes
        arrays["video"][slot] = index


def _write_video(video: SnippetVideo, features: np.ndarray, mask: np.ndarray) -> None:
    """Writes RGB, then flow; the assignment converts them without a copy in between."""
    length, channels = video.rgb.shape
    features[:length, :channels] = video.rgb
    features[:length, channels:] = video.flow
    mask[:length] = True
