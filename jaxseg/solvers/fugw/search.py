"""FUGW in fewer iterations: by a step that is searched for, or by momentum.

An iteration proposes one plan, finds its structure term and objective, and settles what comes of
it. What was computed for a plan is kept beside it: the next iteration, and another try from the
same plan, begin from there.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from jaxseg.solvers.fugw.problem import Plan, Problem, structure_of_uniform, uniform
from jaxseg.solvers.fugw.steps import descended, largest_change, project
from jaxseg.solvers.sliding_window import room_for

STEPS = ("fixed", "search", "momentum")
GROWTH, SHRINKAGE = 1.5, 0.5  # of the step, after a plan that is taken and after one that is not
SHORTEST = 2.0**-20  # of the first step


class Iterate(NamedTuple):
    """A plan and what is known of it."""

    plan: Plan
    structure: jax.Array  # [K, N], Cv T Ca
    objective: jax.Array  # J


def require_step(step: str, balanced: bool) -> None:
    """Raises ValueError unless the rule for steps is a known one that fits the marginals."""
    if step not in STEPS:
        raise ValueError(f'step must be "fixed", "search" or "momentum", got {step!r}')
    if balanced and step != "fixed":
        raise ValueError(f'step must be "fixed" where both marginals are hard, got {step!r}')


def descend(problem: Problem, reach: int, rule: tuple, num_iterations: int, tolerance):
    """Mirror descent by a rule of this file.

    Args:
        rule: how to propose a plan, how to settle what comes of it, and the first memory.

    Returns:
        The last plan; room for `Problem.structure`; J before each iteration; the largest change
        of N T that the last one proposed; how many there were until the tolerance was met.
    """
    propose, settle, memory = rule

    def body(state, _):
        at, memory, room, done, count = state
        plan, remembered = propose(at, memory)
        tried, room = _look(problem, plan, room)
        new = settle(at, tried, remembered)
        change = largest_change(problem, at.plan, plan)
        if tolerance is not None:
            new = _choose(done, (at, memory), new)
            change = jnp.where(done, 0, change)
        done, count = done if tolerance is None else change <= tolerance, count + ~done
        return (*new, room, done, count), (at.objective, change)

    start, room = _look(problem, uniform(problem), room_for(problem.cost, reach))
    state = start, memory, room, jnp.zeros((), bool), jnp.int32(0)
    (end, _, room, _, count), (trace, changes) = lax.scan(body, state, length=num_iterations)
    return end.plan, room, trace, changes[-1], count


def _look(problem: Problem, plan: Plan, room: jax.Array) -> tuple[Iterate, jax.Array]:
    structure, room = problem.structure(plan.mass, room)
    return Iterate(plan, structure, problem.objective(plan, structure)), room


def searched(problem: Problem, pace: jax.Array):
    """A plan is taken where J does not rise, and then the step grows; else it shrinks.

    It grows to 1 / eps at most, with which J's linear part and its entropy are at their minimum
    in one step; it shrinks to what rounding leaves of a plan that cannot fall any more.
    """

    def propose(at, pace):
        return project(problem, descended(problem, at.plan, at.structure, pace), at.plan), pace

    def settle(at, new, pace):
        taken = new.objective <= at.objective
        longer, shorter = (within(pace / factor) for factor in (GROWTH, SHRINKAGE))
        return _choose(taken, (new, longer), (at, shorter))

    def within(pace):
        return jnp.clip(pace, problem.epsilon, first / SHORTEST)

    first = jnp.maximum(pace, problem.epsilon)
    return propose, settle, first


def accelerated(problem: Problem, pace: jax.Array):
    """Nesterov's momentum on log T: a step from T is prolonged by what the last one changed.

    k / (k + 3) of it, k being the iterations since J last rose, where momentum starts from
    nothing again (O'Donoghue and Candes 2015). No plan is taken whose J is above the start's.
    """
    start = uniform(problem)
    highest = problem.objective(start, structure_of_uniform(problem))

    def propose(at, memory):
        before, age = memory
        log = descended(problem, at.plan, at.structure, pace)
        onward = log + age / (age + 3) * (log - before)
        return project(problem, onward, at.plan), (log, age)

    def settle(at, new, memory):
        log, age = memory
        age = jnp.where(new.objective <= at.objective, age + 1, 0)
        return _choose(new.objective <= highest, (new, (log, age)), (at, (log, 0 * age)))

    return propose, settle, (start.raw, jnp.zeros_like(pace))


def _choose(condition, one, other):
    return jax.tree.map(lambda a, b: jnp.where(condition, a, b), one, other)
