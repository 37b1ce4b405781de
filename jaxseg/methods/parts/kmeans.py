"""k-means centers as prototypes: ott-jax's iterations, with masked points and clusters."""

import warnings

import jax
import jax.numpy as jnp

with warnings.catch_warnings():  # ott still imports jaxopt, which announces its own end
    warnings.simplefilter("ignore", DeprecationWarning)
    from ott.tools import k_means

TRIALS = 4  # candidates for each next center of a start, of which the best is taken
_FAR = 4096.0  # a power of two: squares are exact, so that a far point is at distance 0 of itself
_SAME = 1e-4  # relative difference of errors below which two restarts count as the same


def centers(
    points: jax.Array,
    mask: jax.Array,
    cluster_mask: jax.Array,
    key: jax.Array,
    *,
    restarts: int,
    max_iterations: int = 100,
) -> jax.Array:
    """Centers of the best of several restarts of k-means++ and Lloyd's iterations.

    The result depends, up to rounding, on nothing but the valid points, the valid clusters and
    the key. Two restarts that end in the same centers, in another order, differ by their
    rounding alone: the first of those counts as the best.

    ott-jax has no masks, and gives a cluster that runs empty the farthest point. So every
    masked cluster gets one extra point, far away and far from the others, and masked points
    repeat valid ones at no weight.

    Args:
        points: [P, D] of unit length, or at least far below 4096.
        mask: [P] bool, at least one.
        cluster_mask: [K] bool.
        key: PRNG key of the starts.
        restarts: independent starts, the one of least squared distance wins.
        max_iterations: of Lloyd, in each restart.

    Returns:
        [K, D]; 0 for masked clusters.
    """
    num_clusters, width = cluster_mask.shape[0], points.shape[1]
    order = jnp.argsort(~mask, stable=True)
    points, mask = points[order], mask[order]
    points = points[jnp.arange(len(points)) % jnp.maximum(mask.sum(), 1)]
    far = jnp.zeros((num_clusters, width)).at[:, 0].set(_FAR * (1 + jnp.arange(num_clusters)))
    anchors = jnp.where(cluster_mask[:, None], points[0], far)
    weights = jnp.concatenate([mask, ~cluster_mask]).astype(points.dtype)

    def run(key):
        starts = plus_plus(points, mask, num_clusters, key)
        clustering = k_means.k_means(
            jnp.concatenate([points, anchors]),
            num_clusters,
            weights=weights,
            init=lambda *_: jnp.where(cluster_mask[:, None], starts, far),
            n_init=1,
            max_iterations=max_iterations,
        )
        return clustering.centroids, clustering.error

    candidates, errors = jax.vmap(run)(jax.random.split(key, restarts))
    best = candidates[jnp.argmax(errors <= errors.min() * (1 + _SAME))]
    return jnp.where(cluster_mask[:, None], best, 0)


def plus_plus(points: jax.Array, mask: jax.Array, num_clusters: int, key: jax.Array) -> jax.Array:
    """Greedy k-means++ starts (Arthur and Vassilvitskii, 2007), [K, D].

    Each next center is the best of a few points, drawn in proportion to the squared distance
    from the centers so far. A draw is an argmax over noise that each point has for itself, so that
    neither masked points at the end nor further clusters change it.

    Args:
        points: [P, D], valid ones first.
        mask: [P] bool.
        key: PRNG key of the draws.
    """

    def draw(step, distances):
        noise = jax.random.gumbel(jax.random.fold_in(key, step), (len(points), TRIALS))
        return jnp.argmax(jnp.log(distances)[:, None] + noise, axis=0)

    def extend(distances, step):
        candidates = points[draw(step, distances)]
        closer = jnp.minimum(distances, jnp.where(mask, jax.vmap(squared)(candidates), 0))
        best = jnp.argmin(closer.sum(-1))
        return closer[best], candidates[best]

    def squared(center):
        return jnp.sum((points - center) ** 2, axis=-1)

    first = points[draw(0, mask.astype(points.dtype))[0]]
    start = jnp.where(mask, squared(first), 0)
    _, others = jax.lax.scan(extend, start, jnp.arange(1, num_clusters))
    return jnp.concatenate([first[None], others])
