"""Other programs that segment sequences without labels, to stand beside jaxseg.

Each takes the scaled videos of one activity, a number of clusters and a number of seeds.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy.cluster.vq import vq

from benchmarks.peers import hmm, twfinch
from jaxseg.data.segmentation.video import Video
from jaxseg.prediction import peers

MOST_FRAMES = {"HMM": 50_000, "TW-FINCH": 10_000}  # of all together, and of one sequence

Labels = Sequence[np.ndarray]  # int64 [frames] of every video of an activity or a data set


class Runs(NamedTuple):
    """Labels of every seed, by the scope in which equal numbers mean equal clusters."""

    activity: Sequence[Labels]
    video: Sequence[Labels]


Peer = Callable[[Sequence[Video], int, int], Runs]  # videos of an activity, K, number of seeds


def run_kmeans(videos: Sequence[Video], actions: int, seeds: int) -> Runs:
    """Clusters of frames, each averaged over its neighbors, as jaxseg's own peer has them."""
    sample = peers.evenly_sampled(videos)
    centers = [peers.kmeans(sample, actions, np.random.default_rng(seed)) for seed in range(seeds)]
    labels = [*zip(*(peers.assign(video, centers) for video in videos), strict=True)]
    return Runs(labels, labels)


def run_hmm(videos: Sequence[Video], actions: int, seeds: int) -> Runs:
    """States of one hidden Markov model of all videos."""
    step = -(-sum(video.num_frames for video in videos) // MOST_FRAMES["HMM"])
    thin = [thinned(video.frames(), step) for video in videos]
    runs = hmm.segment(thin, actions, range(seeds), kmeans_start)
    labels = [
        [np.repeat(each, step)[: video.num_frames] for each, video in zip(run, videos, strict=True)]
        for run in runs
    ]
    return Runs(labels, labels)


def kmeans_start(points: np.ndarray, actions: int, rng: np.random.Generator) -> np.ndarray:
    """Centers that the model starts from: of one run of k-means, so that restarts differ."""
    return peers.kmeans(points.astype(np.float32), actions, rng, restarts=1)


def run_twfinch(videos: Sequence[Video], actions: int, seeds: int) -> Runs:
    """Clusters of each video, and the same joined by k-means of their mean frames.

    The clusters themselves are without chance; the joining is not.
    """
    alone, means = [], []
    for video in videos:
        frames = video.frames()
        step = -(-len(frames) // MOST_FRAMES["TW-FINCH"])
        labels = np.repeat(twfinch.segment(thinned(frames, step), actions), step)[: len(frames)]
        alone.append(labels)
        means.append(twfinch.averages(frames, labels)[0].astype(np.float32))
    ends = np.cumsum([len(each) for each in means])[:-1]
    joined = []
    for seed in range(seeds):
        centers = peers.kmeans(np.concatenate(means), actions, np.random.default_rng(seed))
        groups, _ = vq(np.concatenate(means), centers)
        split = zip(np.split(groups, ends), alone, strict=True)
        joined.append([of_cluster[labels] for of_cluster, labels in split])
    return Runs(joined, [alone])


def thinned(frames: np.ndarray, step: int) -> np.ndarray:
    """Means of every `step` frames, [T / step, channels]; the last of what is left."""
    starts = np.arange(0, len(frames), step)
    counts = np.diff([*starts, len(frames)])
    return np.add.reduceat(frames, starts, axis=0) / counts[:, None]


PEERS: Mapping[str, Peer] = {"k-means": run_kmeans, "HMM": run_hmm, "TW-FINCH": run_twfinch}
