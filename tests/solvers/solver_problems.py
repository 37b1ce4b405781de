"""Random transport problems, and dense NumPy solvers to hold the package's own against.

The references follow the formulas as directly as they can: N x N matrices, no masks in their
loops, one logarithm of a sum of exponentials at a time.
"""

import functools

import jax
import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st

from jaxseg.solvers import fugw

FRAMES, CLUSTERS = 40, 5  # the shape of most problems: every further one is compiled anew
RELAXED = ("none", "frames", "actions", "both")
# The defaults of ASOT and of its balanced form; the others where time does not matter.
SOME_RELAXED = [
    name if name in ("none", "actions") else pytest.param(name, marks=pytest.mark.slow)
    for name in RELAXED
]

few = functools.partial(settings, derandomize=True, deadline=None, database=None)


def random_cost(seed, frames=FRAMES, clusters=CLUSTERS):
    """Costs in [0, 2]: a random ordered segmentation under noise, float64 [frames, clusters]."""
    rng = np.random.default_rng(seed)
    labels = np.sort(rng.integers(0, clusters, frames))
    cost = 1 - 0.7 * (labels[:, None] == np.arange(clusters)) + 0.3 * rng.normal(size=(frames, 1))
    return np.clip(cost + 0.3 * rng.normal(size=cost.shape), 0, 2)


numbers = st.fixed_dictionaries(
    {
        "epsilon": st.floats(0.01, 0.2),
        "alpha": st.floats(0, 0.9),
        "radius": st.floats(0.05, 0.2),
        "lambda_frames": st.floats(0.01, 0.2),
        "lambda_actions": st.floats(0.01, 0.2),
    }
)
seeds = st.integers(0, 2**32 - 1)


def options(relaxed, numbers):
    """Keywords of `fugw.solve` that relax the named marginals; the steps are of moderate size."""
    kept = dict(numbers)
    if relaxed not in ("frames", "both"):
        kept["lambda_frames"] = None
    if relaxed not in ("actions", "both"):
        kept["lambda_actions"] = None
    return kept | ({"step_size": 1.0} if relaxed == "both" else {})


@functools.partial(jax.jit, static_argnames=("relaxed", "compat"))
def solve(cost, mask, cluster_mask, numbers, relaxed, compat=None):
    """`fugw.solve`, compiled once for a shape: its numbers are traced."""
    given = options(relaxed, numbers)
    return fugw.solve(cost, mask=mask, cluster_mask=cluster_mask, compat=compat, **given)


def log_sum(log, axis):
    """log sum exp along an axis that stays."""
    return np.logaddexp.reduce(log, axis=axis, keepdims=True)


def band(positions, frames, radius):
    """Cv over frames at these positions: 1/r at distances of 1 to floor(frames * r)."""
    distance = np.abs(positions[:, None] - positions[None, :])
    reach = np.floor(np.round(frames * radius, 4))
    return ((distance >= 1) & (distance <= reach)) / radius


def objective(plan, cost, structure, epsilon, alpha, lambda_frames, lambda_actions):
    """J of a plan of mass 1, as METHODS of the paper have it."""
    frames, clusters = plan.shape
    log = np.log(np.maximum(plan, 1e-300))
    value = np.sum(plan * (alpha / 2 * structure + (1 - alpha) * cost + epsilon * (log - 1)))
    for penalty, sums, size in (
        (lambda_actions, plan.sum(0), clusters),
        (lambda_frames, plan.sum(1), frames),
    ):
        if penalty is not None:
            value += penalty * np.sum(sums * np.log(np.maximum(sums * size, 1e-300)))
    return value


def descend(
    cost,
    positions=None,
    *,
    epsilon,
    alpha,
    radius,
    lambda_frames,
    lambda_actions,
    step_size=None,
    num_iterations=25,
    num_sinkhorn_iterations=10,
):
    """Mirror descent on the dense problem.

    Returns:
        N T [N, K] and J at every iterate.
    """
    frames, clusters = cost.shape
    positions = np.arange(frames) if positions is None else positions
    near, other = band(positions, frames, radius), 1 - np.eye(clusters)
    log = np.full(cost.shape, -np.log(frames * clusters))
    duals = np.zeros((frames, 1)), np.zeros((1, clusters))
    weights = {"epsilon": epsilon, "alpha": alpha}
    weights |= {"lambda_frames": lambda_frames, "lambda_actions": lambda_actions}
    trace = []
    for _ in range(num_iterations + 1):
        plan = np.exp(log)
        structure = near @ plan @ other
        trace.append(objective(plan, cost, structure, **weights))
        linear = alpha * structure + (1 - alpha) * cost
        if lambda_frames is None and lambda_actions is None:
            log, duals = scaled(-linear / epsilon, *duals, num_sinkhorn_iterations)
            continue
        gradient = linear + epsilon * log
        curvature, width = epsilon, np.floor(np.round(frames * radius, 4))
        swing = alpha * bool(width) * (width + 2) / (3 * frames * radius)
        if lambda_actions is not None:
            gradient += lambda_actions * (1 + log_sum(log, 0) + np.log(clusters))
            curvature += lambda_actions
        if lambda_frames is not None:
            gradient += lambda_frames * (1 + log_sum(log, 1) + np.log(frames))
            curvature += lambda_frames
            swing = 0
        if step_size is None:
            step_size = 1 / max(gradient.max() / 4, curvature, (curvature + swing) / 2)
        log = log - step_size * gradient
        if lambda_frames is None:
            log -= log_sum(log, 1) + np.log(frames)
        elif lambda_actions is None:
            log -= log_sum(log, 0) + np.log(clusters)
    return frames * plan, np.array(trace)


def scaled(log_kernel, rows, columns, num_rounds):
    """Sinkhorn to uniform marginals, from the given scalings."""
    frames, clusters = log_kernel.shape
    for _ in range(num_rounds):
        columns = -np.log(clusters) - log_sum(log_kernel + rows, 0)
        rows = -np.log(frames) - log_sum(log_kernel + columns, 1)
    return log_kernel + rows + columns, (rows, columns)
