"""Decodings without transport: the best class, the most frequent one around, a given order."""

import jax
import numpy as np

from jaxseg.decode.padding import pad
from jaxseg.solvers import viterbi

SHARE = 25  # a window is a 25th of the video where nothing else is said
STATES = 16  # lengths of transcripts are rounded up to a multiple, for fewer programs


def argmax(scores: np.ndarray) -> np.ndarray:
    """The best class of every frame, int64 [N]; the first of equal ones."""
    return scores.argmax(1)


def mode_filter(labels: np.ndarray, window: int | None = None) -> np.ndarray:
    """The most frequent label in a window around each frame: the median filter of labels.

    Args:
        labels: int [N], from 0.
        window: frames, odd; cut at both ends of the video. Default: a 25th of the video, as far
            as FUGW's default radius reaches.

    Returns:
        int [N]. Of equally frequent labels the frame's own one stays, else the first is taken.
    """
    reach = len(labels) // (2 * SHARE) if window is None else window // 2
    frames = np.arange(len(labels))
    sums = np.zeros((len(labels) + 1, int(labels.max()) + 1), np.int32)
    sums[frames + 1, labels] = 1
    np.cumsum(sums, axis=0, out=sums)
    counts = sums[np.minimum(frames + reach + 1, len(labels))] - sums[np.maximum(frames - reach, 0)]
    own = counts[frames, labels] == counts.max(1)
    return np.where(own, labels, counts.argmax(1))


def usual_order(labels: np.ndarray) -> np.ndarray:
    """The labels that occur, by the mean time of their frames, int [T]."""
    present, place = np.unique(labels, return_inverse=True)
    times = np.bincount(place, np.arange(len(labels))) / np.bincount(place)
    return present[np.argsort(times, kind="stable")]


def align(log_likelihood: np.ndarray, transcript: np.ndarray) -> np.ndarray:
    """The likeliest segmentation that shows the classes of a transcript one after the other.

    Args:
        log_likelihood: [N, K].
        transcript: int [T], classes in their order; one may come again. A video of fewer than T
            frames shows a stretch of it.

    Returns:
        int [N], classes.
    """
    spare = np.zeros(-len(transcript) % STATES, int)
    states, mask = pad(log_likelihood[:, np.append(transcript, spare)])
    there = np.arange(states.shape[1]) < len(transcript)
    path = np.asarray(_align(states, mask, there))[: len(log_likelihood)]
    return transcript[path]


@jax.jit
def _align(states, mask, there):
    return viterbi.decode(states, mask=mask, cluster_mask=there)
