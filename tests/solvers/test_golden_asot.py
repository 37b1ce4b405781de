"""Couplings, labels and step sizes of ASOT's own program on the same costs."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from recorded import GOLDEN, load_recorded

from jaxseg.solvers import fugw

AFFINITY = GOLDEN.parent / "data/asot_examples/affinity/P36_webcam01_P36_salat.npy"
BATCH = "asot_09_batch3_mixed"
# Padding, a shared step and Sinkhorn's own order are the program's: compat="asot" has them.
COMPAT = ("asot_03_masked_train", "asot_05_balanced", "asot_06_balanced_masked", BATCH)
PLAIN = (
    "asot_01_tiny_defaults",
    "asot_02_eval_prior",
    "asot_04_ub_frames",
    "asot_07_both_unbalanced",
    "asot_08_large",
    "asot_10_radius_below_one_frame",
    "asot_11_explicit_step_few_iters",
    "asot_12_small_eps_large_alpha",
    "asot_13_real_example",
)
# The program adds 1e-12 inside its logarithms, which moves a coupling by up to 1e-8. Case 8 is
# stored in float32. In float32, 25 steps at small epsilon amplify one rounding of the cost: the
# program itself is up to 6e-5 from its float64 run on case 13.
FLOAT64_TOLERANCE = {"asot_08_large": 1e-6}
FLOAT32_TOLERANCE = {"asot_13_real_example": 3e-4}


def load(name):
    """The case's arrays, its cost [B, N, K], its mask [B, N] and the keywords of `fugw.solve`."""
    arrays, given = load_recorded(name)
    if "cost" not in arrays:
        arrays["cost"] = np.atleast_3d(1 - np.load(AFFINITY)).reshape(given["shape"])
    mask = arrays.get("mask", np.ones(arrays["cost"].shape[:2], bool))
    return arrays, mask, keywords(given)


def keywords(given):
    """The program's parameters, and its defaults where it was given none."""
    frames = given.get("lambda_frames", 0.05) if given.get("ub_frames", False) else None
    actions = given.get("lambda_actions", 0.05) if given.get("ub_actions", True) else None
    iterations = given.get("n_iters", (25, 1))
    return {
        "epsilon": given.get("eps", 0.07),
        "alpha": given.get("alpha", 0.3),
        "radius": given.get("radius", 0.04),
        "lambda_frames": frames,
        "lambda_actions": actions,
        "step_size": given.get("step_size"),
        "num_iterations": iterations[0],
        "num_sinkhorn_iterations": iterations[1],
    }


def couple(cost, mask, given, compat):
    """Solutions of a batch, by the program's rules where compat says so.

    Short cases are padded to one shape, which changes nothing but under compat: those that differ
    in numbers alone share a compiled program.
    """
    _, frames, clusters = cost.shape
    rows, columns = (512, 9) if frames <= 512 and not compat and clusters <= 9 else cost.shape[1:]
    cost = jnp.pad(cost, ((0, 0), (0, rows - frames), (0, columns - clusters)))
    padded = np.pad(mask, ((0, 0), (0, rows - frames)))
    static = {name: given[name] for name in ("num_iterations", "num_sinkhorn_iterations")}
    numbers = {name: value for name, value in given.items() if name not in static}
    solutions = solve(cost, padded, np.arange(columns) < clusters, numbers, compat=compat, **static)
    solutions = jax.tree.map(np.asarray, solutions)
    assert not solutions.plan[:, frames:].any() and not solutions.plan[..., clusters:].any()
    return solutions._replace(plan=solutions.plan[:, :frames, :clusters])


@functools.partial(jax.jit, static_argnames=("compat", "num_iterations", "num_sinkhorn_iterations"))
def solve(cost, mask, cluster_mask, numbers, **static):
    def one(cost, mask):
        given = numbers | static | {"cluster_mask": cluster_mask, "batch_axis": "video"}
        return fugw.solve(cost, mask=mask, **given)

    return jax.vmap(one, axis_name="video")(cost, mask)


