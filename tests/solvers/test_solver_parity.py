"""The same problems by two libraries of others: ott-jax and POT."""

import jax
import jax.numpy as jnp
import numpy as np
import ot
import pytest
from ott.geometry import geometry
from ott.problems.linear import linear_problem
from solver_problems import CLUSTERS, FRAMES, random_cost

from benchmarks.comparison import ott
from jaxseg.solvers import fugw, sinkhorn

TOLERANCES = [(np.float32, 1e-4), (np.float64, 1e-8)]
both_precisions = pytest.mark.parametrize("dtype, tolerance", TOLERANCES)


@both_precisions
@pytest.mark.parametrize(
    "iterations, rounds", [(25, 10), pytest.param(100, 200, marks=pytest.mark.slow)]
)
def test_balanced_fused_gromov_wasserstein_is_otts(iterations, rounds, dtype, tolerance):
    """At any count of iterations, and at convergence: the updates are the same."""
    numbers = {"epsilon": 0.07, "alpha": 0.4, "radius": 0.1}
    rounds = {"num_iterations": iterations, "num_sinkhorn_iterations": rounds}
    ours = jax.jit(lambda cost: fugw.solve(cost, lambda_actions=None, **numbers, **rounds))
    theirs = jax.jit(lambda cost: ott.solve(cost, **numbers, **rounds))
    for seed in range(3):
        with jax.enable_x64(dtype == np.float64):
            cost = jnp.asarray(random_cost(seed), dtype)
            plan, expected = ours(cost).plan, np.asarray(theirs(cost))
        assert plan.dtype == expected.dtype == dtype
        assert np.ptp(expected) > 0.5  # no uniform plan, which everything would agree on
        np.testing.assert_allclose(plan, expected, rtol=0, atol=tolerance)


def random_marginals(seed):
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.full(FRAMES, 5)), rng.dirichlet(np.full(CLUSTERS, 5))


def couple(cost, marginals, **given):
    """Our plan at convergence; the marginals sum to 1, and so does it."""
    rows, columns = marginals
    given |= {"row_marginal": rows, "column_marginal": columns, "num_iterations": 500}
    return np.asarray(jax.jit(lambda cost: sinkhorn.solve(cost, epsilon=0.1, **given).plan)(cost))


PENALTIES = {"lambda_rows": 0.2, "lambda_columns": 0.05}


@both_precisions
@pytest.mark.parametrize("penalties", [{}, PENALTIES], ids=["hard", "relaxed"])
def test_sinkhorn_is_otts(penalties, dtype, tolerance):
    """Hard marginals, and KL penalties lambda as tau = lambda / (lambda + epsilon)."""
    taus = [value / (value + 0.1) for value in penalties.values()] or [1.0, 1.0]
    marginals = random_marginals(0)
    with jax.enable_x64(dtype == np.float64):
        cost, a, b = (jnp.asarray(each, dtype) for each in (random_cost(0), *marginals))
        ours = couple(cost, marginals, **penalties)
        geom = geometry.Geometry(cost, epsilon=0.1)
        problem = linear_problem.LinearProblem(geom, a, b, tau_a=taus[0], tau_b=taus[1])
        theirs = np.asarray(jax.jit(ott.fixed_rounds(500))(problem).matrix)
    assert ours.dtype == theirs.dtype == dtype
    np.testing.assert_allclose(FRAMES * ours, FRAMES * theirs, rtol=0, atol=tolerance)


def test_sinkhorn_is_pots():
    cost, marginals = random_cost(1), random_marginals(1)
    theirs = ot.sinkhorn(*marginals, cost, 0.1, method="sinkhorn_log", stopThr=1e-14)
    with jax.enable_x64(True):
        ours = couple(cost, marginals)
    np.testing.assert_allclose(FRAMES * ours, FRAMES * theirs, rtol=0, atol=1e-8)


def test_relaxed_sinkhorn_is_pots():
    """POT's divergence from a matrix of ones is our entropy."""
    cost, marginals = random_cost(2), random_marginals(2)
    given = {"c": np.ones_like(cost), "stopThr": 1e-14, "numItermax": 5000}
    theirs = ot.unbalanced.sinkhorn_unbalanced(
        *marginals, cost, 0.1, tuple(PENALTIES.values()), **given
    )
    with jax.enable_x64(True):
        ours = couple(cost, marginals, **PENALTIES)
    np.testing.assert_allclose(FRAMES * ours, FRAMES * theirs, rtol=0, atol=1e-8)
