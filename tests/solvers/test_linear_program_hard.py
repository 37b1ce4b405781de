"""LinPro where scores cannot be met, rows repeat or say nothing; masks, batches and precision."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from interval_problems import (
    INSTANCES,
    SNIPPETS,
    as_rows,
    chain,
    padded,
    random_instances,
    reference,
    seeds,
    solve,
)
from scipy.optimize import lsq_linear
from solver_problems import few

from jaxseg.solvers import linear_program
from jaxseg.solvers.linear_program import interval_rows, solve_intervals

PRECISIONS = (np.float32, np.float64)
pytestmark = pytest.mark.usefixtures("quick_compile")
HARD = {
    "random": lambda rng, rows, q: (rows, q),
    "beyond what the box holds": lambda rng, rows, q: (rows, q * rng.uniform(1, 60)),
    "instances that coincide": lambda rng, rows, q: (rows[rng.integers(0, len(q), len(q))], q),
    "some zero": lambda rng, rows, q: (rows, np.where(rng.random(len(q)) < 0.5, q, 0)),
    "all below zero": lambda rng, rows, q: (rows, -np.abs(q)),
}


@pytest.mark.parametrize("kind", HARD)
@few(max_examples=12)
@given(seed=seeds)
def test_the_nearest_scores_and_the_least_sum_that_has_them(kind, seed):
    """Whatever is asked, in float64: SciPy's bounded least squares, then its simplex."""
    start, end, q = random_instances(seed, signed=True)
    A, q = HARD[kind](np.random.default_rng(seed), as_rows(start, end), q)
    solved = solve(A, q)
    scale = np.abs(q).max()
    reached, least = reference(A, q)
    assert solved.p.min() >= 0 and solved.p.max() <= 1
    np.testing.assert_allclose(A @ solved.p, reached, rtol=0, atol=1e-7 * max(scale, 1e-300))
    np.testing.assert_allclose(solved.objective, least, rtol=1e-6, atol=1e-7 * scale)
    off = np.abs(A @ solved.p - q)
    np.testing.assert_allclose(solved.residual, off.max(), rtol=0, atol=1e-12 * max(scale, 1))
    assert solved.num_unmet == np.sum(np.abs(reached - q) > 1e-4 * scale)
    assert solved.feasible == (solved.num_unmet == 0)


@few(max_examples=25)
@given(seed=seeds, kind=st.sampled_from(list(HARD)))
def test_float32_comes_as_near(seed, kind):
    """To a thousandth of the scores, the accuracy of p's own last barrier."""
    start, end, q = random_instances(seed, signed=True)
    A, q = HARD[kind](np.random.default_rng(seed), as_rows(start, end), q)
    single, double = solve(A, q, np.float32), solve(A, q)
    scale = np.abs(q).max()
    np.testing.assert_allclose(A @ single.p, A @ double.p, rtol=0, atol=1e-3 * scale)
    np.testing.assert_allclose(single.objective, double.objective, rtol=2e-3, atol=2e-3 * scale)
    assert single.p.min() >= 0 and single.p.max() <= 1


def accuracy(dtype, scale):
    """How well the nearest scores are known that take the place of those that cannot be met.

    They are the end of a path of barriers: mu = u scale level / 5, for the unit roundoff u and
    a typical p of level = scale / L, of an instance with L snippets and flanks. There a Newton
    step moves a row by S times the force on its snippets, S = sum_t n D_t <= L / (8 mu), for D is
    at most 1 / (8 mu), at p = 1/2. The force is A'y for duals y that cancel: no larger than the
    scale, they leave u scale, and computing with that adds a rounding of u^2 scale. So a row is
    off by up to S u^2 scale = (5 / 8) u L^2 / scale, in float32 5e-5 at L = 24 and scale .4. That
    is a thousand roundings of a score, and why only half of its digits are promised.
    """
    return np.finfo(dtype).eps ** 0.5 * scale


