"""How `fugw.solve` goes down: objective, steps, tolerance, gradients, degenerate problems."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from solver_problems import (
    CLUSTERS,
    FRAMES,
    RELAXED,
    SOME_RELAXED,
    few,
    numbers,
    options,
    random_cost,
    seeds,
    solve,
)

from jaxseg.solvers import fugw

DEFAULTS = {"epsilon": 0.07, "alpha": 0.3, "radius": 0.1, "lambda_frames": 0.1}
DEFAULTS |= {"lambda_actions": 0.1}
ALL = np.ones(FRAMES, bool), np.ones(CLUSTERS, bool)
every_setting = pytest.mark.parametrize("relaxed", SOME_RELAXED)


@pytest.fixture(scope="module", autouse=True)
def float64():
    with jax.enable_x64(True):
        yield


@few(max_examples=60)
@given(seed=seeds, numbers=numbers, noise=st.booleans())
def test_objective_ends_below_its_start(seed, numbers, noise):
    """With the automatic step and a radius of two frames and more, on videos and on noise."""
    uniform = np.random.default_rng(seed).uniform(0, 2, (FRAMES, CLUSTERS))
    cost = uniform if noise else random_cost(seed)
    objective = np.asarray(solve(cost, *ALL, numbers, "actions").objective)
    assert objective[-1] < objective[0]


@few(max_examples=60)
@given(seed=seeds, numbers=numbers)
def test_automatic_step_never_climbs_without_structure(seed, numbers):
    """Flat costs make the first gradient small: its bound alone would let the steps swing."""
    given = numbers | {"radius": 0.5 / FRAMES, "alpha": 0.5 + numbers["alpha"] / 2}
    objective = np.asarray(solve(random_cost(seed), *ALL, given, "actions").objective)
    assert (np.diff(objective) <= 1e-14).all()


@few(max_examples=60)
@given(seed=seeds, numbers=numbers, reach=st.floats(0.2, 4.0))
def test_no_step_within_the_curvature_climbs(seed, numbers, reach):
    """Mirror descent descends where 1 / step is at least the curvature relative to the entropy.

    That is eps + lambda_a for the convex terms. The structure term adds alpha / (2 N r) times
    the modulus of the band's least eigenvalue, which is at most (2 w + 4) / 3 for w frames on
    either side: equal at w = 1, and above it the least value of Dirichlet's kernel.
    """
    radius = reach / FRAMES
    width = np.floor(reach)
    structure = numbers["alpha"] * (2 * width + 4) / 3 / (2 * reach) if width else 0
    step = 1 / (numbers["epsilon"] + numbers["lambda_actions"] + structure)
    given = numbers | {"radius": radius, "step_size": step}
    cost = np.random.default_rng(seed).uniform(0, 2, (FRAMES, CLUSTERS))
    objective = np.asarray(solve(cost, *ALL, given, "actions").objective)
    assert (np.diff(objective) <= 1e-14).all()


def solve_options(relaxed):
    """The numbers that a setting makes use of, and that the plan is differentiable in."""
    kept = options(relaxed, DEFAULTS)
    return [name for name, value in kept.items() if value is not None and name in DEFAULTS]


def run(num_iterations, tolerance=None):
    given = {"num_iterations": num_iterations, "tolerance": tolerance}
    return jax.jit(lambda cost: fugw.solve(cost, **given))(random_cost(0))


def test_tolerance_stops_and_says_so():
    stopped = run(200, tolerance=1e-6)
    count = int(stopped.num_iterations)
    assert stopped.converged and 1 < count < 200
    exactly, before = run(count), run(count - 1)
    np.testing.assert_allclose(stopped.plan, exactly.plan, rtol=0, atol=1e-13)
    assert np.abs(exactly.plan - before.plan).max() <= 1e-6
    # The trace keeps its length: after the stop it repeats the last value.
    assert stopped.objective.shape == (201,)
    np.testing.assert_allclose(stopped.objective[count:], exactly.objective[-1], rtol=1e-13)


def test_too_few_iterations_are_data():
    solution = run(2, tolerance=1e-6)
    assert not solution.converged
    assert int(solution.num_iterations) == 2


@every_setting
def test_gradients_are_finite_difference_quotients(relaxed):
    """Through the plan and to every number, past NaN in padding and a masked cluster."""
    mask, cluster_mask = np.arange(FRAMES) < 23, np.arange(CLUSTERS) != 2
    valid = np.outer(mask, cluster_mask)
    cost, direction = np.where(valid, random_cost(0), np.nan), random_cost(1) - 1

    def loss(cost, numbers):
        plan = solve(cost, mask, cluster_mask, numbers, relaxed).plan
        return jnp.vdot(direction, plan)

    slope, slopes = jax.jit(jax.grad(loss, argnums=(0, 1)))(cost, DEFAULTS)
    assert np.isfinite(slope).all()
    assert not np.any(slope[~valid])
    ahead, behind = (loss(cost + step * direction, DEFAULTS) for step in (1e-6, -1e-6))
    np.testing.assert_allclose(np.vdot(slope, direction), (ahead - behind) / 2e-6, rtol=1e-5)
    used = solve_options(relaxed)
    for name in used:
        ahead, behind = (
            loss(cost, DEFAULTS | {name: DEFAULTS[name] * factor}) for factor in (1.00001, 0.99999)
        )
        quotient = (ahead - behind) / (2e-5 * DEFAULTS[name])
        np.testing.assert_allclose(slopes[name], quotient, rtol=1e-4, atol=1e-6)


@every_setting
def test_without_structure_frames_do_not_see_their_neighbors(relaxed):
    """alpha = 0, and a radius below one frame, leave a problem that shuffles with its frames."""
    cost = random_cost(0)
    order = np.random.default_rng(0).permutation(FRAMES)
    for changed in ({"alpha": 0.0}, {"radius": 0.99 / FRAMES}):
        given = DEFAULTS | changed
        plan = np.asarray(solve(cost, *ALL, given, relaxed).plan)
        shuffled = np.asarray(solve(cost[order], *ALL, given, relaxed).plan)
        np.testing.assert_allclose(shuffled, plan[order], rtol=0, atol=1e-11)
    structured = np.asarray(solve(cost[order], *ALL, DEFAULTS, relaxed).plan)
    assert np.abs(structured - plan[order]).max() > 0.1


@every_setting
def test_a_radius_below_one_frame_only_scales_the_cost(relaxed):
    cost, given = random_cost(0), DEFAULTS | {"radius": 0.99 / FRAMES, "alpha": 0.25}
    below = solve(cost, *ALL, given, relaxed)
    scaled = solve(0.75 * cost, *ALL, given | {"alpha": 0.0}, relaxed)
    np.testing.assert_allclose(below.plan, scaled.plan, rtol=0, atol=1e-12)


@every_setting
def test_a_video_of_one_frame(relaxed):
    plan = np.asarray(solve(random_cost(0), np.arange(FRAMES) == 7, ALL[1], DEFAULTS, relaxed).plan)
    assert np.isfinite(plan).all() and plan[7].sum() > 0.1
    assert not np.delete(plan, 7, axis=0).any()


@every_setting
@pytest.mark.parametrize("compat", [None, "asot"])
def test_a_video_of_no_frames(relaxed, compat):
    cost = np.full((FRAMES, CLUSTERS), np.nan)
    solution = solve(cost, ~ALL[0], ALL[1], DEFAULTS, relaxed, compat)
    assert not np.any(solution.plan)
    assert np.isfinite(solution.objective).all()
    assert np.isfinite([solution.row_error, solution.column_error]).all()


@pytest.mark.parametrize("relaxed", RELAXED[1:])
def test_compat_changes_nothing_on_one_unpadded_video(relaxed):
    """Where the authors' step stays below the bound; both marginals hard start differently."""
    ours, theirs = (solve(random_cost(0), *ALL, DEFAULTS, relaxed, each) for each in (None, "asot"))
    np.testing.assert_array_equal(ours.plan, theirs.plan)


