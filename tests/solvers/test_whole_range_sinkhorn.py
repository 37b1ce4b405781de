"""`sinkhorn.solve` over the whole stated range, in every precision."""

import functools

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from range_problems import (
    PRECISIONS,
    assert_rows_hold,
    assert_sound,
    cost_of,
    lifted,
    numbers,
    recipes,
    settings_and_precisions,
    solved,
    working_epsilon,
)
from solver_problems import RELAXED, few

from jaxseg.solvers import priors, sinkhorn

pytestmark = pytest.mark.usefixtures("quick_compile")


@functools.partial(jax.jit, static_argnames=("relaxed", "with_prior"))
def solve(cost, mask, cluster_mask, numbers, relaxed, with_prior):
    """Six rounds, as in the methods of the papers: far from converged at a small epsilon."""
    prior = priors.tot_prior(*cost.shape, sigma=numbers["sigma"]) if with_prior else None
    rows, columns = numbers["lambda_frames"], numbers["lambda_actions"]
    return sinkhorn.solve(
        cost,
        mask=mask,
        cluster_mask=cluster_mask,
        epsilon=numbers["epsilon"],
        prior=prior,
        lambda_rows=rows if relaxed in ("frames", "both") else None,
        lambda_columns=columns if relaxed in ("actions", "both") else None,
        num_iterations=6,
    )


def assert_dual_never_falls(solution, size, epsilon, precision):
    """Beyond the rounding of the potentials that it sums, at most twice the costs and eps log N.

    Where a marginal is relaxed it sums exponentials as well, of up to 40: known to as many.
    """
    objective = np.asarray(solution.objective, np.float64)
    frames = len(solution.plan)
    potentials = frames * (2 * size + epsilon * np.log(frames * solution.plan.shape[1]) + epsilon)
    rounding = 8 * potentials + 40 * np.maximum(np.abs(objective[1:]), np.abs(objective[:-1]))
    assert (np.diff(objective) >= -working_epsilon(precision) * rounding).all()


@settings_and_precisions(RELAXED)
@few(max_examples=40)
@given(recipe=recipes, numbers=numbers)
def test_no_prior(relaxed, precision, recipe, numbers):
    cost, mask, cluster_mask = recipe.make()
    if relaxed == "both":
        cost = lifted(cost, numbers)
    given = mask, cluster_mask, numbers | {"sigma": 1.0}, relaxed, False
    solution = solved(solve, cost, *given, precision=precision)
    assert_sound(solution, mask, cluster_mask, precision)
    assert_dual_never_falls(solution, recipe.scale, numbers["epsilon"], precision)
    if relaxed in ("none", "actions"):
        assert_rows_hold(solution, mask, precision)


@pytest.mark.parametrize("precision", PRECISIONS[1:])
@few(max_examples=40)
@given(recipe=recipes, numbers=numbers, sigma=st.floats(0.05, 100))
def test_priors_that_forbid(precision, recipe, numbers, sigma):
    """A narrow prior is 0 almost everywhere: rows that reach no cluster stay empty."""
    cost, mask, cluster_mask = recipe.make()
    given = mask, cluster_mask, numbers | {"sigma": sigma}, "none", True
    solution = solved(solve, cost, *given, precision=precision)
    prior = solved(lambda _: priors.tot_prior(*cost.shape, sigma=sigma), cost, precision=precision)
    prior = prior > 0
    assert_sound(solution, mask, cluster_mask, precision)
    plan = np.asarray(solution.plan, np.float64)
    assert not plan[~prior].any()
    reached = mask & (prior & cluster_mask).any(1)
    np.testing.assert_allclose(plan.sum(1), reached, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    "shape, scale, epsilon",
    [
        ((1, 1), 1e6, 1e-3),
        ((1, 200), 1e-6, 10.0),
        ((2000, 200), 1e6, 1e-3),
        ((100_000, 19), 1.0, 0.05),
        ((100_000, 19), 1e6, 1e-3),
    ],
)
def test_sizes(shape, scale, epsilon):
    cost = (scale * cost_of(0, "video", shape)).astype(np.float32)
    given = {"epsilon": epsilon, "lambda_frames": 1.0, "lambda_actions": 1.0, "sigma": 1.0}
    mask, cluster_mask = (np.ones(length, bool) for length in shape)
    given = mask, cluster_mask, given, "none", False
    solution = solved(solve, cost, *given, precision="float32")
    assert_sound(solution, mask, cluster_mask, "float32")
    assert_rows_hold(solution, mask, "float32")
    assert_dual_never_falls(solution, scale, epsilon, "float32")
