"""The iterations of FUGW: mirror descent where a marginal is relaxed, Sinkhorn where both are hard.

There are two kinds of rules for a step. An *advancing* rule ("fixed") computes one plan from the
last and keeps it. A *proposing* rule ("search", "momentum") computes one plan, its structure term
and its objective, and then decides whether to keep it; all of that is carried along, so that the
next iteration, and another try from the same plan, begin from there. Each kind has a loop.
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from jaxseg.solvers.fugw.problem import Plan, Problem, structure_of_uniform, uniform
from jaxseg.solvers.reductions import log_sums, masked_log, normalize
from jaxseg.solvers.sliding_window import make_buffer

STEPS = ("fixed", "search", "momentum")
GROWTH, SHRINKAGE = 1.5, 0.5  # of the step, after a plan that is kept and after one that is not
SHORTEST = 2.0**-20  # of the first step: the shortest one, so that there is something to divide by


class Static(NamedTuple):
    """The arguments of `fugw.solve` that a compiled program is made for."""

    reach: int  # upper bound on the window's half width in frames; sets the buffer's length
    num_iterations: int
    num_sinkhorn_iterations: int
    step: str
    compat: str | None
    batch_axis: str | None
    derivative: str


class End(NamedTuple):
    """Where the iterations ended, and what they recorded."""

    plan: Plan
    buffer: jax.Array  # for `Problem.structure`
    objectives: jax.Array  # [num_iterations], J before each iteration
    change: jax.Array  # largest change of an entry of N T in the last iteration
    count: jax.Array  # int32, iterations until the tolerance was met


class Advance(NamedTuple):
    """A rule that keeps every plan it computes."""

    step: Callable  # (plan, structure, memory) -> (plan, memory), change of N T
    memory: Any  # of the first iteration


class Propose(NamedTuple):
    """A rule that may refuse what it proposes."""

    propose: Callable  # (iterate, memory) -> plan, memory
    settle: Callable  # (iterate, proposed iterate, memory) -> (iterate, memory)
    memory: Any  # of the first iteration


class Iterate(NamedTuple):
    """A plan with its structure term and objective."""

    plan: Plan
    structure: jax.Array  # [K, N], Cv T Ca
    objective: jax.Array  # J


def descend(
    problem: Problem, static: Static, inverse_step: jax.Array | None, tolerance: jax.Array | None
) -> End:
    """All iterations from p q'; those after the tolerance is met change nothing.

    Args:
        inverse_step: 1 / eta; None where both marginals are hard.
    """
    if inverse_step is None:
        rule = sinkhorn_rule(problem, static)
    elif static.step == "search":
        rule = search_rule(problem, inverse_step)
    elif static.step == "momentum":
        rule = momentum_rule(problem, inverse_step)
    elif problem.lambda_frames is not None and not static.compat:
        rule = careful_rule(problem, inverse_step, static.reach)
    else:
        rule = descent_rule(problem, inverse_step)
    loop = _advance if isinstance(rule, Advance) else _propose
    return loop(problem, rule, static, tolerance)


def _advance(problem: Problem, rule: Advance, static: Static, tolerance) -> End:
    """The loop of a rule that keeps every plan."""

    def body(state, _):
        plan, memory, buffer, done, count = state
        structure, buffer = problem.structure(plan.mass, buffer)
        objective = problem.objective(plan, structure)
        new, change = rule.step(plan, structure, memory)
        if tolerance is not None:
            new = _choose(done, (plan, memory), new)
            change = jnp.where(done, 0, change)
        done, count = done if tolerance is None else change <= tolerance, count + ~done
        return (*new, buffer, done, count), (objective, change)

    # A scan and no `while_loop`: under vmap a condition would hold for the whole batch, and
    # every video would wait for the slowest.
    start = uniform(problem), rule.memory, make_buffer(problem.cost, static.reach)
    state = (*start, jnp.zeros((), bool), jnp.int32(0))
    (plan, _, buffer, _, count), (objectives, changes) = lax.scan(
        body, state, length=static.num_iterations
    )
    return End(plan, buffer, objectives, changes[-1], count)


def _propose(problem: Problem, rule: Propose, static: Static, tolerance) -> End:
    """The loop of a rule that may refuse a plan; `change` is that of the plan it proposed."""

    def evaluate(plan, buffer):
        structure, buffer = problem.structure(plan.mass, buffer)
        return Iterate(plan, structure, problem.objective(plan, structure)), buffer

    def body(state, _):
        iterate, memory, buffer, done, count = state
        plan, proposed_memory = rule.propose(iterate, memory)
        proposed, buffer = evaluate(plan, buffer)
        new = rule.settle(iterate, proposed, proposed_memory)
        change = largest_change(problem, iterate.plan, plan)
        if tolerance is not None:
            new = _choose(done, (iterate, memory), new)
            change = jnp.where(done, 0, change)
        done, count = done if tolerance is None else change <= tolerance, count + ~done
        return (*new, buffer, done, count), (iterate.objective, change)

    start, buffer = evaluate(uniform(problem), make_buffer(problem.cost, static.reach))
    state = start, rule.memory, buffer, jnp.zeros((), bool), jnp.int32(0)
    (end, _, buffer, _, count), (objectives, changes) = lax.scan(
        body, state, length=static.num_iterations
    )
    return End(end.plan, buffer, objectives, changes[-1], count)


def mirror_step(problem: Problem, plan: Plan, structure: jax.Array, inverse_step) -> jax.Array:
    """log T - eta dJ/dT, [K, N], before the projection."""
    # A division by 1 / eta and not a product with eta: XLA repeats sums and products for each of
    # their readers, which are several here, but never a division.
    log = (inverse_step * plan.log - problem.gradient(plan, structure)) / inverse_step
    return masked_log(log, problem.valid)


def project(problem: Problem, log: jax.Array, old: Plan) -> Plan:
    """The plan nearest to exp(log) whose one hard marginal holds, or itself where none is hard.

    Args:
        log: [K, N], of `masked_log`.
        old: a plan that knows the ratio of the hard marginal.
    """
    to_rows = jnp.log(problem.frames / problem.clusters)
    if problem.lambda_frames is None:
        share, shift, columns = normalize(log, problem.valid, axis=0)
        size, ratios = problem.frames, (columns - to_rows, old.row_ratio)
    elif problem.lambda_actions is None:
        share, shift, rows = normalize(log, problem.valid, axis=1)
        size, ratios = problem.clusters, (old.column_ratio, rows + to_rows)
    else:
        return _relaxed(problem, log)
    # The shares times 1/N, and not exp(log T): float32 knows the shares of a row to its last
    # digit, and a logarithm of -1,000 to a ten-thousandth.
    return Plan(log, shift + jnp.log(size), share * (1 / size), *ratios)


def _relaxed(problem: Problem, log: jax.Array) -> Plan:
    """The plan exp(log), where no marginal is hard: there is nothing to project onto."""
    masked = jnp.where(problem.valid, log, -jnp.inf)

    def ratio(axis, size):
        sums = log_sums(masked, axis)
        return jnp.where(jnp.isfinite(sums), sums + jnp.log(size), 0)

    ratios = ratio(1, problem.clusters), ratio(0, problem.frames)
    return Plan(log, jnp.zeros_like(log[:1]), jnp.exp(masked), *ratios)


def largest_change(problem: Problem, old: Plan, new: Plan) -> jax.Array:
    """Largest change of an entry of N T between two plans."""
    return problem.frames * jnp.abs(new.mass - old.mass).max()


def descent_rule(problem: Problem, inverse_step: jax.Array) -> Advance:
    """T <- T exp(-eta dJ/dT), then the projection onto the one hard marginal."""

    def step(plan, structure, memory):
        new = project(problem, mirror_step(problem, plan, structure, inverse_step), plan)
        return (new, memory), largest_change(problem, plan, new)

    return Advance(step, memory=())


def careful_rule(problem: Problem, inverse_step: jax.Array, reach: int) -> Advance:
    """`descent_rule` that is never above the start in J, for relaxed frames.

    Mass piles up where the structure lets it, and with the mass grows how curved J is: no step
    that is short enough for every plan is of any use at the start.
    """

    def attempt(plan, structure, memory, factor):
        log = mirror_step(problem, plan, structure, inverse_step / factor)
        return project(problem, log, plan), memory

    return _not_above_start(problem, reach, attempt, ())


def sinkhorn_rule(problem: Problem, static: Static) -> Advance:
    """T <- Sinkhorn of the linearized cost, both marginals hard: mirror descent, eta = 1 / eps.

    That is too long where neighbors push each other apart, and frames would change sides
    together for ever: eta is halved where J would come to lie above its start.
    """

    def attempt(plan, structure, scalings, factor):
        log_kernel = -problem.linear_cost(structure) / problem.epsilon
        log_kernel = (1 - factor) * plan.log + factor * log_kernel
        # The scalings belong to the kernel they were found for: they shrink and grow with it.
        scalings = jax.tree.map(lambda each: factor * each, scalings)
        new, scalings = _scaled(problem, log_kernel, scalings, static)
        return new, jax.tree.map(lambda each: each / factor, scalings)

    def as_the_authors(plan, structure, zeros):
        log_kernel = -problem.linear_cost(structure) / problem.epsilon
        new, _ = _scaled(problem, log_kernel, zeros, static)
        return (new, zeros), largest_change(problem, plan, new)

    start = uniform(problem)
    zeros = start.column_ratio, start.row_ratio
    if static.compat:
        return Advance(as_the_authors, memory=zeros)
    return _not_above_start(problem, static.reach, attempt, zeros)


def _not_above_start(problem: Problem, reach: int, attempt: Callable, memory) -> Advance:
    """A rule that keeps no plan whose J is above that of p q', and halves its step instead."""
    start, buffer = uniform(problem), make_buffer(problem.cost, reach)
    highest = problem.objective(start, problem.structure(start.mass, buffer)[0])

    def step(plan, structure, state):
        memory, factor = state
        new, new_memory = attempt(plan, structure, memory, factor)
        kept = problem.objective(new, problem.structure(new.mass, buffer)[0]) <= highest
        shorter = jnp.maximum(factor / 2, SHORTEST)
        states = (new, (new_memory, factor)), (plan, (memory, shorter))
        chosen = jax.tree.map(functools.partial(jnp.where, kept), *states)
        # The change of the proposed plan: a plan that is only held has not converged.
        return chosen, largest_change(problem, plan, new)

    return Advance(step, memory=(memory, jnp.ones_like(problem.epsilon)))


