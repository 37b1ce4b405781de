"""ott-jax's own keywords: each is used, or a warning or an error says that it is not."""

import inspect

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from ott.geometry import geometry
from ott.initializers.linear.initializers import GaussianInitializer
from ott.initializers.quadratic.initializers import QuadraticInitializer
from ott.problems.linear import linear_problem
from ott.solvers.linear import sinkhorn, sinkhorn_lr
from ott.solvers.linear.acceleration import AndersonAcceleration, Momentum
from ott.solvers.quadratic import gromov_wasserstein
from ott.solvers.was_solver import WassersteinSolver

from jaxseg.interop import ott as ours


def defaults(*functions):
    """Name -> default of ott-jax's keywords."""
    parameters = [inspect.signature(each).parameters.values() for each in functions]
    named = (each for group in parameters for each in group if each.name != "self")
    return {each.name: each.default for each in named if each.kind != each.VAR_KEYWORD}


def test_all_of_ott_jaxs_keywords_are_taken(recwarn):
    ours.Sinkhorn(**defaults(sinkhorn.Sinkhorn.__init__) | {"max_iterations": 10})
    given = defaults(gromov_wasserstein.GromovWasserstein.__init__, WassersteinSolver.__init__)
    inner = sinkhorn.Sinkhorn()
    ours.GromovWasserstein(**given | {"linear_solver": inner})
    ours.GromovWasserstein(inner, 0.1, initializer=QuadraticInitializer())
    assert not recwarn


@pytest.mark.parametrize(
    ("solver", "name", "value"),
    [
        (ours.Sinkhorn, "lse_mode", False),
        (ours.Sinkhorn, "norm_error", 2),
        (ours.Sinkhorn, "inner_iterations", 1),
        (ours.Sinkhorn, "min_iterations", 5),
        (ours.Sinkhorn, "momentum", Momentum(value=0.9)),
        (ours.Sinkhorn, "anderson", AndersonAcceleration()),
        (ours.Sinkhorn, "parallel_dual_updates", True),
        (ours.Sinkhorn, "recenter_potentials", True),
        (ours.Sinkhorn, "use_danskin", False),
        (ours.Sinkhorn, "initializer", GaussianInitializer()),
        (ours.Sinkhorn, "progress_fn", print),
        (ours.GromovWasserstein, "min_iterations", 0),
        (ours.GromovWasserstein, "warm_start", True),
        (ours.GromovWasserstein, "store_inner_errors", True),
        (ours.GromovWasserstein, "progress_fn", print),
    ],
)
def test_what_is_without_effect_is_said(solver, name, value):
    with pytest.warns(UserWarning, match=rf"{solver.__name__} takes no notice of {name}$") as seen:
        solver(**{name: value})
    assert seen[0].filename == __file__


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"relative_epsilon": "mean"}, "relative_epsilon='mean'"),
        ({"initializer": object()}, "initializer="),
        ({"linear_solver": sinkhorn_lr.LRSinkhorn(rank=2)}, "linear_solver is of low rank"),
    ],
)
def test_what_would_be_another_problem_is_refused(changes, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        ours.GromovWasserstein(**changes)


@pytest.mark.parametrize("name", ["cost_matrix", "kernel_matrix"])
def test_a_structured_geometry_has_a_cost_of_its_own(name):
    with pytest.raises(ValueError, match=f"^BandGeometry has a cost of its own: leave {name} out$"):
        ours.BandGeometry(5, 0.3, **{name: np.eye(5)})


def test_a_start_may_be_given():
    """It changes the way and not the plan."""
    cost = jnp.asarray(np.random.default_rng(0).uniform(size=(5, 4)))
    problem = linear_problem.LinearProblem(geometry.Geometry(cost, epsilon=0.1))
    solver = jax.jit(ours.Sinkhorn(threshold=1e-6))
    start = jnp.zeros(5), jnp.zeros(4)
    np.testing.assert_array_equal(solver(problem, init=start).matrix, solver(problem).matrix)
