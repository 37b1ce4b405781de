"""Interface of a compared library: a problem is prepared once, run often and read as NumPy."""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.comparison.problems import SINKHORN, Problem
from benchmarks.harness import compiled_bytes
from jaxseg.solvers import fugw, sinkhorn

OUR_ROUNDS = 10  # of Sinkhorn in each iteration, from the scalings of the one before
FIRST_BUDGET = 25  # iterations; doubled until the solver converges


class Effort(NamedTuple):
    """Limits of the iterations.

    Attributes:
        outer: most iterations; for a Sinkhorn problem, most rounds.
        inner: most rounds of Sinkhorn in an iteration.
        tolerance: stop when nothing moves by more, in the program's own measure, which is scaled
            to be as close to the others' as possible.
    """

    outer: int
    inner: int
    tolerance: float


class Answer(NamedTuple):
    """Plan [N, K] with rows of sum 1; iterations and converged are None if unknown."""

    plan: np.ndarray
    iterations: int | None
    converged: bool | None


class Prepared(NamedTuple):
    """Problem in a library's own terms: `run` is timed, `read(run())` is the answer.

    Attributes:
        bytes: function that returns the memory of one run, inputs and results included.
    """

    run: Callable[[], Any]
    read: Callable[[Any], Answer]
    bytes: Callable[[], int]


Settings = dict[str, Callable[[Problem, Effort], Prepared]]


def compile_jax(program: Callable, *arguments) -> Prepared:
    """Compiles a JAX function that returns the three parts of an answer."""
    compiled = jax.jit(program).lower(*arguments).compile()
    return Prepared(
        run=lambda: compiled(*arguments), read=_read_jax, bytes=lambda: compiled_bytes(compiled)
    )


def _read_jax(result) -> Answer:
    plan, iterations, converged = (np.asarray(part) for part in result)
    return Answer(plan, int(iterations), bool(converged))


def our_settings(problem: Problem) -> Settings:
    """Settings of jaxseg: its defaults alone."""
    return {"defaults": _prepare_ours}


def _prepare_ours(problem: Problem, effort: Effort) -> Prepared:
    """Our solver, compiled for the first of 25, 50, 100, ... iterations that suffices.

    Our number of iterations is static, and all are run, so that `vmap` needs no synchronization.
    """
    budget = min(FIRST_BUDGET, effort.outer)
    while True:
        prepared = _compile_ours(problem, effort, budget)
        if budget == effort.outer or prepared.read(prepared.run()).converged:
            return prepared
        budget = min(2 * budget, effort.outer)


def _compile_ours(problem: Problem, effort: Effort, budget: int) -> Prepared:
    solve = functools.partial(
        sinkhorn.solve,
        epsilon=problem.epsilon,
        num_iterations=budget,
        tolerance=effort.tolerance,
    )
    if problem.kind != SINKHORN:
        solve = functools.partial(
            fugw.solve,
            **solve.keywords,
            alpha=problem.alpha,
            radius=problem.radius,
            lambda_actions=problem.penalty,
            num_sinkhorn_iterations=OUR_ROUNDS,
        )

    def program(cost):
        solution = solve(cost)
        return solution.plan, solution.num_iterations, solution.converged

    return compile_jax(program, jnp.asarray(problem.cost))
