"""Fused unbalanced Gromov-Wasserstein transport between frames and actions (ASOT, CVPR 2024).

For one video of N frames and K actions, a coupling T >= 0, p = 1/N and q = 1/K:

    J(T) = alpha/2 <Cv T Ca, T> + (1 - alpha) <C, T> + lambda_a KL(T'1 | q)
           [+ lambda_f KL(T1 | p)] - eps H(T),      H(T) = -sum T (log T - 1)

with KL(a | b) = sum a log(a/b) as in the paper, so that relaxing both marginals also charges for
mass, the band Cv of height 1/r over floor(N r) frames on either side, and Ca = 1 - identity
(Eq. 3 to 5). Since T Ca = rowsum(T) - T, the structure term is a sliding-window sum: O(N K),
never N x N. Arrays are kept clusters first, [K, N], so that windows run along memory.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from jaxseg.solvers.checks import as_numbers, as_problem, require
from jaxseg.solvers.reductions import log_sums, normalise, sum_over_clusters
from jaxseg.solvers.sinkhorn import DEFAULT_TOLERANCE
from jaxseg.solvers.sliding_window import half_width, neighbour_sum
from jaxseg.solvers.solution import Solution


class _Problem(NamedTuple):
    """One video, clusters first; entries outside `valid` are 0 in `cost`."""

    cost: jax.Array  # [K, N]
    valid: jax.Array  # [K, N]
    frames: jax.Array  # N valid frames
    clusters: jax.Array  # K valid clusters
    width: jax.Array  # frames on either side within the radius
    epsilon: jax.Array
    alpha: jax.Array
    radius: jax.Array
    lambda_frames: jax.Array | None
    lambda_actions: jax.Array | None
    rows_hold: bool  # every plan on the way has row sums 1/N

    def structure(self, mass):
        """Cv T Ca, [K, N]."""
        rows = 1 / self.frames if self.rows_hold else sum_over_clusters(mass)
        others = jnp.where(self.valid, rows - mass, 0)
        return neighbour_sum(others, self.width) / self.radius

    def linear_cost(self, structure):
        return self.alpha * structure + (1 - self.alpha) * self.cost

    def gradient(self, plan, structure):
        """dJ/dT, [K, N]."""
        gradient = self.linear_cost(structure) + self.epsilon * plan.log
        for penalty, ratio in self._penalties(plan):
            gradient += penalty * (ratio + 1)
        return gradient

    def objective(self, plan, structure):
        """J(T)."""
        pointwise = 0.5 * self.alpha * structure + (1 - self.alpha) * self.cost
        pointwise += self.epsilon * (plan.log - 1)
        for penalty, ratio in self._penalties(plan):
            pointwise += penalty * ratio
        return jnp.sum(plan.mass * pointwise)

    def _penalties(self, plan):
        pairs = (self.lambda_actions, plan.column_ratio), (self.lambda_frames, plan.row_ratio)
        return [(penalty, ratio) for penalty, ratio in pairs if penalty is not None]


class _Plan(NamedTuple):
    """T and what the gradient asks of it; 0 in `mass` and finite in `log` where not valid."""

    log: jax.Array  # [K, N]
    mass: jax.Array  # [K, N]
    column_ratio: jax.Array  # [K, 1], log(K * mass of the cluster)
    row_ratio: jax.Array  # [1, N], log(N * mass of the frame)


def solve(
    cost: jax.Array,
    *,
    mask: jax.Array | None = None,
    cluster_mask: jax.Array | None = None,
    epsilon: jax.Array | float = 0.07,
    alpha: jax.Array | float = 0.3,
    radius: jax.Array | float = 0.04,
    lambda_frames: jax.Array | float | None = None,
    lambda_actions: jax.Array | float | None = 0.1,
    num_iterations: int = 25,
    num_sinkhorn_iterations: int = 10,
    step_size: jax.Array | float | None = None,
    tolerance: jax.Array | float | None = None,
    compat: str | None = None,
    batch_axis: str | None = None,
) -> Solution:
    """Decodes a cost matrix into a temporally consistent assignment by mirror descent.

    One iteration is T <- T exp(-eta dJ/dT), projected onto the hard marginal. With both
    marginals hard it is T <- Sinkhorn((alpha Cv T Ca + (1 - alpha) C) / eps), mirror descent
    with eta = 1 / eps, each starting from the scalings of the one before.

    Args:
        cost: [N, K], ASOT's 1 - cosine + rho * prior. What stands on masked rows and columns
            does not matter, NaN included.
        mask: [N] bool, valid frames. A hole keeps its place in time but holds no mass.
        cluster_mask: [K] bool, valid clusters.
        epsilon: weight of the entropy, > 0.
        alpha: weight of the structure term, in [0, 1].
        radius: reach of the structure term as a share of the valid frames, > 0.
        lambda_frames: None: every frame carries 1/N; a number > 0: KL penalty.
        lambda_actions: None: every cluster carries 1/K; a number > 0: KL penalty.
        num_iterations: outer iterations, static.
        num_sinkhorn_iterations: rounds in each of them where both marginals are hard, static.
        step_size: eta; default min(4 / max(dJ/dT at p q'), 1 / (eps + lambda)), where eps and
            lambda are the curvatures of the entropy and of the penalty: beyond the second bound
            steps swing. Required where both marginals are relaxed. Without effect where both
            are hard.
        tolerance: stop updating once a step moves no entry of the plan (rows of sum 1) by more.
        compat: "asot" repeats the authors' program (mingu6/action_seg_ot) where it lets padding
            and batch mates in: the radius counts on the padded length, so that structure weighs
            N_padded / N_valid times as much; the automatic step size has no upper bound and,
            with `batch_axis`, is shared by the batch; Sinkhorn's rounds start from nothing, rows
            first, so that with both marginals hard it is the columns that are exact.
        batch_axis: name of the `jax.vmap` axis whose videos share a step under compat="asot".

    Returns:
        A `Solution`: `plan` is N T, so that valid rows sum to 1 where frames are hard;
        `objective` is J, [num_iterations + 1]; `converged` compares the last step's largest
        change of the plan with the tolerance (1e-3 where none is given).

    Raises:
        ValueError: for shapes that do not fit, known numbers out of range, both marginals
            relaxed without a step size.
    """
    cost, mask, cluster_mask = as_problem(cost, mask, cluster_mask)
    require("alpha", alpha, "in [0, 1]")
    for name, value in (
        ("epsilon", epsilon),
        ("radius", radius),
        ("lambda_frames", lambda_frames),
        ("lambda_actions", lambda_actions),
        ("num_iterations", num_iterations),
        ("num_sinkhorn_iterations", num_sinkhorn_iterations),
        ("step_size", step_size),
    ):
        require(name, value, "positive")
    if compat not in (None, "asot"):
        raise ValueError(f'compat must be None or "asot", got {compat!r}')
    if lambda_frames is not None and lambda_actions is not None and step_size is None:
        raise ValueError("step_size has to be given where both marginals are relaxed")

    epsilon, alpha, radius, lambda_frames, lambda_actions, step_size = as_numbers(
        cost, epsilon, alpha, radius, lambda_frames, lambda_actions, step_size
    )
    valid = cluster_mask[:, None] & mask[None, :]
    frames = jnp.maximum(mask.sum(), 1).astype(cost.dtype)
    problem = _Problem(
        cost=jnp.where(valid, cost.T, 0),
        valid=valid,
        frames=frames,
        clusters=jnp.maximum(cluster_mask.sum(), 1).astype(cost.dtype),
        width=half_width(cost.shape[0] if compat else frames, radius),
        epsilon=epsilon,
        alpha=alpha,
        radius=radius,
        lambda_frames=lambda_frames,
        lambda_actions=lambda_actions,
        rows_hold=lambda_frames is None and (lambda_actions is not None or not compat),
    )
    start = _uniform(problem)
    if lambda_frames is None and lambda_actions is None:
        advance = _sinkhorn_step(problem, num_sinkhorn_iterations, compat)
    else:
        if step_size is None:
            step_size = _automatic_step(problem, start, compat, batch_axis)
        advance = _descent_step(problem, step_size)
    return _descend(problem, start, advance, num_iterations, tolerance)


def _uniform(problem: _Problem) -> _Plan:
    """The start p q'."""
    log = jnp.full_like(problem.cost, -jnp.log(problem.frames * problem.clusters))
    ratios = jnp.zeros_like(log[:, :1]), jnp.zeros_like(log[:1])
    return _Plan(log, jnp.where(problem.valid, jnp.exp(log), 0), *ratios)


def _automatic_step(problem: _Problem, start: _Plan, compat, batch_axis):
    """4 / (largest entry of dJ/dT at p q'), as in the authors' program."""
    present = problem.valid.any(0, keepdims=True) / problem.frames
    near = neighbour_sum(present * (1 - 1 / problem.clusters), problem.width) / problem.radius
    gradient = problem.gradient(start, near)  # a uniform plan's structure is one row, not K
    largest = jnp.where(problem.valid, gradient, -jnp.inf).max()
    if compat:
        return 4 / (largest if batch_axis is None else lax.pmax(largest, batch_axis))
    penalties = problem.lambda_actions, problem.lambda_frames
    curvature = problem.epsilon + sum(penalty for penalty in penalties if penalty is not None)
    return jnp.minimum(jnp.where(largest > 0, 4 / largest, jnp.inf), 1 / curvature)


def _descent_step(problem: _Problem, step_size):
    """T <- T exp(-eta dJ/dT), then the projection onto the one hard marginal."""

    def advance(plan, structure, scalings):
        log = plan.log - step_size * problem.gradient(plan, structure)
        if problem.lambda_frames is None:
            log, mass, column_ratio = normalise(log, problem.valid, axis=0)
            size, ratios = problem.frames, (column_ratio - _log_ratio(problem), plan.row_ratio)
        elif problem.lambda_actions is None:
            log, mass, row_ratio = normalise(log, problem.valid, axis=1)
            size, ratios = problem.clusters, (plan.column_ratio, row_ratio + _log_ratio(problem))
        else:
            return _relaxed_plan(problem, log), scalings
        return _Plan(log - jnp.log(size), mass / size, *ratios), scalings

    return advance


def _log_ratio(problem: _Problem):
    return jnp.log(problem.frames / problem.clusters)


def _relaxed_plan(problem: _Problem, log) -> _Plan:
    """No projection: the mass is what it is."""
    masked = jnp.where(problem.valid, log, -jnp.inf)

    def ratio(axis, size):
        sums = log_sums(masked, axis)
        return jnp.where(jnp.isfinite(sums), sums + jnp.log(size), 0)

    return _Plan(log, jnp.exp(masked), ratio(1, problem.clusters), ratio(0, problem.frames))


def _sinkhorn_step(problem: _Problem, num_rounds, compat):
    """T <- Sinkhorn of the linearised cost, both marginals hard."""

    def scaling(log_kernel, axis, size):
        masked = jnp.where(problem.valid, log_kernel, -jnp.inf)
        sums = log_sums(masked, axis)
        return jnp.where(jnp.isfinite(sums), -sums - jnp.log(size), 0)

    def advance(plan, structure, scalings):
        log_kernel = -problem.linear_cost(structure) / problem.epsilon
        if compat:
            scalings = jax.tree.map(jnp.zeros_like, scalings)

        def one_round(_, scalings):
            columns, rows = scalings
            if compat:
                rows = scaling(log_kernel + columns, 0, problem.frames)
                return scaling(log_kernel + rows, 1, problem.clusters), rows
            columns = scaling(log_kernel + rows, 1, problem.clusters)
            return columns, scaling(log_kernel + columns, 0, problem.frames)

        columns, rows = lax.fori_loop(0, num_rounds, one_round, scalings)
        log = log_kernel + columns + rows
        mass = jnp.where(problem.valid, jnp.exp(log), 0)
        return _Plan(log, mass, plan.column_ratio, plan.row_ratio), (columns, rows)

    return advance


def _descend(problem: _Problem, start: _Plan, advance, num_iterations, tolerance) -> Solution:
    def body(state, _):
        plan, scalings, done, count = state
        structure = problem.structure(plan.mass)
        objective = problem.objective(plan, structure)
        new = advance(plan, structure, scalings)
        change = problem.frames * jnp.abs(new[0].mass - plan.mass).max()
        if tolerance is not None:
            new = jax.tree.map(lambda a, b: jnp.where(done, a, b), (plan, scalings), new)
            change = jnp.where(done, 0, change)
        state = (*new, done if tolerance is None else change <= tolerance, count + ~done)
        return state, (objective, change)

    scalings = start.column_ratio, start.row_ratio  # zeros of the right shapes
    state = (start, scalings, jnp.zeros((), bool), jnp.zeros((), jnp.int32))
    (plan, _, _, count), (trace, changes) = lax.scan(body, state, length=num_iterations)
    final = problem.objective(plan, problem.structure(plan.mass))
    mass, share = plan.mass * problem.frames, problem.frames / problem.clusters
    return Solution(
        plan=mass.T,
        objective=jnp.concatenate([trace, final[None]]),
        row_error=jnp.abs(mass.sum(0) - problem.valid.any(0)).max(),
        column_error=jnp.abs(mass.sum(1) / share - problem.valid.any(1)).max(),
        converged=changes[-1] <= (DEFAULT_TOLERANCE if tolerance is None else tolerance),
        num_iterations=count,
    )
