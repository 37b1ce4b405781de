"""Description length: how many nats a segmentation saves in telling the data, labels included.

The code tells each cluster's mean, each segment's label and length, and what is left of the frames
as Gaussian noise. A segmentation that is too coarse leaves much noise; one that is too fine has
many segments to tell (minimum description length: Rissanen, Automatica 14, 1978). Frames are not
independent: those closer than `frame_time` tell the same twice, so it is the frames that are
further apart that count.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from jaxseg.data.segmentation.video import Video

COMPONENTS = 12  # principal components at most, and
VARIANCE = 0.95  # the share of the variance that they need not exceed
# Frames are copies of each other while they differ by less than this share of the variance.
COPIES = 0.2
MOST_VALUES = 2**25  # numbers of an activity that are looked at
_LEAST = 1e-6  # variance that is left of a component at least: no code is infinitely short


class Saving(NamedTuple):
    """What a segmentation saves against telling all frames as one cluster's."""

    nats: float  # a frame that counts; negative where the segmentation costs more than it tells
    segments: float  # mean number a sequence
    used: int  # clusters

    def score(self, num_clusters: int) -> float:
        """The saving, less where clusters were left out: who asks for K wants K told apart."""
        return self.nats * self.used / num_clusters if self.nats > 0 else self.nats


class Description:
    """The data of one activity, ready to be told under any segmentation.

    Args:
        sequences: frames [frames, channels] each, scaled as for training.

    Attributes:
        whitened: principal components of unit variance, float64 [frames, D] each.
        frame_time: frames from one that counts to the next, at least 1.
    """

    def __init__(self, sequences: Sequence[np.ndarray]):
        self.whitened = whiten(sequences)
        self.frame_time = frame_time(self.whitened)
        self._rows = np.concatenate(self.whitened)
        self._squares = np.square(self._rows).sum(axis=0)
        everything = [np.zeros(len(each), int) for each in sequences]
        self._plain = self._length(everything)

    def saving(self, labels: Sequence[np.ndarray]) -> Saving:
        """What a segmentation saves.

        Args:
            labels: int [frames] of each sequence, clusters; -1 is none, and told like one.
        """
        segments = sum(1 + np.count_nonzero(np.diff(each)) for each in labels)
        nats = (self._plain - self._length(labels)) / self._counted
        used = int(np.count_nonzero(np.unique(np.concatenate(labels)) >= 0))
        return Saving(float(nats), segments / len(labels), used)

    @property
    def _counted(self) -> float:
        """How many frames count."""
        return len(self._rows) / self.frame_time

    def _length(self, labels: Sequence[np.ndarray]) -> float:
        """Nats that tell the data under a segmentation, up to a constant."""
        _, clusters = np.unique(np.concatenate(labels), return_inverse=True)
        counts = np.bincount(clusters)
        sums = np.stack([np.bincount(clusters, column) for column in self._rows.T], axis=1)
        left = self._squares - (np.square(sums) / counts[:, None]).sum(axis=0)
        noise = np.log(np.maximum(left / len(self._rows), _LEAST)).sum() * self._counted / 2
        means = len(counts) * self._rows.shape[1] / 2 * np.log(self._counted)
        segments = sum(1 + np.count_nonzero(np.diff(each)) for each in labels)
        places = max(self._counted / len(labels), 2)  # where a segment can end
        return noise + means + segments * (np.log(max(len(counts), 2)) + np.log(places))


def stride(videos: Sequence[Video]) -> int:
    """Of how many frames of an activity one is looked at, so that they fit into memory."""
    values = sum(video.features.size for video in videos)
    return -(-values // MOST_VALUES)


def whiten(sequences: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The largest principal components, each of variance 1 over all sequences, float64.

    Data that does not vary at all is one component of zeros.
    """
    total = sum(map(len, sequences))
    mean = sum(np.sum(each, axis=0, dtype=np.float64) for each in sequences) / total
    covariance = sum((each - mean).T @ (each - mean) for each in sequences) / total
    values, vectors = np.linalg.eigh(covariance)
    values, vectors = values[::-1], vectors[:, ::-1]
    share = np.cumsum(values) / max(values.sum(), np.finfo(float).tiny)
    count = min(COMPONENTS, int(np.searchsorted(share, VARIANCE)) + 1)
    count = max(1, min(count, np.count_nonzero(values > 1e-9 * values[0])))
    scale = np.sqrt(np.maximum(values[:count], np.finfo(float).tiny))
    return [(each - mean) @ (vectors[:, :count] / scale) for each in sequences]


def frame_time(whitened: Sequence[np.ndarray]) -> float:
    """After how many frames a frame is no copy of an earlier one any more, at least 1.

    The lag at which half the mean squared difference of two frames of a sequence reaches `COPIES`
    of the variance within a sequence, between whole lags by linear interpolation.
    """
    level = COPIES * np.mean([each.var(axis=0).mean() for each in whitened])
    shortest = min(map(len, whitened))
    before, lag_before, lag = 0.0, 0, 1
    while lag < shortest:
        differences = [np.square(each[lag:] - each[:-lag]).mean() / 2 for each in whitened]
        difference = float(np.mean(differences))
        if difference >= level > 0:
            part = (level - before) / (difference - before)
            return max(1.0, lag_before + (lag - lag_before) * part)
        before, lag_before = difference, lag
        lag = lag + 1 if lag < 16 else lag * 5 // 4
    return float(max(1, lag_before))
