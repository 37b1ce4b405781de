"""What all implicit derivatives share: the system of two scalings, and conjugate gradients."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from solver_problems import few, seeds

from jaxseg.solvers import implicit

CLUSTERS, FRAMES = 5, 17
slacks = st.sampled_from([(0.0, 0.0), (0.3, 0.0), (0.0, 4.0), (0.7, 0.02)])


@pytest.fixture(scope="module", autouse=True)
def float64():
    with jax.enable_x64(True):
        yield


def random_plan(seed, *, sharpness=1.0):
    """A plan [K, N] of mass 1 with a cluster and a frame that have none."""
    rng = np.random.default_rng(seed)
    plan = np.exp(sharpness * rng.normal(size=(CLUSTERS, FRAMES)))
    plan[rng.integers(CLUSTERS)] = 0
    plan[:, rng.integers(FRAMES)] = 0
    return plan / plan.sum()


@jax.jit
def change(plan, tilt, row_slack, column_slack):
    """The step of the plan that Sinkhorn answers a tilt with, and both sides of its system."""
    coupling = implicit.couple(plan, row_slack, column_slack)
    sides = (plan * tilt).sum(0, keepdims=True), (plan * tilt).sum(1, keepdims=True)
    scalings = coupling.scalings(*sides)
    return plan * (tilt - sum(scalings)), sides, coupling.product(*scalings)


def dense(plan, row_slack, column_slack):
    """The system as one matrix, frames before clusters."""
    rows, columns = (1 + row_slack) * plan.sum(0), (1 + column_slack) * plan.sum(1)
    return np.block([[np.diag(rows), plan.T], [plan, np.diag(columns)]])


@few(max_examples=30)
@given(seed=seeds, slacks=slacks)
def test_scalings_solve_the_system(seed, slacks):
    """Past empty rows and columns, and where hard marginals leave a constant open."""
    plan, tilt = random_plan(seed), np.random.default_rng(seed).normal(size=(CLUSTERS, FRAMES))
    step, sides, product = change(plan, tilt, *slacks)
    for ours, asked in zip(product, sides, strict=True):
        np.testing.assert_allclose(ours, asked, rtol=0, atol=1e-15)
    right = np.concatenate([sides[0][0], sides[1][:, 0]])
    f, g = np.split(np.linalg.pinv(dense(plan, *slacks), rcond=1e-13) @ right, [FRAMES])
    np.testing.assert_allclose(step, plan * (tilt - f - g[:, None]), rtol=0, atol=1e-14)


@few(max_examples=20)
@given(seed=seeds, sharpness=st.sampled_from([3.0, 10.0, 30.0]))
def test_decided_plans_keep_float32s_digits(seed, sharpness):
    """Links between clusters may be 1e-30 of their mass: what passes them is tiny, not noise."""
    plan = random_plan(seed, sharpness=sharpness)
    tilt = np.random.default_rng(seed).normal(size=(CLUSTERS, FRAMES))
    double = change(plan, tilt, 0.0, 0.0)[0]
    single = change(plan.astype(np.float32), tilt.astype(np.float32), 0.0, 0.0)[0]
    # A tilt of size 1 is rounded to 1e-7 a few times over; entries of the plan sum to 1.
    np.testing.assert_allclose(single, double, rtol=0, atol=2e-6 * plan.max())


def random_operator(seed, curvatures):
    """A matrix that is symmetric under sum(weights u v), with these eigenvalues."""
    rng = np.random.default_rng(seed)
    size = len(curvatures)
    root = np.sqrt(rng.uniform(0.1, 1, size))
    turn = np.linalg.qr(rng.normal(size=(size, size)))[0]
    matrix = (turn * curvatures) @ turn.T * root / root[:, None]
    return matrix, root**2, rng.normal(size=size)


@jax.jit
def conjugate_gradients(matrix, weights, right, num_steps):
    return implicit.conjugate_gradients(
        operator=lambda x: matrix @ x,
        right=right,
        precondition=lambda residual: (residual, residual),
        inner=lambda u, v: jnp.sum(weights * u * v),
        num_steps=num_steps,
    )


@few(max_examples=10)
@given(seed=seeds)
def test_conjugate_gradients_solve_and_stop(seed):
    """As many steps as there are different eigenvalues; soon after them, nothing changes."""
    matrix, weights, right = random_operator(seed, np.repeat([0.1, 1.0, 3.0, 7.0], 3))
    expected = np.linalg.solve(matrix, right)
    x, steps = conjugate_gradients(matrix, weights, right, 4)
    np.testing.assert_allclose(x, expected, rtol=0, atol=1e-11 * abs(expected).max())
    more, total = conjugate_gradients(matrix, weights, right, 200)
    assert steps == 4 and 4 <= total < 20
    np.testing.assert_allclose(more, expected, rtol=0, atol=1e-11 * abs(expected).max())


@few(max_examples=10)
@given(seed=seeds)
def test_conjugate_gradients_take_no_step_along_negative_curvature(seed):
    matrix, weights, right = random_operator(seed, np.linspace(-1, 5, 12))
    x, steps = conjugate_gradients(matrix, weights, right, 50)
    same, _ = conjugate_gradients(matrix, weights, right, steps)
    assert steps < 12
    np.testing.assert_array_equal(x, same)
    # What was found lowers x'Mx / 2 - x'r, the quadratic that has no minimum.
    assert np.sum(weights * x * (matrix @ x / 2 - right)) <= 0


def test_nothing_to_solve_is_no_nan():
    matrix, weights, right = random_operator(0, np.ones(4))
    x, steps = conjugate_gradients(matrix, weights, 0 * right, 5)
    assert steps == 0 and not x.any()
