"""What the Viterbi solver takes and what it names as a mistake."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxseg.solvers import viterbi


@pytest.mark.parametrize("kind", [list, np.array, functools.partial(np.array, dtype=jnp.bfloat16)])
def test_whole_numbers_lists_and_other_precisions_are_taken(kind):
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
def test_a_mistake_is_named(given, message):
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
