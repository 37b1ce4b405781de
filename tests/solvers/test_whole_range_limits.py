"""Beyond the stated range a known value is one sentence; within it, and where masked, none."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxseg.solvers import checks, fugw, sinkhorn, viterbi

COST = np.ones((6, 3), np.float32)

every_solver = pytest.mark.parametrize(
    "solve",
    [
        functools.partial(fugw.solve, epsilon=0.1),
        functools.partial(sinkhorn.solve, epsilon=0.1),
        viterbi.decode,
    ],
)


def message_of(call, *arguments, **given):
    with pytest.raises(ValueError) as caught:
        call(*arguments, **given)
    return str(caught.value)


def assert_taken(call, *arguments, **given):
    """Without an error, and without compiling what would be done."""
    jax.eval_shape(lambda: call(*arguments, **given))


def with_entry(value, frame=4, cluster=2, dtype=np.float32):
    changed = COST.astype(dtype)
    changed[frame, cluster] = value
    return changed


@pytest.mark.parametrize("solver", [fugw, sinkhorn])
@pytest.mark.parametrize(
    "epsilon, got", [(9e-4, "0.0009"), (11, "11"), (float("inf"), "inf"), (np.float32(20), "20.0")]
)
def test_epsilon(solver, epsilon, got):
    expected = f"epsilon must be between 0.001 and 10, got {got}"
    assert message_of(solver.solve, COST, epsilon=epsilon) == expected


@pytest.mark.parametrize(
    "solve, name",
    [
        (fugw.solve, "lambda_frames"),
        (fugw.solve, "lambda_actions"),
        (sinkhorn.solve, "lambda_rows"),
        (sinkhorn.solve, "lambda_columns"),
    ],
)
@pytest.mark.parametrize("value, got", [(1e-7, "1e-07"), (2e6, "2000000.0"), (np.inf, "inf")])
def test_penalties(solve, name, value, got):
    expected = f"{name} must be between 1e-06 and 1e+06, got {got}"
    assert message_of(solve, COST, epsilon=0.1, **{name: value}) == expected


@pytest.mark.parametrize("solver", [fugw, sinkhorn])
@pytest.mark.parametrize(
    "cost, got",
    [
        (with_entry(np.nan), "nan"),
        (with_entry(-np.inf), "-inf"),
        (with_entry(-2e6), "-2000000.0"),
        (with_entry(1e30, dtype=np.float64), "1e+30"),
        (with_entry(np.nan, dtype=jnp.bfloat16), "nan"),
        (jnp.asarray(with_entry(np.nan)), "nan"),
        (with_entry(np.nan).tolist(), "nan"),
    ],
)
def test_costs(solver, cost, got):
    at = f"got {got} at frame 4, cluster 2"
    also = " (inf forbids an entry)" if solver is sinkhorn else ""
    expected = f"cost must be between -1e+06 and 1e+06{also} where valid, {at}"
    assert message_of(solver.solve, cost, epsilon=0.1) == expected


def test_infinite_costs():
    """sinkhorn.solve forbids the entry; fugw.solve has no forbidden entries."""
    at = "got inf at frame 4, cluster 2"
    expected = f"cost must be between -1e+06 and 1e+06 where valid, {at}"
    assert message_of(fugw.solve, with_entry(np.inf), epsilon=0.1) == expected
    prior = np.where(np.isinf(with_entry(np.inf)), 0, 1)
    by_prior = sinkhorn.solve(with_entry(0), prior=prior, epsilon=0.1)
    by_cost = sinkhorn.solve(with_entry(np.inf), epsilon=0.1)
    np.testing.assert_array_equal(by_cost.plan, by_prior.plan)
    assert by_cost.plan[4, 2] == 0 and by_cost.row_error < 1e-5


@pytest.mark.parametrize(
    "solve",
    [
        functools.partial(fugw.solve, lambda_frames=0.2, lambda_actions=0.1, step_size=1.0),
        functools.partial(sinkhorn.solve, lambda_rows=0.2, lambda_columns=0.1),
    ],
)
def test_negative_costs_that_draw_in_too_much_mass(solve):
    """Where both marginals are relaxed; one that is hard knows the mass."""
    message = message_of(solve, with_entry(-3), epsilon=0.1)
    assert message.startswith("cost must be between -2 and 1e+06 ")
    assert message.endswith("where valid, got -3.0 at frame 4, cluster 2")
    assert_taken(solve, with_entry(-1.9), epsilon=0.1)
    assert_taken(sinkhorn.solve, with_entry(-3), epsilon=0.1)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_likelihoods(value):
    """-inf forbids, anything else but a number or -inf is a mistake."""
    expected = "log_likelihood must be a number or -inf where valid"
    got = f"got {value} at frame 4, cluster 2"
    assert message_of(viterbi.decode, with_entry(value)) == f"{expected}, {got}"
    assert viterbi.decode(with_entry(-np.inf))[4] == 1


@every_solver
@pytest.mark.parametrize("shape", [(2**24 + 1, 1), (1, 1001)])
def test_sizes(solve, shape):
    """A shape is known where it is traced, too: nothing of that size is made here."""
    message = message_of(jax.eval_shape, solve, jax.ShapeDtypeStruct(shape, np.float32))
    assert f"must have at most 16777216 frames and 1000 clusters, got shape {shape}" in message


@every_solver
@pytest.mark.parametrize(
    "masks", [{"mask": np.arange(6) != 4}, {"cluster_mask": [True, True, False]}]
)
def test_masked_entries_may_be_anything(solve, masks):
    assert_taken(solve, with_entry(np.nan), **masks)
    assert "nan at frame 3" in message_of(solve, with_entry(np.nan, frame=3, cluster=1), **masks)


@every_solver
def test_what_is_traced_passes(solve):
    """Nothing is known of it: neither an error nor a look at every entry."""
    jax.eval_shape(solve, with_entry(np.nan))
    jax.eval_shape(jax.vmap(solve), np.stack([COST, with_entry(np.nan)]))
    if solve is not viterbi.decode:
        jax.eval_shape(lambda epsilon: solve(COST, epsilon=epsilon), 20.0)


@pytest.mark.parametrize("ends", checks.RANGES["epsilon"])
def test_the_ends_of_the_range_belong_to_it(ends):
    """In float32 too, whose 0.001 may be less than that of float64."""
    for epsilon in (ends, np.float32(ends), jnp.float32(ends)):
        checks.require("positive", epsilon=epsilon)
    checks.as_problem(np.full((2, 2), 1e6, np.float32), None, None)
