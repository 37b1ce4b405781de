"""ott-jax on the problems of the comparison: its problem stated as ours, and its settings."""

import functools
import warnings

import jax
import jax.numpy as jnp

from benchmarks.comparison.problems import FUSED, SINKHORN, UNBALANCED, Problem
from benchmarks.comparison.programs import Effort, Prepared, Settings, compile_jax
from jaxseg.interop.ott import PRODUCT_LOSS, BandGeometry, DiscreteGeometry

with warnings.catch_warnings():  # ott still imports jaxopt, which is deprecated
    warnings.simplefilter("ignore", DeprecationWarning)
    from ott.geometry import geometry
    from ott.problems.linear import linear_problem
    from ott.problems.quadratic import quadratic_problem
    from ott.solvers.linear import acceleration, sinkhorn
    from ott.solvers.quadratic import gromov_wasserstein

TITLE = "ott-jax"
BAND = "with jaxseg's BandGeometry"
RELAXED = 0.9  # tau_a in the issue that `settings` names
ONLY_SHOWN = (BAND,)  # not a setting of ott-jax alone, so that it is never its best one
RELATIVE = 1e-2  # ott-jax's outer criterion looks at costs, which move less than a plan's entries


def settings(problem: Problem) -> Settings:
    """Settings that ott-jax's users would try, by name.

    With hard rows, `gw_unbalanced_correction` adds a constant to the cost, so that the problem is
    J with it and without it. https://github.com/ott-jax/ott/issues/519 reports that the solver
    does not converge for marginals of more mass than 1 that are both relaxed. Here marginals have
    mass N, with structure and epsilon scaled to match; frames are first hard, as in J, then
    relaxed.
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
        tried["marginals of mass N"] = {"unnormalized": True}
        tried["marginals of mass N, gw_unbalanced_correction"] = {
            "unnormalized": True,
            "correction": True,
        }
        tried["frames relaxed too: another problem"] = {"correction": True, "tau_a": RELAXED}
        tried["marginals of mass N, frames relaxed too: another problem"] = {
            "unnormalized": True,
            "correction": True,
            "tau_a": RELAXED,
        }
    return {name: functools.partial(_quadratic, **given) for name, given in tried.items()}


def _linear(problem: Problem, effort: Effort, *, lse_mode=True, momentum=1.0) -> Prepared:
    solver = sinkhorn.Sinkhorn(
        lse_mode=lse_mode,
        threshold=effort.tolerance,
        max_iterations=effort.outer,
        momentum=acceleration.Momentum(value=momentum),
    )

    def program(cost):
        geom = geometry.Geometry(cost, epsilon=problem.epsilon)
        output = solver(linear_problem.LinearProblem(geom))
        return len(cost) * output.matrix, output.n_iters, output.converged

    return compile_jax(program, jnp.asarray(problem.cost))


def _quadratic(
    problem: Problem,
    effort: Effort,
    *,
    warm_start: bool = True,
    rounds: int | None = None,
    structured: bool = False,
    correction: bool = False,
    unnormalized: bool = False,
    tau_a: float = 1.0,
) -> Prepared:
    """Gromov-Wasserstein; without `rounds`, every inner solve runs to the tolerance."""
    frames, clusters = problem.cost.shape
    mass = frames if unnormalized else 1
    if rounds:
        inner = fixed_rounds(rounds)
    else:
        inner = sinkhorn.Sinkhorn(threshold=effort.tolerance, max_iterations=effort.inner)
    solver = gromov_wasserstein.GromovWasserstein(
        inner,
        epsilon=problem.epsilon / problem.alpha / (mass if correction else 1),
        max_iterations=effort.outer,
        threshold=RELATIVE * effort.tolerance,
        warm_start=warm_start,
    )

    def program(cost, *band):
        stated = state_problem(
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
        output = solver(stated)
        iterations = 1 + jnp.sum(output.costs != -1)  # -1 marks iterations that were not run
        converged = iterations <= effort.outer if rounds else output.converged
        return frames / mass * output.matrix, iterations, converged

    band = () if structured else (problem.band(),)
    return compile_jax(program, *(jnp.asarray(each) for each in (problem.cost, *band)))


def solve(
    cost: jax.Array,
    *,
    epsilon: float = 0.07,
    alpha: float = 0.3,
    radius: float = 0.04,
    num_iterations: int = 25,
    num_sinkhorn_iterations: int = 10,
) -> jax.Array:
    """Solves the problem of `fugw.solve(cost, lambda_actions=None)`, by a number of iterations.

    ott-jax's start, one solve of the problem linearized at p q', is our first iteration.

    Args:
        cost: [N, K], with all frames and clusters valid.
        epsilon, alpha, radius, num_iterations, num_sinkhorn_iterations: as in `fugw.solve`.

    Returns:
        Plan [N, K] with rows of sum 1.
    """
    frames = len(cost)
    band = BandGeometry(frames, radius).cost_matrix.astype(cost.dtype)
    solver = gromov_wasserstein.GromovWasserstein(
        fixed_rounds(num_sinkhorn_iterations),
        epsilon=epsilon / alpha,
        min_iterations=num_iterations - 1,
        max_iterations=num_iterations - 1,
        threshold=-1.0,
        warm_start=True,
    )
    problem = state_problem(cost, band, epsilon=epsilon, alpha=alpha, radius=radius)
    return frames * solver(problem).matrix


def state_problem(
    cost: jax.Array,
    band: jax.Array | None = None,
    *,
    epsilon: float,
    alpha: float,
    radius: float,
    lambda_actions: float | None = None,
    **settings,
) -> quadratic_problem.QuadraticProblem:
    """Problem J / alpha: loss L(a, b) = ab, epsilon / alpha, fused penalty (1 - alpha) / alpha.

    Args:
        cost: [N, K].
        band: dense structure [N, N]; None uses `BandGeometry`.
        epsilon, alpha, radius, lambda_actions: as in `fugw.solve`; frames are hard.
        settings: more arguments of ott-jax's problem.
    """
    frames, clusters = cost.shape
    actions = DiscreteGeometry(clusters)
    if band is not None:
        actions = geometry.Geometry(actions.cost_matrix.astype(cost.dtype))
    return quadratic_problem.QuadraticProblem(
        BandGeometry(frames, radius) if band is None else geometry.Geometry(band),
        actions,
        geometry.Geometry(cost) if alpha < 1 else None,
        fused_penalty=(1 - alpha) / alpha,
        loss=PRODUCT_LOSS,
        tau_b=1.0 if lambda_actions is None else lambda_actions / (lambda_actions + epsilon),
        **settings,
    )


def fixed_rounds(count: int) -> sinkhorn.Sinkhorn:
    """ott-jax's Sinkhorn for exactly `count` rounds."""
    return sinkhorn.Sinkhorn(
        threshold=-1.0, min_iterations=count, max_iterations=count, inner_iterations=count
    )
