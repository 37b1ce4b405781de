"""Implicit derivatives need the same memory after any number of iterations; nothing is run."""

import jax
import numpy as np
import pytest

from jaxseg.solvers import fugw, sinkhorn

pytestmark = pytest.mark.slow

FRAMES, CLUSTERS = 2000, 19
ARRAY = 4 * FRAMES * CLUSTERS  # bytes


def scratch(solver, derivative, num_iterations, **options):
    """What the compiled gradient by the cost needs besides its arguments and results, in bytes."""

    def loss(cost, weights):
        options_ = options | {"derivative": derivative, "num_iterations": num_iterations}
        return (weights * solver.solve(cost, **options_).plan).sum()

    cost = jax.ShapeDtypeStruct((FRAMES, CLUSTERS), np.float32)
    program = jax.jit(jax.grad(loss)).lower(cost, cost).compile()
    return program.memory_analysis().temp_size_in_bytes


@pytest.mark.parametrize(
    "solver, options",
    [
        (fugw, {}),
        (fugw, {"lambda_actions": None}),
        (sinkhorn, {"epsilon": 0.07}),
    ],
)
def test_memory_does_not_grow_with_iterations(solver, options):
    few, many = (scratch(solver, "implicit", n, **options) for n in (25, 400))
    traces = 4 * 4 * (400 - 25)  # an objective and a change each, once more where they leave
    assert many - few <= traces
    assert many < 20 * ARRAY  # the iterations need most of it themselves
    # Unrolled, each iteration leaves one [K, N] behind at the very least.
    assert scratch(solver, "unrolled", 400, **options) > 400 * ARRAY