def test_compat_counts_padding_and_ends_on_columns():
    cost, half = random_cost(0), np.arange(FRAMES) < 23
    given = DEFAULTS | {"alpha": 0.6}
    ours, theirs = (solve(cost, half, ALL[1], given, "actions", each) for each in (None, "asot"))
    assert np.abs(ours.plan - theirs.plan).max() > 1e-3
    balanced = solve(cost, *ALL, DEFAULTS, "none", "asot")
    np.testing.assert_allclose(balanced.plan.sum(0), FRAMES / CLUSTERS, rtol=1e-13)
    assert balanced.row_error > 1e-6


def test_balanced_compat_reaches_the_same_plan_in_the_end():
    """Two starts of Sinkhorn's rounds, one fixed point: enough rounds make them one."""
    given = {"lambda_actions": None, "num_iterations": 5, "num_sinkhorn_iterations": 1000}
    plans = [
        jax.jit(functools.partial(fugw.solve, compat=compat, **given))(random_cost(0)).plan
        for compat in (None, "asot")
    ]
    np.testing.assert_allclose(*plans, rtol=0, atol=1e-9)


def test_compat_shares_the_step_of_a_batch():
    """The largest gradient of the batch sets the step of all its videos."""
    costs = jnp.stack([random_cost(0), 3 * random_cost(1)])

    def plans(axis):
        def one(cost):
            return fugw.solve(cost, compat="asot", batch_axis=axis).plan

        return np.asarray(jax.jit(jax.vmap(one, axis_name="video"))(costs))

    apart, shared = plans(None), plans("video")
    assert np.abs(apart[0] - shared[0]).max() > 1e-3
    np.testing.assert_allclose(apart[1], shared[1], rtol=0, atol=1e-13)
