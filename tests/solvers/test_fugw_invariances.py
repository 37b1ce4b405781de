"""What `fugw.solve` must not depend on, and what it must agree with, in all four settings."""

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
    descend,
    few,
    numbers,
    options,
    random_cost,
    seeds,
    solve,
)

from jaxseg.solvers import fugw

# In float64 an error of logic cannot hide behind rounding: 25 steps amplify 1e-16 to at most
# some 1e-12 on these problems.
EXACT = {"rtol": 0, "atol": 1e-9}
every_setting = pytest.mark.parametrize("relaxed", SOME_RELAXED)


@pytest.fixture(scope="module", autouse=True)
def float64():
    with jax.enable_x64(True):
        yield


def masks(frames, clusters):
    """All of the first, in problems of the standard shape."""
    return np.arange(FRAMES) < frames, np.arange(CLUSTERS) < clusters


def embed(cost, filling):
    """A cost in the corner of one of the standard shape."""
    larger = np.full((FRAMES, CLUSTERS), filling)
    larger[: cost.shape[0], : cost.shape[1]] = cost
    return larger


@every_setting
@few(max_examples=15)
@given(seed=seeds, numbers=numbers)
def test_agrees_with_dense_mirror_descent(relaxed, seed, numbers):
    """On masks with holes too: a hole keeps its place in time, and holds no mass."""
    cost = random_cost(seed)
    rng = np.random.default_rng(seed)
    mask, cluster_mask = rng.random(FRAMES) < 0.8, np.arange(CLUSTERS) != rng.integers(CLUSTERS)
    solution = solve(np.where(mask[:, None], cost, np.nan), mask, cluster_mask, numbers, relaxed)
    plan = np.array(solution.plan)
    valid = np.ix_(mask, cluster_mask)
    expected, trace = descend(cost[valid], np.flatnonzero(mask), **options(relaxed, numbers))
    np.testing.assert_allclose(plan[valid], expected, **EXACT)
    np.testing.assert_allclose(solution.objective, trace, **EXACT)
    plan[valid] = 0
    assert not plan.any()
    rows, columns = expected.sum(1), expected.sum(0) * len(expected[0]) / len(expected)
    np.testing.assert_allclose(solution.row_error, abs(rows - 1).max(), **EXACT)
    np.testing.assert_allclose(solution.column_error, abs(columns - 1).max(), **EXACT)


@every_setting
@few(max_examples=15)
@given(seed=seeds, numbers=numbers)
def test_hard_marginals_hold(relaxed, seed, numbers):
    plan = np.asarray(solve(random_cost(seed), *masks(FRAMES, CLUSTERS), numbers, relaxed).plan)
    assert (plan >= 0).all()
    if relaxed in ("none", "actions"):
        np.testing.assert_allclose(plan.sum(1), 1, rtol=0, atol=1e-13)
    if relaxed == "frames":
        np.testing.assert_allclose(plan.sum(0), FRAMES / CLUSTERS, rtol=0, atol=1e-12)
    if relaxed == "both":
        assert abs(plan.sum(1) - 1).max() > 1e-6
        assert abs(plan.sum(0) - FRAMES / CLUSTERS).max() > 1e-6


@every_setting
@few(max_examples=10)
@given(seed=seeds, numbers=numbers, filling=st.sampled_from([np.nan, np.inf, -np.inf, 1e300]))
def test_padding_is_the_shorter_problem(relaxed, seed, numbers, filling):
    shape = 23, 3
    cost = random_cost(seed, *shape)
    shorter = solve(cost, None, None, numbers, relaxed)
    padded = solve(embed(cost, filling), *masks(*shape), numbers, relaxed)
    plan = np.array(padded.plan)
    corner = plan[: shape[0], : shape[1]].copy()
    plan[: shape[0], : shape[1]] = 0
    assert not plan.any()
    for ours, alone in zip(padded._replace(plan=corner), shorter, strict=True):
        np.testing.assert_allclose(ours, alone, **EXACT)


