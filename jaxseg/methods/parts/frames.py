"""What the methods on single frames share: masked frames, typical frames."""

import jax
import jax.numpy as jnp

from jaxseg.methods.method import LENGTH_MULTIPLE


def valid_frames(batch: dict) -> jax.Array:
    """Frames with 0 in padding: a NaN there would reach the gradient, even at no weight."""
    return jnp.where(batch["mask"][..., None], batch["frames"], 0)


def typical_frames(similarity: jax.Array, labels: jax.Array, mask: jax.Array):
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
