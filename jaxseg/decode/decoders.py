"""The four decoders of one video: best class, most frequent one around, a given order, FUGW.

Videos are padded to a few lengths, so that XLA compiles a few programs and not one a video; no
result depends on it.
"""

import functools
from collections.abc import Sequence

import jax
import numpy as np

from jaxseg.decode.settings import Settings
from jaxseg.solvers import fugw, viterbi

SHARE = 25  # the default window is a 25th of the video
STATES = 16  # lengths of transcripts are rounded up to a multiple, for fewer programs
SHORTEST = 256  # compiling one more program takes a second, these frames a millisecond
# Largest array of a program, in numbers; a few arrays of this size exist at once.
CELLS = 2**24


def argmax(scores: np.ndarray) -> np.ndarray:
    """Best class of every frame, int64 [N]; the first of equal ones."""
    return scores.argmax(1)


def mode_filter(labels: np.ndarray, window: int | None = None) -> np.ndarray:
    """Most frequent of the labels, int [N] from 0, in a window around each frame, int [N].

    This median filter for labels has a window of an odd number of frames, which is cut at both
    ends of the video. By default it is a 25th of the video, as far as FUGW's default radius
    reaches. Among equally frequent labels the frame keeps its own, or takes the first one.
    """
    reach = len(labels) // (2 * SHARE) if window is None else window // 2
    frames = np.arange(len(labels))
    sums = np.zeros((len(labels) + 1, int(labels.max()) + 1), np.int32)
    sums[frames + 1, labels] = 1
    np.cumsum(sums, axis=0, out=sums)
    counts = sums[np.minimum(frames + reach + 1, len(labels))] - sums[np.maximum(frames - reach, 0)]
    kept = counts[frames, labels] == counts.max(1)
    return np.where(kept, labels, counts.argmax(1))


def order_by_time(labels: np.ndarray) -> np.ndarray:
    """Labels that occur, by the mean time of their frames, int [T]."""
    present, place = np.unique(labels, return_inverse=True)
    times = np.bincount(place, np.arange(len(labels))) / np.bincount(place)
    return present[np.argsort(times, kind="stable")]


def align(log_likelihood: np.ndarray, transcript: np.ndarray) -> np.ndarray:
    """Likeliest segmentation that shows the classes of a transcript one after the other (Viterbi).

    `log_likelihood` is [N, K], `transcript` int [T], in which a class may recur; the result is int
    [N], classes. A video of fewer than T frames shows a part of the transcript, without gaps.
    """
    spare = np.zeros(-len(transcript) % STATES, int)
    states, mask = pad(log_likelihood[:, np.append(transcript, spare)])
    state_mask = np.arange(states.shape[1]) < len(transcript)
    path = np.asarray(_viterbi(states, mask, state_mask))[: len(log_likelihood)]
    return transcript[path]


@jax.jit
def _viterbi(states, mask, state_mask):
    return viterbi.decode(states, mask=mask, cluster_mask=state_mask)


def transport(cost: np.ndarray, settings: Sequence[Settings], iterations: int) -> np.ndarray:
    """FUGW decodings of one video with costs [N, K], int32 [settings, N], one row a setting.

    All settings go through the solver at once, each a member of one program. If an array would
    hold more than `CELLS` numbers, they go in equal parts through the same program.
    """
    padded, mask = pad(cost)
    size = min(len(settings), max(1, CELLS // padded.size))
    values = np.array(settings, np.float32)
    # The last part is filled up with copies of the last setting.
    values = np.concatenate([values, np.repeat(values[-1:], -len(values) % size, axis=0)])
    parts = np.split(values, len(values) // size)
    labels = [np.asarray(_fugw(padded, mask, part, iterations)) for part in parts]
    return np.concatenate(labels)[: len(settings), : len(cost)]


@functools.partial(jax.jit, static_argnames="iterations")
def _fugw(cost, mask, members, iterations):
    """Best class of every frame, [members, N]."""

    def one(member):
        settings = Settings(*member)._asdict()
        solution = fugw.solve(cost, mask=mask, num_iterations=iterations, **settings)
        return solution.plan.argmax(1).astype(np.int32)

    return jax.vmap(one)(members)


def padded_length(length: int) -> int:
    """Smallest of 256, 384, 512, 768, 1024, ... that is not below `length`."""
    power = max(SHORTEST, 1 << (length - 1).bit_length())
    between = 3 * power // 4
    return between if between > SHORTEST and length <= between else power


def pad(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A matrix [N, K] with rows of zeros added, and a mask bool [padded], True on its N rows."""
    length = padded_length(len(matrix))
    padded = np.zeros((length, *matrix.shape[1:]), matrix.dtype)
    padded[: len(matrix)] = matrix
    return padded, np.arange(length) < len(matrix)
