"""What describes many descriptors at once: PCA, a Gaussian mixture, Fisher vectors.

Perronnin, Sanchez and Mensink, "Improving the Fisher kernel for large-scale image
classification", ECCV 2010.
"""

import warnings
from typing import NamedTuple

import numpy as np

from jaxseg.features.extra import need

LEAST_VARIANCE = 1e-5  # of a mixture's component in a dimension; descriptors are at most 1 long
EM_ROUNDS = 60


class Projection(NamedTuple):
    """PCA: x -> (x - mean) @ axes.

    Attributes:
        mean: float32 [D].
        axes: float32 [D, C].
    """

    mean: np.ndarray
    axes: np.ndarray

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """float32 [..., C] of float32 [..., D]."""
        return (x - self.mean) @ self.axes


def fit_projection(x: np.ndarray, channels: int) -> Projection:
    """The leading principal axes of N vectors, [N, D], in the order of their variances.

    They are orthonormal; signs are such that an axis's largest entry is positive. Where N vectors
    span fewer than `channels` dimensions the rest of the axes are zeros.
    """
    x = np.asarray(x, np.float64)
    mean = x.mean(axis=0)
    centred = x - mean
    few = len(x) < x.shape[1]
    # The smaller of the two products has the same eigenvalues.
    gram = centred @ centred.T if few else centred.T @ centred
    values, vectors = np.linalg.eigh(gram)
    count = min(channels, len(values))
    values, vectors = values[::-1][:count], vectors[:, ::-1][:, :count]
    real = values > 1e-9 * max(values[0], len(x) * 1e-9)
    values, vectors = values[real], vectors[:, real]
    found = centred.T @ vectors / np.sqrt(values) if few else vectors
    largest = found[np.abs(found).argmax(axis=0), range(found.shape[1])]
    axes = np.zeros((x.shape[1], channels), np.float32)
    axes[:, : found.shape[1]] = found * np.sign(largest)
    return Projection(mean.astype(np.float32), axes)


def mixed(projection: Projection) -> Projection:
    """The same space in other axes, along which what was fitted has the same variance everywhere.

    Principal channels are of falling variance, the last of them mostly noise, which would be as
    loud as all others where channels are scaled to variance 1, as many methods do. Turned by a
    Hadamard matrix, a channel is the sum or difference of all principal ones; distances stay.

    Args:
        projection: of principal axes; their number is a power of two.
    """
    turn = np.ones((1, 1), np.float32)
    while len(turn) < projection.axes.shape[1]:
        turn = np.kron(turn, np.float32([[1, 1], [1, -1]]))
    return Projection(projection.mean, projection.axes @ turn / np.sqrt(np.float32(len(turn))))


class Mixture(NamedTuple):
    """A mixture of K Gaussians with diagonal covariances.

    Attributes:
        weights: float32 [K], sum 1.
        means, variances: float32 [K, D].
    """

    weights: np.ndarray
    means: np.ndarray
    variances: np.ndarray

    def responsibilities(self, x: np.ndarray) -> np.ndarray:
        """The share that each component has in each of N vectors, float32 [N, K], rows sum to 1.

        Args:
            x: float32 [N, D].
        """
        precisions = 1 / self.variances
        constants = np.log(self.weights) - 0.5 * (
            np.log(self.variances) + self.means**2 * precisions
        ).sum(axis=1)
        scores = constants + x @ (self.means * precisions).T - 0.5 * x**2 @ precisions.T
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True)

    def gradients(self, x: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Gradients of the weighted log-likelihood of N vectors, in the metric of Fisher.

        They are sums over the vectors, so that those of two sets add up.

        Args:
            x: float32 [N, D].
            weights: float32 [N].

        Returns:
            float32 [2, K, D]: for the means, for the standard deviations.
        """
        shares = self.responsibilities(x) * weights[:, None]
        zeroth, first, second = shares.sum(axis=0)[:, None], shares.T @ x, shares.T @ x**2
        scale = np.sqrt(self.weights)[:, None]
        means = (first - zeroth * self.means) / (scale * np.sqrt(self.variances))
        spread = second - 2 * self.means * first + zeroth * (self.means**2 - self.variances)
        return np.stack([means, spread / (np.sqrt(2) * scale * self.variances)])


def fit_mixture(x: np.ndarray, components: int, seed: int) -> Mixture:
    """A mixture fitted to N vectors, [N, D], by EM from k-means; N may be smaller than K."""
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
        # A still or flat picture has fewer different descriptors than there are components.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(x)
    fitted = (model.weights_, model.means_, model.covariances_)
    return Mixture(*(np.asarray(part, np.float32) for part in fitted))


def improved(gradients: np.ndarray) -> np.ndarray:
    """Power and length normalisation, float32 of any shape: signed roots, of length 1 or 0."""
    roots = np.sign(gradients) * np.sqrt(np.abs(gradients))
    length = np.linalg.norm(roots)
    return roots / length if length > 0 else roots
