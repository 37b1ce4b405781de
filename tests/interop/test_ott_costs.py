"""Costs of the adapter: each is the value of what its plan minimizes, forbidden pairs included."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from ott.geometry import geometry
from ott.problems.linear import linear_problem
from ott.solvers.linear import sinkhorn as theirs
from scipy.optimize import minimize

from jaxseg.interop import ott as ours

ROWS, COLUMNS = 5, 4
EVERY_TAU = [(1, 1), (0.5, 0.5), (0.9, 0.3), (1, 0.7), (0.6, 1)]


@pytest.fixture(autouse=True)
def in_float64(quick_compile):
    with jax.enable_x64(True):
        yield


def make_problem(seed=0, epsilon=0.1, taus=(1, 1), cost=None):
    """ott-jax's own problem, of unequal weights."""
    rng = np.random.default_rng(seed)
    cost = rng.normal(size=(ROWS, COLUMNS)) ** 2 if cost is None else cost
    a, b = (jnp.asarray(rng.dirichlet(np.full(size, 3.0))) for size in np.shape(cost))
    geom = geometry.Geometry(jnp.asarray(cost), epsilon=epsilon)
    return linear_problem.LinearProblem(geom, a, b, tau_a=taus[0], tau_b=taus[1])


def solve(problem, **changes):
    return jax.jit(ours.Sinkhorn(**({"threshold": 1e-13, "max_iterations": 3000} | changes)))(
        problem
    )


def solve_theirs(problem):
    return jax.jit(theirs.Sinkhorn(threshold=1e-12, max_iterations=20_000))(problem)


def divergence(x, y):
    return np.sum(x * np.log(x / y) - x + y)


def documented(plan, problem):
    """The formula of docs/coming_from_ott.md, in NumPy."""
    cost, epsilon = problem.geom.cost_matrix, problem.geom.epsilon
    a, b = np.asarray(problem.a), np.asarray(problem.b)
    total = np.sum(plan * cost) + epsilon * np.sum(plan * (np.log(plan) - 1))
    total += epsilon * (1 - np.sum(a * np.log(a)) - np.sum(b * np.log(b)))
    for tau, sums, marginal in ((problem.tau_a, plan.sum(1), a), (problem.tau_b, plan.sum(0), b)):
        if tau != 1:
            total += epsilon * tau / (1 - tau) * divergence(sums, marginal)
    return total


@pytest.mark.parametrize("taus", EVERY_TAU)
@pytest.mark.parametrize("epsilon", [0.05, 1.0])
def test_both_programs_numbers(taus, epsilon):
    """ott-jax's where both marginals are hard, and everywhere under a name that says so."""
    for seed in range(3):
        problem = make_problem(seed, epsilon, taus)
        result, expected = solve(problem), solve_theirs(problem)
        np.testing.assert_allclose(result.matrix, expected.matrix, rtol=0, atol=1e-9)
        np.testing.assert_allclose(result.ott_reg_ot_cost, expected.reg_ot_cost, atol=1e-9)
        if taus == (1, 1):
            np.testing.assert_allclose(result.reg_ot_cost, expected.reg_ot_cost, atol=1e-9)
        value = documented(np.asarray(expected.matrix), problem)
        np.testing.assert_allclose(result.reg_ot_cost, value, atol=1e-9)


@pytest.mark.parametrize("taus", [(0.5, 0.5), (0.9, 0.3)])
def test_no_other_plan_is_below(taus):
    """An optimizer that knows nothing of transport ends at the same value."""
    problem = make_problem(1, 0.3, taus)
    found = minimize(
        lambda log: documented(np.exp(log).reshape(ROWS, COLUMNS), problem),
        np.full(ROWS * COLUMNS, -3.0),
        options={"gtol": 1e-8},
    )
    result = solve(problem)
    np.testing.assert_allclose(result.reg_ot_cost, found.fun, atol=1e-9)
    np.testing.assert_allclose(result.matrix.ravel(), np.exp(found.x), atol=1e-5)


@pytest.mark.parametrize(("taus", "implicit"), [((1, 1), True), ((0.5, 0.5), False)])
def test_the_gradient_is_the_plan(taus, implicit):
    """So it is of a minimum, by the envelope theorem; ott-jax's has this gradient, too."""
    problem = make_problem(2, 0.2, taus)
    changes = {} if implicit else {"implicit_diff": None}

    def value(cost):
        geom = geometry.Geometry(cost, epsilon=0.2)
        changed = linear_problem.LinearProblem(geom, problem.a, problem.b, *taus)
        return solve(changed, max_iterations=500, **changes).reg_ot_cost

    gradient = jax.grad(value)(problem.geom.cost_matrix)
    np.testing.assert_allclose(gradient, solve(problem).matrix, rtol=0, atol=1e-9)


@pytest.mark.parametrize("taus", [(1, 1), (0.6, 0.8)])
def test_the_gradient_beside_weights_of_zero(taus):
    a, b = jnp.asarray([0.3, 0, 0.2, 0.4, 0.1]), jnp.asarray([0.5, 0, 0.3, 0.2])
    cost = make_problem().geom.cost_matrix

    def value(cost):
        geom = geometry.Geometry(cost, epsilon=0.2)
        result = solve(linear_problem.LinearProblem(geom, a, b, *taus), max_iterations=500)
        return result.reg_ot_cost, result.matrix

    gradient, plan = jax.grad(value, has_aux=True)(cost)
    assert not plan[1].any() and not plan[:, 1].any()
    np.testing.assert_allclose(gradient, plan, rtol=0, atol=1e-9)


