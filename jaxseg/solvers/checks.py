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
    cost = as_matrix("cost", cost)
    frames, clusters = cost.shape
    mask = as_mask("mask", mask, frames, cost)
    return cost, mask, as_mask("cluster_mask", cluster_mask, clusters, cost)


def as_matrix(name: str, values) -> jax.Array:
    """A problem's matrix as floating [N, K]; ValueError where it is none or holds nothing."""
    values = jnp.asarray(values)
    if values.ndim != 2 or values.size == 0:
        wanted = f"{name} must be [frames, clusters]"
        raise ValueError(f"{wanted}, got shape {values.shape}; use jax.vmap over batches")
    return values if jnp.issubdtype(values.dtype, jnp.floating) else values.astype(float)


def as_mask(name: str, mask, length: int, cost: jax.Array | None = None) -> jax.Array:
    """A mask as bool [length], all valid by default; ValueError for another length."""
    mask = jnp.ones(length, bool) if mask is None else jnp.asarray(mask, bool)
    require_shape(name, mask, (length,), cost)
    return mask


def require_shape(name: str, array, shape: tuple[int, ...], cost: jax.Array | None = None) -> None:
    """Raises ValueError unless an array, where one is given, has the shape the problem asks for.

    The message gives the cost's shape where the problem is one with a cost.
    """
    if array is not None and array.shape != shape:
        problem = "the problem" if cost is None else f"the cost {cost.shape}"
        raise ValueError(f"{name} has shape {array.shape}, {problem} asks for {shape}")


def as_numbers(cost: jax.Array, *values) -> list[jax.Array | None]:
    """Numbers and arrays in the cost's own precision, so that they cannot change it."""
    return [None if value is None else jnp.asarray(value, cost.dtype) for value in values]
