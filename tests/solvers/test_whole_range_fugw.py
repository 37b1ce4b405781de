"""`fugw.solve` over the whole stated range, in every precision and setting."""

import functools

import jax
import numpy as np
import pytest
from hypothesis import given
from range_problems import (
    CLUSTERS,
    FRAMES,
    PRECISIONS,
    assert_rows_hold,
    assert_sound,
    cost_of,
    exact_objective,
    lifted,
    numbers,
    recipes,
    rounded,
    settings_and_precisions,
    solved,
    working_epsilon,
)
from solver_problems import few

from jaxseg.solvers import fugw
from jaxseg.solvers.sliding_window import half_width

pytestmark = pytest.mark.usefixtures("quick_compile")


@functools.partial(jax.jit, static_argnames=("relaxed", "step", "num_iterations"))
def solve(cost, mask, cluster_mask, numbers, relaxed, step="fixed", num_iterations=25):
    given = settings(numbers, relaxed) | {"step": step, "num_iterations": num_iterations}
    return fugw.solve(cost, mask=mask, cluster_mask=cluster_mask, **given)


def settings(numbers, relaxed):
    """Keywords of `fugw.solve`; no step is automatic where both marginals are relaxed."""
    kept = dict(numbers)
    if relaxed not in ("frames", "both"):
        kept["lambda_frames"] = None
    if relaxed not in ("actions", "both"):
        kept["lambda_actions"] = None
    if relaxed == "both":
        penalties = numbers["lambda_frames"] + numbers["lambda_actions"]
        kept["step_size"] = 1 / (numbers["epsilon"] + penalties + 2 * numbers["alpha"])
    return kept


def assert_objective_does_not_rise(solution, cost, mask, cluster_mask, numbers, relaxed, precision):
    """J of the plan that is returned, in float64, is what is reported, and not above the start's.

    Each of its terms is known to some roundings of itself.
    """
    valid = np.outer(mask, cluster_mask)
    frames = mask.sum()
    width = int(half_width(np.float32(frames), np.float32(numbers["radius"])))
    kept = {
        name: value for name, value in settings(numbers, relaxed).items() if name != "step_size"
    }
    exact = functools.partial(exact_objective, cost=cost, valid=valid, width=width, **kept)
    start, size = exact(valid / cluster_mask.sum())
    end, end_size = exact(np.asarray(solution.plan, np.float64))
    rounding = 32 * working_epsilon(precision)
    reported = solution.objective
    np.testing.assert_allclose(reported[0], start, rtol=0, atol=rounding * size)
    np.testing.assert_allclose(reported[-1], end, rtol=0, atol=rounding * end_size)
    assert end <= start + rounding * (size + end_size)


@settings_and_precisions(["none", "frames", "actions"])
@few(max_examples=60)
@given(recipe=recipes, numbers=numbers)
def test_small_problems(relaxed, precision, recipe, numbers):
    cost, mask, cluster_mask = recipe.make()
    given = mask, cluster_mask, numbers, relaxed
    solution = solved(solve, cost, *given, precision=precision)
    assert_sound(solution, mask, cluster_mask, precision)
    if relaxed != "frames":
        assert_rows_hold(solution, mask, precision)
    assert_objective_does_not_rise(solution, rounded(cost, precision), *given, precision)


@pytest.mark.parametrize(
    "relaxed, step, kind, epsilon, alpha, radius",
    [
        ("none", "fixed", "alternating", 0.12, 0.82, 1.1 / FRAMES),
        ("actions", "fixed", "alternating", 0.12, 0.82, 1.1 / FRAMES),
        pytest.param(
            "actions", "search", "alternating", 0.12, 0.82, 1.1 / FRAMES, marks=pytest.mark.slow
        ),
        pytest.param(
            "actions", "momentum", "alternating", 0.12, 0.82, 1.1 / FRAMES, marks=pytest.mark.slow
        ),
        pytest.param("frames", "fixed", "flat", 1.0, 1.0, 2.2 / FRAMES, marks=pytest.mark.slow),
        pytest.param("frames", "search", "flat", 1.0, 1.0, 2.2 / FRAMES, marks=pytest.mark.slow),
        ("frames", "momentum", "flat", 1.0, 1.0, 2.2 / FRAMES),
    ],
)
def test_neighbors_that_push_each_other_apart(relaxed, step, kind, epsilon, alpha, radius):
    """Step too far, and all frames change sides together, or crowd together, and again in the
    next iteration, above the start for ever.
    """
    masks = np.ones(FRAMES, bool), np.arange(CLUSTERS) < (5 if relaxed == "frames" else 2)
    given = {"epsilon": epsilon, "alpha": alpha, "radius": radius}
    given = *masks, given | {"lambda_frames": 3e-6, "lambda_actions": 0.004}, relaxed
    cost = 0.08 * cost_of(0, kind)
    solution = solved(functools.partial(solve, step=step), cost, *given, precision="float64")
    assert_objective_does_not_rise(solution, cost, *given, "float64")


@pytest.mark.parametrize("precision", PRECISIONS[1:])
@few(max_examples=40)
@given(recipe=recipes, numbers=numbers)
def test_both_marginals_relaxed(precision, recipe, numbers):
    """With a step that the caller answers for; negative costs draw in mass."""
    cost, mask, cluster_mask = recipe.make()
    cost = lifted(cost, numbers)
    given = mask, cluster_mask, numbers, "both"
    assert_sound(solved(solve, cost, *given, precision=precision), *given[:2], precision)


@pytest.mark.parametrize(
    "shape, scale, epsilon, radius",
    [
        ((1, 1), 1e6, 1e-3, 1),
        ((1, 200), 1e6, 1e-3, 1),
        ((2000, 200), 1e6, 1e-3, 1),
        pytest.param((2000, 200), 1e-6, 10.0, 5e-4, marks=pytest.mark.slow),
        pytest.param((100_000, 19), 1.0, 0.04, 0.04, marks=pytest.mark.slow),
        ((100_000, 19), 1e6, 1e-3, 1e-5),
    ],
)
def test_sizes(shape, scale, epsilon, radius):
    """From ASOT's own numbers to the ends of the range; windows from one frame to all of them.

    Five iterations each: what is too large or too small for float32 shows in the first.
    """
    cost = (scale * cost_of(0, "video", shape)).astype(np.float32)
    masks = [np.ones(length, bool) for length in shape]
    given = {"epsilon": epsilon, "alpha": 0.6, "radius": radius}
    given |= {"lambda_frames": None, "lambda_actions": 0.01}
    few = functools.partial(solve, num_iterations=5)
    solution = solved(few, cost, *masks, given, "actions", precision="float32")
    assert_sound(solution, *masks, "float32")
    assert_rows_hold(solution, masks[0], "float32")
    exactly = cost.astype(float)
    assert_objective_does_not_rise(solution, exactly, *masks, given, "actions", "float32")


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(10**6, 2), (50, 1000)])
def test_beyond_the_range(shape):
    """Sizes that are not refused, ten and five times what was asked for."""
    test_sizes(shape, 1.0, 0.04, 0.04)
