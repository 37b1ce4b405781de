"""FUGW from numbers that were checked to a `Solution`: one compiled program."""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from jaxseg.solvers.fugw import implicit as implicit_fugw
from jaxseg.solvers.fugw import search as fugw_search
from jaxseg.solvers.fugw.problem import Plan, Problem, mass_nearby, pace, uniform
from jaxseg.solvers.fugw.steps import careful_step, descent_step, sinkhorn_step
from jaxseg.solvers.sinkhorn import DEFAULT_TOLERANCE
from jaxseg.solvers.sliding_window import half_width, room_for
from jaxseg.solvers.solution import Solution

RULES = {
    "fixed": descent_step,
    "search": fugw_search.searched,
    "momentum": fugw_search.accelerated,
}
STATIC = (
    "reach",
    "num_iterations",
    "num_sinkhorn_iterations",
    "step",
    "compat",
    "batch_axis",
    "derivative",
)


class Numbers(NamedTuple):
    """The arguments of `fugw.solve` that may be traced, in the cost's precision."""

    epsilon: jax.Array
    alpha: jax.Array
    radius: jax.Array
    lambda_frames: jax.Array | None
    lambda_actions: jax.Array | None
    step_size: jax.Array | None
    tolerance: jax.Array | None


@functools.partial(jax.jit, static_argnames=STATIC)
def descend(
    cost: jax.Array,
    mask: jax.Array,
    cluster_mask: jax.Array,
    numbers: Numbers,
    *,
    reach: int,
    num_iterations: int,
    num_sinkhorn_iterations: int,
    step: str,
    compat: str | None,
    batch_axis: str | None,
    derivative: str,
) -> Solution:
    """`fugw.solve`, whose arguments these are.

    Compiled as a whole, so that a call outside `jax.jit` does not compile operation by operation.

    Args:
        reach: no window is wider on either side.
    """
    problem = _problem(cost, mask, cluster_mask, numbers, reach, compat)
    still, step_size = problem, numbers.step_size
    if derivative == "implicit":
        still, step_size = implicit_fugw.held(problem), lax.stop_gradient(step_size)
        problem = problem._replace(height=still.height)
    if problem.lambda_frames is None and problem.lambda_actions is None:
        rule = sinkhorn_step(still, num_sinkhorn_iterations, compat, reach)
    elif step == "fixed" and problem.lambda_frames is not None and not compat:
        rule = careful_step(still, pace(still, step_size, compat, batch_axis), reach)
    else:
        rule = RULES[step](still, pace(still, step_size, compat, batch_axis))
    walk = _walk if step == "fixed" else fugw_search.descend
    plan, room, *record = walk(still, reach, rule, num_iterations, numbers.tolerance)
    last = problem.objective(plan, problem.structure(plan.mass, room)[0])
    if derivative == "implicit":
        plan = plan._replace(mass=implicit_fugw.attach(plan.mass, problem))
    return _solution(problem, plan, last, *record, numbers.tolerance)


def _problem(cost, mask, cluster_mask, numbers: Numbers, reach, compat) -> Problem:
    valid = cluster_mask[:, None] & mask[None, :]
    frames = jnp.maximum(mask.sum(), 1).astype(cost.dtype)
    width = half_width(cost.shape[0] if compat else frames, numbers.radius)
    width = jnp.minimum(width, reach)
    relaxed_actions = numbers.lambda_actions is not None
    return Problem(
        cost=jnp.where(valid, cost.T, 0),
        valid=valid,
        frames=frames,
        clusters=jnp.maximum(cluster_mask.sum(), 1).astype(cost.dtype),
        width=width,
        near=mass_nearby(mask, frames, width, reach),
        epsilon=numbers.epsilon,
        alpha=numbers.alpha,
        height=jnp.where(width > 0, 1 / numbers.radius, 0),
        lambda_frames=numbers.lambda_frames,
        lambda_actions=numbers.lambda_actions,
        rows_hold=numbers.lambda_frames is None and (relaxed_actions or not compat),
    )


def _walk(problem: Problem, reach, rule, num_iterations, tolerance):
    advance, memory = rule

    def body(state, _):
        plan, memory, room, done, count = state
        structure, room = problem.structure(plan.mass, room)
        objective = problem.objective(plan, structure)
        new, change = advance(plan, structure, memory)
        if tolerance is not None:
            new = jax.tree.map(lambda a, b: jnp.where(done, a, b), (plan, memory), new)
            change = jnp.where(done, 0, change)
        done, count = done if tolerance is None else change <= tolerance, count + ~done
        return (*new, room, done, count), (objective, change)

    start = uniform(problem)
    state = (start, memory, room_for(problem.cost, reach), jnp.zeros((), bool), jnp.int32(0))
    (plan, _, room, _, count), (trace, changes) = lax.scan(body, state, length=num_iterations)
    return plan, room, trace, changes[-1], count


def _solution(problem: Problem, plan: Plan, last, trace, change, count, tolerance) -> Solution:
    mass, share = plan.mass * problem.frames, problem.frames / problem.clusters
    return Solution(
        plan=mass.T,
        objective=jnp.append(trace, last),
        row_error=jnp.abs(mass.sum(0) - problem.valid.any(0)).max(),
        column_error=jnp.abs(mass.sum(1) / share - problem.valid.any(1)).max(),
        converged=change <= (DEFAULT_TOLERANCE if tolerance is None else tolerance),
        num_iterations=count,
    )
