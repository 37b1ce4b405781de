"""Fused unbalanced Gromov-Wasserstein transport between frames and actions (ASOT, CVPR 2024).

For one video of N frames and K actions, a coupling T >= 0, p = 1/N and q = 1/K:

    J(T) = alpha/2 <Cv T Ca, T> + (1 - alpha) <C, T> + lambda_a KL(T'1 | q)
           [+ lambda_f KL(T1 | p)] - eps H(T),      H(T) = -sum T (log T - 1)

with KL(a | b) = sum a log(a/b) as in the paper, so that relaxing both marginals also charges for
mass, the band Cv of height 1/r over floor(N r) frames on either side, and Ca = 1 - identity
(Eq. 3 to 5). Since T Ca = rowsum(T) - T, the structure term is a sliding-window sum: O(N K),
never N x N. Arrays are kept clusters first, [K, N], so that windows run along memory.
"""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from jaxseg.solvers import checks
from jaxseg.solvers.fugw.implicit import attach, without_gradient
from jaxseg.solvers.fugw.problem import Plan, Problem, inverse_step_size, mass_nearby
from jaxseg.solvers.fugw.steps import STEPS, End, Static, descend
from jaxseg.solvers.implicit import DERIVATIVES
from jaxseg.solvers.sinkhorn import DEFAULT_TOLERANCE, Solution
from jaxseg.solvers.sliding_window import half_width, widest


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
    step: str = "fixed",
    step_size: jax.Array | float | None = None,
    tolerance: jax.Array | float | None = None,
    compat: str | None = None,
    batch_axis: str | None = None,
    derivative: str = "unrolled",
) -> Solution:
    """Decodes a cost matrix into a temporally consistent assignment by mirror descent.

    One iteration is T <- T exp(-eta dJ/dT), projected onto the hard marginal. With both
    marginals hard it is T <- Sinkhorn((alpha Cv T Ca + (1 - alpha) C) / eps), mirror descent
    with eta = 1 / eps, each starting from the scalings of the one before.

    Args:
        cost: [N, K], ASOT's 1 - cosine + rho * prior. What stands on masked rows and columns
            does not matter, NaN included. In half precision it is solved in float32.
        mask: [N] bool, valid frames. A hole keeps its place in time but holds no mass.
        cluster_mask: [K] bool, valid clusters.
        epsilon: weight of the entropy, .001 to 10.
        alpha: weight of the structure term, in [0, 1].
        radius: reach of the structure term as a share of the valid frames, > 0.
        lambda_frames: None: every frame carries 1/N; a number > 0: KL penalty.
        lambda_actions: None: every cluster carries 1/K; a number > 0: KL penalty.
        num_iterations: outer iterations, static.
        num_sinkhorn_iterations: rounds in each of them where both marginals are hard, static.
        step: "fixed" keeps eta. "search" starts from it and takes only plans that do not raise J;
            eta grows after one that is taken, up to 1 / eps, and is halved after one that is not.
            "momentum" keeps eta and prolongs each step by what the last one changed, until J
            rises (`fugw.steps.momentum_rule`). An iteration of these two takes up to twice as
            long as one of "fixed". Where both marginals are hard only "fixed" is possible.
        step_size: eta; default min(4 / max(dJ/dT at p q'), 1 / (eps + lambda), and with hard
            frames 2 / (eps + lambda + s)), where eps, lambda and s are the curvatures of the
            entropy, the penalty and the structure (`fugw.problem.structure_curvature`): beyond
            them steps swing. Required where both marginals are relaxed. Without effect where
            both are hard. With relaxed frames, or both marginals hard, a "fixed" eta is halved
            and the plan kept where a step would lead above the start in J.
        tolerance: stop updating once a step moves no entry of the plan (rows of sum 1) by more.
        compat: "asot" repeats the authors' program (mingu6/action_seg_ot) where it lets padding
            and batch mates in: the radius counts on the padded length, so that structure weighs
            N_padded / N_valid times as much; the automatic step size has no upper bound and,
            with `batch_axis`, is shared by the batch; Sinkhorn's rounds start from nothing, rows
            first, so that with both marginals hard it is the columns that are exact; and no
            "fixed" eta is halved.
        batch_axis: name of the `jax.vmap` axis whose videos share a step under compat="asot".
        derivative: "unrolled" differentiates the iterations, and so keeps them all in memory;
            "implicit" has the derivative of the stationary point they lead to instead, exact
            once they have come to rest, in memory that does not grow with their number, and
            none by the radius (`fugw.implicit.attach`), by which unrolled iterations know half
            of it, the band's height without its reach. "implicit" reaches the plan and the last
            objective; those before it carry none.

    Returns:
        A `Solution`: `plan` is N T, so that valid rows sum to 1 where frames are hard;
        `objective` is J, [num_iterations + 1]; `converged` compares the last step's largest
        change of the plan with the tolerance (1e-3 where none is given).

    Raises:
        ValueError: for shapes that do not fit, known numbers out of range, both marginals
            relaxed without a step size, another `derivative`, another `step` or one that does
            not fit the marginals.
    """
    checks.require_choice("derivative", derivative, *DERIVATIVES)
    checks.require_choice("step", step, *STEPS)
    if lambda_frames is None and lambda_actions is None and step != "fixed":
        raise ValueError(f'step must be "fixed" where both marginals are hard, got {step!r}')
    checks.require("in [0, 1]", alpha=alpha)
    penalties = {"lambda_frames": lambda_frames, "lambda_actions": lambda_actions}
    checks.require("positive", epsilon=epsilon, radius=radius, **penalties, step_size=step_size)
    checks.require_counts(
        num_iterations=num_iterations, num_sinkhorn_iterations=num_sinkhorn_iterations
    )
    checks.require_choice("compat", compat, None, "asot")
    if lambda_frames is not None and lambda_actions is not None and step_size is None:
        raise ValueError("step_size has to be given where both marginals are relaxed")
    least = checks.least_cost(epsilon, lambda_frames, lambda_actions)
    cost, mask, cluster_mask = checks.as_problem(cost, mask, cluster_mask, least)

    # In the order of the fields of `Numbers`.
    numbers = checks.as_numbers(
        cost, epsilon, alpha, radius, lambda_frames, lambda_actions, step_size, tolerance
    )
    static = Static(
        reach=widest(cost.shape[0], radius),
        num_iterations=num_iterations,
        num_sinkhorn_iterations=num_sinkhorn_iterations,
        step=step,
        compat=compat,
        batch_axis=batch_axis,
        derivative=derivative,
    )
    return _solve(cost, mask, cluster_mask, Numbers(*numbers), static)


