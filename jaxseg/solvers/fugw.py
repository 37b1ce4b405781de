"""Fused unbalanced Gromov-Wasserstein transport between frames and actions (ASOT, CVPR 2024).

For one video of N frames and K actions, a coupling T >= 0, p = 1/N and q = 1/K:

    J(T) = alpha/2 <Cv T Ca, T> + (1 - alpha) <C, T> + lambda_a KL(T'1 | q)
           [+ lambda_f KL(T1 | p)] - eps H(T),      H(T) = -sum T (log T - 1)

with KL(a | b) = sum a log(a/b) as in the paper, so that relaxing both marginals also charges for
mass, the band Cv of height 1/r over floor(N r) frames on either side, and Ca = 1 - identity
(Eq. 3 to 5). Since T Ca = rowsum(T) - T, the structure term is a sliding-window sum: O(N K),
never N x N. Arrays are kept clusters first, [K, N], so that windows run along memory.
"""

import jax
import jax.numpy as jnp
from jax import lax

from jaxseg.solvers.checks import as_numbers, as_problem, require
from jaxseg.solvers.fugw_problem import Plan, Problem, mass_nearby, pace, uniform
from jaxseg.solvers.fugw_steps import descent_step, sinkhorn_step
from jaxseg.solvers.sinkhorn import DEFAULT_TOLERANCE
from jaxseg.solvers.sliding_window import half_width, room_for, widest
from jaxseg.solvers.solution import Solution


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

    reach = widest(cost.shape[0], radius)
    epsilon, alpha, radius, lambda_frames, lambda_actions, step_size = as_numbers(
        cost, epsilon, alpha, radius, lambda_frames, lambda_actions, step_size
    )
    valid = cluster_mask[:, None] & mask[None, :]
    frames = jnp.maximum(mask.sum(), 1).astype(cost.dtype)
    width = jnp.minimum(half_width(cost.shape[0] if compat else frames, radius), reach)
    problem = Problem(
        cost=jnp.where(valid, cost.T, 0),
        valid=valid,
        frames=frames,
        clusters=jnp.maximum(cluster_mask.sum(), 1).astype(cost.dtype),
        width=width,
        near=mass_nearby(mask, frames, width, reach),
        epsilon=epsilon,
        alpha=alpha,
        height=jnp.where(width > 0, 1 / radius, 0),
        lambda_frames=lambda_frames,
        lambda_actions=lambda_actions,
        rows_hold=lambda_frames is None and (lambda_actions is not None or not compat),
    )
    if lambda_frames is None and lambda_actions is None:
        advance = sinkhorn_step(problem, num_sinkhorn_iterations, compat)
    else:
        advance = descent_step(problem, pace(problem, step_size, compat, batch_axis))
    return _descend(problem, reach, advance, num_iterations, tolerance)


def _descend(problem: Problem, reach, advance, num_iterations, tolerance) -> Solution:
    def body(state, _):
        plan, scalings, room, done, count = state
        structure, room = problem.structure(plan.mass, room)
        objective = problem.objective(plan, structure)
        new = advance(plan, structure, scalings)
        change = problem.frames * jnp.abs(new[0].mass - plan.mass).max()
        if tolerance is not None:
            new = jax.tree.map(lambda a, b: jnp.where(done, a, b), (plan, scalings), new)
            change = jnp.where(done, 0, change)
        done, count = done if tolerance is None else change <= tolerance, count + ~done
        return (*new, room, done, count), (objective, change)

    start = uniform(problem)
    scalings = start.column_ratio, start.row_ratio  # zeros of the right shapes
    state = (start, scalings, room_for(problem.cost, reach), jnp.zeros((), bool), jnp.int32(0))
    (plan, _, room, _, count), (trace, changes) = lax.scan(body, state, length=num_iterations)
    final = problem.objective(plan, problem.structure(plan.mass, room)[0])
    return _solution(problem, plan, jnp.append(trace, final), changes[-1], count, tolerance)


def _solution(problem: Problem, plan: Plan, trace, change, count, tolerance) -> Solution:
    mass, share = plan.mass * problem.frames, problem.frames / problem.clusters
    return Solution(
        plan=mass.T,
        objective=trace,
        row_error=jnp.abs(mass.sum(0) - problem.valid.any(0)).max(),
        column_error=jnp.abs(mass.sum(1) / share - problem.valid.any(1)).max(),
        converged=change <= (DEFAULT_TOLERANCE if tolerance is None else tolerance),
        num_iterations=count,
    )
