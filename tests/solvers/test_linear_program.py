"""LinPro: recorded centers, its invariances, and the curves of lone instances."""

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from interval_problems import (
    INSTANCES,
    SNIPPETS,
    as_rows,
    random_instances,
    reference,
    seeds,
    solve,
)
from recorded import GOLDEN
from solver_problems import few

from jaxseg.solvers import linear_program
from jaxseg.solvers.linear_program import interval_rows

RECORDED = (
    "fusion_04_linpro_isolated",
    "fusion_05_linpro_overlapping",
    "fusion_06_linpro_from_fused_map",
    "fusion_10_linpro_chain",
)
PRECISIONS = (np.float32, np.float64)
# The barrier ends at the root of the precision times a typical p: what it adds to p, the rows
# and the sum is a few times that; p is at most 0.04 in what was recorded and scores are below 1.
CLOSE = {np.float32: 2e-5, np.float64: 1e-9}
RELATIVE = {np.float32: 1e-3, np.float64: 1e-7}
pytestmark = pytest.mark.usefixtures("quick_compile")


def load(name):
    if not GOLDEN.is_dir():
        pytest.skip("the recorded linear programs are not on this machine")
    return dict(np.load(GOLDEN / f"{name}.npz"))


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("name", RECORDED)
def test_recorded_centers(name, dtype):
    recorded = load(name)
    A, q = recorded["A"], recorded["q"]
    solved = solve(A, q, dtype)
    center = recorded["p_analytic_centre_OWN"]
    np.testing.assert_allclose(solved.p, center, rtol=0, atol=CLOSE[dtype])
    np.testing.assert_allclose(A @ solved.p, q, rtol=0, atol=CLOSE[dtype] / 10)
    np.testing.assert_allclose(solved.objective, recorded["objective"], rtol=RELATIVE[dtype])
    assert solved.feasible and solved.converged and solved.num_unmet == 0


@pytest.mark.parametrize("name", RECORDED)
def test_recorded_rows(name):
    recorded = load(name)
    start, end, _ = recorded["segments"].T
    for compat in ("", "gaufuse"):
        rows = interval_rows(start, end, recorded["A"].shape[1], compat=compat)
        np.testing.assert_array_equal(rows, recorded["A"])


@pytest.mark.parametrize("name", RECORDED)
def test_a_vertex_has_the_same_sum_on_few_snippets(name):
    recorded = load(name)
    A, q = recorded["A"], recorded["q"]
    solved = linear_program.solve(A.astype(np.float32), q.astype(np.float32), mode="vertex")
    p = np.asarray(solved.p, np.float64)
    np.testing.assert_allclose(A @ p, q, rtol=0, atol=1e-6)
    np.testing.assert_allclose(solved.objective, recorded["objective"], rtol=1e-6)
    assert np.count_nonzero(p) <= len(q) and solved.feasible and solved.converged


@few(max_examples=30)
@given(
    start=st.integers(0, SNIPPETS - 1),
    length=st.integers(1, 80),
    q=st.floats(1e-4, 1),
    dtype=st.sampled_from(PRECISIONS),
)
def test_a_lone_instance_has_its_score_spread_evenly(start, length, q, dtype):
    """q / L inside and nothing elsewhere; in means q inside."""
    end = min(start + length, SNIPPETS)
    A = as_rows(np.array([start]), np.array([end]))
    inside = np.isin(np.arange(SNIPPETS), range(start, end))
    q = 0.99 * q  # at 1 x the length there is one curve alone, on the border of what can be met
    for mode, plateau in (("spread", q / (end - start)), ("mean", q)):
        solved = solve(A, np.array([q]), dtype, mode)
        expected = np.where(inside, plateau, 0)
        np.testing.assert_allclose(solved.p, expected, rtol=0, atol=RELATIVE[dtype] * plateau)
        assert not solved.p[A[0] == 0].any()
        assert solved.feasible


@few(max_examples=40)
@given(seed=seeds, dtype=st.sampled_from(PRECISIONS))
def test_the_sum_is_the_least_and_p_is_in_the_box(seed, dtype):
    """Scores that some curve has: sums of p over random instances' contrasts."""
    start, end, _ = random_instances(seed)
    A = as_rows(start, end)
    rng = np.random.default_rng(seed)
    q = A @ np.where(rng.random(SNIPPETS) < 0.5, rng.uniform(0, 0.1, SNIPPETS), 0)
    solved = solve(A, q, dtype)
    _, least = reference(A, q)
    scale = np.abs(q).max()
    assert solved.p.min() >= 0 and solved.p.max() <= 1
    np.testing.assert_allclose(A @ solved.p, q, rtol=0, atol=1e-4 * scale)
    np.testing.assert_allclose(solved.objective, least, rtol=RELATIVE[dtype])
    assert solved.feasible


@few(max_examples=25)
@given(seed=seeds, num_instances=st.integers(1, 3))
def test_intervals_are_their_rows(seed, num_instances):
    """Groups of equal snippets instead of all: the same curve, of any precision of the borders."""
    start, end, q = random_instances(seed, num_instances)
    expected = solve(as_rows(start, end), q)
    with jax.enable_x64(True):
        one = jax.jit(linear_program.solve_intervals, static_argnums=3)
        count = INSTANCES - num_instances
        arrays = (np.pad(each, (0, count), constant_values=np.nan) for each in (start, end, q))
        row_mask = np.arange(INSTANCES) < num_instances
        solved = one(*arrays, SNIPPETS, row_mask=row_mask)
    np.testing.assert_allclose(solved.p, expected.p, rtol=0, atol=1e-6 * expected.p.max())
    np.testing.assert_allclose(solved.objective, expected.objective, rtol=1e-7)
    assert solved.num_unmet == expected.num_unmet
