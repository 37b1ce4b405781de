"""POT on the problems of the comparison, in the settings that its users would try.

POT's square loss contains J's structure, as -2 <C1 T C2, T> with C1 = -Cv / 4s and C2 = s Ca.
With hard marginals the rest of the loss is constant, and the problem is J. With relaxed actions of
masses q, the term s^2 <Ca^2 q, q> remains: at s = 1 it makes another problem, at a small s nearly
J, but then every frame has a large constant, under which kernels underflow, since POT 0.9.7 runs
the kernel form whatever `unbalanced_solver` is. Subtracting that constant from the rows of the
cost avoids this, and changes nothing else for hard frames.
"""

import functools
import tracemalloc
import warnings

import numpy as np

from benchmarks.comparison.problems import FUSED, GROMOV, SINKHORN, Problem
from benchmarks.comparison.programs import Answer, Effort, Prepared, Settings

with warnings.catch_warnings():  # of escape sequences in POT's docstrings, when it is compiled
    warnings.simplefilter("ignore")
    import ot

TITLE = "POT"
ONLY_SHOWN = ()
SMALL = 0.01  # s of the docstring


def settings(problem: Problem) -> Settings:
    """Settings that POT's users would try, by name."""
    if problem.kind == SINKHORN:
        methods = "sinkhorn", "sinkhorn_log", "sinkhorn_stabilized"
        return {method: functools.partial(_linear, method=method) for method in methods}
    if problem.kind in (FUSED, GROMOV):
        return {
            "PGD": functools.partial(_quadratic, warmstart=False),
            "PGD, warm start": functools.partial(_quadratic, warmstart=True),
        }
    return {
        "sinkhorn, s=1: another problem": functools.partial(_unbalanced, solver="sinkhorn"),
        "sinkhorn_log, s=1: another problem": functools.partial(_unbalanced, solver="sinkhorn_log"),
        f"sinkhorn_log, s={SMALL:g}": functools.partial(
            _unbalanced, solver="sinkhorn_log", scale=SMALL
        ),
        f"sinkhorn, s={SMALL:g}, rows shifted": functools.partial(
            _unbalanced, solver="sinkhorn", scale=SMALL, shifted=True
        ),
    }


def _linear(problem: Problem, effort: Effort, *, method: str) -> Prepared:
    cost, p, q = problem.cost, *_marginals(problem)

    def run():
        return ot.sinkhorn(
            p,
            q,
            cost,
            problem.epsilon,
            method=method,
            numItermax=effort.outer,
            stopThr=effort.tolerance,
            log=True,
            warn=False,
        )

    def read(output):
        plan, log = output
        iterations = log.get("niter")
        return _answer(plan, iterations and iterations + 1, log["err"], effort.tolerance)

    return _prepared(run, read, cost)


def _quadratic(problem: Problem, effort: Effort, *, warmstart: bool) -> Prepared:
    C1, C2 = _structures(problem, 1.0)
    cost, stop = problem.cost, effort.tolerance / len(problem.cost)
    given = {
        "epsilon": problem.epsilon,
        "symmetric": True,
        "max_iter": effort.outer,
        "tol": stop,
        "warmstart": warmstart,
        "log": True,
        "warn": False,
        "numItermax": effort.inner,
        "stopThr": stop,
    }

    def run():
        if problem.kind == GROMOV:
            return ot.gromov.entropic_gromov_wasserstein(C1, C2, **given)
        return ot.gromov.entropic_fused_gromov_wasserstein(
            cost, C1, C2, alpha=problem.alpha, **given
        )

    def read(output):
        plan, log = output
        return _answer(plan, None, log["err"], stop)

    return _prepared(run, read, cost, C1, C2)


def _unbalanced(
    problem: Problem, effort: Effort, *, solver: str, scale: float = 1.0, shifted: bool = False
) -> Prepared:
    """Hard rows, relaxed actions; POT minimizes a lower bound, alternating between two plans."""
    C1, C2 = _structures(problem, scale)
    C1 *= 2 * problem.alpha  # POT takes no factor 2 of a gradient and no weight of the structure
    cost, p, q = problem.cost, *_marginals(problem)
    if shifted:
        cost = cost - (C1**2 @ p / (1 - problem.alpha))[:, None]

    def run():
        return ot.gromov.fused_unbalanced_gromov_wasserstein(
            C1,
            C2,
            p,
            q,
            reg_marginals=(float("inf"), problem.penalty),
            epsilon=problem.epsilon,
            unbalanced_solver=solver,
            alpha=2 * (1 - problem.alpha),
            M=cost,
            max_iter=effort.outer,
            tol=effort.tolerance,
            max_iter_ot=effort.inner,
            tol_ot=effort.tolerance,
            log=True,
        )

    def read(output):
        plan, _, log = output
        return _answer(plan, len(log["error"]), log["error"], effort.tolerance)

    return _prepared(run, read, cost, C1, C2)


def _marginals(problem: Problem) -> list[np.ndarray]:
    return [np.full(size, 1 / size, problem.cost.dtype) for size in problem.cost.shape]


def _structures(problem: Problem, scale: float) -> tuple[np.ndarray, np.ndarray]:
    """C1 [N, N] and C2 [K, K] of the docstring."""
    return -problem.band() / (4 * scale), scale * problem.others()


def _answer(plan: np.ndarray, iterations: int | None, errors: list, stop: float) -> Answer:
    return Answer(len(plan) * plan, iterations, bool(errors and errors[-1] <= stop))


def _prepared(run, read, *inputs: np.ndarray) -> Prepared:
    """Program without POT's warnings of overflow and no convergence, which the table shows."""

    def quietly():
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return run()

    def used() -> int:
        tracemalloc.start()
        quietly()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak + sum(each.nbytes for each in inputs)

    return Prepared(quietly, read, used)
