"""One iteration of FUGW: mirror descent where a marginal is relaxed, Sinkhorn where both are hard.

A step maps (plan, structure, scalings) to (plan, scalings).
"""

import jax
import jax.numpy as jnp
from jax import lax

from jaxseg.solvers.fugw_problem import Plan, Problem
from jaxseg.solvers.reductions import log_sums, masked_log, normalise


def descent_step(problem: Problem, pace: jax.Array):
    """T <- T exp(-eta dJ/dT), eta = 1 / pace, then the projection onto the one hard marginal."""
    to_rows = jnp.log(problem.frames / problem.clusters)

    def advance(plan, structure, scalings):
        # XLA repeats sums and products for everyone who reads them, but never a division.
        log = (pace * plan.log - problem.gradient(plan, structure)) / pace
        log = masked_log(log, problem.valid)
        if problem.lambda_frames is None:
            share, shift, columns = normalise(log, problem.valid, axis=0)
            size, ratios = problem.frames, (columns - to_rows, plan.row_ratio)
        elif problem.lambda_actions is None:
            share, shift, rows = normalise(log, problem.valid, axis=1)
            size, ratios = problem.clusters, (plan.column_ratio, rows + to_rows)
        else:
            return _relaxed(problem, log), scalings
        return Plan(log, shift + jnp.log(size), share * (1 / size), *ratios), scalings

    return advance


def _relaxed(problem: Problem, log: jax.Array) -> Plan:
    """No projection: the mass is what it is."""
    masked = jnp.where(problem.valid, log, -jnp.inf)

    def ratio(axis, size):
        sums = log_sums(masked, axis)
        return jnp.where(jnp.isfinite(sums), sums + jnp.log(size), 0)

    ratios = ratio(1, problem.clusters), ratio(0, problem.frames)
    return Plan(log, jnp.zeros_like(log[:1]), jnp.exp(masked), *ratios)


def sinkhorn_step(problem: Problem, num_rounds: int, compat: str | None):
    """T <- Sinkhorn of the linearised cost, both marginals hard."""

    def scaling(log_kernel, axis, size):
        sums = log_sums(log_kernel, axis)
        return jnp.where(jnp.isfinite(sums), -sums - jnp.log(size), 0)

    def advance(plan, structure, scalings):
        log_kernel = -problem.linear_cost(structure) / problem.epsilon
        log_kernel = jnp.where(problem.valid, log_kernel, -jnp.inf)
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
        log = log_kernel + columns
        mass = jnp.exp(log + rows)
        ratios = plan.column_ratio, plan.row_ratio
        return Plan(masked_log(log, problem.valid), -rows, mass, *ratios), (columns, rows)

    return advance
