"""Memory of the solvers: arrays of N x K, never N x N, and none that grow with the iterations."""

import jax
import jax.extend
import numpy as np
import pytest

from jaxseg.solvers import fugw, sinkhorn, viterbi

FRAMES, CLUSTERS = 2000, 19
ARRAY = 4 * FRAMES * CLUSTERS  # bytes


def sizes(jaxpr):
    """Entries of every array that a program makes, loops' bodies included."""
    for equation in jaxpr.eqns:
        yield from (variable.aval.size for variable in equation.outvars)
        for inner in jax.extend.core.jaxprs_in_params(equation.params):
            yield from sizes(inner)


@pytest.mark.parametrize("relaxed", ["none", "frames", "actions", "both"])
@pytest.mark.parametrize("step", ["fixed", "search"])
def test_no_array_is_larger_than_a_few_of_the_costs(relaxed, step):
    """At any radius: running sums have up to N + 1 further frames on both sides.

    The trace says so itself, whatever a compiler makes of it, and at a length where N x N would
    be 2,000 times as large.
    """
    given = {
        "none": {"lambda_actions": None},
        "frames": {"lambda_actions": None, "lambda_frames": 0.1},
        "actions": {},
        "both": {"lambda_frames": 0.1, "step_size": 1.0},
    }[relaxed]
    if relaxed == "none":
        step = "fixed"
    cost = jax.ShapeDtypeStruct((16384, 8), np.float32)
    for radius in (0.04, 1.0):
        solve = lambda cost: fugw.solve(cost, radius=radius, step=step, **given)  # noqa: B023, E731
        largest = max(sizes(jax.make_jaxpr(solve)(cost).jaxpr))
        assert 16384 * 8 <= largest <= 3 * (16384 + 1) * 8


def temporary_bytes(frames, radius, relaxed):
    """Bytes beside input and output that the compiled solve of [frames, 8] asks for."""
    cost = jax.ShapeDtypeStruct((frames, 8), np.float32)
    given = {"lambda_actions": None} if relaxed == "none" else {}
    compiled = jax.jit(lambda cost: fugw.solve(cost, radius=radius, **given)).lower(cost).compile()
    return compiled.memory_analysis().temp_size_in_bytes


@pytest.mark.slow
@pytest.mark.parametrize("relaxed", ["none", "actions"])
def test_compiled_memory_grows_with_frames(relaxed):
    small, large = (temporary_bytes(frames, 0.04, relaxed) for frames in (4096, 16384))
    assert small > 4 * 4096 * 8  # something was measured: one array of the problem's own size
    assert large < 4.5 * small
    assert large < 50 * 4 * 16384 * 8  # 50 arrays [N, K]; one N x N would be 2048 of them


@pytest.mark.slow
def test_no_radius_needs_more_memory_than_a_traced_one():
    """Which has room for running sums of all frames on both sides, and no N x N matrix.

    Constants of exactly 1/2 and 1 are folded in their own way, with up to one array [N, K] more.
    """
    arguments = jax.ShapeDtypeStruct((16384, 8), np.float32), jax.ShapeDtypeStruct((), np.float32)
    traced = jax.jit(lambda cost, radius: fugw.solve(cost, radius=radius)).lower(*arguments)
    largest = traced.compile().memory_analysis().temp_size_in_bytes
    assert largest < 50 * 4 * 16384 * 8
    for radius, more in ((0.01, 0), (0.3, 0), (0.51, 0), (0.5, 1), (1.0, 1)):
        bound = largest + more * 4 * 16384 * 8 + 256
        assert temporary_bytes(16384, radius, "actions") <= bound, radius


def scratch(solver, derivative, num_iterations, **options):
    """What the compiled gradient by the cost needs besides its arguments and results, in bytes."""

    def loss(cost, weights):
        options_ = options | {"derivative": derivative, "num_iterations": num_iterations}
        return (weights * solver.solve(cost, **options_).plan).sum()

    cost = jax.ShapeDtypeStruct((FRAMES, CLUSTERS), np.float32)
    program = jax.jit(jax.grad(loss)).lower(cost, cost).compile()
    return program.memory_analysis().temp_size_in_bytes


@pytest.mark.slow
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


def test_memory_is_one_byte_an_entry_beside_the_scores():
    """All of the program at 10^5 frames: four arrays of the problem's size are 31 MiB."""
    scores = jax.ShapeDtypeStruct((100_000, 20), np.float32)
    order = jax.ShapeDtypeStruct((20,), np.int32)
    program = jax.jit(lambda scores, order: viterbi.decode(scores, order=order))
    analysis = program.lower(scores, order).compile().memory_analysis()
    inputs, outputs = analysis.argument_size_in_bytes, analysis.output_size_in_bytes
    assert inputs > 4 * 100_000 * 20  # something was measured: the scores themselves
    assert inputs + outputs + analysis.temp_size_in_bytes < 4 * 4 * 100_000 * 20