def test_instances_that_coincide_meet_in_the_middle():
    A = as_rows(np.array([20, 20, 80]), np.array([40, 40, 90]))
    q = np.array([0.2, 0.4, 0.1])
    for dtype in PRECISIONS:
        solved = solve(A, q, dtype)
        assert solved.num_unmet == 2 and not solved.feasible
        np.testing.assert_allclose(solved.residual, 0.1, rtol=0, atol=accuracy(dtype, 0.4))
        # The even spread of their mean: 0.3 on 20 snippets; and the third as if it were alone.
        np.testing.assert_allclose(solved.p[20:40], 0.015, rtol=1e-3)
        np.testing.assert_allclose(solved.p[80:90], 0.01, rtol=1e-3)


def test_more_than_an_instance_holds_fills_it():
    A = as_rows(np.array([10]), np.array([14]))
    for dtype in PRECISIONS:
        solved = solve(A, np.array([7.0]), dtype)
        np.testing.assert_allclose(solved.p[10:14], 1, rtol=0, atol=1e-4)
        np.testing.assert_allclose(solved.residual, 3, rtol=1e-4)
        np.testing.assert_allclose(solved.objective, 4, rtol=1e-3)
        assert solved.num_unmet == 1


def test_a_score_below_zero_lies_on_the_flanks():
    A = as_rows(np.array([40]), np.array([80]))
    flanks = A[0] < 0
    solved = solve(A, np.array([-0.3]))
    np.testing.assert_allclose(solved.p, np.where(flanks, 0.3 / flanks.sum(), 0), atol=1e-8)
    assert solved.feasible


def test_rows_that_say_nothing_are_passed_over():
    """No score, an empty instance, one outside of the video: the rest is as if alone."""
    start, end = np.array([30.0, 60.2, 170, -9]), np.array([50.0, 60.9, 190, -3])
    A = as_rows(start, end)
    assert not A[1:].any()
    alone = solve(A[:1], np.array([0.3]))
    solved = solve(A, np.array([0.3, 0.2, 0.1, 0]))
    np.testing.assert_allclose(solved.p, alone.p, rtol=0, atol=1e-9)
    assert solved.num_unmet == 2  # nothing is right for a score of 0
    for q in (np.zeros(4), np.array([0, 0.2, 0.1, 0])):
        assert solve(A, q).objective <= 1e-7
    assert not solve(A, np.zeros(4), np.float32).p.any()


def test_more_rows_than_snippets():
    rng = np.random.default_rng(0)
    start = rng.uniform(0, 6, INSTANCES)
    A, q = as_rows(start, start + rng.uniform(1, 4, INSTANCES), 8), rng.uniform(0, 0.5, INSTANCES)
    reached, least = reference(A, q)
    solved = solve(A, q)
    np.testing.assert_allclose(A @ solved.p, reached, rtol=0, atol=1e-8)
    np.testing.assert_allclose(solved.objective, least, rtol=1e-6)


def test_a_vertex_of_scores_that_cannot_be_met():
    A = as_rows(np.array([20, 20]), np.array([40, 40]))
    solved = linear_program.solve(A, np.array([0.2, 0.4]), mode="vertex")
    assert solved.num_unmet == 2 and np.count_nonzero(solved.p) == 1
    # The simplex starts from the nearest scores, in float32.
    largest = np.asarray(solved.p).max()
    np.testing.assert_allclose(largest, 0.3, rtol=0, atol=accuracy(np.float32, 0.4))


def test_padding_is_a_smaller_problem():
    """NaN, infinity or anything in what is masked, wherever that is."""
    start, end, q = chain(3, 70)
    A = as_rows(start, end, 70)
    with jax.enable_x64(True):
        expected = jax.jit(linear_program.solve)(A, q)
        rows, columns = np.array([1, 4, 9]), np.sort(np.random.default_rng(0).permutation(160)[:70])
        larger = np.full((INSTANCES, SNIPPETS), np.inf)
        larger[np.ix_(rows, columns)] = A
        scores = np.full(INSTANCES, np.nan)
        scores[rows] = q
        row_mask, mask = np.isin(np.arange(INSTANCES), rows), np.isin(np.arange(SNIPPETS), columns)
        solved = jax.jit(linear_program.solve)(larger, scores, row_mask=row_mask, mask=mask)
    np.testing.assert_allclose(solved.p[columns], expected.p, rtol=0, atol=1e-12)
    assert not np.asarray(solved.p)[~mask].any()
    assert solved.num_iterations == expected.num_iterations
    for other, alone in zip(solved[1:], expected[1:], strict=True):
        np.testing.assert_allclose(other, alone, rtol=0, atol=1e-12)


