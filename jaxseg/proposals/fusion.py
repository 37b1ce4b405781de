"""Fusion of instances in place of suppression (Zhou et al., CVPR 2023, "GauFuse")."""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from jaxseg.proposals.curves import finite, scored_intervals
from jaxseg.proposals.nms import reach

DISTRIBUTIONS = ("gaussian", "uniform", "exponential", "student-t")
WEIGHTS = ("inner_mean", "score")

# Fit of a Student t distribution.
ROUNDS = 200
TOLERANCE = 1e-10  # share of the values' range; smaller changes end the rounds
# Smallest scale, as a share of the range: where more than half of the weight lies at one value,
# as with detections that repeat, the scale would fall to 0.
SMALLEST_SCALE = 1e-3
FREEDOM = 2.0 ** np.arange(7)  # nu from 1, the Cauchy distribution, to 64, almost the Gaussian
# Logarithm of the factor of the t density for each nu, without its scale and sqrt(pi).
LOG_FACTORS = np.array(
    [math.lgamma((nu + 1) / 2) - math.lgamma(nu / 2) - 0.5 * math.log(nu) for nu in FREEDOM]
)


class Fusion(NamedTuple):
    """One fused instance for each group, in the order in which the groups are formed.

    Attributes:
        start: float64 [n].
        end: float64 [n].
        score: float64 [n].
        seed: int64 [n], index of each group's best instance. Its score falls from group to group;
            the fused score need not.
        size: int64 [n], number of members of each group.
    """

    start: np.ndarray
    end: np.ndarray
    score: np.ndarray
    seed: np.ndarray
    size: np.ndarray


def fuse(
    start: ArrayLike,
    end: ArrayLike,
    score: ArrayLike,
    inner_mean: ArrayLike | None = None,
    *,
    tau: float,
    overlap: float = 0.25,
    distribution: str = "gaussian",
    weight: str = "inner_mean",
    extra: float = 1.0,
) -> Fusion:
    """Fuses the instances of one class in one video, group by group.

    The best instance that is left is the seed of a group; every other that is left and lies in it
    by more than `overlap` of its own length is a member. Start, end and score of the group are
    the location of a distribution fitted to its members, weighted by g = softmax(w / tau):

    - "gaussian": the mean under g, Eq. 4 of the supplement.
    - "uniform": halfway between lowest and highest, Eq. 7; g does not matter.
    - "exponential": the mean under softmax((q - min q) / tau), Eq. 9 and 12, whatever `weight`
      is. It is the gaussian fusion by score, as a shift of all q changes no weight. As printed,
      the denominator of Eq. 9 sums over its numerator, which would make all weights equal.
    - "student-t": the location of a t distribution, see `student_t_location`. Start and end are
      fitted apart; if the end then lies before the start, the gaussian fusion is taken.

    An instance that is given several times, as runs of several thresholds are, counts as often.
    The result does not depend on the order in which instances are given.

    Args:
        start, end: [n], in any unit.
        score: [n], higher is better; q in the paper.
        inner_mean: [n], mean of the map inside; needed where it is the weight.
        tau: temperature; 0.2 at test, 0.02 falling to 0.0016 for pseudo-labels.
        overlap: share of a member's length, in (0, 1).
        distribution: of `DISTRIBUTIONS`.
        weight: w: "inner_mean" in the authors' program, "score" in the supplement.
        extra: added to every length and every intersection; 1 in the authors' program, whatever
            the unit.

    Raises:
        ValueError: settings out of range, missing inner means, instances that are not finite or
            end early.
    """
    start, end, score = scored_intervals(start, end, score)
    values = _weight(score, inner_mean, weight)
    _check(tau, overlap, distribution, extra)
    # Everything is computed in order of time, so that neither ties nor rounding depend on the
    # order in which instances are given.
    timeline = np.lexsort((values, score, end, start))
    values = score if distribution == "exponential" else values
    instances, values = np.stack([start, end, score])[:, timeline], values[timeline]
    fused, seeds, sizes = np.zeros((len(start), 3)), [], []
    for seed, members in _groups(*instances, overlap, extra):
        with np.errstate(over="ignore"):  # a tiny tau overflows: exp(-inf) is the right 0
            raised = np.exp((values[members] - values[members].max()) / tau)
        fused[len(seeds)] = _locate(instances[:, members], raised / raised.sum(), distribution)
        seeds.append(seed)
        sizes.append(len(members))
    seed = timeline[np.array(seeds, np.int64)]
    return Fusion(*fused[: len(seeds)].T, seed, np.array(sizes, np.int64))