def check(plan, mask, arrays, tolerance):
    """Couplings within the tolerance on valid frames, labels equal where the margin allows."""
    sampled = "coupling_f64_every_8th_frame" in arrays
    expected = arrays["coupling_f64_every_8th_frame" if sampled else "coupling_f64"]
    compared = plan[0, ::8] if sampled else plan[mask]
    expected = expected if sampled else expected[mask]
    np.testing.assert_allclose(compared, expected, rtol=0, atol=tolerance)
    assert not plan[~mask].any()
    if sampled:
        margin = arrays["margin_f64"][None]
    else:
        margin = np.ptp(np.sort(arrays["coupling_f64"], axis=-1)[..., -2:], axis=-1)
    decided = mask & (margin > 2 * tolerance)
    assert decided.sum() > 0.9 * mask.sum()
    labels = arrays["labels_f64"].reshape(mask.shape)
    np.testing.assert_array_equal(plan.argmax(-1)[decided], labels[decided])


def check_objectives(solutions, mask, arrays, alpha):
    """Start and end of J; what the program reports has half of the linear term."""
    for video, length in enumerate(mask.sum(1)):
        cost = arrays["cost"][video, :length].astype(np.float64)
        uniform = np.full_like(cost, 1 / cost.size)
        for at, plan in ((0, uniform), (-1, solutions.plan[video, :length] / length)):
            reported = solutions.objective[video, at] - (1 - alpha) / 2 * np.sum(cost * plan)
            recorded = arrays["objective_trace_f64"][at, video]
            np.testing.assert_allclose(reported, recorded, rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", PLAIN + COMPAT)
def test_couplings_in_float64(name):
    arrays, mask, given = load(name)
    with jax.enable_x64(True):
        cost = jnp.asarray(arrays["cost"], jnp.float64)
        solutions = couple(cost, mask, given, "asot" if name in COMPAT else None)
    check(solutions.plan, mask, arrays, FLOAT64_TOLERANCE.get(name, 2e-8))
    check_objectives(solutions, mask, arrays, given["alpha"])


@pytest.mark.slow
@pytest.mark.parametrize("name", PLAIN + COMPAT)
def test_couplings_in_float32(name):
    arrays, mask, given = load(name)
    cost = jnp.asarray(arrays["cost"], jnp.float32)
    plan = couple(cost, mask, given, "asot" if name in COMPAT else None).plan
    check(plan, mask, arrays, FLOAT32_TOLERANCE.get(name, 1e-4))


@pytest.mark.parametrize("dtype, tolerance", [(np.float32, 1e-5), (np.float64, 2e-8)])
def test_padded_batch_is_each_video_by_itself(dtype, tolerance):
    arrays, mask, given = load(BATCH)
    with jax.enable_x64(dtype == np.float64):
        plans = couple(jnp.asarray(arrays["cost"], dtype), mask, given, None).plan
    for video, plan in enumerate(plans):
        expected = arrays[f"alone_truncated_coupling_f64_{video}"]
        np.testing.assert_allclose(plan[: len(expected)], expected, rtol=0, atol=tolerance)
        assert not plan[len(expected) :].any()


def test_automatic_step_is_the_recorded_one():
    """The step of the whole batch, after one iteration."""
    arrays, mask, given = load(BATCH)
    given |= {"num_iterations": 1}
    recorded = given | {"step_size": float(arrays["step_size_f64"])}
    with jax.enable_x64(True):
        cost = jnp.asarray(arrays["cost"], jnp.float64)
        automatic, explicit = (couple(cost, mask, each, "asot").plan for each in (given, recorded))
    # One step of size eta moves log T by eta times a gradient of the size of 1; the program's
    # gradient at the start is off by 1e-9 for the 1e-12 in its logarithm.
    np.testing.assert_allclose(automatic, explicit, rtol=0, atol=1e-8)
