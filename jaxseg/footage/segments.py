"""Labels of frames -> segments in the video's own time."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class Segment(NamedTuple):
    """From `start` to `end`, in seconds of the video's own timestamps, whole milliseconds."""

    start: float
    end: float
    cluster: int

    @property
    def name(self) -> str:
        """What people read, in every format the same."""
        return cluster_name(self.cluster)


def cluster_name(cluster: int) -> str:
    """ "cluster 3"; what is no action has the number -1."""
    return f"cluster {cluster}" if cluster >= 0 else "no action"


def segments_of(
    labels: np.ndarray, fps: float, *, first: float = 0.0, duration: float | None = None
) -> list[Segment]:
    """Maximal runs of equal labels. Row k stands for the time first + k / fps.

    A segment ends where the next begins; the last one a row behind its last, but not behind the
    end of the video. Times before 0, which a few files have, are left out: no player knows them.

    Args:
        labels: [rows] cluster numbers.
        fps: rows a second.
        first: the video's first timestamp, seconds.
        duration: of the video in seconds, where the file says it.
    """
    borders = np.flatnonzero(np.diff(labels)) + 1
    starts = np.r_[0, borders] if len(labels) else borders
    edges = first + np.r_[starts, len(labels)] / fps
    # A file that claims to end before its last picture is not believed.
    if duration is not None and first + (len(labels) - 1) / fps < first + duration < edges[-1]:
        edges[-1] = first + duration
    edges = [round(float(edge), 3) for edge in np.maximum(edges, 0)]
    found = zip(edges[:-1], edges[1:], labels[starts], strict=True)
    return [Segment(start, end, int(label)) for start, end, label in found if start < end]


def longest(segments: Sequence[Segment], most: int) -> list[Segment]:
    """Up to `most` of them, the longest, in their order."""
    ranked = sorted(segments, key=lambda segment: segment.start - segment.end)
    return sorted(ranked[:most])
