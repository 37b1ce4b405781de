"""What every export is made of: segments of a recording in time, and names of clusters."""

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import numpy as np


class Segment(NamedTuple):
    """Part of a recording, from `start` to `end` in seconds of its own timestamps."""

    start: float
    end: float
    label: str


class TimedSegment(NamedTuple):
    """A segment from `start` to `end`, in seconds of the video's own timestamps, to the ms."""

    start: float
    end: float
    cluster: int

    @property
    def name(self) -> str:
        """What people read: "cluster 3"; a frame without an action has cluster -1."""
        return cluster_name(self.cluster)


class Segmented(NamedTuple):
    """A recording and what was found in it."""

    name: str
    labels: np.ndarray  # int [frames], clusters; -1 is no action
    segments: Sequence[TimedSegment]  # in time order, in frames where `in_seconds` is False
    source: Path | None = None  # the video's file, None where it is not known
    first: float = 0.0  # first timestamp of that file, in seconds
    duration: float | None = None  # of that file, in seconds; None where it does not say
    source_fps: float | None = None  # pictures a second of that file; None where it does not say
    in_seconds: bool = True

    @classmethod
    def of(
        cls,
        name: str,
        labels: np.ndarray,
        fps: float | None,
        *,
        source: Path | None = None,
        first: float = 0.0,
        duration: float | None = None,
        source_fps: float | None = None,
    ) -> "Segmented":
        """What labels say of a recording; `fps` is None where nobody knows the rate."""
        segments = segments_of(labels, fps or 1.0, first=first, duration=duration)
        return cls(name, labels, segments, source, first, duration, source_fps, bool(fps))


class Clusters(NamedTuple):
    """Clusters 0 to count - 1, of which some have names; several may share one."""

    count: int
    names: Mapping[int, str] = MappingProxyType({})

    def name(self, cluster: int) -> str:
        """The name, or what stands in its place."""
        return self.names.get(cluster) or cluster_name(cluster)

    def first(self, cluster: int) -> int:
        """The lowest cluster of the same name."""
        name = self.names.get(cluster)
        same = (each for each, other in self.names.items() if name and other == name)
        return min(same, default=cluster)

    @property
    def distinct(self) -> dict[int, str]:
        """Cluster -> name, of the lowest cluster of each name."""
        return {each: self.name(each) for each in range(self.count) if self.first(each) == each}


def cluster_name(cluster: int) -> str:
    """ "cluster 3"; "no action" for -1."""
    return f"cluster {cluster}" if cluster >= 0 else "no action"


def segments_of(
    labels: np.ndarray, fps: float, *, first: float = 0.0, duration: float | None = None
) -> list[TimedSegment]:
    """Maximal runs of equal labels, in time. Row k stands for the time first + k / fps.

    A segment ends where the next begins; the last one a row after its last, but not after the end
    of the video. Times before 0, which a few files have, are left out: players do not know them.
    The first timestamp and the duration, None where the video's file does not say, are in seconds.
    """
    borders = np.flatnonzero(np.diff(labels)) + 1
    starts = np.r_[0, borders] if len(labels) else borders
    edges = first + np.r_[starts, len(labels)] / fps
    # A file that claims to end before its last picture is not believed.
    if duration is not None and first + (len(labels) - 1) / fps < first + duration < edges[-1]:
        edges[-1] = first + duration
    edges = [round(float(edge), 3) for edge in np.maximum(edges, 0)]
    return [
        TimedSegment(start, end, int(label))
        for start, end, label in zip(edges[:-1], edges[1:], labels[starts], strict=True)
        if start < end
    ]


def merged(segments: Sequence[TimedSegment], clusters: Clusters) -> list[TimedSegment]:
    """The segments, of which neighbors of the same name are one, of the name's lowest cluster."""
    groups = itertools.groupby(segments, key=lambda each: clusters.first(each.cluster))
    pairs = ((cluster, list(group)) for cluster, group in groups)
    return [TimedSegment(group[0].start, group[-1].end, cluster) for cluster, group in pairs]


def named(recording: Segmented, clusters: Clusters) -> list[Segment]:
    """A recording's segments by name."""
    together = merged(recording.segments, clusters)
    return [Segment(start, end, clusters.name(cluster)) for start, end, cluster in together]