def test_the_case_of_two_by_two():
    """Every number by hand: p^3 = 1 / (4 (1 + 1/e)^2), and the dual at the potentials of this."""
    uniform = jnp.full(2, 0.5)
    geom = geometry.Geometry(jnp.asarray([[0.0, 1.0], [1.0, 0.0]]), epsilon=1.0)
    result = solve(linear_problem.LinearProblem(geom, uniform, uniform, tau_a=0.5, tau_b=0.5))
    p = (4 * (1 + np.exp(-1)) ** 2) ** (-1 / 3)
    mass = 2 * p * (1 + np.exp(-1))
    np.testing.assert_allclose(result.matrix, [[p, p / np.e], [p / np.e, p]], rtol=1e-12)
    np.testing.assert_allclose(result.reg_ot_cost, 3 - 3 * mass + 2 * np.log(2), rtol=1e-12)
    np.testing.assert_allclose(result.ott_reg_ot_cost, 0.2028059, atol=1e-6)


FORBIDDEN = np.array([[np.inf, 0.2, 0.7], [0.3, 0.9, 0.1], [0.5, 0.4, 0.8]])


@pytest.mark.parametrize("taus", [(1, 1), (0.5, 0.8), (1, 0.8)])
@pytest.mark.parametrize("jit", [True, False])
def test_forbidden_pairs(taus, jit):
    """As ott-jax has them; the value is the one of a cost that no mass can pay."""
    problem = make_problem(taus=taus, cost=FORBIDDEN)
    solver = ours.Sinkhorn(threshold=1e-13, max_iterations=3000)
    result, expected = (jax.jit(solver) if jit else solver)(problem), solve_theirs(problem)
    assert result.converged and result.matrix[0, 0] == 0
    np.testing.assert_allclose(result.matrix, expected.matrix, rtol=0, atol=1e-9)
    np.testing.assert_allclose(result.ott_reg_ot_cost, expected.reg_ot_cost, atol=1e-9)
    dear = make_problem(taus=taus, cost=np.where(np.isinf(FORBIDDEN), 1e5, FORBIDDEN))
    np.testing.assert_allclose(result.reg_ot_cost, solve(dear).reg_ot_cost, rtol=1e-12)
    np.testing.assert_allclose(result.primal_cost, solve(dear).primal_cost, rtol=1e-12)


def test_the_case_of_one_forbidden_pair():
    result = solve(linear_problem.LinearProblem(geometry.Geometry(FORBIDDEN, epsilon=0.1)))
    np.testing.assert_allclose(result.reg_ot_cost, 0.3625390, atol=1e-6)


@pytest.mark.parametrize("implicit", [True, False])
def test_gradients_beside_forbidden_pairs(implicit):
    changes = {} if implicit else {"implicit_diff": None}

    def values(cost, epsilon):
        geom = geometry.Geometry(cost, epsilon=epsilon)
        result = solve(linear_problem.LinearProblem(geom), max_iterations=500, **changes)
        return result.reg_ot_cost + 2 * result.primal_cost

    value = jax.jit(values)
    by_cost, by_epsilon = jax.jit(jax.grad(values, argnums=(0, 1)))(jnp.asarray(FORBIDDEN), 0.1)
    assert by_cost[0, 0] == 0
    step = np.zeros((3, 3))
    step[1, 1] = 1e-6
    difference = (value(FORBIDDEN + step, 0.1) - value(FORBIDDEN - step, 0.1)) / 2e-6
    np.testing.assert_allclose(by_cost[1, 1], difference, rtol=1e-5)
    difference = (value(FORBIDDEN, 0.1 + 1e-6) - value(FORBIDDEN, 0.1 - 1e-6)) / 2e-6
    np.testing.assert_allclose(by_epsilon, difference, rtol=1e-5)


@pytest.mark.parametrize("axis", [0, 1])
def test_a_line_of_forbidden_pairs(axis):
    """No plan where its marginal is hard; where that is relaxed, a plan without mass there."""
    cost = np.random.default_rng(0).uniform(size=(ROWS, COLUMNS))
    np.moveaxis(cost, axis, 0)[2] = np.inf
    result = solve(make_problem(cost=cost))
    assert not result.converged and result.reg_ot_cost == np.inf
    assert np.isfinite(result.matrix).all() and result.marginal(1 - axis)[2] == 0
    taus = [1, 1]
    taus[axis] = 0.6
    problem = make_problem(cost=cost, taus=taus)
    result = solve(problem)
    assert result.converged and result.marginal(1 - axis)[2] == 0
    others = np.delete(np.arange(np.shape(cost)[axis]), 2)
    marginals = [problem.a, problem.b]
    marginals[axis] = marginals[axis][others]
    geom = geometry.Geometry(jnp.asarray(cost.take(others, axis)), epsilon=0.1)
    alone = solve(linear_problem.LinearProblem(geom, *marginals, *taus))
    np.testing.assert_allclose(result.matrix.take(others, axis), alone.matrix, atol=1e-10)


def test_an_epsilon_of_infinite_costs():
    problem = linear_problem.LinearProblem(geometry.Geometry(jnp.asarray(FORBIDDEN)))
    with pytest.raises(ValueError, match=r"epsilon is (nan|inf).*give a number"):
        ours.Sinkhorn()(problem)
