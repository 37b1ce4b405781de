"""Scaling of the channels: over each video, or over all videos of an activity together.

A video's own mean and variance take away what tells a recording of one behavior from a recording of
another, so people's own data are scaled over the folder. Where recordings differ by an offset each
(a camera that was moved), only their own scaling makes them alike; "auto" looks which it is.
"""

import dataclasses
import itertools
import warnings
from collections.abc import Mapping, Sequence

import numpy as np
from scipy.cluster.vq import kmeans2

from jaxseg.data.segmentation.features import Processes
from jaxseg.data.segmentation.video import Video

SAMPLED_ROWS = 100_000  # of an activity, from which its scaling is computed
OUTER = 0.5  # percent of a channel's values at either end that do not count
LIMIT = 5.0  # standard deviations beyond which values are cut off
PROBES = 8  # clusters, and
PROBE_ROWS = 10_000  # rows, with which "auto" looks at the data
# "auto" takes each video's own scaling where more than this share of the variance is between
# videos, and where clusters do not explain it: far more than real sequences of one folder had.
BETWEEN = 0.8


def scaled(videos: Sequence[Video], scaling: str, processes: Processes) -> tuple[Video, ...]:
    """The videos with their scaling, each activity's together.

    Args:
        scaling: "frame" and "channel": each video's own, see `standardization`. "folder": one for
            all videos of an activity, see `folder_scaling`. "sequence": the same statistics of
            each video alone. "auto": one of these two. With "/channel" behind one of the three
            the variance of a channel is 1, as "channel" has it.
        processes: that read together; each computes its share.
    """
    if scaling in ("frame", "channel"):
        computed = {}
        for index, video in processes.share(videos):
            mean, factor = standardization(video.features, scaling)
            computed |= {f"{index}/mean": mean, f"{index}/factor": factor}
        both = processes.exchange(computed)
        return tuple(
            dataclasses.replace(video, scaling=(both[f"{index}/mean"], both[f"{index}/factor"]))
            for index, video in enumerate(videos)
        )
    scaling, _, unit = scaling.partition("/")
    rows = _sampled(videos, processes)
    result = []
    for _, group in itertools.groupby(range(len(videos)), lambda at: videos[at].activity):
        group = list(group)
        sampled = [rows[str(index)] for index in group]
        together = folder_scaling(np.concatenate(sampled), unit)
        own = scaling == "sequence" or (scaling == "auto" and differ_by_offset(sampled, together))
        for index, each in zip(group, sampled, strict=True):
            result.append(
                dataclasses.replace(
                    videos[index],
                    scaling=folder_scaling(each, unit) if own else together,
                    limit=LIMIT / _root(each.shape[1], unit),
                )
            )
    return tuple(result)


def standardization(features: np.ndarray, scaling: str = "frame") -> tuple[np.ndarray, np.ndarray]:
    """(mean, factor) of one video, float32 [channels] each, for `Video.scaling`.

    Over the non-zero rows (x - mean) * factor has mean 0 and the same variance in each channel.
    A constant channel becomes 0.

    Args:
        features: [frames, channels], at least one row not zero.
        scaling: "frame" makes the variance 1 / channels, so that a frame's squared norm is 1 on
            average (ASOT's program); "channel" makes it 1 (TOT's).
    """
    # The type and order that training uses, so that a memory map gives the same digits as memory.
    features = np.ascontiguousarray(features, np.float32)
    rows = features[features.any(axis=1)].astype(np.float64)
    deviation = rows.std(axis=0)
    # Rounding gives a constant channel a tiny deviation; infinity makes its factor exactly 0.
    deviation[rows.max(axis=0) == rows.min(axis=0)] = np.inf
    factor = 1 / (deviation * _root(rows.shape[1], scaling))
    return rows.mean(axis=0).astype(np.float32), factor.astype(np.float32)


def _root(channels: int, unit: str) -> float:
    """What a channel's deviation is divided by: a frame has the norm 1, or a channel."""
    return 1.0 if unit == "channel" else float(np.sqrt(channels))


