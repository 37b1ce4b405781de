"""ott-jax on the problems of the comparison, in the settings that its users would try."""

import functools

import jax.numpy as jnp

from benchmarks import ott_gromov
from benchmarks.compare_problems import FUSED, SINKHORN, UNBALANCED, Problem
from benchmarks.compare_programs import Effort, Prepared, Settings, compile_jax

TITLE = "ott-jax"
BAND = "with jaxseg's BandGeometry"
RELAXED = 0.9  # tau_a of the issue below
ONLY_SHOWN = (BAND,)  # no setting of ott-jax alone
RELATIVE = 1e-2  # its outer criterion looks at costs, which move less than entries of the plan


def settings(problem: Problem) -> Settings:
    """Settings by name.

    Where rows are hard, `gw_unbalanced_correction` adds but a number to the cost: with it and
    without it, the problem is J. Of marginals with more mass than 1 and both of them relaxed
    https://github.com/ott-jax/ott/issues/519 says that the solver does not converge: here they
    have mass N, structure and epsilon scaled to match, first with frames hard as in J, then not.
    """
    if problem.kind == SINKHORN:
        return {
            "log domain": _linear,
            "log domain, momentum 1.5": functools.partial(_linear, momentum=1.5),
            "kernel": functools.partial(_linear, lse_mode=False),
        }
    tried = {
        "warm start": {},
        "warm start, 10 inner rounds": {"rounds": 10},
        BAND: {"structured": True},
    }
    if problem.kind == FUSED:
        tried["cold start"] = {"warm_start": False}
    if problem.kind == UNBALANCED:
        tried["gw_unbalanced_correction"] = {"correction": True}
        tried["marginals of mass N"] = {"unnormalised": True}
        tried["marginals of mass N, gw_unbalanced_correction"] = {
            "unnormalised": True,
            "correction": True,
        }
        tried["frames relaxed too: another problem"] = {"correction": True, "tau_a": RELAXED}
        tried["marginals of mass N, frames relaxed too: another problem"] = {
            "unnormalised": True,
            "correction": True,
            "tau_a": RELAXED,
        }
    return {name: functools.partial(_quadratic, **given) for name, given in tried.items()}


def _linear(problem: Problem, effort: Effort, *, lse_mode=True, momentum=1.0) -> Prepared:
    solver = ott_gromov.sinkhorn.Sinkhorn(
        lse_mode=lse_mode,
        threshold=effort.tolerance,
        max_iterations=effort.outer,
        momentum=ott_gromov.acceleration.Momentum(value=momentum),
    )

    def program(cost):
        geom = ott_gromov.geometry.Geometry(cost, epsilon=problem.epsilon)
        found = solver(ott_gromov.linear_problem.LinearProblem(geom))
        return len(cost) * found.matrix, found.n_iters, found.converged

    return compile_jax(program, jnp.asarray(problem.cost))


def _quadratic(
    problem: Problem,
    effort: Effort,
    *,
    warm_start: bool = True,
    rounds: int | None = None,
    structured: bool = False,
    correction: bool = False,
    unnormalised: bool = False,
    tau_a: float = 1.0,
) -> Prepared:
    """Without `rounds`, every inner solve runs to the tolerance."""
    frames, clusters = problem.cost.shape
    mass = frames if unnormalised else 1
    if rounds:
        inner = ott_gromov.fixed_rounds(rounds)
    else:
        inner = ott_gromov.sinkhorn.Sinkhorn(
            threshold=effort.tolerance, max_iterations=effort.inner
        )
    solver = ott_gromov.gromov_wasserstein.GromovWasserstein(
        inner,
        epsilon=problem.epsilon / problem.alpha / (mass if correction else 1),
        max_iterations=effort.outer,
        threshold=RELATIVE * effort.tolerance,
        warm_start=warm_start,
    )

    def program(cost, *band):
        stated = ott_gromov.state_problem(
            cost,
            *(each / mass for each in band),
            epsilon=problem.epsilon,
            alpha=problem.alpha,
            radius=problem.radius,
            lambda_actions=problem.penalty,
            gw_unbalanced_correction=correction,
            a=jnp.full(frames, mass / frames, cost.dtype),
            b=jnp.full(clusters, mass / clusters, cost.dtype),
            tau_a=tau_a,
        )
        found = solver(stated)
        iterations = 1 + jnp.sum(found.costs != -1)
        converged = iterations <= effort.outer if rounds else found.converged
        return frames / mass * found.matrix, iterations, converged

    band = () if structured else (problem.band(),)
    return compile_jax(program, *(jnp.asarray(each) for each in (problem.cost, *band)))
