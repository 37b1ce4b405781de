"""k-means centres as prototypes: ott-jax's algorithm, with masked points and clusters."""

import warnings

import jax
import jax.numpy as jnp

with warnings.catch_warnings():  # ott still imports jaxopt, which announces its own end
    warnings.simplefilter("ignore", DeprecationWarning)
    from ott.tools import k_means

_FAR = 4096.0  # a power of two: squares are exact, so that a far point is at distance 0 of itself


def centres(
    points: jax.Array,
    mask: jax.Array,
    cluster_mask: jax.Array,
    key: jax.Array,
    *,
    restarts: int,
    max_iterations: int = 100,
) -> jax.Array:
    """The centres of the best of several restarts of k-means++ and Lloyd's iterations.

    ott-jax has no masks, and gives a cluster that runs empty the farthest point. So every
    masked cluster gets a point of its own, far away and far from the others, which k-means++
    is certain to pick first, and masked points repeat valid ones at no weight.

    Args:
        points: [P, D] of unit length, or at least far below 4096.
        mask: [P] bool, valid points first; at least one.
        cluster_mask: [K] bool, valid clusters first.
        key: PRNG key of the starts.
        restarts: independent starts, the one of least squared distance wins.

    Returns:
        [K, D]; 0 for masked clusters.
    """
    num_clusters, width = cluster_mask.shape[0], points.shape[1]
    repeated = points[jnp.arange(len(points)) % jnp.maximum(mask.sum(), 1)]
    steps = 1 + jnp.arange(num_clusters)
    far = jnp.zeros((num_clusters, width), points.dtype).at[:, 0].set(_FAR * steps)
    anchors = jnp.where(cluster_mask[:, None], repeated[:num_clusters], far)
    found = k_means.k_means(
        jnp.concatenate([repeated, anchors]),
        num_clusters,
        weights=jnp.concatenate([mask, ~cluster_mask]).astype(points.dtype),
        n_init=restarts,
        max_iterations=max_iterations,
        rng=key,
    ).centroids
    is_far = found[:, 0] > _FAR / 2
    order = jnp.argsort(is_far, stable=True)  # valid clusters first, as in cluster_mask
    return jnp.where(is_far[order][:, None], 0, found[order])
