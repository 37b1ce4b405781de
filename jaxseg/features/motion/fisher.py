"""Fisher vectors: PCA and a Gaussian mixture of descriptors, and one vector a frame, as a stream.

Perronnin, Sanchez and Mensink, "Improving the Fisher kernel for large-scale image
classification", ECCV 2010.
"""

import warnings
from typing import NamedTuple

import numpy as np

from jaxseg.features import need
from jaxseg.features.fitting.projection import Projection
from jaxseg.features.motion.trajectories import Trajectories

LEAST_VARIANCE = 1e-5  # of a mixture's component in a dimension; descriptors are at most 1 long
EM_ROUNDS = 60


class Mixture(NamedTuple):
    """Mixture of K Gaussians with diagonal covariances."""

    weights: np.ndarray  # float32 [K], sum 1
    means: np.ndarray  # float32 [K, D]
    variances: np.ndarray  # float32 [K, D]

    def responsibilities(self, x: np.ndarray) -> np.ndarray:
        """Probability of each component for each vector, float32 [N, K], of float32 [N, D]."""
        precisions = 1 / self.variances
        constants = np.log(self.weights) - 0.5 * (
            np.log(self.variances) + self.means**2 * precisions
        ).sum(axis=1)
        scores = constants + x @ (self.means * precisions).T - 0.5 * x**2 @ precisions.T
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True)

    def gradients(self, x: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Gradients of the weighted log-likelihood of N vectors, normalized by Fisher's metric.

        Of x, float32 [N, D], and weights, [N], they are float32 [2, K, D]: for the means, for the
        standard deviations. They are sums over the vectors, so that those of two sets add up.
        """
        shares = self.responsibilities(x) * weights[:, None]
        zeroth, first, second = shares.sum(axis=0)[:, None], shares.T @ x, shares.T @ x**2
        scale = np.sqrt(self.weights)[:, None]
        means = (first - zeroth * self.means) / (scale * np.sqrt(self.variances))
        squares = second - 2 * self.means * first + zeroth * (self.means**2 - self.variances)
        return np.stack([means, squares / (np.sqrt(2) * scale * self.variances)])


def fit_mixture(x: np.ndarray, components: int, seed: int) -> Mixture:
    """Fits a mixture to N vectors, [N, D], by EM from k-means; N may be smaller than K."""
    need("sklearn")
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    model = GaussianMixture(
        components,
        covariance_type="diag",
        reg_covar=LEAST_VARIANCE,
        max_iter=EM_ROUNDS,
        random_state=seed,
    )
    x = np.asarray(x, np.float64)
    if len(x) < components:
        x = np.resize(x, (components, x.shape[1]))
    with warnings.catch_warnings():
        # A still or flat picture has fewer distinct descriptors than there are components.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(x)
    return Mixture(
        weights=np.asarray(model.weights_, np.float32),
        means=np.asarray(model.means_, np.float32),
        variances=np.asarray(model.covariances_, np.float32),
    )


def normalized(gradients: np.ndarray) -> np.ndarray:
    """Power and length normalization, float32 of any shape: signed roots, of length 1 or 0."""
    roots = np.sign(gradients) * np.sqrt(np.abs(gradients))
    length = np.linalg.norm(roots)
    return roots / length if length > 0 else roots


class Words(NamedTuple):
    """Turns the descriptors of one type into a Fisher vector: a projection and a mixture."""

    projection: Projection
    mixture: Mixture

    @property
    def size(self) -> int:
        """Length of a Fisher vector."""
        return 2 * self.mixture.means.size

    def gradients(self, descriptors: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Sum over the descriptors, float32 [N, D], by their weights, [N]: float32 [size]."""
        return self.mixture.gradients(self.projection(descriptors), weights).ravel()


class FisherEncoder:
    """Makes one Fisher vector a frame, of the tracks whose middle is in a window around it.

    Vector k sums the tracks with |middle - k| <= reach, as far as the video has them. The last
    frame of a video shorter than a track is repeated until there is a track.

    Args:
        words: of each type of descriptor.
        length: frames of a track.
        reach: frames to either side of a row's own.
        projection: of the vectors; None: they stay as they are.
    """

    def __init__(
        self,
        words: dict[str, Words],
        length: int,
        reach: int,
        projection: Projection | None = None,
    ):
        self._words = words
        self._trajectories = Trajectories(length)
        self._length = length
        self._reach = reach
        self._projection = projection
        ends = np.cumsum([each.size for each in words.values()])
        self._ends = ends[:-1]
        # Row s modulo the window's length: the sum over the tracks that began in frame s.
        self._ring = np.zeros((2 * reach + 1, ends[-1]), np.float32)
        self._frames = 0
        self._starts = 0
        self._rows = 0
        self._last: np.ndarray | None = None

    def push(self, frame: np.ndarray) -> list[np.ndarray]:
        """Takes uint8 [H, W, 3]; returns the rows now complete, float32 [size] each."""
        self._frames += 1
        self._last = frame
        return self._advance(frame)

    def finish(self) -> list[np.ndarray]:
        """Vectors of the last frames."""
        rows = []
        while self._last is not None and not self._starts:
            rows += self._advance(self._last)
        while self._rows < self._frames:
            # The window moves on, past the end of the video; no tracks begin there.
            self._ring[self._starts % len(self._ring)] = 0
            self._starts += 1
            rows += self._ready()
        return rows

    def _advance(self, frame: np.ndarray) -> list[np.ndarray]:
        tracks = self._trajectories.push(frame)
        if tracks is None:
            return []
        self._ring[self._starts % len(self._ring)] = np.concatenate(
            [
                words.gradients(tracks.descriptors[name], tracks.weights)
                for name, words in self._words.items()
            ]
        )
        self._starts += 1
        return self._ready()

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
        vector = np.concatenate([normalized(part) for part in parts])
        return vector if self._projection is None else self._projection(vector)