def test_vmap_is_the_loop_and_jit_is_eager():
    """Problems of other sizes, met and unmet, an empty one, in one batch."""
    problems = []
    for seed in range(4):
        start, end, q = random_instances(seed, signed=True)
        problems.append(padded(as_rows(start, end), q))
    nothing = np.zeros(INSTANCES, bool), np.zeros(SNIPPETS, bool)
    problems.append((*padded(np.zeros((1, 1)), np.zeros(1))[:2], *nothing))

    def one(A, q, row_mask, mask):
        return linear_program.solve(A, q, row_mask=row_mask, mask=mask)

    with jax.enable_x64(True):
        batch = [jnp.stack(each) for each in zip(*problems, strict=True)]
        together, alone = jax.jit(jax.vmap(one))(*batch), jax.jit(one)
        for i, problem in enumerate(problems):
            ours, expected = jax.tree.map(lambda each, i=i: each[i], together), alone(*problem)
            np.testing.assert_allclose(ours.p, expected.p, rtol=0, atol=1e-7)
            np.testing.assert_allclose(ours.objective, expected.objective, rtol=1e-7)
            assert ours.num_unmet == expected.num_unmet
        eager, first = one(*problems[0]), alone(*problems[0])
    np.testing.assert_allclose(eager.p, first.p, rtol=0, atol=1e-9)
    empty = jax.tree.map(lambda each: np.asarray(each)[-1], together)
    assert not empty.p.any() and empty.objective == 0 and empty.feasible


def test_snippets_of_a_length_that_is_traced():
    """A video shorter than its array, whose instance's flank ends with it."""
    start, end, q = np.array([10.0, 60]), np.array([30.0, 95]), np.array([0.3, 0.6])
    with jax.enable_x64(True):
        one = jax.jit(
            lambda length: linear_program.solve_intervals(start, end, q, 160, length=length)
        )
        solved, expected = one(96), linear_program.solve_intervals(start, end, q, 96)
    np.testing.assert_allclose(solved.p[:96], expected.p, rtol=0, atol=1e-12)
    assert not solved.p[96:].any()
    np.testing.assert_allclose(solved.residual, expected.residual, rtol=0, atol=1e-12)


def test_few_iterations_are_told():
    A, q = as_rows(np.array([20]), np.array([40])), np.array([0.2])
    stopped = jax.jit(lambda: linear_program.solve(A, q, num_iterations=2))()
    assert not stopped.converged and stopped.num_iterations == 4
    assert np.isfinite(stopped.p).all()


@pytest.mark.parametrize("factor", [1e3, 1e6, 1e8, 1e12])
def test_scores_far_out_of_reach(factor):
    start, end, q = [10.0, 20.0], [30.0, 50.0], np.array([0.3, 0.2]) * factor
    result = solve_intervals(start, end, q, 100)
    assert result.converged and result.num_unmet == 2
    rows = np.float64(interval_rows(start, end, 100))
    nearest = lsq_linear(rows, 1e3 * q / factor, (0, 1)).x  # the same from there on
    np.testing.assert_allclose(rows @ result.p, rows @ nearest, rtol=1e-4)


def test_scores_too_small_for_the_precision_are_none():
    for score in (1e-18, 1e-30, 0.0):
        assert not np.any(solve_intervals([10.0], [30.0], [score], 100).p)
    small = solve_intervals([10.0], [30.0], [1e-14], 100)
    np.testing.assert_allclose(small.p[10:30], 5e-16, rtol=1e-3)


def test_instances_without_a_snippet_take_no_step():
    result = solve_intervals([10.0, 120.0], [10.0, 130.0], [0.3, 0.2], 100)
    assert result.converged and result.num_iterations == 0 and result.num_unmet == 2
    assert not np.any(result.p)


@pytest.mark.parametrize("length", [-1, 101, 50.5])
def test_a_length_that_no_video_of_this_size_has(length):
    with pytest.raises(ValueError, match=r"length must be a whole number in \[0, 100\], got"):
        solve_intervals([10.0], [30.0], [0.3], 100, length=length)
