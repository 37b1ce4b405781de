"""Fusion of instances in place of suppression (Zhou et al., CVPR 2023, "GauFuse")."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from jaxseg.proposals import student_t
from jaxseg.proposals.checks import finite, intervals
from jaxseg.proposals.nms import reach

DISTRIBUTIONS = ("gaussian", "uniform", "exponential", "student-t")
WEIGHTS = ("inner_mean", "score")


class Fusion(NamedTuple):
    """One instance for each group, in the order in which the groups are formed.

    Attributes:
        start: float64 [n].
        end: float64 [n].
        score: float64 [n].
        seed: int64 [n], index of each group's best instance; its score falls from group to group,
            the fused one need not.
        size: int64 [n], members of each group.
    """

    start: np.ndarray
    end: np.ndarray
    score: np.ndarray
    seed: np.ndarray
    size: np.ndarray


def fuse(
    start,
    end,
    score,
    inner_mean=None,
    *,
    tau: float,
    overlap: float = 0.25,
    distribution: str = "gaussian",
    weight: str = "inner_mean",
    extra: float = 1.0,
) -> Fusion:
    """Fuses the instances of one class in one video, group by group.

    The best instance that is left is a group's seed; every other that is left and lies in it by
    more than `overlap` of its own length is a member. Start, end and score of the group are where
    a distribution lies that is fitted to its members, weighted by g = softmax(w / tau):

    - "gaussian": the mean under g, Eq. 4 of the supplement.
    - "uniform": halfway between lowest and highest, Eq. 7; g does not matter.
    - "exponential": the mean under softmax((q - min q) / tau), Eq. 9 and 12, whatever `weight`
      says: the gaussian fusion by score, as a shift of all q moves no weight. As printed, the sum
      below the line of Eq. 9 runs over its numerator, which would make all weights equal.
    - "student-t": the location of a t distribution, see `student_t.location`. Should the end come
      to lie before the start, as they are fitted apart, the gaussian fusion is taken.

    An instance that is given several times, as runs that several thresholds find are, counts as
    often. The result does not depend on the order in which instances are given.

    Args:
        start, end: [n], in any unit.
        score: [n], higher is better; q in the paper.
        inner_mean: [n], mean of the map inside, needed where it is the weight.
        tau: temperature; at test 0.2, for pseudo-labels 0.02 falling to 0.0016.
        overlap: share of its length, in (0, 1).
        distribution: see above.
        weight: w is the "inner_mean" in the authors' program, the "score" in the supplement.
        extra: added to every length and every intersection; 1 in the authors' program, whatever
            the unit.

    Raises:
        ValueError: settings out of range, missing inner means, instances that are not finite or
            end early.
    """
    start, end, score = intervals(start, end, score)
    values = _weight(score, inner_mean, weight)
    _check(tau, overlap, distribution, extra)
    # All is computed in this order, so that neither ties nor rounding depend on the given one.
    timeline = np.lexsort((values, score, end, start))
    values = score if distribution == "exponential" else values
    instances, values = np.stack([start, end, score])[:, timeline], values[timeline]
    fused, seeds, sizes = np.zeros((len(start), 3)), [], []
    for seed, members in _groups(*instances, overlap, extra):
        with np.errstate(over="ignore"):  # however small tau is: exp(-inf) is the 0 that is meant
            raised = np.exp((values[members] - values[members].max()) / tau)
        fused[len(seeds)] = _locate(instances[:, members], raised / raised.sum(), distribution)
        seeds.append(seed)
        sizes.append(len(members))
    seed = timeline[np.array(seeds, np.int64)]
    return Fusion(*fused[: len(seeds)].T, seed, np.array(sizes, np.int64))


def _groups(start, end, score, overlap, extra) -> Iterator[tuple[int, np.ndarray]]:
    """Seed and members (it is one of them) of each group, for instances in order of start."""
    end = end + extra
    length = end - start
    first, last = reach(start, end, overlap)
    left = np.ones(len(start), bool)
    for seed in np.lexsort((end, start, -score)).tolist():
        if not left[seed]:
            continue
        near = slice(first[seed], last[seed])
        common = np.minimum(end[near], end[seed]) - np.maximum(start[near], start[seed])
        # An instance of no length lies in the seed as a whole, or not at all.
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
    # Rounding must not carry a mean out of its group.
    mean = np.clip((group * weights).sum(axis=1), low, high)
    if distribution == "student-t":
        fitted = np.clip(student_t.location(group, weights), low, high)
        return fitted if fitted[0] <= fitted[1] else mean
    return mean


def _weight(score: np.ndarray, inner_mean, weight: str) -> np.ndarray:
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
    if not 0 < tau < np.inf:
        raise ValueError(f"tau must be positive and finite, got {tau}")
    if not 0 < overlap < 1:
        raise ValueError(f"overlap must be in (0, 1), got {overlap}")
    if distribution not in DISTRIBUTIONS:
        names = ", ".join(DISTRIBUTIONS)
        raise ValueError(f"distribution must be one of {names}, got {distribution!r}")
    if not 0 <= extra < np.inf:
        raise ValueError(f"extra must not be negative, got {extra}")
