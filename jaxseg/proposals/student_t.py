"""Where a Student t distribution lies that is fitted to weighted values."""

import math

import numpy as np

ROUNDS = 200
TOLERANCE = 1e-10  # of the values' range: where the rounds may end
# The scale falls no lower than this share of the range: where more than half of the weight lies
# at one value, as with detections that repeat, it would fall to 0.
FINEST = 1e-3
FREEDOM = 2.0 ** np.arange(7)  # nu from 1, the Cauchy distribution, to 64, almost the Gaussian


def _log_factor(freedom: float) -> float:
    """Logarithm of what stands before the t density, without its scale and sqrt(pi)."""
    return math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2) - 0.5 * math.log(freedom)


_LOG_FACTORS = np.array([_log_factor(freedom) for freedom in FREEDOM])


def location(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Location of the t distribution of highest weighted likelihood, sought from the mean on.

    Expectation maximisation finds location and scale for each nu of `FREEDOM`, of which the most
    likely is taken. Its every location is a weighted mean and cannot leave the values, as a Newton
    step on this likelihood, which is not concave, can. The scale is updated as by Kent, Tyler and
    Vardi (1994), which takes far fewer rounds. Two values say nothing of tails: it is their mean.

    Args:
        values: float64 [R, n]; each row is fitted by itself.
        weights: float64 [n], not negative, of sum 1.

    Returns:
        float64 [R].
    """
    low = values.min(axis=1, keepdims=True)
    spread = np.ptp(values, axis=1, keepdims=True)
    # One axis for nu, between rows and values.
    scaled = ((values - low) / np.where(spread > 0, spread, 1))[:, None]
    center, scale = _moments(scaled, weights)
    if values.shape[1] > 2:
        center, scale = _fit(scaled, weights, center, scale)
        best = np.argmax(_log_likelihood(scaled, weights, center, scale), axis=1)
        center = np.take_along_axis(center, best[:, None, None], axis=1)
    return (low + spread * center[..., 0])[:, 0]


def _moments(scaled, weights) -> tuple[np.ndarray, np.ndarray]:
    """Weighted mean and squared deviation, [..., 1], the latter kept above the finest."""
    total = weights.sum(axis=-1, keepdims=True)
    center = (weights * scaled).sum(axis=-1, keepdims=True) / total
    scale = (weights * np.square(scaled - center)).sum(axis=-1, keepdims=True) / total
    return center, np.maximum(scale, FINEST**2)


def _fit(scaled, weights, center, scale) -> tuple[np.ndarray, np.ndarray]:
    """Location and squared scale [R, nu, 1] for every nu, in a bounded number of rounds."""
    freedom = FREEDOM[:, None]
    for _ in range(ROUNDS):
        before = center
        pull = (freedom + 1) / (freedom + np.square(scaled - center) / scale)
        center, scale = _moments(scaled, weights * pull)
        if np.abs(center - before).max() < TOLERANCE:
            break
    return center, scale


def _log_likelihood(scaled, weights, center, scale) -> np.ndarray:
    """Of each row under each nu, float64 [R, nu], up to a constant."""
    freedom = FREEDOM[:, None]
    tails = np.log1p(np.square(scaled - center) / (freedom * scale))
    spread = (weights * (freedom + 1) / 2 * tails).sum(axis=-1)
    return _LOG_FACTORS - 0.5 * np.log(scale[..., 0]) - spread
