"""Batches whose members stop early or take steps of their own: nobody waits, nobody is moved."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from solver_problems import CLUSTERS, FRAMES, random_cost

from jaxseg.solvers import fugw

pytestmark = pytest.mark.slow

# The last settles in a few iterations, the first in no test.
NUMBERS = {
    "epsilon": np.array([0.03, 0.07, 1.0]),
    "alpha": np.array([0.7, 0.3, 0.0]),
    "radius": np.array([0.2, 0.1, 0.05]),
}
TOLERANCE = 1e-4
RULES = {
    "fixed": {},
    "search": {"step": "search"},
    "momentum": {"step": "momentum"},
    "both hard": {"lambda_actions": None},
    "both relaxed": {"lambda_frames": 0.1, "step_size": 1.0},
}
by_each = pytest.mark.parametrize("rule", RULES)


@pytest.fixture(scope="module", autouse=True)
def float64(quickly):
    with quickly(), jax.enable_x64(True):
        yield


def batch():
    """Three videos that differ in everything, padded with NaN to the longest."""
    masks = np.arange(FRAMES) < np.array([[FRAMES], [23], [11]])
    costs = np.stack([random_cost(seed) for seed in range(3)])
    return jnp.where(masks[:, :, None], costs, np.nan), masks


def solver(rule, num_iterations, tolerance=TOLERANCE):
    """Solutions of a cost, a mask and the numbers of one video."""

    def solve(cost, mask, numbers):
        given = RULES[rule] | {"num_iterations": num_iterations, "tolerance": tolerance}
        return fugw.solve(cost, mask=mask, **numbers, **given)

    return solve


@pytest.mark.slow
@by_each
def test_a_member_that_stops_keeps_its_plan_bit_for_bit(rule):
    """However long its mates go on; and it stops where it does when it is alone."""
    costs, masks = batch()
    short, long = (
        jax.jit(jax.vmap(solver(rule, count)))(costs, masks, NUMBERS) for count in (20, 40)
    )
    single = jax.jit(solver(rule, 20))
    stopped = np.asarray(short.num_iterations) < 20
    assert stopped[2] and not stopped.all()
    for video in np.flatnonzero(stopped):
        np.testing.assert_array_equal(short.plan[video], long.plan[video])
        assert short.num_iterations[video] == long.num_iterations[video]
        assert short.converged[video] and long.converged[video]
        numbers = {name: value[video] for name, value in NUMBERS.items()}
        alone = single(costs[video], masks[video], numbers)
        assert alone.num_iterations == short.num_iterations[video]
        np.testing.assert_allclose(short.plan[video], alone.plan, rtol=0, atol=1e-9)


@by_each
def test_batch_mates_do_not_exist(rule):
    """The same program on other mates, and on mates that are no numbers at all."""
    costs, masks = batch()
    program = jax.jit(jax.vmap(solver(rule, 12)))
    expected = jax.tree.map(lambda each: np.asarray(each)[1], program(costs, masks, NUMBERS))
    for mate in (random_cost(9), np.full((FRAMES, CLUSTERS), np.nan), 1e3 * random_cost(5)):
        changed = costs.at[0].set(mate).at[2].set(mate)
        result = jax.tree.map(lambda each: np.asarray(each)[1], program(changed, masks, NUMBERS))
        for ours, theirs in zip(result, expected, strict=True):
            np.testing.assert_array_equal(ours, theirs)


@by_each
def test_no_loop_waits_for_the_slowest(rule):
    """Every loop's length is known before it runs: under vmap a condition would be everybody's."""
    program = str(jax.make_jaxpr(jax.vmap(solver(rule, 12)))(*batch(), NUMBERS))
    assert "scan[" in program and "while[" not in program and "cond[" not in program
