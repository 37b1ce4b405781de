"""`fugw.solve` with a step that is searched for, with momentum, and with an early stop."""

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
    band,
    few,
    log_sum,
    numbers,
    objective,
    options,
    random_cost,
    seeds,
)

from jaxseg.solvers import fugw

pytestmark = pytest.mark.slow

# 10 iterations in float64 amplify 1e-16 to at most some 1e-13 on these problems.
EXACT = {"rtol": 0, "atol": 1e-9}
DEFAULTS = {"epsilon": 0.07, "alpha": 0.3, "radius": 0.1, "lambda_frames": 0.1}
DEFAULTS |= {"lambda_actions": 0.1}
FASTER = ("search", "momentum")
RELAXED = ("frames", "actions", "both")
by_each = pytest.mark.parametrize("step", FASTER)
every_setting = pytest.mark.parametrize("relaxed", RELAXED)


@pytest.fixture(scope="module", autouse=True)
def float64(quickly):
    with quickly(), jax.enable_x64(True):
        yield


@functools.partial(jax.jit, static_argnames=("relaxed", "step", "num_iterations"))
def solve(cost, numbers, size=2.0, *, relaxed="actions", step="search", num_iterations=10, **given):
    """`fugw.solve`, compiled once for a shape: its numbers are traced."""
    given |= options(relaxed, numbers) | {"step_size": size}
    return fugw.solve(cost, step=step, num_iterations=num_iterations, **given)


class Dense:
    """The problem with N x N matrices, and a step from a logarithm of a plan."""

    def __init__(self, cost, epsilon, alpha, radius, lambda_frames, lambda_actions):
        self.cost, self.epsilon, self.alpha = cost, epsilon, alpha
        self.lambda_frames, self.lambda_actions = lambda_frames, lambda_actions
        self.frames, self.clusters = cost.shape
        self.near = band(np.arange(self.frames), self.frames, radius)

    def structure(self, log):
        return self.near @ np.exp(log) @ (1 - np.eye(self.clusters))

    def value(self, log):
        weights = self.epsilon, self.alpha, self.lambda_frames, self.lambda_actions
        return objective(np.exp(log), self.cost, self.structure(log), *weights)

    def step(self, log, size):
        gradient = self.alpha * self.structure(log) + (1 - self.alpha) * self.cost
        gradient = gradient + self.epsilon * log
        if self.lambda_actions is not None:
            gradient += self.lambda_actions * (1 + log_sum(log, 0) + np.log(self.clusters))
        if self.lambda_frames is not None:
            gradient += self.lambda_frames * (1 + log_sum(log, 1) + np.log(self.frames))
        return log - size * gradient

    def project(self, log):
        if self.lambda_frames is None:
            return log - log_sum(log, 1) - np.log(self.frames)
        if self.lambda_actions is None:
            return log - log_sum(log, 0) - np.log(self.clusters)
        return log


def dense_search(problem, size, num_iterations):
    """J at every plan that was kept, and the last one."""
    log = np.full(problem.cost.shape, -np.log(problem.cost.size))
    trace = [problem.value(log)]
    for _ in range(num_iterations):
        tried = problem.project(problem.step(log, size))
        taken = problem.value(tried) <= trace[-1]
        log = tried if taken else log
        size = min(1.5 * size, 1 / problem.epsilon) if taken else size / 2
        trace.append(problem.value(log))
    return problem.frames * np.exp(log), np.array(trace)


def dense_momentum(problem, size, num_iterations):
    """The same with momentum."""
    log = before = np.full(problem.cost.shape, -np.log(problem.cost.size))
    trace, age = [problem.value(log)], 0
    for _ in range(num_iterations):
        stepped = problem.step(log, size)
        log = problem.project(stepped + age / (age + 3) * (stepped - before))
        trace.append(problem.value(log))
        before, age = stepped, age + 1 if trace[-1] <= trace[-2] else 0
    return problem.frames * np.exp(log), np.array(trace)


@by_each
@every_setting
@few(max_examples=15)
@given(seed=seeds, numbers=numbers, size=st.floats(0.3, 6.0))
def test_agrees_with_the_rule_on_dense_matrices(step, relaxed, seed, numbers, size):
    """Steps of all sizes: too short, right, and so long that plans are refused."""
    size = size if relaxed == "actions" else size / 4
    cost, given = random_cost(seed), options(relaxed, numbers)
    given.pop("step_size", None)
    rule = dense_search if step == "search" else dense_momentum
    plan, trace = rule(Dense(cost, **given), size, 10)
    solution = solve(cost, numbers, size, relaxed=relaxed, step=step)
    np.testing.assert_allclose(solution.objective, trace, **EXACT)
    np.testing.assert_allclose(solution.plan, plan, **EXACT)


@every_setting
@few(max_examples=40)
@given(seed=seeds, numbers=numbers, size=st.floats(0.1, 100.0), noise=st.booleans())
def test_a_search_never_climbs(relaxed, seed, numbers, size, noise):
    uniform = np.random.default_rng(seed).uniform(0, 2, (FRAMES, CLUSTERS))
    cost = uniform if noise else random_cost(seed)
    trace = solve(cost, numbers, size, relaxed=relaxed, num_iterations=40).objective
    trace = np.asarray(trace)
    assert np.isfinite(trace).all()
    assert (np.diff(trace) <= 1e-13 * np.abs(trace).max()).all()
    assert trace[-1] < trace[0]


