"""Element-wise losses, unreduced or averaged over what is valid."""

import jax
import jax.numpy as jnp


def soft_cross_entropy(labels: jax.Array, log_probabilities: jax.Array) -> jax.Array:
    """- sum_j T_ij log P_ij (ASOT Eq. 7), [..., N, K] to [..., N].

    A cluster without a label costs nothing, even where its log probability is -inf.
    """
    products = jnp.where(labels > 0, labels * jnp.where(labels > 0, log_probabilities, 0), 0)
    return -jnp.sum(products, axis=-1)


def masked_mean(values: jax.Array, mask: jax.Array, axis=None) -> jax.Array:
    """Mean over the entries where mask holds, along axes or over all; 0 where there are none."""
    total = jnp.sum(jnp.where(mask, values, 0), axis=axis)
    return total / jnp.maximum(jnp.sum(mask, axis=axis), 1)
