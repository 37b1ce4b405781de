"""One sequence: its frames, its labels and its scaling."""

import dataclasses
import itertools
import zlib

import numpy as np


@dataclasses.dataclass(frozen=True, eq=False)
class Video:
    """One untrimmed video.

    Attributes:
        name: file stem, unique within its activity.
        activity: the group of videos that is trained, decoded and matched together.
        features: float32 [frames, channels] as published, in memory or memory-mapped.
        labels: int32 [frames], indices into `DataSet.classes`; None where there is no truth.
        scaling: (mean, factor), float32 [channels] each, or None.
        limit: scaled values lie in [-limit, limit]; None: no limit.
        top: whether its activity is named after whatever folder it lies in, see `layouts.Source`.
        checksum: of the file of features, see `features.checksum`; "" where there is no file.
    """

    name: str
    activity: str
    features: np.ndarray
    labels: np.ndarray | None = None
    scaling: tuple[np.ndarray, np.ndarray] | None = None
    limit: float | None = None
    top: bool = False
    checksum: str = ""

    @property
    def num_frames(self) -> int:
        return len(self.features)

    def pieces(self, count: int) -> list["Video"]:
        """The video in so many pieces of about the same length, without a copy."""
        edges = [self.num_frames * number // count for number in range(count + 1)]
        return [
            dataclasses.replace(
                self,
                features=self.features[start:stop],
                labels=None if self.labels is None else self.labels[start:stop],
            )
            for start, stop in itertools.pairwise(edges)
        ]

    def frames(self, index: slice | np.ndarray = slice(None)) -> np.ndarray:
        """Features of the chosen frames, scaled where the data set has a scaling.

        Rows that are zero in the file stay zero: they mark frames without a feature, which a
        shift would turn into the most frequent feature of the video.
        """
        rows = np.asarray(self.features[index], np.float32)
        if self.scaling is None:
            return rows
        mean, factor = self.scaling
        scaled = (rows - mean) * factor
        if self.limit is not None:
            scaled = np.clip(scaled, -self.limit, self.limit)
        return np.where(rows.any(axis=-1, keepdims=True), scaled, rows)


def activity_number(activity: str, top: bool) -> int:
    """What an activity adds to a seed: a number from its name, 0 where it is `top`.

    A folder of one's own may have any name, which must not change what comes out.
    """
    return 0 if top else zlib.crc32(activity.encode())
