"""`sinkhorn.solve`: marginals, masks, the dual, gradients and a reference, hard and relaxed."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from solver_problems import (
    CLUSTERS,
    FRAMES,
    SOME_RELAXED,
    few,
    log_sum,
    random_cost,
    seeds,
)

from jaxseg.solvers import sinkhorn

ALL = np.ones(FRAMES, bool), np.ones(CLUSTERS, bool)
ROUNDS = 30
PENALTIES = {
    "none": (None, None),
    "frames": (0.2, None),
    "actions": (None, 0.1),
    "both": (0.2, 0.1),
}
every_setting = pytest.mark.parametrize("relaxed", SOME_RELAXED)
epsilons = st.floats(0.02, 0.5)


@pytest.fixture(scope="module", autouse=True)
def float64():
    with jax.enable_x64(True):
        yield


@functools.partial(jax.jit, static_argnames=("relaxed",))
def solve(cost, mask, cluster_mask, epsilon, relaxed, prior, rows, columns):
    lambda_rows, lambda_columns = PENALTIES[relaxed]
    return sinkhorn.solve(
        cost,
        mask=mask,
        cluster_mask=cluster_mask,
        epsilon=epsilon,
        prior=prior,
        row_marginal=rows,
        column_marginal=columns,
        lambda_rows=lambda_rows,
        lambda_columns=lambda_columns,
        num_iterations=ROUNDS,
    )


def uniform():
    """No prior and the default marginals, written out; `test_defaults` holds them to it."""
    return np.ones((FRAMES, CLUSTERS)), ALL[0] * 1.0, ALL[1] * FRAMES / CLUSTERS


def random_terms(seed):
    """A prior with zeros, and marginals of equal mass that are not uniform."""
    rng = np.random.default_rng(seed)
    prior = rng.uniform(0.1, 2, (FRAMES, CLUSTERS)) * (rng.random((FRAMES, CLUSTERS)) < 0.9)
    prior[:, 0] = 1  # no row without a place to go
    rows, columns = rng.uniform(0.5, 2, FRAMES), rng.uniform(0.5, 2, CLUSTERS)
    return prior, rows, columns * rows.sum() / columns.sum()


def reference(cost, epsilon, relaxed, prior, rows, columns):
    """Chizat's scaling iterations in the log domain, columns first."""
    lambda_rows, lambda_columns = PENALTIES[relaxed]
    row_power = 1 if lambda_rows is None else lambda_rows / (lambda_rows + epsilon)
    column_power = 1 if lambda_columns is None else lambda_columns / (lambda_columns + epsilon)
    with np.errstate(divide="ignore"):
        log_kernel = np.log(prior) - cost / epsilon
    f, duals = np.zeros((len(rows), 1)), []
    for _ in range(ROUNDS):
        g = column_power * (np.log(columns) - log_sum(log_kernel + f, 0))
        f = row_power * (np.log(rows)[:, None] - log_sum(log_kernel + g, 1))
        plan = np.exp(log_kernel + f + g)
        dual = -epsilon * plan.sum()
        for scaling, marginal, penalty in (
            (f[:, 0], rows, lambda_rows),
            (g[0], columns, lambda_columns),
        ):
            if penalty is None:
                dual += epsilon * np.sum(marginal * scaling)
            else:
                dual += penalty * np.sum(marginal * (1 - np.exp(-epsilon * scaling / penalty)))
        duals.append(dual)
    return plan, duals


@every_setting
@few(max_examples=15)
@given(seed=seeds, epsilon=epsilons)
def test_agrees_with_scaling_iterations(relaxed, seed, epsilon):
    cost, terms = random_cost(seed), random_terms(seed)
    solution = solve(cost, *ALL, epsilon, relaxed, *terms)
    plan, duals = reference(cost, epsilon, relaxed, *terms)
    np.testing.assert_allclose(solution.plan, plan, rtol=0, atol=1e-11)
    np.testing.assert_allclose(solution.objective, duals, rtol=0, atol=1e-10)
    assert not np.any(solution.plan[terms[0] == 0])
    for error, sums, marginal in (
        (solution.row_error, plan.sum(1), terms[1]),
        (solution.column_error, plan.sum(0), terms[2]),
    ):
        expected = abs(sums - marginal).max() / marginal.mean()
        np.testing.assert_allclose(error, expected, rtol=0, atol=1e-11)


