"""The same problem object through ott-jax's solvers and through ours."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from ott.geometry import geometry
from ott.problems.linear import linear_problem
from ott.problems.quadratic import quadratic_problem
from ott.solvers.linear import sinkhorn
from ott.solvers.quadratic import gromov_wasserstein

from jaxseg.interop import ott as ours

FRAMES, ACTIONS = 60, 5
EPSILON = 0.15
# ott-jax stops where its cost stands still to 1e-8, which leaves the plan to about its root: so
# it is given a number of iterations in which both plans stand still.
TO_THE_END = {"min_iterations": 200, "max_iterations": 200, "threshold": -1.0, "warm_start": True}


@pytest.fixture(autouse=True)
def in_float64(quick_compile):
    with jax.enable_x64(True):
        yield


def make_cost(seed=0):
    """[N, K]: an ordered segmentation under noise."""
    rng = np.random.default_rng(seed)
    labels = np.sort(rng.integers(0, ACTIONS, FRAMES))
    cost = 1 - 0.7 * (labels[:, None] == np.arange(ACTIONS))
    return jnp.asarray(cost + 0.3 * rng.normal(size=cost.shape))


def make_problem(cost, **changes):
    """A problem of ott-jax's own class."""
    given = {"fused_penalty": 1.5, "loss": ours.PRODUCT_LOSS} | changes
    geoms = {
        "geom_xx": ours.BandGeometry(FRAMES, 0.1),
        "geom_yy": ours.DiscreteGeometry(ACTIONS),
        "geom_xy": geometry.Geometry(cost),
    }
    return quadratic_problem.QuadraticProblem(**(geoms | given))


def solver(module, **changes):
    """The one line that a swap changes is the module."""
    given = {"epsilon": EPSILON, "max_iterations": 400, "threshold": 1e-12} | changes
    return module.GromovWasserstein(sinkhorn.Sinkhorn(threshold=1e-12), **given)


RELAXED = {"gw_unbalanced_correction": False}


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, marks=pytest.mark.slow),
        {"tau_b": 0.6, **RELAXED},
        {"tau_a": 0.7, **RELAXED},
    ],
    ids=["hard", "actions relaxed", "frames relaxed"],
)
def test_one_problem_has_one_plan(changes):
    problem = make_problem(make_cost(), **changes)
    theirs = jax.jit(solver(gromov_wasserstein, **TO_THE_END))(problem)
    result = jax.jit(solver(ours, max_iterations=1500))(problem)
    assert result.converged and result.n_iters < 1500
    assert FRAMES * np.ptp(theirs.matrix) > 0.5  # no uniform plan, which all would agree on
    scaled = {"rtol": 0, "atol": 1e-9}
    np.testing.assert_allclose(FRAMES * result.matrix, FRAMES * theirs.matrix, **scaled)
    np.testing.assert_allclose(result.primal_cost, theirs.primal_cost, **scaled)
    np.testing.assert_allclose(result.geom.cost_matrix, theirs.geom.cost_matrix, **scaled)
    assert result.geom.epsilon == theirs.geom.epsilon == EPSILON
    if not changes:
        np.testing.assert_allclose(result.reg_gw_cost, theirs.reg_gw_cost, **scaled)
    for axis, size in ((0, FRAMES), (1, ACTIONS)):
        inputs = jnp.arange(2.0 * size).reshape(2, size) / size
        for each in (inputs, inputs[0]):
            expected = theirs.apply(each, axis=axis)
            np.testing.assert_allclose(result.apply(each, axis=axis), expected, **scaled)


@pytest.mark.slow
def test_without_a_linear_term():
    """Pure Gromov-Wasserstein stays at its start, as ott-jax's does."""
    problem = make_problem(None, geom_xy=None)
    theirs, result = (jax.jit(solver(each))(problem) for each in (gromov_wasserstein, ours))
    np.testing.assert_allclose(result.matrix, theirs.matrix, rtol=0, atol=1e-14)
    np.testing.assert_allclose(result.reg_gw_cost, theirs.reg_gw_cost, rtol=0, atol=1e-12)


