"""One iteration of FUGW: mirror descent where a marginal is relaxed, Sinkhorn where both are hard.

A step maps (plan, structure, memory) to (plan, memory) and the largest change of N T that it
found; it comes with the memory it starts from.
"""

import functools

import jax
import jax.numpy as jnp
from jax import lax

from jaxseg.solvers.fugw.problem import Plan, Problem, uniform
from jaxseg.solvers.reductions import log_sums, masked_log, normalise
from jaxseg.solvers.sliding_window import room_for

SHORTEST_STRIDE = 2.0**-20  # of the first one; so that something stays to divide by


def descent_step(problem: Problem, pace: jax.Array):
    """T <- T exp(-eta dJ/dT), eta = 1 / pace, then the projection onto the one hard marginal."""

    def advance(plan, structure, memory):
        new = project(problem, descended(problem, plan, structure, pace), plan)
        return (new, memory), largest_change(problem, plan, new)

    return advance, ()


def descended(problem: Problem, plan: Plan, structure: jax.Array, pace: jax.Array) -> jax.Array:
    """log T - eta dJ/dT, [K, N]."""
    # XLA repeats sums and products for everyone who reads them, but never a division.
    log = (pace * plan.log - problem.gradient(plan, structure)) / pace
    return masked_log(log, problem.valid)


def project(problem: Problem, log: jax.Array, old: Plan) -> Plan:
    """The plan nearest to exp(log) whose one hard marginal holds, or itself where none is hard.

    Args:
        log: [K, N], of `masked_log`.
        old: a plan that knows the ratio of the hard marginal.
    """
    to_rows = jnp.log(problem.frames / problem.clusters)
    if problem.lambda_frames is None:
        share, shift, columns = normalise(log, problem.valid, axis=0)
        size, ratios = problem.frames, (columns - to_rows, old.row_ratio)
    elif problem.lambda_actions is None:
        share, shift, rows = normalise(log, problem.valid, axis=1)
        size, ratios = problem.clusters, (old.column_ratio, rows + to_rows)
    else:
        return _relaxed(problem, log)
    return Plan(log, shift + jnp.log(size), share * (1 / size), *ratios)


def largest_change(problem: Problem, old: Plan, new: Plan) -> jax.Array:
    """Of an entry of N T."""
    return problem.frames * jnp.abs(new.mass - old.mass).max()


def _relaxed(problem: Problem, log: jax.Array) -> Plan:
    """No projection: the mass is what it is."""
    masked = jnp.where(problem.valid, log, -jnp.inf)

    def ratio(axis, size):
        sums = log_sums(masked, axis)
        return jnp.where(jnp.isfinite(sums), sums + jnp.log(size), 0)

    ratios = ratio(1, problem.clusters), ratio(0, problem.frames)
    return Plan(log, jnp.zeros_like(log[:1]), jnp.exp(masked), *ratios)


def careful_step(problem: Problem, pace: jax.Array, reach: int):
    """`descent_step` that is never above the start in J, for relaxed frames.

    Mass piles up where the structure lets it, and with the mass grows how curved J is: no step
    that is short enough for every plan is of any use at the start.
    """

    def attempt(plan, structure, memory, stride):
        return project(problem, descended(problem, plan, structure, pace / stride), plan), memory

    return _not_above_start(problem, reach, attempt, ())


def sinkhorn_step(problem: Problem, num_rounds: int, compat: str | None, reach: int):
    """T <- Sinkhorn of the linearised cost, both marginals hard: mirror descent, eta = 1 / eps.

    That is too long where neighbours push each other apart, and frames would change sides
    together for ever: eta is halved where J would come to lie above its start.
    """

    def attempt(plan, structure, scalings, stride):
        log_kernel = -problem.linear_cost(structure) / problem.epsilon
        log_kernel = (1 - stride) * plan.log + stride * log_kernel
        scalings = jax.tree.map(lambda each: stride * each, scalings)
        new, scalings = _scaled(problem, log_kernel, scalings, num_rounds, compat)
        return new, jax.tree.map(lambda each: each / stride, scalings)

    def as_the_authors(plan, structure, zeros):
        log_kernel = -problem.linear_cost(structure) / problem.epsilon
        new, _ = _scaled(problem, log_kernel, zeros, num_rounds, compat)
        return (new, zeros), largest_change(problem, plan, new)

    start = uniform(problem)
    zeros = start.column_ratio, start.row_ratio
    if compat:
        return as_the_authors, zeros
    return _not_above_start(problem, reach, attempt, zeros)


def _not_above_start(problem: Problem, reach: int, attempt, memory):
    """A step that takes no plan whose J is above that of p q', and halves its stride instead."""
    start, room = uniform(problem), room_for(problem.cost, reach)
    highest = problem.objective(start, problem.structure(start.mass, room)[0])

    def advance(plan, structure, state):
        memory, stride = state
        new, remembered = attempt(plan, structure, memory, stride)
        taken = problem.objective(new, problem.structure(new.mass, room)[0]) <= highest
        shorter = jnp.maximum(stride / 2, SHORTEST_STRIDE)
        states = (new, (remembered, stride)), (plan, (memory, shorter))
        chosen = jax.tree.map(functools.partial(jnp.where, taken), *states)
        return chosen, largest_change(problem, plan, new)  # standing still is not converging

    return advance, (memory, jnp.ones_like(problem.epsilon))


def _scaled(problem: Problem, log_kernel, scalings, num_rounds, compat):
    """The plan that rounds from these scalings lead to, columns then rows, and its scalings."""
    log_kernel = jnp.where(problem.valid, log_kernel, -jnp.inf)

    def scaling(log_kernel, axis, size):
        sums = log_sums(log_kernel, axis)
        return jnp.where(jnp.isfinite(sums), -sums - jnp.log(size), 0)

    def one_round(_, scalings):
        columns, rows = scalings
        if compat:
            rows = scaling(log_kernel + columns, 0, problem.frames)
            return scaling(log_kernel + rows, 1, problem.clusters), rows
        columns = scaling(log_kernel + rows, 1, problem.clusters)
        return columns, scaling(log_kernel + columns, 0, problem.frames)

    columns, rows = lax.fori_loop(0, num_rounds, one_round, scalings)
    log, ratios = masked_log(log_kernel + columns, problem.valid), map(jnp.zeros_like, scalings)
    if compat:
        return Plan(log, -rows, jnp.exp(log + rows), *ratios), (columns, rows)
    # Shares of a row, and not the exponential of a sum of scalings: at 10^9 times epsilon
    # float32 knows no digit of theirs behind the point.
    share, shift, _ = normalise(log, problem.valid, axis=0)
    mass = share * (1 / problem.frames)
    return Plan(log, shift + jnp.log(problem.frames), mass, *ratios), (columns, rows)