@every_setting
@few(max_examples=20)
@given(seed=seeds, epsilon=epsilons)
def test_dual_never_falls_and_hard_rows_hold(relaxed, seed, epsilon):
    """Each round maximizes the dual over the columns, then over the rows."""
    solution = solve(random_cost(seed), *ALL, epsilon, relaxed, *uniform())
    objective = np.asarray(solution.objective)
    assert (np.diff(objective) >= -1e-13 * np.abs(objective).max()).all()
    if relaxed in ("none", "actions"):
        np.testing.assert_allclose(solution.plan.sum(1), 1, rtol=0, atol=1e-13)
    else:
        assert abs(np.asarray(solution.plan.sum(1)) - 1).max() > 1e-6


def test_hard_columns_hold_at_convergence():
    solve = jax.jit(lambda cost: sinkhorn.solve(cost, epsilon=0.1, num_iterations=2000))
    solution = solve(random_cost(0))
    np.testing.assert_allclose(solution.plan.sum(0), FRAMES / CLUSTERS, rtol=1e-12)
    np.testing.assert_allclose(solution.plan.sum(1), 1, rtol=1e-13)
    assert solution.converged and solution.column_error < 1e-12


@every_setting
@few(max_examples=10)
@given(seed=seeds, epsilon=epsilons, filling=st.sampled_from([np.nan, np.inf, -np.inf, 1e300]))
def test_masked_places_do_not_matter(relaxed, seed, epsilon, filling):
    """Rows, columns, prior and marginals of a padded problem are those of the shorter one."""
    cost, (prior, rows, columns) = random_cost(seed), random_terms(seed)
    mask, cluster_mask = np.arange(FRAMES) < 23, np.arange(CLUSTERS) < 3
    valid = np.outer(mask, cluster_mask)
    columns = columns * rows[:23].sum() / columns[:3].sum()
    shorter = prior[:23, :3], rows[:23], columns[:3]
    alone = solve(cost[:23, :3], None, None, epsilon, relaxed, *shorter)
    padded = solve(
        np.where(valid, cost, filling),
        mask,
        cluster_mask,
        epsilon,
        relaxed,
        np.where(valid, prior, filling),
        np.where(mask, rows, filling),
        np.where(cluster_mask, columns, filling),
    )
    plan = np.asarray(padded.plan)
    assert not plan[~valid].any()
    padded = padded._replace(plan=plan[:23, :3])
    for ours, expected in zip(padded, alone, strict=True):
        np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-10)


def test_permutation_and_vmap():
    costs = np.stack([random_cost(seed) for seed in range(3)])
    epsilon = np.array([0.03, 0.1, 0.4])
    batch = jax.vmap(lambda cost, epsilon: solve(cost, *ALL, epsilon, "both", *uniform()))
    together = batch(costs, epsilon)
    order = np.random.default_rng(0).permutation(CLUSTERS)
    for video in range(3):
        given = (*ALL, float(epsilon[video]), "both", *uniform())
        alone = solve(costs[video], *given)
        for ours, expected in zip(together, alone, strict=True):
            np.testing.assert_allclose(ours[video], expected, rtol=0, atol=1e-11)
        permuted = solve(costs[video][:, order], *given).plan
        np.testing.assert_allclose(permuted, alone.plan[:, order], rtol=0, atol=1e-11)


