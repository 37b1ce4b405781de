"""What a comparison asks of a library: a problem prepared once, run often, read as NumPy."""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.compare_problems import SINKHORN, Problem
from jaxseg.solvers import fugw, sinkhorn

OUR_ROUNDS = 10  # in each iteration, from the scalings of the one before
FIRST_BUDGET = 25  # iterations that our solvers are tried with before twice as many


class Effort(NamedTuple):
    """How long to iterate.

    Attributes:
        outer: iterations at most, or rounds of Sinkhorn where that is the problem.
        inner: rounds of Sinkhorn in each of them at most.
        tolerance: until nothing moves by more in the program's own measure, scaled as close to
            the others' as it can be.
    """

    outer: int
    inner: int
    tolerance: float


class Answer(NamedTuple):
    """plan [N, K] with rows of sum 1; iterations and converged None where it is not known."""

    plan: np.ndarray
    iterations: int | None
    converged: bool | None


class Prepared(NamedTuple):
    """A problem in a library's own terms: `read(run())` is its answer, `run` what is timed.

    Attributes:
        bytes: a call that gives the memory of one run, inputs and results included.
    """

    run: Callable[[], Any]
    read: Callable[[Any], Answer]
    bytes: Callable[[], int]


Settings = dict[str, Callable[[Problem, Effort], Prepared]]


def compile_jax(program: Callable, *arguments) -> Prepared:
    """A JAX function that returns the three parts of an answer, compiled for its arguments."""
    compiled = jax.jit(program).lower(*arguments).compile()
    return Prepared(
        run=lambda: compiled(*arguments), read=_read_jax, bytes=lambda: compiled_bytes(compiled)
    )


def compiled_bytes(compiled: jax.stages.Compiled) -> int:
    """Arguments, results and temporaries, as the compiler laid them out."""
    sizes = compiled.memory_analysis()
    held = sizes.argument_size_in_bytes + sizes.output_size_in_bytes
    return held + sizes.temp_size_in_bytes - sizes.alias_size_in_bytes


def _read_jax(result) -> Answer:
    plan, iterations, converged = (np.asarray(part) for part in result)
    return Answer(plan, int(iterations), bool(converged))


def our_settings(problem: Problem) -> Settings:
    """jaxseg as it comes."""
    return {"as it comes": _prepare_ours}


def _prepare_ours(problem: Problem, effort: Effort) -> Prepared:
    """Compiled for the first of 25, 50, 100, ... iterations that suffices.

    The number is static and all are run, for the sake of `vmap`: it is the user who picks it.
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
