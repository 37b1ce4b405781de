"""Pseudo-labels and decodings of TOT's own program from the same scores."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from recorded import load_recorded

from jaxseg.solvers import priors, sinkhorn, viterbi

SINKHORN = ("01_E", "02_M", "03_B", "04_noprior", "05_small", "06_large_scores")
VITERBI = (
    "01_long",
    "02_T_equals_K",
    "03_T_equals_K_plus_1",
    "04_gaussian_positive",
    "05_all_ties",
    "06_integer_ties_permuted_order",
)
both_precisions = pytest.mark.parametrize(
    "dtype", [pytest.param(np.float32, marks=pytest.mark.slow), np.float64]
)


def prior_of(given, dtype):
    """The temporal prior of one video."""
    frames, clusters = given["frames_per_video"], given["K"]
    return priors.tot_prior(frames, clusters, sigma=given["sigma"], dtype=dtype)


@jax.jit
def label(scores, rho, prior):
    """Two videos by one plan, three rounds, frames last."""
    return sinkhorn.solve(-scores, epsilon=rho, prior=prior, num_iterations=3).plan


@both_precisions
@pytest.mark.parametrize("name", SINKHORN)
def test_pseudo_labels(name, dtype):
    """Case 6 overflows in the program's float32; its float64 is what ours in float32 returns."""
    arrays, given = load_recorded(f"sinkhorn_tot_{name}")
    scores = arrays["scores"].astype(dtype)
    with jax.enable_x64(dtype == np.float64):
        prior = None
        if given["sigma"] is not None:
            prior = jnp.tile(prior_of(given, dtype), (given["videos"], 1))
        plan = np.asarray(label(scores, given["rho"], prior))
    assert plan.dtype == dtype
    # The exponents are scores / rho, each rounded by half an epsilon of itself, as are the duals
    # that are found from them; a label moves by at most a quarter of what its exponent does.
    exponent = abs(arrays["scores"]).max() / given["rho"]
    tolerance = np.finfo(dtype).eps * exponent
    np.testing.assert_allclose(plan, arrays["Q_f64"], rtol=0, atol=tolerance)
    np.testing.assert_allclose(plan.sum(1), 1, rtol=0, atol=tolerance)


@both_precisions
@pytest.mark.parametrize("name", [name for name in SINKHORN if name != "04_noprior"])
def test_priors(name, dtype):
    """Up to the factor that marginals take away: 1 / (2 pi sigma) there, with 3.142 for pi."""
    arrays, given = load_recorded(f"sinkhorn_tot_{name}")
    with jax.enable_x64(dtype == np.float64):
        prior = np.asarray(prior_of(given, dtype))
    expected = arrays["prior"] * 2 * 3.142 * given["sigma"]
    tolerance = 8 * np.finfo(dtype).eps  # of entries up to 1, exponents that matter of a few units
    np.testing.assert_allclose(prior, expected, rtol=0, atol=tolerance)


@both_precisions
@pytest.mark.parametrize("name", VITERBI)
def test_decodings(name, dtype):
    """Labels to the last frame, and so the score of the path; a stay or a move costs log 2."""
    arrays, _ = load_recorded(f"viterbi_{name}")
    scores = arrays["loglik"]
    with jax.enable_x64(dtype == np.float64):
        decode = jax.jit(lambda scores, order: viterbi.decode(scores, order=order))
        labels = np.asarray(decode(scores.astype(dtype), arrays["pi"]))
    np.testing.assert_array_equal(labels, arrays["labels"])
    np.testing.assert_array_equal(np.flatnonzero(np.diff(labels)) + 1, arrays["boundaries"])

    shift = 2 * max(scores.max(), 0)  # the program's own, where a density exceeds 1
    path = scores[np.arange(len(labels)), labels] - shift
    score = path.sum() - (len(labels) - 1) * np.log(2)
    np.testing.assert_allclose(score, arrays["score"], rtol=1e-12)