class Numbers(NamedTuple):
    """The arguments of `solve` that may be traced, in the cost's precision."""

    epsilon: jax.Array
    alpha: jax.Array
    radius: jax.Array
    lambda_frames: jax.Array | None
    lambda_actions: jax.Array | None
    step_size: jax.Array | None
    tolerance: jax.Array | None


@functools.partial(jax.jit, static_argnames="static")
def _solve(
    cost: jax.Array, mask: jax.Array, cluster_mask: jax.Array, numbers: Numbers, static: Static
) -> Solution:
    """Solves a problem whose arguments were checked.

    Compiled as a whole, so that a call outside `jax.jit` does not compile operation by operation.
    """
    problem = _make_problem(cost, mask, cluster_mask, numbers, static)
    iterated, step_size = problem, numbers.step_size
    if static.derivative == "implicit":
        iterated, step_size = without_gradient(problem), lax.stop_gradient(step_size)
        # By the radius the stationary point has no derivative: the window counts whole frames.
        problem = problem._replace(height=iterated.height)
    inverse_step = None
    if problem.lambda_frames is not None or problem.lambda_actions is not None:
        inverse_step = inverse_step_size(iterated, step_size, static.compat, static.batch_axis)
    end = descend(iterated, static, inverse_step, numbers.tolerance)
    plan = end.plan
    last = problem.objective(plan, problem.structure(plan.mass, end.buffer)[0])
    if static.derivative == "implicit":
        plan = plan._replace(mass=attach(plan.mass, problem))
    return _solution(problem, plan, last, end, numbers.tolerance)


def _make_problem(cost, mask, cluster_mask, numbers: Numbers, static: Static) -> Problem:
    """The problem with clusters first, and 0 in place of whatever stands where it is masked."""
    valid = cluster_mask[:, None] & mask[None, :]
    frames = jnp.maximum(mask.sum(), 1).astype(cost.dtype)
    # The authors' program takes the radius as a share of the padded length.
    width = half_width(cost.shape[0] if static.compat else frames, numbers.radius)
    width = jnp.minimum(width, static.reach)
    relaxed_actions = numbers.lambda_actions is not None
    return Problem(
        cost=jnp.where(valid, cost.T, 0),
        valid=valid,
        frames=frames,
        clusters=jnp.maximum(cluster_mask.sum(), 1).astype(cost.dtype),
        width=width,
        near=mass_nearby(mask, frames, width, static.reach),
        epsilon=numbers.epsilon,
        alpha=numbers.alpha,
        height=jnp.where(width > 0, 1 / numbers.radius, 0),
        lambda_frames=numbers.lambda_frames,
        lambda_actions=numbers.lambda_actions,
        # The authors' balanced rounds end on columns, so that their rows are off.
        rows_hold=numbers.lambda_frames is None and (relaxed_actions or not static.compat),
    )


def _solution(problem: Problem, plan: Plan, last, end: End, tolerance) -> Solution:
    """N T as [N, K], with its errors and the record of the iterations."""
    mass, share = plan.mass * problem.frames, problem.frames / problem.clusters
    return Solution(
        plan=mass.T,
        objective=jnp.append(end.objectives, last),
        row_error=jnp.abs(mass.sum(0) - problem.valid.any(0)).max(),
        column_error=jnp.abs(mass.sum(1) / share - problem.valid.any(1)).max(),
        converged=end.change <= (DEFAULT_TOLERANCE if tolerance is None else tolerance),
        num_iterations=end.count,
    )
