"""Fisher vectors of the tracks around each frame, as a stream."""

import dataclasses

import numpy as np

from jaxseg.features.motion.codebook import Mixture, Projection, improved
from jaxseg.features.motion.trajectories import Tracks, TrackSettings, Trajectories


@dataclasses.dataclass(frozen=True)
class Words:
    """How the descriptors of one type become a Fisher vector."""

    projection: Projection
    mixture: Mixture

    @property
    def size(self) -> int:
        return 2 * self.mixture.means.size

    def gradients(self, descriptors: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """float32 [size], a sum over the descriptors, float32 [N, D], weighted, [N]."""
        return self.mixture.gradients(self.projection(descriptors), weights).ravel()


class FisherEncoder:
    """One Fisher vector a frame, over the tracks whose middle is in a window around it.

    Row k sums the tracks with |middle - k| <= reach, as far as the video has them. A video
    shorter than a track is held at its last frame until there is one.
    """

    def __init__(self, words: dict[str, Words], tracks: TrackSettings, reach: int):
        self._words = words
        self._trajectories = Trajectories(tracks)
        self._length = tracks.length
        self._reach = reach
        # Sums over the tracks that began in frame s are in row s modulo the window's length.
        self._ring = np.zeros(
            (2 * reach + 1, sum(each.size for each in words.values())), np.float32
        )
        self._ends = np.cumsum([each.size for each in words.values()])[:-1]
        self._frames = 0
        self._starts = 0
        self._rows = 0
        self._last: np.ndarray | None = None

    def push(self, frame: np.ndarray) -> list[np.ndarray]:
        """Takes uint8 [H, W, 3]; the vectors that are ready, float32 [size] each."""
        self._frames += 1
        self._last = frame
        return self._advance(frame)

    def finish(self) -> list[np.ndarray]:
        """The vectors of the last frames."""
        rows = []
        while self._last is not None and not self._starts:
            rows += self._advance(self._last)
        while self._rows < self._frames:
            # The window moves on, out of the video; what leaves it is forgotten.
            self._ring[self._starts % len(self._ring)] = 0
            self._starts += 1
            rows += self._ready()
        return rows

    def _advance(self, frame: np.ndarray) -> list[np.ndarray]:
        tracks = self._trajectories.push(frame)
        if tracks is None:
            return []
        self._ring[self._starts % len(self._ring)] = self._sums(tracks)
        self._starts += 1
        return self._ready()

    def _sums(self, tracks: Tracks) -> np.ndarray:
        found = tracks.descriptors
        return np.concatenate(
            [words.gradients(found[name], tracks.weights) for name, words in self._words.items()]
        )

    def _ready(self) -> list[np.ndarray]:
        # The last start that counts for row k has its middle at k + reach.
        rows = []
        while (
            self._rows < self._frames
            and self._rows + self._reach < self._starts + self._length // 2
        ):
            rows.append(self._vector())
            self._rows += 1
        return rows

    def _vector(self) -> np.ndarray:
        parts = np.split(self._ring.sum(axis=0), self._ends)
        return np.concatenate([improved(part) for part in parts])