def folder_scaling(rows: np.ndarray, unit: str = "frame") -> tuple[np.ndarray, np.ndarray]:
    """(mean, factor), float32 [channels] each, of channels whose outermost values do not count.

    As `standardization`, but of values that are limited to the range of the inner 99 % first: a
    few wrong readings change nothing. A constant channel becomes 0.

    Args:
        rows: float64 [rows, channels] of all that is scaled together, none of them all zero.
        unit: "frame" or "channel", see `standardization`.
    """
    low, high = np.percentile(rows, [OUTER, 100 - OUTER], axis=0)
    # A channel that hardly ever moves has an inner range of nothing: all of it counts.
    still = low == high
    low, high = (
        np.where(still, edge(rows, 0), inner) for edge, inner in ((np.min, low), (np.max, high))
    )
    limited = np.clip(rows, low, high)
    deviation = limited.std(axis=0)
    deviation[low == high] = np.inf
    factor = 1 / (deviation * _root(rows.shape[1], unit))
    return limited.mean(axis=0).astype(np.float32), factor.astype(np.float32)


def differ_by_offset(videos: Sequence[np.ndarray], scaling: tuple[np.ndarray, np.ndarray]) -> bool:
    """Whether what sets videos apart is a shift of each, and not what they show.

    So it is where most of the variance is between the videos (`BETWEEN`), and k-means on all
    frames finds clusters that belong to one video each, or clusters within which the videos are
    still apart.

    Args:
        videos: sampled rows, float64 [rows, channels] each.
        scaling: of all together.
    """
    if len(videos) < 2:
        return False
    mean, factor = scaling
    thin = max(1, sum(map(len, videos)) // PROBE_ROWS)
    rows = [(video[::thin] - mean) * factor for video in videos]
    everything = np.concatenate(rows)
    owner = np.repeat(np.arange(len(rows)), [len(each) for each in rows])
    if _explained(everything, owner) <= BETWEEN:
        return False
    count = min(PROBES, len(everything))
    with warnings.catch_warnings(action="ignore"):  # a cluster may lose all of its frames
        _, labels = kmeans2(everything, count, iter=30, minit="++", rng=np.random.default_rng(0))
    shares = np.zeros((count, len(rows)))
    np.add.at(shares, (labels, owner), 1)
    present = shares > 0.05 * shares.sum(axis=0)
    shared = shares[present.sum(axis=1) >= 2].sum() / shares.sum()
    centers = np.stack(
        [
            everything[labels == k].mean(axis=0) if (labels == k).any() else everything[0]
            for k in range(count)
        ]
    )
    cells = labels * len(rows) + owner
    return shared < 0.5 or _explained(everything - centers[labels], cells) > 0.5


def _explained(rows: np.ndarray, groups: np.ndarray) -> float:
    """Share of the variance of rows [N, channels] that lies between groups, int [N]."""
    total = np.square(rows - rows.mean(axis=0)).sum()
    _, groups = np.unique(groups, return_inverse=True)
    counts = np.bincount(groups)
    sums = np.zeros((len(counts), rows.shape[1]))
    np.add.at(sums, groups, rows - rows.mean(axis=0))
    between = np.square(sums / counts[:, None]).sum(axis=1) @ counts
    return float(between / total) if total else 0.0


def _sampled(videos: Sequence[Video], processes: Processes) -> Mapping[str, np.ndarray]:
    """Evenly spread rows of each video that are not all zero, float64, by the video's place."""
    frames: dict[str, int] = {}
    for video in videos:
        frames[video.activity] = frames.get(video.activity, 0) + video.num_frames
    sampled = {}
    for index, video in processes.share(videos):
        step = max(1, frames[video.activity] // SAMPLED_ROWS)
        rows = np.asarray(video.features[::step], np.float64)
        rows = rows[rows.any(axis=1)]
        sampled[str(index)] = rows if len(rows) else np.asarray(video.features, np.float64)
    return processes.exchange(sampled)
