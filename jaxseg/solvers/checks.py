"""A problem's arguments as arrays; each mistake is one sentence with the value."""

import jax
import jax.numpy as jnp
import numpy as np


def require(name: str, value, condition: str) -> None:
    """Raises ValueError where a number is known to break its condition.

    Args:
        name: the argument's name.
        value: a number or an array of numbers; traced values cannot be looked at and pass.
        condition: "positive", "not negative" or "in [0, 1]".
    """
    if value is None or isinstance(value, jax.core.Tracer):
        return
    number = np.asarray(value)
    holds = {
        "positive": number > 0,
        "not negative": number >= 0,
        "in [0, 1]": (number >= 0) & (number <= 1),
    }[condition]
    if not np.all(holds):
        raise ValueError(f"{name} must be {condition}, got {value}")


def as_problem(cost, mask, cluster_mask) -> tuple[jax.Array, jax.Array, jax.Array]:
    """The cost as floating [N, K] and the masks as bool [N] and [K], all valid by default.

    Raises:
        ValueError: for a cost that is no matrix or holds nothing, masks of other lengths.
    """
    cost = jnp.asarray(cost)
    if cost.ndim != 2 or cost.size == 0:
        raise ValueError(
            f"cost must be [frames, clusters], got shape {cost.shape}; use jax.vmap over batches"
        )
    if not jnp.issubdtype(cost.dtype, jnp.floating):
        cost = cost.astype(float)
    frames, clusters = cost.shape
    mask = _mask("mask", mask, frames, cost)
    return cost, mask, _mask("cluster_mask", cluster_mask, clusters, cost)


def _mask(name, mask, length, cost) -> jax.Array:
    if mask is None:
        return jnp.ones(length, bool)
    mask = jnp.asarray(mask, bool)
    require_shape(name, mask, (length,), cost)
    return mask


def require_shape(name: str, array, shape: tuple[int, ...], cost: jax.Array) -> None:
    """Raises ValueError unless an array, where one is given, has the shape the cost asks for."""
    if array is not None and array.shape != shape:
        raise ValueError(f"{name} has shape {array.shape}, the cost {cost.shape} asks for {shape}")


def as_numbers(cost: jax.Array, *values) -> list[jax.Array | None]:
    """Numbers and arrays in the cost's own precision, so that they cannot change it."""
    return [None if value is None else jnp.asarray(value, cost.dtype) for value in values]
