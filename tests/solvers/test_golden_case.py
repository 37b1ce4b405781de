"""CASE's transport plans and priors beside those of its own program on the same logits."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from recorded import load_recorded

from jaxseg.solvers import priors, sinkhorn

WITH_PRIOR = (
    "sinkhorn_case_01_snippets_full",
    "sinkhorn_case_02_snippets_sigma10",
    "sinkhorn_case_03_snippets_sigma0.3",
)
TRUE_RANK = WITH_PRIOR[1:]
CLUSTERS = (
    "sinkhorn_case_04_cluster_classification_K16",
    "sinkhorn_case_05_cluster_classification_K64",
)
PLAIN = ("sinkhorn_case_06_default_marginals", "sinkhorn_case_07_eps")
PRECISIONS = (jnp.float32, jnp.float64)
# The index of the recorded outputs allows 2e-6 in float32, where the program itself is up to
# 4e-7 off, and 1e-10 in float64. Case 1 is stored in float32; and so are all priors, of which a
# prior of our own differs by half a unit in the last place: 3e-8, and 6e-8 at a narrow sigma.
FLOAT32 = 2e-6
FLOAT64 = {"sinkhorn_case_01_snippets_full": 5e-8}
OWN_PRIOR = 3e-7
pytestmark = pytest.mark.usefixtures("quick_compile")


def transport(arrays, given, dtype, prior=None):
    """Three rounds, clusters first; the program's eps is the inverse of the entropy's weight."""

    def solve(logits, prior, beta):
        return sinkhorn.solve(
            -logits / given["temp"],
            epsilon=1 / given["eps"],
            prior=prior,
            column_marginal=None if beta is None else len(logits) * beta,
            num_iterations=given["iters"],
        ).plan

    inputs = arrays["logits"], prior, arrays.get("beta")
    return jax.jit(solve)(*jax.tree.map(lambda array: jnp.asarray(array, dtype), inputs))


def rank_prior(arrays, dtype, compat):
    """The prior as our own formula has it."""
    sigma = float(arrays.get("sigma", 10.0))
    prior = jax.jit(partial(priors.rank_prior, sigma=sigma, compat=compat))
    return prior(*(jnp.asarray(arrays[name], dtype) for name in ("att", "cls_fg")))


def tolerance(name, dtype):
    return FLOAT32 if dtype == jnp.float32 else FLOAT64.get(name, 1e-10)


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("name", WITH_PRIOR + CLUSTERS + PLAIN)
def test_plans(name, dtype):
    arrays, given = load_recorded(name)
    with jax.enable_x64(dtype == jnp.float64):
        plan = np.asarray(transport(arrays, given, dtype, arrays.get("prior")))
    np.testing.assert_allclose(plan, arrays["Q_f64"], rtol=0, atol=tolerance(name, dtype))
    np.testing.assert_allclose(plan.sum(1), 1, rtol=0, atol=1e-5)


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize(
    ("name", "compat"),
    [(name, "case") for name in WITH_PRIOR] + [(name, None) for name in TRUE_RANK],
)
def test_priors_and_their_plans(name, compat, dtype):
    """The program divides its prior by its sum, which changes no plan."""
    arrays, given = load_recorded(name)
    expected = arrays["prior" if compat else "prior_true_rank"]
    with jax.enable_x64(dtype == jnp.float64):
        prior = rank_prior(arrays, dtype, compat)
        assert prior.dtype == dtype
        plan = np.asarray(transport(arrays, given, dtype, prior))
        prior = np.asarray(prior, float)
    np.testing.assert_allclose(prior / prior.sum(), expected, rtol=2e-6)
    recorded = arrays["Q_f64" if compat else "Q_true_rank_f64"]
    np.testing.assert_allclose(
        plan, recorded, rtol=0, atol=FLOAT32 if dtype == jnp.float32 else OWN_PRIOR
    )


def test_the_true_rank_and_the_programs_differ():
    """At a narrow sigma by far more than the tolerances above."""
    arrays, _ = load_recorded("sinkhorn_case_03_snippets_sigma0.3")
    assert np.abs(arrays["Q_f64"] - arrays["Q_true_rank_f64"]).max() > 0.1