def test_padding_lifts_no_vanished_cluster():
    """A cluster of mass e^-150, below float32's range, weighs with padding what it does without."""
    cost = np.random.default_rng(0).uniform(0, 2, (23, CLUSTERS)).astype(np.float32)
    cost[:, 2] += 60
    given = {"epsilon": 0.07, "alpha": 0.3, "radius": 0.04, "lambda_actions": 0.5, "step_size": 5.0}
    given["lambda_frames"] = None
    alone = solve(cost, None, None, given, "actions")
    padded = embed(cost, np.nan).astype(np.float32)
    padded = solve(padded, *masks(23, CLUSTERS), given, "actions")
    np.testing.assert_allclose(padded.plan[:23], alone.plan, rtol=0, atol=1e-5)


@every_setting
@few(max_examples=10)
@given(seed=seeds, numbers=numbers)
def test_permuted_clusters_permute_the_plan(relaxed, seed, numbers):
    cost, valid = random_cost(seed), masks(FRAMES, CLUSTERS)
    order = np.random.default_rng(seed).permutation(CLUSTERS)
    plan = np.asarray(solve(cost, *valid, numbers, relaxed).plan)
    permuted = np.asarray(solve(cost[:, order], *valid, numbers, relaxed).plan)
    np.testing.assert_allclose(permuted, plan[:, order], **EXACT)


def batch_of_three():
    """Three problems that differ in everything, and the traced numbers of each."""
    lengths = np.array([FRAMES, 23, 1])
    costs = np.stack([random_cost(seed) for seed in range(3)])
    masks = np.arange(FRAMES) < lengths[:, None]
    given = {
        "epsilon": np.array([0.03, 0.07, 0.2]),
        "alpha": np.array([0.0, 0.3, 0.7]),
        "radius": np.array([0.05, 0.1, 0.2]),
        "lambda_frames": np.array([0.2, 0.1, 0.05]),
        "lambda_actions": np.array([0.01, 0.1, 0.2]),
    }
    return costs, masks, given


@every_setting
def test_batches_with_traced_numbers_are_single_calls(relaxed):
    """vmap == loop, with numbers that differ from problem to problem."""
    costs, masks, given = batch_of_three()
    clusters = np.ones(CLUSTERS, bool)
    batch = jax.vmap(lambda *each: solve(each[0], each[1], clusters, each[2], relaxed))
    together = batch(jnp.asarray(costs), jnp.asarray(masks), jax.tree.map(jnp.asarray, given))
    single = [{name: float(value[video]) for name, value in given.items()} for video in range(3)]
    loop = [solve(costs[v], masks[v], clusters, single[v], relaxed) for v in range(3)]
    for video in range(3):
        for batched, alone in zip(together, loop[video], strict=True):
            np.testing.assert_allclose(batched[video], alone, **EXACT)


def test_compiled_is_eager_and_traced_is_static():
    costs, masks, given = batch_of_three()
    single = {name: float(value[1]) for name, value in given.items()}
    compiled = solve(costs[1], masks[1], np.ones(CLUSTERS, bool), single, "actions")
    eager = fugw.solve(costs[1], mask=masks[1], **options("actions", single))
    for ours, expected in zip(compiled, eager, strict=True):
        np.testing.assert_allclose(ours, expected, **EXACT)


def test_float32_stays_close_to_float64():
    """One setting; ASOT's own outputs hold the others to it in float32."""
    costs, masks, given = batch_of_three()
    for video in range(2):
        valid = masks[video], np.ones(CLUSTERS, bool)
        traced = {name: float(value[video]) for name, value in given.items()}
        double = solve(costs[video], *valid, traced, "actions")
        single = solve(costs[video].astype(np.float32), *valid, traced, "actions")
        assert single.plan.dtype == single.objective.dtype == np.float32
        assert double.plan.dtype == double.objective.dtype == np.float64
        np.testing.assert_allclose(single.plan, double.plan, rtol=0, atol=2e-5)
        np.testing.assert_allclose(single.objective, double.objective, rtol=0, atol=1e-5)
