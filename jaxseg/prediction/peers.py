"""k-means on the frames that training sees: what any method has to beat, one run for each seed."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from scipy.cluster import vq
from scipy.ndimage import uniform_filter1d
from tqdm import tqdm

from jaxseg.data.segmentation.records import DataSet
from jaxseg.data.segmentation.video import Video
from jaxseg.runfiles import segmentation as files
from jaxseg.runfiles.segmentation import KMEANS, KMEANS_WINDOW
from jaxseg.training.members import Member

RESTARTS = 5  # of which the one with the least squared distances wins
MOST_FRAMES = 50_000  # that are fitted; of more, evenly chosen ones
MOST_VALUES = 2**25  # numbers that are fitted at most, for features of very many channels
CHUNK_VALUES = 2**22  # numbers that are read and assigned at once
_CONVERGED = 1e-5  # change of the mean distance, as a share of the points' own size


def write_kmeans(
    peers: Path, data: DataSet, members: Sequence[Member], *, progress: bool = True
) -> None:
    """Writes the labels of k-means for each seed of the members, K as theirs.

    A seed whose members are tested on videos of their own is fitted on the others and labels the
    test videos. The same seed and frames give the same labels.

    Args:
        peers: the folder `peers`, or the one that takes its name at the end.
        members: all of one activity have one K.
    """
    runs: dict[str, dict[int, Member]] = {}  # variants of a seed share its peer
    for member in members:
        runs.setdefault(member.activity, {})[member.seed] = member
    total = sum(map(len, runs.values()))
    with tqdm(total=total, desc=KMEANS, unit="run", disable=not progress) as bar:
        for activity, videos in data.activities.items():
            samples: dict[tuple[str, ...], np.ndarray] = {}  # by the videos that are left out
            centers = []
            for member in runs[activity].values():
                if member.test not in samples:
                    fitted = [video for video in videos if video.name not in member.test]
                    samples = {member.test: evenly_sampled(fitted)}
                rng = np.random.default_rng([member.seed, *activity.encode()])
                centers.append(kmeans(samples[member.test], member.num_clusters, rng))
                bar.update()
            for video in videos:
                labels = assign(video, centers)
                for member, each in zip(runs[activity].values(), labels, strict=True):
                    if not member.test or video.name in member.test:
                        directory = files.peer_directory(KMEANS, member.seed)
                        files.write_labels(peers, activity, directory, video.name, each)


def kmeans(
    points: np.ndarray, num_clusters: int, rng: np.random.Generator, *, restarts: int = RESTARTS
) -> np.ndarray:
    """Centers of the best of several runs of Lloyd's iterations from k-means++ starts.

    Args:
        points: float32 [N, channels].

    Returns:
        float32 [K, channels]; fewer than K where there are fewer distinct points.
    """
    # Squared distances are differences of squared lengths: far from 0 they would lose all digits.
    middle = points.mean(axis=0, dtype=np.float64).astype(np.float32)
    points = points - middle
    size = float(np.sqrt(np.mean(np.square(points).sum(axis=1))))
    best, least = points[:1], np.inf
    for _ in range(restarts):
        centers = plus_plus(points, num_clusters, rng)
        if len(centers) > 1:  # SciPy takes a single number for a number of clusters
            centers, _ = vq.kmeans(points, centers, thresh=_CONVERGED * size, check_finite=False)
        _, distances = vq.vq(points, centers, check_finite=False)
        error = np.mean(np.square(distances, dtype=np.float64))
        if error < least:
            best, least = centers, error
    return best + middle


def plus_plus(points: np.ndarray, num_clusters: int, rng: np.random.Generator) -> np.ndarray:
    """k-means++ starts (Arthur and Vassilvitskii, 2007): distinct points, float32 [K or fewer, D].

    Each is drawn in proportion to its squared distance from those before it.
    """
    centers = [points[rng.integers(len(points))]]
    distances = np.full(len(points), np.inf, np.float32)
    while len(centers) < num_clusters:
        distances = np.minimum(distances, np.square(points - centers[-1]).sum(axis=1))
        total = distances.cumsum(dtype=np.float64)
        if total[-1] == 0:
            break
        # The first point whose sum is beyond the draw has a distance of its own: it is new.
        draw = np.searchsorted(total, rng.random() * total[-1], side="right")
        centers.append(points[min(draw, len(points) - 1)])
    return np.stack(centers)


def assign(video: Video, centers: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Nearest center of every frame of a video, int [frames], by each of several sets."""
    labels = [np.empty(video.num_frames, np.int64) for _ in centers]
    for start, frames in smoothed_chunks(video):
        for target, each in zip(labels, centers, strict=True):
            # As in the fit: far from 0 the distances would lose their digits.
            middle = each.mean(axis=0)
            nearest, _ = vq.vq(frames - middle, each - middle, check_finite=False)
            target[start : start + len(frames)] = nearest
    return labels


def evenly_sampled(videos: Sequence[Video]) -> np.ndarray:
    """Smoothed frames of all videos, float32 [N, channels]: all, or as many as may be fitted."""
    channels = videos[0].features.shape[1]
    most = max(1, min(MOST_FRAMES, MOST_VALUES // channels))
    step = -(-sum(video.num_frames for video in videos) // most)
    sample, before = [], 0  # frames before this chunk, of all videos
    for video in videos:
        for _, frames in smoothed_chunks(video):
            sample.append(frames[-before % step :: step].copy())  # a view would keep the chunk
            before += len(frames)
    return np.concatenate(sample)


def smoothed_chunks(video: Video) -> Iterator[tuple[int, np.ndarray]]:
    """A video's frames, each the mean of `KMEANS_WINDOW` around it, in chunks of bounded memory.

    Frames without a feature, rows of zeros, count in no mean and stay zero, as training sees them.

    Yields:
        The index of the first frame; float32 [frames, channels].
    """
    chunk, halo = max(1, CHUNK_VALUES // video.features.shape[1]), KMEANS_WINDOW // 2
    for start in range(0, video.num_frames, chunk):
        low = max(0, start - halo)
        frames = video.frames(slice(low, min(start + chunk + halo, video.num_frames)))
        has_feature = frames.any(axis=1, keepdims=True)
        sums, counts = (
            uniform_filter1d(array, KMEANS_WINDOW, axis=0, mode="constant")
            for array in (frames, has_feature.astype(np.float32))
        )
        means = np.where(has_feature, sums / np.where(has_feature, counts, 1), 0)
        yield start, means[start - low :][:chunk]