def _scaled(problem: Problem, log_kernel, scalings, static: Static):
    """The plan that rounds from these scalings lead to, and its scalings (columns, rows)."""
    log_kernel = jnp.where(problem.valid, log_kernel, -jnp.inf)

    def scaling(log_kernel, axis, size):
        sums = log_sums(log_kernel, axis)
        return jnp.where(jnp.isfinite(sums), -sums - jnp.log(size), 0)

    def one_round(_, scalings):
        columns, rows = scalings
        if static.compat:  # rows first, as in the authors' program, so that the columns are exact
            rows = scaling(log_kernel + columns, 0, problem.frames)
            return scaling(log_kernel + rows, 1, problem.clusters), rows
        # Columns first: what comes last is exact after any number of rounds, and every frame has
        # to be labeled.
        columns = scaling(log_kernel + rows, 1, problem.clusters)
        return columns, scaling(log_kernel + columns, 0, problem.frames)

    columns, rows = lax.fori_loop(0, static.num_sinkhorn_iterations, one_round, scalings)
    log, ratios = masked_log(log_kernel + columns, problem.valid), map(jnp.zeros_like, scalings)
    if static.compat:
        return Plan(log, -rows, jnp.exp(log + rows), *ratios), (columns, rows)
    # Shares of a row, and not the exponential of a sum of scalings: at 10^9 times epsilon
    # float32 knows no digit of theirs behind the point.
    share, shift, _ = normalize(log, problem.valid, axis=0)
    mass = share * (1 / problem.frames)
    return Plan(log, shift + jnp.log(problem.frames), mass, *ratios), (columns, rows)


