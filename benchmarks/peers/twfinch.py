"""TW-FINCH: first-neighbor clustering of one sequence's frames, weighted by time (CVPR 2021).

Sarfraz, Murray, Sharma, Diba, Van Gool, Stiefelhagen: "Temporally-Weighted Hierarchical Clustering
for Unsupervised Action Segmentation". The distance of two frames is that of their features times
that in time. Every frame joins its nearest one, and the groups do the same by their means as long
as K or more are left (Algorithm 1); then the closest two are merged until K are left (Algorithm 2).
Each sequence is clustered by itself: cluster 0 of one is no kin of cluster 0 of another.
"""

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import cdist

CHUNK = 1024  # rows of distances that are computed at once


def segment(frames: np.ndarray, num_clusters: int) -> np.ndarray:
    """Clusters of one sequence's frames [T, D]: int64 [T], `num_clusters` or T of them."""
    labels = np.arange(len(frames))
    while True:
        means, times = averages(frames, labels)
        neighbors, _ = first_neighbors(means, times)
        coarser = groups(np.arange(len(means)), neighbors)[labels]
        if coarser.max() + 1 < num_clusters or coarser.max() == labels.max():
            break
        labels = coarser
    return merge(frames, labels, num_clusters)


def merge(frames: np.ndarray, labels: np.ndarray, num_clusters: int) -> np.ndarray:
    """Merges the two closest clusters until there are `num_clusters`."""
    while labels.max() + 1 > num_clusters:
        means, times = averages(frames, labels)
        neighbors, distances = first_neighbors(means, times)
        one = distances.argmin()
        labels = groups(np.array([one]), neighbors[[one]], len(means))[labels]
    return labels


def averages(frames: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean frame [C, D] and mean time, a share of the sequence [C], of every cluster."""
    counts = np.bincount(labels)
    members = coo_array((np.ones(len(labels)), (labels, np.arange(len(labels))))).tocsr()
    times = np.arange(len(labels)) / len(labels)
    return members @ frames / counts[:, None], members @ times / counts


def first_neighbors(means: np.ndarray, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Nearest other point of each, [C], and its distance: of features times that in time."""
    neighbors, distances = np.zeros(len(means), np.int64), np.zeros(len(means))
    for first in range(0, len(means), CHUNK):
        rows = slice(first, first + CHUNK)
        apart = cdist(means[rows], means) * np.abs(times[rows, None] - times)
        places = np.arange(len(apart))
        apart[places, places + first] = np.inf
        neighbors[rows] = apart.argmin(axis=1)
        distances[rows] = apart[places, neighbors[rows]]
    return neighbors, distances


def groups(one: np.ndarray, other: np.ndarray, count: int | None = None) -> np.ndarray:
    """Connected components, int64 [C], of points that are joined in pairs."""
    count = len(one) if count is None else count
    joined = coo_array((np.ones(len(one)), (one, other)), shape=(count, count))
    return connected_components(joined, directed=False)[1].astype(np.int64)
