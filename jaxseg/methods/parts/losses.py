"""Losses that two methods or more share, and what those on single frames see and show."""

import jax
import jax.numpy as jnp

from jaxseg.methods.method import LENGTH_MULTIPLE


def soft_cross_entropy(labels: jax.Array, log_probabilities: jax.Array) -> jax.Array:
    """- sum_j T_ij log P_ij (ASOT Eq. 7, TOT Eq. 2), [..., N, K] to [..., N].

    A cluster without a label costs nothing, even where its log probability is -inf.
    """
    # The inner where keeps the gradient finite: 0 times -inf would be NaN in it, whatever the outer
    # one selects.
    products = jnp.where(labels > 0, labels * jnp.where(labels > 0, log_probabilities, 0), 0)
    return -jnp.sum(products, axis=-1)


def masked_mean(values: jax.Array, mask: jax.Array, axis=None) -> jax.Array:
    """Mean over the entries where mask holds, along axes or over all; 0 where there are none."""
    total = jnp.sum(jnp.where(mask, values, 0), axis=axis)
    return total / jnp.maximum(jnp.sum(mask, axis=axis), 1)


def valid_frames(batch: dict) -> jax.Array:
    """Frames with 0 in padding: a NaN there would reach the gradient, even at no weight."""
    return jnp.where(batch["mask"][..., None], batch["frames"], 0)


def typical_frames(
    similarity: jax.Array, labels: jax.Array, mask: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """The frame nearest to each prototype among those that carry its label, in each of 8 parts.

    Args:
        similarity: [frames, K] of frames and prototypes.
        labels: [frames], cluster numbers.
        mask: [frames] bool.

    Returns:
        similarity [8, K], -inf where a part has no such frame, and frame index [8, K].
    """
    length, num_clusters = similarity.shape
    carries = (labels[:, None] == jnp.arange(num_clusters)) & mask[:, None]
    parts = jnp.where(carries, similarity, -jnp.inf).reshape(LENGTH_MULTIPLE, -1, num_clusters)
    offsets = jnp.arange(LENGTH_MULTIPLE)[:, None] * (length // LENGTH_MULTIPLE)
    return parts.max(1), parts.argmax(1) + offsets