@pytest.mark.slow
@by_each
@every_setting
def test_half_the_iterations_reach_what_the_fixed_step_reaches(step, relaxed):
    """The problem without structure is convex: one minimum, that all ways lead to.

    J knows a plan to the root of a rounding, 1e-8, at which a search has nothing left to go by.
    """
    cost, given = random_cost(0), DEFAULTS | {"alpha": 0.0}
    fixed, faster = (
        solve(cost, given, 1.0, relaxed=relaxed, step=each, num_iterations=400)
        for each in ("fixed", step)
    )
    np.testing.assert_allclose(faster.plan, fixed.plan, rtol=0, atol=1e-7)
    gap, halved = (np.asarray(each.objective - fixed.objective[-1]) for each in (fixed, faster))
    assert -1e-14 < halved[20] < gap[40]


@by_each
def test_the_automatic_step_is_where_both_begin(step):
    """The first iteration is that of the fixed step."""
    first = [
        fugw.solve(random_cost(0), step=each, num_iterations=1).plan for each in ("fixed", step)
    ]
    np.testing.assert_allclose(*first, rtol=0, atol=1e-14)


@pytest.mark.slow
@by_each
@every_setting
def test_padding_is_the_shorter_problem(step, relaxed):
    cost, frames = random_cost(3, 23, 3), np.arange(FRAMES) < 23
    clusters = np.arange(CLUSTERS) < 3
    padded = np.full((FRAMES, CLUSTERS), np.nan)
    padded[:23, :3] = cost
    given = {"relaxed": relaxed, "step": step}
    alone = solve(cost, DEFAULTS, **given)
    inside = solve(padded, DEFAULTS, mask=frames, cluster_mask=clusters, **given)
    assert not np.any(inside.plan[~frames]) and not np.any(inside.plan[:, ~clusters])
    for ours, expected in zip(inside._replace(plan=inside.plan[:23, :3]), alone, strict=True):
        np.testing.assert_allclose(ours, expected, **EXACT)


@by_each
@every_setting
def test_nothing_to_transport(step, relaxed):
    given = {"relaxed": relaxed, "step": step}
    empty = np.full((FRAMES, CLUSTERS), np.nan)
    solution = solve(empty, DEFAULTS, mask=np.zeros(FRAMES, bool), **given)
    assert not np.any(solution.plan) and np.isfinite(solution.objective).all()
    lone = solve(random_cost(0), DEFAULTS, mask=np.arange(FRAMES) == 7, **given)
    assert np.isfinite(lone.plan).all() and lone.plan[7].sum() > 0.1
    assert not np.delete(np.asarray(lone.plan), 7, axis=0).any()


@pytest.mark.slow
@by_each
@every_setting
def test_gradients_are_finite_difference_quotients(step, relaxed):
    """Through the plans that are taken; which ones they are has no derivative."""
    mask, cluster_mask = np.arange(FRAMES) < 23, np.arange(CLUSTERS) != 2
    valid = np.outer(mask, cluster_mask)
    cost, direction = np.where(valid, random_cost(0), np.nan), random_cost(1) - 1

    def loss(cost, numbers):
        masks = {"mask": mask, "cluster_mask": cluster_mask}
        plan = solve(cost, numbers, relaxed=relaxed, step=step, **masks).plan
        return jnp.vdot(direction, plan)

    slope, slopes = jax.jit(jax.grad(loss, argnums=(0, 1)))(cost, DEFAULTS)
    assert np.isfinite(slope).all() and not np.any(slope[~valid])
    ahead, behind = (loss(cost + size * direction, DEFAULTS) for size in (1e-6, -1e-6))
    np.testing.assert_allclose(np.vdot(slope, direction), (ahead - behind) / 2e-6, rtol=1e-5)
    ahead, behind = (loss(cost, DEFAULTS | {"alpha": 0.3 + size}) for size in (1e-6, -1e-6))
    np.testing.assert_allclose(slopes["alpha"], (ahead - behind) / 2e-6, rtol=1e-5)


@by_each
def test_float32_keeps_still_once_it_has_arrived(step):
    """Long after rounding is all that J changes by, the step is still a number.

    J is then known to some 1e-8, and a plan by its J to some 1e-4.
    """
    with jax.enable_x64(False):
        cost = random_cost(0).astype(np.float32)
        solution = fugw.solve(cost, step=step, radius=0.1, num_iterations=400)
        assert solution.plan.dtype == np.float32
    expected = solve(random_cost(0), DEFAULTS, step=step, num_iterations=400).plan
    assert solution.converged
    np.testing.assert_allclose(solution.plan.sum(1), 1, rtol=0, atol=1e-6)
    np.testing.assert_allclose(solution.plan, expected, rtol=0, atol=1e-4)


def test_rules_that_do_not_exist_or_do_not_fit_are_named():
    cost = random_cost(0)
    with pytest.raises(ValueError, match='"fixed", "search" or "momentum", got \'longer\''):
        fugw.solve(cost, step="longer")
    for step in FASTER:
        with pytest.raises(ValueError, match=f"both marginals are hard, got '{step}'"):
            fugw.solve(cost, lambda_actions=None, step=step)
