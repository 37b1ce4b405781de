"""Localization videos brought to a fixed number of snippets: training batches and test videos.

A batch depends only on seed and step.
"""

import functools
from collections.abc import Sequence

import numpy as np

from jaxseg.data.localization.records import SnippetVideo

_ORDER, _SNIPPETS, _WARM_START = range(3)  # independent streams of random numbers


def steps_per_epoch(num_videos: int, videos_per_batch: int) -> int:
    """Whole batches in an epoch; the incomplete last one is dropped, and there is at least one."""
    return max(1, num_videos // videos_per_batch)


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


def test_snippets(video: SnippetVideo, num_samples: int) -> tuple[np.ndarray, np.ndarray]:
    """RGB and flow of a video as prediction sees it, float32 [num_samples, channels] each."""
    return video.snippets(snippet_indices(None, video.num_snippets, num_samples))


class SnippetStream:
    """The batches of training videos under one seed: {"rgb", "flow", "labels", ...}.

    Every epoch is a new permutation of the videos, of which whole batches are shown. Fewer
    videos than a batch holds are repeated until it is full, each time with other snippets: the
    pseudo-labels of CASE depend on the number of snippets.

    Args:
        videos: at least one; all of them training videos of one data set.
        seed: of all random numbers.
        videos_per_batch: B.
        num_snippets: T, to which every video is brought.
    """

    def __init__(
        self,
        videos: Sequence[SnippetVideo],
        *,
        seed: int,
        videos_per_batch: int,
        num_snippets: int,
    ):
        self.videos = videos
        self.seed = seed
        self.videos_per_batch = videos_per_batch
        self.num_snippets = num_snippets
        self.num_channels = videos[0].rgb.shape[1]
        self.known_classes = np.any([video.labels > 0 for video in videos], axis=0)
        self._order = functools.lru_cache(maxsize=2)(self._shuffled)

    def arrays(self, num_videos: int, step: int | None) -> dict[str, tuple[tuple[int, ...], type]]:
        """Shape and dtype of each array of a batch, the same at every step.

        "rgb" and "flow" are [videos, num_snippets, channels], "labels" [videos, classes];
        "known_classes" [videos, classes], the same for every video, is True for classes that any
        of them has; "mask" [videos] is False for the empty places of a batch.
        """
        snippets = (num_videos, self.num_snippets, self.num_channels), np.float32
        classes = num_videos, len(self.known_classes)
        return {
            "rgb": snippets,
            "flow": snippets,
            "labels": (classes, np.float32),
            "known_classes": (classes, bool),
            "mask": ((num_videos,), bool),
        }

    def write_batch(self, step: int, arrays: dict[str, np.ndarray], first: int = 0) -> None:
        """Writes the batch of a step, or some videos of it, into zeroed arrays.

        Args:
            step: counts from 0 over all epochs.
            arrays: as `arrays` describes them, for any number of videos.
            first: place in the batch of the first of them.
        """
        per_epoch = steps_per_epoch(len(self.videos), self.videos_per_batch)
        epoch, position = divmod(step, per_epoch)
        places = np.arange(self.videos_per_batch) + position * self.videos_per_batch
        chosen = self._order(epoch)[places % len(self.videos)]
        self._write(chosen, self._generator(_SNIPPETS, step), arrays, first)

    def write_warm_start(self, arrays: dict[str, np.ndarray]) -> None:
        """Writes one sample of every video, in order."""
        self._write(range(len(self.videos)), self._generator(_WARM_START), arrays)

    def _generator(self, purpose: int, number: int = 0) -> np.random.Generator:
        return np.random.default_rng((self.seed, purpose, number))

    def _shuffled(self, epoch: int) -> np.ndarray:
        return self._generator(_ORDER, epoch).permutation(len(self.videos))

    def _write(
        self,
        chosen: Sequence[int],
        generator: np.random.Generator,
        arrays: dict[str, np.ndarray],
        first: int = 0,
    ) -> None:
        """Writes the chosen videos whose places are those of `arrays`.

        Draws for all of them, so that no video's sample depends on which others are written.
        """
        places = range(first, first + len(arrays["mask"]))
        for place, index in enumerate(chosen):
            video = self.videos[index]
            sample = snippet_indices(generator, video.num_snippets, self.num_snippets)
            if place not in places:
                continue
            slot = place - first
            arrays["rgb"][slot], arrays["flow"][slot] = video.snippets(sample)
            arrays["labels"][slot] = video.labels
            arrays["known_classes"][slot] = self.known_classes
            arrays["mask"][slot] = True
