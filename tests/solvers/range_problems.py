"""Problems from the whole range that the solvers are held to, and what every answer must keep.

Numbers are drawn by their order of magnitude, the ends of the range with them. Shapes are few:
one row or one cluster is a mask, so that a solver is compiled once for a shape and precision.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import strategies as st

FRAMES, CLUSTERS = 40, 5
PRECISIONS = ("bfloat16", "float32", "float64")
KINDS = ("video", "noise", "flat", "alternating", "outlier")


def settings_and_precisions(settings):
    """All pairs, and one with half precision, which is float32 from the solver's first line on."""
    pairs = [(setting, precision) for setting in settings for precision in PRECISIONS[1:]]
    return pytest.mark.parametrize("relaxed, precision", [*pairs, (settings[-1], "bfloat16")])


def powers(least, most):
    """10^x for x between the two."""
    return st.floats(least, most).map(lambda exponent: 10.0**exponent)


seeds = st.integers(0, 2**32 - 1)
# From below one frame to beyond the video, one to three frames often, and any size at all.
radii = st.one_of(st.floats(1, 3).map(lambda w: w / FRAMES), st.floats(0.01, 1.5), powers(-9, 9))
numbers = st.fixed_dictionaries(
    {
        "epsilon": powers(-3, 1),
        "alpha": st.one_of(st.sampled_from([0.0, 1.0]), st.floats(0, 1)),
        "radius": radii,
        "lambda_frames": powers(-6, 6),
        "lambda_actions": powers(-6, 6),
    }
)
scales = st.one_of(st.just(0.0), powers(-6, 6))


def cost_of(seed, kind, shape=(FRAMES, CLUSTERS)):
    """Costs in [0, 1], float64 [N, K]."""
    rng = np.random.default_rng(seed)
    frames, clusters = shape
    if kind == "video":
        labels = np.sort(rng.integers(0, clusters, frames))
        cost = 0.7 - 0.5 * (labels[:, None] == np.arange(clusters)) + 0.1 * rng.normal(size=shape)
    elif kind == "noise":
        cost = rng.uniform(0, 1, shape)
    elif kind == "alternating":
        cost = (np.arange(frames)[:, None] + np.arange(clusters)) % 2
    else:
        cost = np.full(shape, 0.5)
    if kind == "outlier":
        cost[rng.integers(frames), rng.integers(clusters)] = rng.integers(2)
    return np.clip(cost, 0, 1)


def masks_of(seed, rows, columns):
    """Masks with one valid entry, with holes, or all valid."""
    rng = np.random.default_rng(seed)

    def mask(length, which):
        chosen = np.arange(length) == rng.integers(length)
        return {"one": chosen, "holes": chosen | (rng.random(length) < 0.7)}.get(which, chosen | 1)

    return mask(FRAMES, rows).astype(bool), mask(CLUSTERS, columns).astype(bool)


class Recipe(NamedTuple):
    """What a problem is made from: short to print."""

    seed: int
    kind: str
    sign: int  # 1: costs from 0 to the scale, -1: the negative of these, 0: around 0
    scale: float
    rows: str
    columns: str

    def make(self):
        """A cost [N, K] that holds NaN where masked, and its masks."""
        mask, cluster_mask = masks_of(self.seed, self.rows, self.columns)
        cost = cost_of(self.seed, self.kind)
        cost = self.scale * (self.sign * cost if self.sign else 2 * cost - 1)
        return np.where(np.outer(mask, cluster_mask), cost, np.nan), mask, cluster_mask


which = st.sampled_from(["all", "all", "holes", "one"])
recipes = st.builds(
    Recipe, seeds, st.sampled_from(KINDS), st.sampled_from([-1, 0, 1]), scales, which, which
)


def solved(solve, cost, *given, precision):
    """What a solver returns for a cost in a precision, in NumPy."""
    with jax.enable_x64(precision == "float64"):
        return jax.tree.map(np.asarray, solve(jnp.asarray(cost, precision), *given))


def lifted(cost, numbers):
    """A cost no lower than where both marginals are relaxed it has to be."""
    penalty = min(numbers["lambda_frames"], numbers["lambda_actions"])
    return np.maximum(cost, -10 * (numbers["epsilon"] + penalty))


def rounded(cost, precision):
    """A cost in float64 as a precision knows it."""
    return np.asarray(cost).astype(jnp.dtype(precision)).astype(np.float64)


def working_epsilon(precision):
    """Spacing of the numbers that a solver reckons in: float32 where it is given less."""
    return np.finfo(np.float64 if precision == "float64" else np.float32).eps


def assert_sound(solution, mask, cluster_mask, precision):
    """No NaN, nothing negative, 0 where masked, in the precision that is promised."""
    for name, value in solution._asdict().items():
        assert np.isfinite(np.asarray(value)).all(), name
    plan = np.asarray(solution.plan)
    assert plan.dtype == ("float64" if precision == "float64" else "float32")
    assert (plan >= 0).all()
    assert not plan[~np.outer(mask, cluster_mask)].any()


def assert_rows_hold(solution, mask, precision):
    """Hard rows sum to 1 within 1e-5, in float64 within its own share of that."""
    sums = np.asarray(solution.plan, np.float64).sum(1)
    atol = 1e-5 if precision != "float64" else 1e-13
    np.testing.assert_allclose(sums, mask, rtol=0, atol=atol)
    assert solution.row_error <= 2 * atol


def exact_objective(plan, cost, valid, width, epsilon, alpha, radius, **penalties):
    """J of a plan whose rows sum to 1, and the sum of its terms' sizes, both in float64.

    Args:
        plan, cost: [N, K].
        valid: [N, K] bool.
        width: frames on either side within the radius.
        penalties: lambda_frames and lambda_actions, None where the marginal is hard.
    """
    frames = valid.any(1).sum()
    mass = np.where(valid, plan, 0) / frames
    others = np.where(valid, mass.sum(1, keepdims=True) - mass, 0)
    before = np.concatenate([np.zeros((1, others.shape[1])), np.cumsum(others, 0)])
    frame = np.arange(len(mass))
    first, last = np.maximum(frame - width, 0), np.minimum(frame + width + 1, len(mass))
    structure = (before[last] - before[first] - others) / radius if width else 0 * mass
    near = np.minimum(2 * width, frames) / frames / radius  # of which it is a part, by difference
    log = np.log(np.where(mass > 0, mass, 1))
    cost = np.where(valid, cost, 0)
    terms = [mass * (alpha / 2 * structure), mass * (1 - alpha) * cost, mass * epsilon * log]
    value = sum(term.sum() for term in terms) - epsilon * mass.sum()
    size = sum(abs(term).sum() for term in terms) + epsilon + alpha / 2 * near
    for name, axis in (("lambda_actions", 0), ("lambda_frames", 1)):
        if penalties[name] is not None:
            sums = mass.sum(axis)
            ratio = np.log(np.where(sums > 0, sums * valid.any(axis).sum(), 1))
            value += penalties[name] * (sums * ratio).sum()
            size += penalties[name] * (sums * (1 + abs(ratio))).sum()
    return value, size
