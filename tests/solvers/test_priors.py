"""Temporal priors of ASOT, TOT and CASE: formulas, masks, ties, and which cluster they favor."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxseg.solvers import priors

tot_prior = jax.jit(priors.tot_prior, static_argnums=(0, 1), static_argnames=("indices", "dtype"))
FOREGROUND = np.array([0.0, 0.3, 1.0], np.float32)
rank_prior = jax.jit(priors.rank_prior, static_argnames=("sigma", "compat"))


def test_asots_prior_is_the_distance_in_relative_time():
    prior = np.asarray(priors.asot_prior(5, 4))
    expected = [[abs(i / 5 - j / 4) for j in range(4)] for i in range(5)]
    assert prior.shape == (5, 4) and prior.dtype == np.float32
    np.testing.assert_allclose(prior, expected, rtol=0, atol=1e-7)


def test_asots_prior_counts_valid_frames_and_clusters():
    """Counts may be traced; padded rows and columns leave the others as they are."""
    shorter = priors.asot_prior(5, 3)
    padded = jax.jit(lambda n, k: priors.asot_prior(9, 4, num_frames=n, num_clusters=k))(5, 3)
    assert padded.shape == (9, 4)
    np.testing.assert_allclose(padded[:5, :3], shorter, rtol=0, atol=1e-7)


def test_asots_prior_in_float64():
    with jax.enable_x64(True):
        prior = np.asarray(priors.asot_prior(7, 3, dtype=jnp.float64))
    assert prior.dtype == np.float64
    assert prior[6, 0] == 6 / 7


def formula(frames, clusters, sigma, shift):
    """Eq. 8 entry by entry, without its constant factor."""
    prior = np.empty((frames, clusters))
    for i in range(frames):
        for j in range(clusters):
            away = abs((i + shift) / frames - (j + shift) / clusters)
            distance = away / np.sqrt(1 / frames**2 + 1 / clusters**2)
            prior[i, j] = np.exp(-(distance**2) / (2 * sigma**2))
    return prior


@pytest.mark.parametrize("indices, shift", [("first", 0), ("centered", 0.5)])
@pytest.mark.parametrize("frames, clusters, sigma", [(12, 5, 1.25), (1, 3, 2.0), (3, 7, 0.75)])
def test_tots_prior_is_the_papers_formula(frames, clusters, sigma, indices, shift):
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


@pytest.mark.parametrize("indices", ["first", "centered"])
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
    """How many frames have each cluster as their favorite, of all."""
    return np.bincount(np.asarray(prior).argmax(1), minlength=prior.shape[1]) / len(prior)


def test_counting_from_0_favors_the_last_cluster():
    """7 clusters on the release's 128 frames: the first leads on 8 % of them, the last on 21 %."""
    favorite = share(tot_prior(128, 7, sigma=1.0))
    assert round(100 * favorite[0]) == 8 and round(100 * favorite[-1]) == 21
    np.testing.assert_allclose(favorite[1:-1], 1 / 7, rtol=0, atol=1 / 128)


def test_centered_indices_favor_none():
    """Equal shares, and the same prior with time and clusters reversed."""
    prior = tot_prior(126, 7, sigma=1.0, indices="centered")
    np.testing.assert_array_equal(share(prior), np.full(7, 18 / 126))
    np.testing.assert_allclose(prior[::-1, ::-1], prior, rtol=0, atol=1e-6)


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
    result = rank_prior(attention, FOREGROUND, sigma=0.3, compat="case")
    np.testing.assert_allclose(result, expected, rtol=1e-5)


def test_only_the_order_of_the_attention_counts():
    attention = np.random.default_rng(0).uniform(size=50).astype(np.float32)
    result = rank_prior(attention, FOREGROUND, sigma=0.3)
    np.testing.assert_array_equal(rank_prior(attention**3 / 7, FOREGROUND, sigma=0.3), result)


def test_the_first_of_equal_snippets_ranks_highest():
    result = rank_prior(np.ones(4, np.float32), np.ones(1, np.float32), sigma=1.0)[:, 0]
    assert (np.diff(result) < 0).all()


@pytest.mark.parametrize("padding", [0.0, 2.0, np.nan])
def test_masked_snippets_are_as_if_they_were_not_there(padding):
    attention = np.random.default_rng(1).uniform(size=30).astype(np.float32)
    mask = np.arange(30) % 3 != 1
    expected = rank_prior(attention[mask], FOREGROUND, sigma=0.3)
    result = rank_prior(np.where(mask, attention, padding), FOREGROUND, sigma=0.3, mask=mask)
    np.testing.assert_allclose(result[mask], expected, rtol=1e-6)


def test_a_prior_without_snippets_is_finite():
    mask = np.zeros(5, bool)
    assert np.isfinite(rank_prior(np.ones(5), FOREGROUND, sigma=0.3, mask=mask)).all()


def test_sigma_may_be_traced_and_batches_be_vmapped():
    attention = np.random.default_rng(2).uniform(size=(2, 20)).astype(np.float32)
    batched = jax.jit(jax.vmap(lambda a, s: priors.rank_prior(a, FOREGROUND, sigma=s)))
    result = batched(attention, jnp.array([0.2, 10.0]))
    for row, values, sigma in zip(result, attention, (0.2, 10.0), strict=True):
        np.testing.assert_allclose(row, rank_prior(values, FOREGROUND, sigma=sigma), rtol=1e-5)


@pytest.mark.parametrize(
    "prior, given, message",
    [
        (priors.tot_prior, {"sigma": 0}, "sigma must be positive, got 0"),
        (priors.tot_prior, {"sigma": -1.5}, "sigma must be positive, got -1.5"),
        (
            priors.tot_prior,
            {"sigma": 1, "indices": "middle"},
            'indices must be "first" or "centered", got \'middle\'',
        ),
        (priors.rank_prior, {"sigma": 0.0}, "sigma must be positive, got 0.0"),
        (
            priors.rank_prior,
            {"sigma": 1.0, "compat": "asot"},
            "compat must be None or \"case\", got 'asot'",
        ),
    ],
)
def test_a_mistake_is_named(prior, given, message):
    given_arrays = (6, 3) if prior is priors.tot_prior else (np.ones(3), FOREGROUND)
    with pytest.raises(ValueError) as caught:
        prior(*given_arrays, **given)
    assert str(caught.value) == message