def _groups(
    start: np.ndarray, end: np.ndarray, score: np.ndarray, overlap: float, extra: float
) -> Iterator[tuple[int, np.ndarray]]:
    """Seed and members, the seed among them, of each group, for instances in order of start."""
    end = end + extra
    length = end - start
    first, last = reach(start, end, overlap)
    left = np.ones(len(start), bool)
    for seed in np.lexsort((end, start, -score)).tolist():
        if not left[seed]:
            continue
        near = slice(first[seed], last[seed])
        common = np.minimum(end[near], end[seed]) - np.maximum(start[near], start[seed])
        # An instance of length zero lies in the seed as a whole, or not at all.
        whole = (common >= 0).astype(float)
        share = np.divide(common, length[near], out=whole, where=length[near] > 0)
        members = np.flatnonzero(left[near] & (share > overlap)) + first[seed]
        left[members] = False
        yield seed, members


def _locate(group: np.ndarray, weights: np.ndarray, distribution: str) -> np.ndarray:
    """Start, end and score [3] of a group [3, n] under weights [n] of sum 1."""
    low, high = group.min(axis=1), group.max(axis=1)
    if distribution == "uniform":
        return low / 2 + high / 2
    # Rounding could move a mean out of its group's range.
    mean = np.clip((group * weights).sum(axis=1), low, high)
    if distribution == "student-t":
        fitted = np.clip(student_t_location(group, weights), low, high)
        return fitted if fitted[0] <= fitted[1] else mean
    return mean


def _weight(score: np.ndarray, inner_mean: ArrayLike | None, weight: str) -> np.ndarray:
    """w of each instance, float64 [n]."""
    if weight not in WEIGHTS:
        raise ValueError(f"weight must be one of {', '.join(WEIGHTS)}, got {weight!r}")
    if weight == "score":
        return score
    if inner_mean is None:
        raise ValueError("weight='inner_mean' needs the inner means; without them weight='score'")
    inner_mean = finite("inner_mean", inner_mean, 1)
    if len(inner_mean) != len(score):
        raise ValueError(f"{len(inner_mean)} inner means for {len(score)} instances")
    return inner_mean


def _check(tau: float, overlap: float, distribution: str, extra: float) -> None:
    """Raises ValueError for a setting out of its range."""
    if not 0 < tau < np.inf:
        raise ValueError(f"tau must be positive and finite, got {tau}")
    if not 0 < overlap < 1:
        raise ValueError(f"overlap must be in (0, 1), got {overlap}")
    if distribution not in DISTRIBUTIONS:
        names = ", ".join(DISTRIBUTIONS)
        raise ValueError(f"distribution must be one of {names}, got {distribution!r}")
    if not 0 <= extra < np.inf:
        raise ValueError(f"extra must not be negative, got {extra}")


def student_t_location(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Location of the t distribution of highest weighted likelihood, searched from the mean.

    Each row of `values`, float64 [R, n], is fitted by itself under `weights` [n] of sum 1, which
    gives float64 [R].

    Expectation maximization finds location and scale for each nu of `FREEDOM`, of which the most
    likely is taken. Each of its steps is a weighted mean and stays within the values; a Newton
    step on this likelihood, which is not concave, may leave them. The scale is updated as by Kent,
    Tyler and Vardi (1994), which takes far fewer rounds. For two values, which tell nothing about
    tails, the location is their mean.
    """
    low = values.min(axis=1, keepdims=True)
    width = np.ptp(values, axis=1, keepdims=True)
    # One axis for nu, between rows and values.
    scaled = ((values - low) / np.where(width > 0, width, 1))[:, None]
    center, scale = _moments(scaled, weights)
    if values.shape[1] > 2:
        center, scale = _fit(scaled, weights, center, scale)
        best = np.argmax(_log_likelihood(scaled, weights, center, scale), axis=1)
        center = np.take_along_axis(center, best[:, None, None], axis=1)
    return (low + width * center[..., 0])[:, 0]


def _moments(scaled: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weighted mean and mean squared deviation, [..., 1], the latter bounded from below."""
    total = weights.sum(axis=-1, keepdims=True)
    center = (weights * scaled).sum(axis=-1, keepdims=True) / total
    scale = (weights * np.square(scaled - center)).sum(axis=-1, keepdims=True) / total
    return center, np.maximum(scale, SMALLEST_SCALE**2)


def _fit(
    scaled: np.ndarray, weights: np.ndarray, center: np.ndarray, scale: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Location and squared scale [R, nu, 1] for every nu, in a bounded number of rounds."""
    freedom = FREEDOM[:, None]
    for _ in range(ROUNDS):
        before = center
        pull = (freedom + 1) / (freedom + np.square(scaled - center) / scale)
        center, scale = _moments(scaled, weights * pull)
        if np.abs(center - before).max() < TOLERANCE:
            break
    return center, scale


def _log_likelihood(
    scaled: np.ndarray, weights: np.ndarray, center: np.ndarray, scale: np.ndarray
) -> np.ndarray:
    """Log-likelihood of each row under each nu, float64 [R, nu], up to a constant."""
    freedom = FREEDOM[:, None]
    tails = np.log1p(np.square(scaled - center) / (freedom * scale))
    loss = (weights * (freedom + 1) / 2 * tails).sum(axis=-1)
    return LOG_FACTORS - 0.5 * np.log(scale[..., 0]) - loss