def search_rule(problem: Problem, inverse_step: jax.Array) -> Propose:
    """A plan is kept where J does not rise, and then the step grows; else it shrinks.

    It grows to 1 / eps at most, with which J's linear part and its entropy are at their minimum
    in one step; it shrinks to what rounding leaves of a plan that cannot fall any more. The memory
    is 1 / eta.
    """

    def propose(iterate, inverse_step):
        log = mirror_step(problem, iterate.plan, iterate.structure, inverse_step)
        return project(problem, log, iterate.plan), inverse_step

    def settle(iterate, proposed, inverse_step):
        kept = proposed.objective <= iterate.objective
        longer, shorter = (within(inverse_step / factor) for factor in (GROWTH, SHRINKAGE))
        return _choose(kept, (proposed, longer), (iterate, shorter))

    def within(inverse_step):
        return jnp.clip(inverse_step, problem.epsilon, first / SHORTEST)

    first = jnp.maximum(inverse_step, problem.epsilon)
    return Propose(propose, settle, memory=first)


def momentum_rule(problem: Problem, inverse_step: jax.Array) -> Propose:
    """Nesterov's momentum on log T: a step from T is prolonged by what the last one changed.

    k / (k + 3) of it, k being the iterations since J last rose, where momentum starts from
    nothing again (O'Donoghue and Candes 2015). No plan is kept whose J is above the start's.
    The memory is the last step's log T before its projection, and k.
    """
    start = uniform(problem)
    highest = problem.objective(start, structure_of_uniform(problem))

    def propose(iterate, memory):
        before, age = memory
        log = mirror_step(problem, iterate.plan, iterate.structure, inverse_step)
        prolonged = log + age / (age + 3) * (log - before)
        return project(problem, prolonged, iterate.plan), (log, age)

    def settle(iterate, proposed, memory):
        log, age = memory
        age = jnp.where(proposed.objective <= iterate.objective, age + 1, 0)
        kept = proposed.objective <= highest
        return _choose(kept, (proposed, (log, age)), (iterate, (log, 0 * age)))

    # `age` is a float and of the problem's dtype: it stands in a quotient.
    return Propose(propose, settle, memory=(start.raw, jnp.zeros_like(inverse_step)))


def _choose(condition, one, other):
    """One of two trees of arrays, entry by entry, so that it works under vmap."""
    return jax.tree.map(lambda a, b: jnp.where(condition, a, b), one, other)
