"""TOT's temporal prior: its formula, its masks, and which cluster it favours when."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxseg.solvers import priors

tot_prior = jax.jit(priors.tot_prior, static_argnums=(0, 1), static_argnames=("indices", "dtype"))


def formula(frames, clusters, sigma, shift):
    """Eq. 8 entry by entry, without its constant factor."""
    prior = np.empty((frames, clusters))
    for i in range(frames):
        for j in range(clusters):
            away = abs((i + shift) / frames - (j + shift) / clusters)
            distance = away / np.sqrt(1 / frames**2 + 1 / clusters**2)
            prior[i, j] = np.exp(-(distance**2) / (2 * sigma**2))
    return prior


@pytest.mark.parametrize("indices, shift", [("first", 0), ("centred", 0.5)])
@pytest.mark.parametrize("frames, clusters, sigma", [(12, 5, 1.25), (1, 3, 2.0), (3, 7, 0.75)])
def test_prior_is_the_papers_formula(frames, clusters, sigma, indices, shift):
    expected = formula(frames, clusters, sigma, shift)
    given = {"sigma": sigma, "indices": indices}
    single = tot_prior(frames, clusters, **given)
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, expected, rtol=0, atol=1e-6)
    with jax.enable_x64(True):
        double = tot_prior(frames, clusters, dtype=jnp.float64, **given)
    assert double.dtype == np.float64
    np.testing.assert_allclose(double, expected, rtol=0, atol=1e-14)


def test_the_logarithm_goes_on_where_float32_has_only_0():
    """14 clusters at sigma .75, as on Breakfast: the far corner is e^-150 and stays in reach."""
    prior, log = (
        np.asarray(function(256, 14, sigma=0.75))
        for function in (priors.tot_prior, priors.tot_log_prior)
    )
    expected = np.log(formula(256, 14, 0.75, 0))
    assert prior[0, -1] == 0 and -160 < expected[0, -1] < -140
    np.testing.assert_allclose(log, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("indices", ["first", "centred"])
def test_counts_and_width_may_be_traced(indices):
    """Padded rows and columns leave the others as they are, to the last bit but rounding."""
    shorter = tot_prior(5, 3, sigma=1.5, indices=indices)

    @jax.jit
    def padded(frames, clusters, sigma):
        given = {"num_frames": frames, "num_clusters": clusters, "indices": indices}
        return priors.tot_prior(9, 4, sigma=sigma, **given)

    prior = padded(5, 3, 1.5)
    assert prior.shape == (9, 4)
    np.testing.assert_allclose(prior[:5, :3], shorter, rtol=0, atol=1e-6)


def share(prior):
    """How many frames have each cluster as their favourite, of all."""
    return np.bincount(np.asarray(prior).argmax(1), minlength=prior.shape[1]) / len(prior)


def test_counting_from_0_favours_the_last_cluster():
    """7 clusters on the release's 128 frames: the first leads on 8 % of them, the last on 21 %."""
    favourite = share(tot_prior(128, 7, sigma=1.0))
    assert round(100 * favourite[0]) == 8 and round(100 * favourite[-1]) == 21
    np.testing.assert_allclose(favourite[1:-1], 1 / 7, rtol=0, atol=1 / 128)


def test_centred_indices_favour_none():
    """Equal shares, and the same prior with time and clusters reversed."""
    prior = tot_prior(126, 7, sigma=1.0, indices="centred")
    np.testing.assert_array_equal(share(prior), np.full(7, 18 / 126))
    np.testing.assert_allclose(prior[::-1, ::-1], prior, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    "given, message",
    [
        ({"sigma": 0}, "sigma must be positive, got 0"),
        ({"sigma": -1.5}, "sigma must be positive, got -1.5"),
        ({"sigma": 1, "indices": "middle"}, 'indices must be "first" or "centred", got \'middle\''),
    ],
)
def test_a_mistake_is_named(given, message):
    with pytest.raises(ValueError) as caught:
        functools.partial(priors.tot_prior, 6, 3)(**given)
    assert str(caught.value) == message
