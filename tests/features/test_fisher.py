"""PCA, mixtures and Fisher vectors, held against scikit-learn's and scikit-image's."""

import numpy as np
import pytest

pytest.importorskip("sklearn")

from jaxseg.features.fitting.projection import fit_projection, mixed
from jaxseg.features.motion.fisher import Mixture, fit_mixture, normalized


def random_mixture(components=5, channels=7):
    rng = np.random.default_rng(1)
    weights = rng.dirichlet(np.full(components, 5))
    means = rng.normal(size=(components, channels))
    variances = rng.uniform(0.2, 2, (components, channels))
    return Mixture(*(np.asarray(part, np.float32) for part in (weights, means, variances)))


def vectors(count, channels=7, seed=0):
    return np.random.default_rng(seed).normal(size=(count, channels)).astype(np.float32)


def test_axes_bring_back_what_they_span():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(50, 3)) @ rng.normal(size=(3, 12)) + rng.normal(size=12)
    projection = fit_projection(x, 5)
    back = projection(x) @ projection.axes.T + projection.mean
    np.testing.assert_allclose(back, x, atol=1e-4)
    np.testing.assert_allclose(
        projection.axes[:, :3].T @ projection.axes[:, :3], np.eye(3), atol=1e-6
    )
    assert (projection.axes[:, 3:] == 0).all()  # nothing is left to find
    variances = projection(x).var(axis=0)
    assert (np.diff(variances) <= 0).all() and variances[2] > 0


@pytest.mark.parametrize("count", [6, 60])  # fewer than dimensions, and more
def test_axes_are_scikit_learns(count):
    from sklearn.decomposition import PCA

    x = vectors(count, 12).astype(np.float64) * np.linspace(1, 3, 12)
    result, expected = fit_projection(x, 4).axes, PCA(4, svd_solver="full").fit(x).components_.T
    np.testing.assert_allclose(np.abs((result * expected).sum(axis=0)), 1, rtol=1e-6)
    assert (result[np.abs(result).argmax(axis=0), range(4)] > 0).all()


def test_mixed_channels_keep_distances_and_share_variance():
    x = vectors(300, 16) * np.geomspace(100, 1, 16, dtype=np.float32)
    plain = fit_projection(x, 8)
    one, two = plain(x), mixed(plain)(x)
    np.testing.assert_allclose(np.linalg.norm(two, axis=1), np.linalg.norm(one, axis=1), rtol=1e-5)
    np.testing.assert_allclose(two.var(axis=0), one.var(axis=0).mean(), rtol=1e-4)
    assert one.std(axis=0).max() > 5 * one.std(axis=0).min()


def test_fisher_vectors_are_scikit_images():
    fisher = pytest.importorskip("skimage.feature").fisher_vector
    from sklearn.mixture import GaussianMixture

    mixture, x = random_mixture(), vectors(40)
    model = GaussianMixture(5, covariance_type="diag")
    weights, means, variances = (np.asarray(part, np.float64) for part in mixture)
    model.weights_, model.means_, model.covariances_ = weights / weights.sum(), means, variances
    model.precisions_cholesky_ = 1 / np.sqrt(variances)
    # Its gradients begin with those of the weights; its spreads have the other sign.
    _, *parts = np.split(fisher(x.astype(np.float64), model), [5, 5 + means.size])
    result = mixture.gradients(x, np.full(40, 1 / 40, np.float32))
    np.testing.assert_allclose(result[0].ravel(), parts[0], atol=1e-5)
    np.testing.assert_allclose(result[1].ravel(), -parts[1], atol=1e-5)
    np.testing.assert_allclose(mixture.responsibilities(x), model.predict_proba(x), atol=1e-5)


def test_gradients_of_parts_add_up_and_follow_weights():
    mixture, x = random_mixture(), vectors(30)
    one = np.ones(30, np.float32)
    whole = mixture.gradients(x, one)
    parts = mixture.gradients(x[:11], one[:11]) + mixture.gradients(x[11:], one[11:])
    np.testing.assert_allclose(parts, whole, atol=2e-5)
    twice = np.where(np.arange(30) < 11, 2, 0).astype(np.float32)
    np.testing.assert_allclose(
        mixture.gradients(x, twice), 2 * mixture.gradients(x[:11], one[:11]), atol=2e-5
    )
    assert (mixture.gradients(x[:0], one[:0]) == 0).all()


def test_a_mixture_finds_two_clouds():
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(0, 0.1, (300, 2)), rng.normal(3, 0.5, (100, 2))])
    mixture = fit_mixture(x, 2, seed=0)
    order = np.argsort(mixture.means[:, 0])
    np.testing.assert_allclose(mixture.weights[order], [0.75, 0.25], atol=1e-6)
    np.testing.assert_allclose(mixture.means[order], [[0, 0], [3, 3]], atol=0.15)
    np.testing.assert_allclose(np.sqrt(mixture.variances[order, 0]), [0.1, 0.5], atol=0.05)
    again = fit_mixture(x, 2, seed=0)
    assert all((one == other).all() for one, other in zip(mixture, again, strict=True))


@pytest.mark.parametrize("count", [1, 3, 40])
def test_descriptors_that_are_all_the_same(count):
    x = np.full((count, 4), 0.3, np.float32)
    projection = fit_projection(x, 2)
    assert (projection.axes == 0).all() and (projection(x) == 0).all()
    mixture = fit_mixture(projection(x), 8, seed=0)
    assert all(np.isfinite(part).all() for part in mixture)
    assert np.isfinite(normalized(mixture.gradients(projection(x), np.ones(count)))).all()


def test_power_and_length():
    result = normalized(np.array([4.0, -9.0, 0.0]))
    np.testing.assert_allclose(result, np.array([2, -3, 0]) / np.sqrt(13))
    assert (normalized(np.zeros(3)) == 0).all()
