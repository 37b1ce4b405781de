"""A user's mistake is one sentence with the offending value."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxseg.solvers import fugw, sinkhorn, viterbi

COST = np.ones((6, 3), np.float32)


@pytest.mark.parametrize(
    "given, message",
    [
        ({"epsilon": 0}, "epsilon must be positive, got 0"),
        ({"epsilon": float("nan")}, "epsilon must be positive, got nan"),
        ({"alpha": 1.5}, "alpha must be in [0, 1], got 1.5"),
        ({"alpha": -0.25}, "alpha must be in [0, 1], got -0.25"),
        ({"radius": 0}, "radius must be positive, got 0"),
        ({"lambda_actions": -0.1}, "lambda_actions must be positive, got -0.1"),
        ({"lambda_frames": 0.0, "step_size": 1.0}, "lambda_frames must be positive, got 0.0"),
        ({"step_size": -2}, "step_size must be positive, got -2"),
        ({"step_size": np.inf}, "step_size must be between 1e-09 and 1e+09, got inf"),
        ({"radius": np.array([0.1, 0.2])}, "radius must be one number, got shape (2,)"),
        ({"num_iterations": 2.5}, "num_iterations must be a whole number, got 2.5"),
        ({"num_iterations": 0}, "num_iterations must be positive, got 0"),
        ({"num_sinkhorn_iterations": 0}, "num_sinkhorn_iterations must be positive, got 0"),
        ({"compat": "ASOT"}, "compat must be None or \"asot\", got 'ASOT'"),
        ({"lambda_frames": 0.1}, "step_size has to be given where both marginals are relaxed"),
        ({"mask": np.ones(5, bool)}, "mask has shape (5,), the cost (6, 3) asks for (6,)"),
        (
            {"cluster_mask": np.ones(6, bool)},
            "cluster_mask has shape (6,), the cost (6, 3) asks for (3,)",
        ),
    ],
)
def test_fugw_names_argument_and_value(given, message):
    with pytest.raises(ValueError) as caught:
        fugw.solve(COST, **given)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "given, message",
    [
        ({"epsilon": -1}, "epsilon must be positive, got -1"),
        ({"lambda_rows": -0.5}, "lambda_rows must be positive, got -0.5"),
        ({"lambda_columns": 0}, "lambda_columns must be positive, got 0"),
        ({"num_iterations": 0}, "num_iterations must be positive, got 0"),
        ({"prior": np.ones((3, 6))}, "prior has shape (3, 6), the cost (6, 3) asks for (6, 3)"),
        (
            {"row_marginal": np.ones(1)},
            "row_marginal has shape (1,), the cost (6, 3) asks for (6,)",
        ),
        (
            {"column_marginal": np.ones(6)},
            "column_marginal has shape (6,), the cost (6, 3) asks for (3,)",
        ),
        (
            {"prior": -COST},
            "prior must be finite and not negative where valid, got -1.0 at frame 0, cluster 0",
        ),
        (
            {"row_marginal": [1, 1, np.nan, 1, 1, 1]},
            "row_marginal must be finite and not negative where valid, got nan at 2",
        ),
        (
            {"column_marginal": [2, 5, -1]},
            "column_marginal must be finite and not negative where valid, got -1.0 at 2",
        ),
    ],
)
def test_sinkhorn_names_argument_and_value(given, message):
    with pytest.raises(ValueError) as caught:
        sinkhorn.solve(COST, **({"epsilon": 0.1} | given))
    assert str(caught.value) == message


@pytest.mark.parametrize("solver", [fugw, sinkhorn])
@pytest.mark.parametrize("shape", [(6,), (2, 6, 3), (0, 3), (6, 0)])
def test_costs_that_are_no_matrix(solver, shape):
    with pytest.raises(ValueError, match="cost must be") as caught:
        solver.solve(np.ones(shape, np.float32), epsilon=0.1)
    assert str(shape) in str(caught.value)


@pytest.mark.parametrize("solver", [fugw, sinkhorn])
def test_costs_are_real(solver):
    with pytest.raises(ValueError, match=r"^cost must be real, got dtype complex64$"):
        solver.solve(1j * COST, epsilon=0.1)


def test_weights_that_are_masked_may_be_anything():
    weights, mask = np.array([1, 1, 1, 1, 1, np.nan]), np.arange(6) < 5
    prior = np.where(mask[:, None], COST, -1)
    plan = sinkhorn.solve(COST, epsilon=0.1, mask=mask, prior=prior, row_marginal=weights).plan
    np.testing.assert_allclose(plan.sum(1), mask, atol=1e-6)


def compiled(solver, cost, **given):
    return jax.jit(lambda: solver.solve(cost, num_iterations=2, **given).plan)()


@pytest.mark.parametrize("solver", [fugw, sinkhorn])
def test_whole_numbers_and_lists_are_taken(solver):
    """A cost of integers, masks that are lists or counts: nothing to stumble over."""
    cost = np.arange(18).reshape(6, 3) % 3
    whole = compiled(solver, cost, epsilon=0.1, mask=[True] * 5 + [False])
    counts = np.array([1, 1, 1, 1, 1, 0])
    expected = compiled(solver, cost.astype(np.float32), epsilon=0.1, mask=counts)
    np.testing.assert_array_equal(whole, expected)
    assert whole.dtype == np.float32


@pytest.mark.parametrize("solver", [fugw, sinkhorn])
def test_precise_numbers_do_not_change_the_costs_precision(solver):
    with jax.enable_x64(True):
        assert compiled(solver, COST, epsilon=np.float64(0.1)).dtype == np.float32


@pytest.mark.parametrize("kind", [list, np.array, functools.partial(np.array, dtype=jnp.bfloat16)])
def test_viterbi_takes_whole_numbers_lists_and_other_precisions(kind):
    scores = kind([[0, -2], [-1, -1], [-1, 0]])
    given = {"mask": [1, 1, 1], "cluster_mask": np.ones(2), "order": [0, 1]}
    labels = jax.jit(lambda: viterbi.decode(scores, **given))()
    assert labels.dtype == np.int32
    np.testing.assert_array_equal(labels, [0, 0, 1])


@pytest.mark.parametrize("shape", [(6,), (2, 6, 3), (0, 3), (6, 0)])
def test_scores_that_are_no_matrix(shape):
    with pytest.raises(ValueError) as caught:
        viterbi.decode(np.zeros(shape))
    expected = f"log_likelihood must be [frames, clusters], got shape {shape}; use jax.vmap"
    assert str(caught.value).startswith(expected)


@pytest.mark.parametrize(
    "given, message",
    [
        ({"mask": [True] * 5}, "mask has shape (5,), the problem asks for (6,)"),
        ({"cluster_mask": [True] * 6}, "cluster_mask has shape (6,), the problem asks for (3,)"),
        ({"order": [0, 1]}, "order has shape (2,), the problem asks for (3,)"),
        ({"order": [0, 2, 2]}, "order must hold each of 0 to 2 once, got [0, 2, 2]"),
        ({"order": [1, 2, 3]}, "order must hold each of 0 to 2 once, got [1, 2, 3]"),
        ({"stay_probability": 1}, "stay_probability must be between 0 and 1, got 1"),
        ({"stay_probability": 0.0}, "stay_probability must be between 0 and 1, got 0.0"),
        (
            {"stay_probability": float("nan")},
            "stay_probability must be between 0 and 1, got nan",
        ),
    ],
)
def test_viterbi_names_argument_and_value(given, message):
    with pytest.raises(ValueError) as caught:
        viterbi.decode(np.zeros((6, 3)), **given)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "function, given, message",
    [
        (
            viterbi.time_sums,
            {"assignment": np.zeros(4)},
            "assignment must be [frames, clusters], got shape (4,); use jax.vmap over batches",
        ),
        (
            viterbi.time_sums,
            {"assignment": np.zeros((4, 2)), "mask": [True] * 2},
            "mask has shape (2,), the problem asks for (4,)",
        ),
        (
            viterbi.order_by_time,
            {"sums": np.zeros((3, 2))},
            "sums must be [2, clusters], got shape (3, 2)",
        ),
        (
            viterbi.mean_time_order,
            {"assignment": np.zeros((4, 2)), "cluster_mask": [True] * 4},
            "cluster_mask has shape (4,), the problem asks for (2,)",
        ),
    ],
)
def test_a_mistake_about_the_order_is_named(function, given, message):
    with pytest.raises(ValueError) as caught:
        function(**given)
    assert str(caught.value) == message
