"""k-means with masks, against Lloyd's iterations written out in NumPy."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxseg.methods.parts import kmeans

POINTS, WIDTH, CLUSTERS = 60, 3, 5
pytestmark = pytest.mark.usefixtures("quick_compile")


@pytest.fixture(scope="module")
def points() -> np.ndarray:
    """Five groups on the unit sphere that overlap a little."""
    rng = np.random.default_rng(1)
    groups = rng.standard_normal((CLUSTERS, WIDTH))[rng.integers(0, CLUSTERS, POINTS)]
    points = groups + 0.5 * rng.standard_normal((POINTS, WIDTH))
    return (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)


@functools.partial(jax.jit, static_argnames="restarts")
def compiled(points, mask, cluster_mask, key, restarts):
    return kmeans.centers(points, mask, cluster_mask, key, restarts=restarts)


def centers(points, mask=None, cluster_mask=None, seed=0, restarts=8) -> np.ndarray:
    mask = np.ones(len(points), bool) if mask is None else mask
    cluster_mask = np.ones(CLUSTERS, bool) if cluster_mask is None else cluster_mask
    return np.array(compiled(points, mask, cluster_mask, jax.random.key(seed), restarts))


def inertia(points, result) -> float:
    return float(((points[:, None] - result) ** 2).sum(-1).min(1).sum())


def lloyd(points, num_clusters, seed) -> np.ndarray:
    """From random points until nothing moves."""
    rng = np.random.default_rng(seed)
    result = points[rng.choice(len(points), num_clusters, replace=False)].astype(float)
    for _ in range(100):
        nearest = ((points[:, None] - result) ** 2).sum(-1).argmin(1)
        for cluster in np.unique(nearest):
            result[cluster] = points[nearest == cluster].mean(0)
    return result


@pytest.mark.parametrize("num_clusters", [CLUSTERS, 3])
def test_no_worse_than_lloyd_from_many_starts(points, num_clusters):
    result = centers(points, cluster_mask=np.arange(CLUSTERS) < num_clusters)
    best = min(inertia(points, lloyd(points, num_clusters, seed)) for seed in range(50))
    assert inertia(points, result[:num_clusters]) <= best * (1 + 1e-4)


def test_centers_are_the_means_of_what_is_nearest(points):
    result = centers(points)
    nearest = ((points[:, None] - result) ** 2).sum(-1).argmin(1)
    for cluster in range(CLUSTERS):
        mean = points[nearest == cluster].mean(0)
        np.testing.assert_allclose(result[cluster], mean, atol=1e-5)


def test_masked_clusters_are_zero_and_change_nothing(points):
    mask = np.array([True, True, True, False, False])
    result = centers(points, cluster_mask=mask)
    assert not result[3:].any()
    np.testing.assert_allclose(result[:3], centers(points, cluster_mask=mask[:3]), atol=1e-5)


@pytest.mark.parametrize("value", [0.0, 100.0, np.nan])
@pytest.mark.parametrize("seed", [0, 1])
def test_masked_points_do_not_matter(points, value, seed):
    """Wherever they stand: at the end, or between the valid ones as short videos leave them."""
    expected = centers(points, seed=seed)
    mask = np.ones(POINTS + 40, bool)
    mask[[*range(5, 25), *range(POINTS + 20, POINTS + 40)]] = False
    padded = np.full((len(mask), WIDTH), value, np.float32)
    padded[mask] = points
    np.testing.assert_allclose(centers(padded, mask, seed=seed), expected, atol=1e-5)


@pytest.mark.slow
def test_a_vmapped_call_equals_single_ones(points):
    keys = jax.random.split(jax.random.key(3), 4)
    masks = np.arange(CLUSTERS) < np.array([5, 4, 3, 2])[:, None]
    call = jax.vmap(functools.partial(compiled, restarts=2), in_axes=(None, None, 0, 0))
    valid = np.ones(POINTS, bool)
    together = call(points, valid, masks, keys)
    for index in range(4):
        alone = compiled(points, valid, masks[index], keys[index], restarts=2)
        np.testing.assert_allclose(together[index], alone, atol=1e-5)


def test_more_restarts_are_never_worse(points):
    """`split` gives the first of several restarts the key of the only one."""
    for seed in range(5):
        one, many = (centers(points, seed=seed, restarts=count) for count in (1, 8))
        assert inertia(points, many) <= inertia(points, one) * (1 + 1e-4)


def test_fewer_distinct_points_than_clusters():
    two = np.repeat(np.eye(2, WIDTH, dtype=np.float32), 10, axis=0)
    result = centers(two)
    assert np.isfinite(result).all() and inertia(two, result) < 1e-10


def test_starts_are_points_and_spread(points):
    starts = np.array(
        kmeans.plus_plus(jnp.asarray(points), jnp.arange(POINTS) < 40, CLUSTERS, jax.random.key(0))
    )
    chosen = [np.flatnonzero((points == start).all(1)) for start in starts]
    assert all(len(index) == 1 and index[0] < 40 for index in chosen)
    assert len({int(index[0]) for index in chosen}) == CLUSTERS
