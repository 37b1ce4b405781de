"""RSKP's memory: the best-scored representative snippets of all videos, class by class.

A bank is carried state, {"means": [G, S, D], "scores": [G, S]}: S slots for each of G classes,
best first, with score 0 where a slot is empty. Nothing here carries a gradient.
"""

import jax
import jax.numpy as jnp


def empty(num_classes: int, slots: int, width: int) -> dict:
    """A bank of G classes with S slots each, for means of width D."""
    return {
        "means": jnp.zeros((num_classes, slots, width)),
        "scores": jnp.zeros((num_classes, slots)),
    }


def update(
    bank: dict, means: jax.Array, mean_scores: jax.Array, labels: jax.Array, video_mask: jax.Array
) -> dict:
    """The bank after a batch; the order of its videos does not matter.

    A class keeps the best of what it had and of the means of those videos that have it. Scores
    near 1 round to 1 and are often equal: then what the bank had stays, and among new ones a number
    made of the mean decides.

    Args:
        bank: before the batch.
        means: [B, K, D], representative snippets of B videos.
        mean_scores: [B, K, G+1], their class probabilities, background last.
        labels: [B, G], above 0 where a video has a class.
        video_mask: [B] bool, the videos that exist.
    """
    bank, means, mean_scores = jax.lax.stop_gradient((bank, means, mean_scores))
    num_classes, slots = bank["scores"].shape
    has = (labels > 0) & video_mask[:, None]
    offered = jnp.where(has[:, None], mean_scores[..., :num_classes], 0)
    offered, means = offered.reshape(-1, num_classes).T, means.reshape(-1, means.shape[-1])
    scores = jnp.concatenate([bank["scores"], offered], axis=1)

    before = jnp.full_like(bank["scores"], -jnp.inf)
    # A number for each mean, which tells means apart whatever their order.
    digest = jnp.sum(means * jnp.cos(jnp.arange(1.0, means.shape[1] + 1)), axis=1)
    places = jnp.broadcast_to(digest, offered.shape)
    ties = jnp.concatenate([before, places], axis=1)
    best = jnp.lexsort((ties, -scores))[:, :slots]
    return {
        "means": _chosen(bank["means"], means, best),
        "scores": jnp.take_along_axis(scores, best, axis=1),
    }


def read(bank: dict, classes: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Representative snippets of some classes.

    Args:
        bank: of all classes.
        classes: [c] int32, -1 for none.

    Returns:
        sources [c*S, D], and the mask [c*S] of those that exist.
    """
    exists = classes >= 0
    index = jnp.where(exists, classes, 0)
    filled = exists[:, None] & (bank["scores"][index] > 0)
    return bank["means"][index].reshape(-1, bank["means"].shape[-1]), filled.reshape(-1)


def _chosen(old: jax.Array, new: jax.Array, best: jax.Array) -> jax.Array:
    """The best means [G, S, D] among each class's old ones [G, S, D] and the batch's [N, D].

    Indices below S are old ones. Only what is chosen is copied: all candidates of all classes would
    be a large array.
    """
    slots = old.shape[1]
    kept = jnp.take_along_axis(old, jnp.minimum(best, slots - 1)[..., None], axis=1)
    return jnp.where((best >= slots)[..., None], new[jnp.maximum(best - slots, 0)], kept)