@pytest.mark.parametrize("taus", [(1.0, 1.0), (1.0, 0.6), (0.7, 1.0)])
def test_costs_fall_to_the_objective_of_the_plan(taus):
    """Half of the structure, the fused cost, and entropy and penalties as in `reg_gw_cost`."""
    problem = make_problem(make_cost(), tau_a=taus[0], tau_b=taus[1], **RELAXED)
    result = jax.jit(solver(ours, max_iterations=1500))(problem)
    assert result.costs.shape == (1501,)
    assert np.all(result.costs[result.n_iters :] == result.costs[-1])
    assert np.all(np.diff(result.costs) <= 1e-14) or taus == (1.0, 1.0)
    band, others = problem.geom_xx.cost_matrix, problem.geom_yy.cost_matrix
    structure = np.sum(band @ result.matrix @ others * result.matrix)
    np.testing.assert_allclose(result.reg_gw_cost - structure / 2, result.costs[-1], atol=1e-12)


@pytest.mark.parametrize("taus", [(1.0, 0.6), (0.7, 1.0)])
def test_the_plan_minimizes_its_linear_problem(taus):
    """Sinkhorn on the linearized cost has the same plan, and its value is `reg_gw_cost`."""
    problem = make_problem(make_cost(), tau_a=taus[0], tau_b=taus[1], **RELAXED)
    result = jax.jit(solver(ours, max_iterations=1500))(problem)
    linear = linear_problem.LinearProblem(result.geom, tau_a=taus[0], tau_b=taus[1])
    alone = jax.jit(ours.Sinkhorn(threshold=1e-13, max_iterations=2000))(linear)
    np.testing.assert_allclose(FRAMES * result.matrix, FRAMES * alone.matrix, rtol=0, atol=1e-9)
    np.testing.assert_allclose(result.reg_gw_cost, alone.reg_ot_cost, rtol=0, atol=1e-12)


def test_under_jit_and_vmap():
    """Problems made inside of either, and with a radius that is traced."""
    costs = jnp.stack([make_cost(seed) for seed in range(3)])
    radii = jnp.asarray([0.05, 0.1, 0.2])

    def plan(cost, radius):
        band = ours.BandGeometry(FRAMES, radius)
        return solver(ours)(make_problem(cost, geom_xx=band)).matrix

    batch = jax.jit(jax.vmap(plan))(costs, radii)
    for cost, radius, result in zip(costs, radii, batch, strict=True):
        np.testing.assert_allclose(result, jax.jit(plan)(cost, radius), rtol=0, atol=1e-14)