def test_defaults():
    """Ones over valid rows, their share over valid columns, no prior; and eager == compiled."""
    mask, cluster_mask = np.arange(FRAMES) != 3, np.arange(CLUSTERS) < 4
    rows, columns = mask * 1.0, cluster_mask * (FRAMES - 1) / 4
    prior = np.ones((FRAMES, CLUSTERS))
    given = random_cost(0), mask, cluster_mask, 0.1, "none", prior, rows, columns
    masks = {"mask": mask, "cluster_mask": cluster_mask}
    eager = sinkhorn.solve(random_cost(0), epsilon=0.1, num_iterations=ROUNDS, **masks)
    for ours, expected in zip(eager, solve(*given), strict=True):
        np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-11)


@every_setting
def test_gradients_are_finite_difference_quotients(relaxed):
    """To cost, prior, marginals and epsilon, past NaN in padding and a row that is forbidden."""
    prior, rows, columns = random_terms(0)
    mask, cluster_mask = np.arange(FRAMES) < 23, np.arange(CLUSTERS) != 2
    valid = np.outer(mask, cluster_mask)
    prior[5] = 0
    cost, direction = np.where(valid, random_cost(0), np.nan), random_cost(1) - 1

    def loss(*terms):
        cost, epsilon, prior, rows, columns = terms
        given = mask, cluster_mask, epsilon, relaxed, prior, rows, columns
        return jnp.vdot(direction, solve(cost, *given).plan)

    terms = [cost, 0.1, np.where(valid, prior, np.nan), rows, columns]
    slopes = jax.jit(jax.grad(loss, argnums=range(5)))(*terms)
    assert not np.any(slopes[0][~valid]) and not np.any(slopes[0][5])
    steps = [1e-6 * direction, 1e-6, 1e-6 * prior, 1e-6 * rows, 1e-6 * columns]
    for i, (slope, step) in enumerate(zip(slopes, steps, strict=True)):
        assert np.isfinite(slope).all()
        ahead, behind = (
            loss(*terms[:i], terms[i] + sign * step, *terms[i + 1 :]) for sign in (1, -1)
        )
        np.testing.assert_allclose(2 * np.vdot(slope, step), ahead - behind, rtol=1e-5, atol=1e-13)


def test_tolerance_stops_and_says_so():
    def run(num_iterations, tolerance=None):
        given = {"num_iterations": num_iterations, "tolerance": tolerance}
        return jax.jit(lambda cost: sinkhorn.solve(cost, epsilon=0.1, **given))(random_cost(0))

    stopped, short = run(500, 1e-9), run(3, 1e-9)
    count = int(stopped.num_iterations)
    assert stopped.converged and 3 < count < 500
    assert not short.converged and int(short.num_iterations) == 3
    np.testing.assert_allclose(stopped.plan, run(count).plan, rtol=0, atol=1e-13)


def test_precision_is_the_costs_own():
    double = solve(random_cost(0), *ALL, 0.05, "both", *uniform())
    single = solve(random_cost(0).astype(np.float32), *ALL, 0.05, "both", *uniform())
    assert double.plan.dtype == np.float64 and single.plan.dtype == np.float32
    # Costs over eps reach 40 and round to 2e-6 of the plan's entries, a few times over.
    np.testing.assert_allclose(single.plan, double.plan, rtol=0, atol=1e-5)


@every_setting
def test_no_rows_leave_zeros(relaxed):
    cost = np.full((FRAMES, CLUSTERS), np.nan)
    solution = solve(cost, ~ALL[0], ALL[1], 0.1, relaxed, *uniform())
    assert not np.any(solution.plan)
    assert all(np.isfinite(each).all() for each in solution)


def test_costs_beyond_the_range_of_the_exponential():
    """exp(-cost / eps) is 0 in every entry but the least; the log domain does not notice."""
    cost = 1000 * random_cost(0).astype(np.float32)
    plan = np.asarray(jax.jit(lambda cost: sinkhorn.solve(cost, epsilon=0.1).plan)(cost))
    np.testing.assert_allclose(plan.sum(1), 1, rtol=0, atol=2e-3)
