"""Durations worth trying: around the number of segments of a cheap segmentation.

k-means on frames averaged over windows of different lengths takes seconds on any data, while
training takes minutes. Its best number of segments is mostly too high, so that more durations above
it are tried than below.
"""

import warnings
from collections.abc import Sequence

import numpy as np
from scipy.cluster.vq import kmeans2
from scipy.ndimage import uniform_filter1d

from jaxseg.prediction.peers import plus_plus
from jaxseg.runfiles.choice import TriedCount
from jaxseg.tuning.description import Description, Saving

AROUND = (1 / 8, 1 / 4, 1 / 2, 1, 2, 4)  # of the cheap segmentation's number of segments
SHORTEST = 6  # frames of an action: what is shorter cannot be told from noise
STARTS, ITERATIONS = 2, 10
ENOUGH = 0.9  # of what the best number of clusters saves
FITTED = 5_000  # frames on which k-means is fitted
# Smooth noise has clusters too: less than this times what they save of noise is no evidence.
NOISE = 1.5
NOISES = 3  # draws of it


def durations(description: Description, num_clusters: int) -> list[float]:
    """Durations to try, in frames, descending; at least one.

    Args:
        description: of an activity's sequences.
        num_clusters: K.
    """
    mean = np.mean([len(each) for each in description.whitened])
    shortest = max(SHORTEST, 3 * description.frame_time)
    segments = cheap_segmentation(description, num_clusters).segments
    tried = [mean / (segments * part) for part in AROUND]
    # Half a sequence is the longest action that leaves room for another one.
    fitting = [each for each in tried if shortest <= each <= mean / 2]
    return fitting or [float(np.clip(mean / segments, min(shortest, mean / 2), mean / 2))]


def counts(description: Description, fewest: int, most: int) -> tuple[tuple[TriedCount, ...], int]:
    """What k-means saves for each number of clusters, and the number to take.

    It is the fewest clusters that save nearly (`ENOUGH`) as much as the best number does: more
    split an action into its parts and still save a little. 0 where none saves anything, or not
    clearly more (`NOISE`) than of noise that is as smooth as the data.
    """
    tried = []
    for count in range(fewest, most + 1):
        saving = cheap_segmentation(description, count)
        tried.append(TriedCount(count, saving.nats, saving.segments))
    best = max(each.nats for each in tried)
    if best <= 0:
        return tuple(tried), 0
    taken = next(each for each in tried if each.nats >= ENOUGH * best)
    rng = np.random.default_rng(0)
    of_noise = max(
        cheap_segmentation(as_noise(description, rng), taken.num_actions).nats
        for _ in range(NOISES)
    )
    return tuple(tried), taken.num_actions if taken.nats > NOISE * of_noise else 0


def as_noise(description: Description, rng: np.random.Generator) -> Description:
    """Noise with the spectra of the data: its Fourier series with phases by chance.

    Surrogate data as in Theiler et al., Physica D 58, 1992.
    """
    drawn = []
    for each in description.whitened:
        series = np.fft.rfft(each, axis=0)
        series[1:] *= np.exp(2j * np.pi * rng.random((len(series) - 1, 1)))
        drawn.append(np.fft.irfft(series, len(each), axis=0))
    return Description(drawn)


def cheap_segmentation(description: Description, num_clusters: int) -> Saving:
    """Of k-means on frames averaged over windows of different lengths, the one that saves most."""
    window = max(2.0, np.mean([len(each) for each in description.whitened]) / 6)
    best = None
    while window >= 1:
        averaged = [
            uniform_filter1d(each, int(window), axis=0, mode="nearest")
            for each in description.whitened
        ]
        saving = description.saving(cluster(averaged, num_clusters))
        if best is None or saving.nats > best.nats:
            best = saving
        window /= 2
    return best


def cluster(sequences: Sequence[np.ndarray], num_clusters: int) -> list[np.ndarray]:
    """k-means labels of all frames, int [frames] each; a rough one is enough here."""
    rows = np.concatenate(sequences)
    fitted = rows[:: -(-len(rows) // FITTED)]
    best = None
    for seed in range(STARTS):
        starts = plus_plus(fitted, num_clusters, np.random.default_rng(seed))
        with warnings.catch_warnings(action="ignore"):  # a cluster may lose all of its frames
            centers, labels = kmeans2(fitted, starts, iter=ITERATIONS, minit="matrix")
        error = np.square(fitted - centers[labels]).sum()
        if best is None or error < best[0]:
            best = error, centers
    centers = best[1]
    squared = np.square(centers).sum(axis=1)
    return [np.argmin(squared - 2 * each @ centers.T, axis=1) for each in sequences]