@pytest.mark.slow
def test_a_gradient_goes_through():
    @jax.jit
    def mass(scale):
        result = solver(ours, max_iterations=20)(make_problem(scale * make_cost()))
        return result.apply(jnp.arange(1.0, FRAMES + 1))[0]

    step = 1e-6
    expected = (mass(1 + step) - mass(1 - step)) / (2 * step)
    np.testing.assert_allclose(jax.grad(mass)(1.0), expected, rtol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("radius", [0.04, 0.1, 0.29, 2.0])
@pytest.mark.parametrize("function", [None, jnp.square, jnp.exp])
def test_structured_products_are_the_dense_ones(radius, function):
    rng = np.random.default_rng(0)
    for geom in (ours.BandGeometry(FRAMES, radius), ours.DiscreteGeometry(FRAMES)):
        dense = geometry.Geometry(geom.cost_matrix)
        for vectors in (rng.normal(size=FRAMES), rng.normal(size=(FRAMES, 3))):
            result, expected = (
                each.apply_cost(jnp.asarray(vectors), axis=1, fn=function) for each in (geom, dense)
            )
            scale = np.abs(expected).max()
            np.testing.assert_allclose(result, expected, rtol=0, atol=1e-13 * scale)


def test_the_band_is_the_papers():
    band = ours.BandGeometry(5, 0.4).cost_matrix
    distance = np.abs(np.subtract.outer(np.arange(5), np.arange(5)))
    np.testing.assert_allclose(band, 2.5 * np.isin(distance, [1, 2]), rtol=1e-15)
    np.testing.assert_array_equal(ours.DiscreteGeometry(3).cost_matrix, 1 - np.eye(3))


def test_geometries_are_pytrees():
    for geom in (ours.BandGeometry(7, 0.3, epsilon=0.2), ours.DiscreteGeometry(7, epsilon=0.2)):
        leaves, tree = jax.tree.flatten(geom)
        again = jax.tree.unflatten(tree, leaves)
        assert again.shape == (7, 7) and again.epsilon == geom.epsilon == 0.2
        np.testing.assert_array_equal(again.cost_matrix, geom.cost_matrix)


@pytest.mark.parametrize("taus", [(1, 1), (0.7, 1), (0.7, 0.4)])
def test_sinkhorn_has_the_same_plan(taus):
    """With weights that are not uniform, and masses that differ where both are relaxed."""
    rng = np.random.default_rng(1)
    a = jnp.asarray(rng.dirichlet(np.full(FRAMES, 5.0)))
    b = jnp.asarray(rng.dirichlet(np.full(ACTIONS, 5.0))) * (1 if max(taus) == 1 else 1.3)
    geom = geometry.Geometry(make_cost(), epsilon=0.1)
    problem = linear_problem.LinearProblem(geom, a, b, tau_a=taus[0], tau_b=taus[1])
    theirs = jax.jit(sinkhorn.Sinkhorn(threshold=1e-13))(problem)
    result = jax.jit(ours.Sinkhorn(threshold=1e-13, max_iterations=1000))(problem)
    assert result.converged and result.n_iters < 1000
    np.testing.assert_allclose(FRAMES * result.matrix, FRAMES * theirs.matrix, rtol=0, atol=1e-10)
    for axis in (0, 1):
        np.testing.assert_allclose(result.marginal(axis), theirs.marginal(axis), rtol=1e-9)
    np.testing.assert_allclose(result.primal_cost, theirs.primal_cost, rtol=1e-9)
    np.testing.assert_allclose(result.transport_mass, theirs.transport_mass, rtol=1e-9)
    if taus == (1, 1):
        np.testing.assert_allclose(result.reg_ot_cost, theirs.reg_ot_cost, rtol=1e-9)


UNEVEN = np.arange(1, ACTIONS + 1) / 15


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"geom_xx": geometry.Geometry(np.eye(FRAMES))},
            "geom_xx must be jaxseg's BandGeometry, got Geometry",
        ),
        (
            {"geom_yy": geometry.Geometry(1 - np.eye(ACTIONS))},
            "geom_yy must be jaxseg's DiscreteGeometry, got Geometry",
        ),
        ({"loss": "sqeucl"}, "loss must be jaxseg's PRODUCT_LOSS, got 'sqeucl'"),
        (
            {"tau_a": 0.5, "tau_b": 0.9},
            "tau_a or tau_b must be 1, one marginal hard, got tau_a=0.5 and tau_b=0.9",
        ),
        ({"b": UNEVEN}, r"b must be uniform, 1/5 each, got 0\.0666667"),
        ({"ranks": 2}, "ranks must be -1, which is the default, got 2"),
        ({"scale_cost": 2.0}, "BandGeometry is not scaled: scale_cost must be 1, got 2.0"),
    ],
)
def test_another_structure_is_refused(changes, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        solver(ours)(make_problem(make_cost(), **changes))


def test_an_epsilon_is_needed():
    with pytest.raises(ValueError, match=r"^epsilon must be a number: none is derived"):
        solver(ours, epsilon=None)(make_problem(make_cost()))


def test_a_start_is_refused():
    with pytest.raises(ValueError, match=r"^init: every descent here starts from a b'"):
        solver(ours)(make_problem(make_cost()), init=object())


def test_uniform_weights_may_be_given_but_not_traced():
    weights = jnp.full(FRAMES, 1 / FRAMES)
    ours.require_temporal(make_problem(make_cost(), a=weights))
    with pytest.raises(ValueError, match=r"^a is traced and cannot be seen to be uniform"):
        jax.jit(solver(ours))(make_problem(make_cost(), a=weights))


def test_a_radius_is_positive():
    with pytest.raises(ValueError, match=r"^radius must be positive, got -0\.1$"):
        ours.BandGeometry(FRAMES, -0.1)
