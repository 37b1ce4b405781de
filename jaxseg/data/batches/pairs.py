"""TOT's samples: anchors from equal bins of a video, and for each a neighbour in time."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from jaxseg.data.batches.frames import FrameStream
from jaxseg.data.segmentation.records import Video


def paired_indices(
    generator: np.random.Generator, num_frames: int, num_samples: int, bins: int, window: int
) -> tuple[np.ndarray, np.ndarray]:
    """Frames in ascending order, repeats kept, and which of them belong together.

    Each of `bins` equal parts of the video gives num_samples / (2 bins) anchors; the neighbour of
    an anchor lies -window to window - 1 frames away, or at the end of the video where it would
    lie beyond. A bin without a frame, in a video shorter than `bins`, gives the one after it.

    Returns:
        frames [num_samples], and [bins, 2] the places among them of each bin's first anchor and
        of its neighbour.
    """
    edges = np.arange(bins + 1) * num_frames // bins
    starts = np.repeat(edges[:-1], num_samples // (2 * bins))
    lengths = np.repeat(np.maximum(np.diff(edges), 1), num_samples // (2 * bins))
    anchors = starts + (generator.random(len(starts)) * lengths).astype(np.int64)
    neighbours = anchors + generator.integers(-window, window, len(anchors))
    drawn = np.clip(np.concatenate([anchors, neighbours]), 0, num_frames - 1)
    order = np.argsort(drawn, kind="stable")
    places = np.empty(num_samples, np.int32)
    places[order] = np.arange(num_samples)
    first = np.arange(bins) * (len(anchors) // bins)
    return drawn[order], np.stack([places[first], places[len(anchors) + first]], axis=1)


class PairStream(FrameStream):
    """As `FrameStream`, with the frames of TOT: see `paired_indices`.

    Beside "frames" and "mask" there are "time", each frame's place in its video from 0 to 1, and
    "pairs" [videos, bins, 2] of anchors and their neighbours.
    """

    def __init__(self, videos: Sequence[Video], *, bins: int, window: int, **others):
        super().__init__(videos, **others)
        self.bins, self.window = bins, window

    def arrays(self, num_videos: int, step: int | None) -> dict[str, tuple[tuple[int, ...], type]]:
        return super().arrays(num_videos, step) | {
            "time": ((num_videos, self.frames_per_video), np.float32),
            "pairs": ((num_videos, self.bins, 2), np.int32),
        }

    def draw(self, video: Video, generator: np.random.Generator) -> Any:
        return paired_indices(
            generator, video.num_frames, self.frames_per_video, self.bins, self.window
        )

    def write(self, video: Video, picked: Any, arrays: dict[str, np.ndarray]) -> None:
        picked, arrays["pairs"][:] = picked
        arrays["frames"][:] = video.frames(picked)
        arrays["time"][:] = picked / video.num_frames
        arrays["mask"][:] = True
