"""CASE's rank prior: its formula, ties, masks and errors."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxseg.solvers import priors

FOREGROUND = np.array([0.0, 0.3, 1.0], np.float32)
rank_prior = jax.jit(priors.rank_prior, static_argnames=("sigma", "compat"))
pytestmark = pytest.mark.usefixtures("quick_compile")


def test_the_formula_by_hand():
    attention = np.array([0.9, 0.1, 0.5, 0.7], np.float32)
    ranks = np.array([3, 0, 1, 2]) / 4
    expected = np.exp(-((ranks[:, None] - FOREGROUND) ** 2) / (2 * 0.3**2))
    np.testing.assert_allclose(rank_prior(attention, FOREGROUND, sigma=0.3), expected, rtol=1e-5)


def test_the_released_programs_indices_are_no_ranks():
    """The snippet of highest attention is the third: the first row gets its index."""
    attention = np.array([0.1, 0.5, 0.9, 0.7], np.float32)
    falling = np.array([2, 3, 1, 0])
    expected = np.exp(-((((falling + 1) / 4)[:, None] - (1 - FOREGROUND)) ** 2) / (2 * 0.3**2))
    found = rank_prior(attention, FOREGROUND, sigma=0.3, compat="case")
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_only_the_order_of_the_attention_counts():
    attention = np.random.default_rng(0).uniform(size=50).astype(np.float32)
    found = rank_prior(attention, FOREGROUND, sigma=0.3)
    np.testing.assert_array_equal(rank_prior(attention**3 / 7, FOREGROUND, sigma=0.3), found)


def test_the_first_of_equal_snippets_ranks_highest():
    found = rank_prior(np.ones(4, np.float32), np.ones(1, np.float32), sigma=1.0)[:, 0]
    assert (np.diff(found) < 0).all()


@pytest.mark.parametrize("padding", [0.0, 2.0, np.nan])
def test_masked_snippets_are_as_if_they_were_not_there(padding):
    attention = np.random.default_rng(1).uniform(size=30).astype(np.float32)
    mask = np.arange(30) % 3 != 1
    expected = rank_prior(attention[mask], FOREGROUND, sigma=0.3)
    found = rank_prior(np.where(mask, attention, padding), FOREGROUND, sigma=0.3, mask=mask)
    np.testing.assert_allclose(found[mask], expected, rtol=1e-6)


def test_a_prior_without_snippets_is_finite():
    mask = np.zeros(5, bool)
    assert np.isfinite(rank_prior(np.ones(5), FOREGROUND, sigma=0.3, mask=mask)).all()


def test_sigma_may_be_traced_and_batches_be_vmapped():
    attention = np.random.default_rng(2).uniform(size=(2, 20)).astype(np.float32)
    batched = jax.jit(jax.vmap(lambda a, s: priors.rank_prior(a, FOREGROUND, sigma=s)))
    found = batched(attention, jnp.array([0.2, 10.0]))
    for row, own, sigma in zip(found, attention, (0.2, 10.0), strict=True):
        np.testing.assert_allclose(row, rank_prior(own, FOREGROUND, sigma=sigma), rtol=1e-5)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"sigma": 0.0}, "sigma must be positive, got 0.0"),
        ({"sigma": 1.0, "compat": "asot"}, "compat must be None or \"case\", got 'asot'"),
    ],
)
def test_errors(settings, message):
    with pytest.raises(ValueError, match=message):
        rank_prior(np.ones(3), FOREGROUND, **settings)
