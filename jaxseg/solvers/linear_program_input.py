"""A linear programme's arguments as arrays; each mistake is one sentence with the value."""

import jax
import jax.numpy as jnp
import numpy as np

NUM_DIMENSIONS = {"instances": 1, "instances, snippets": 2}


def as_array(name: str, values, axes: str) -> jax.Array:
    """Floating values with these axes, none of them empty; at least float32.

    Raises:
        ValueError: for another number of axes, or nothing on one of them.
    """
    values = jnp.asarray(values)
    if values.ndim != NUM_DIMENSIONS[axes] or values.size == 0:
        wanted = f"{name} must be [{axes}]"
        raise ValueError(f"{wanted}, got shape {values.shape}; use jax.vmap over batches")
    return values.astype(jnp.result_type(values, jnp.float32))


def as_vector(name: str, values, length: int) -> jax.Array:
    """A number for each instance, of at least float32."""
    values = as_array(name, values, "instances")
    _require_length(name, values, length)
    return values


def as_mask(name: str, mask, length: int) -> jax.Array:
    """A mask of the length, all valid by default."""
    mask = jnp.ones(length, bool) if mask is None else jnp.asarray(mask, bool)
    _require_length(name, mask, length)
    return mask


def as_length(length, num_snippets: int):
    """How many of the snippets are valid, all of them by default; a traced one is cut to fit.

    Raises:
        ValueError: for a known one that is no whole number from 0 to `num_snippets`.
    """
    if length is None:
        return num_snippets
    if not all_known(length):
        return jnp.clip(length, 0, num_snippets)
    if not 0 <= length <= num_snippets or int(length) != length:
        raise ValueError(f"length must be a whole number in [0, {num_snippets}], got {length}")
    return int(length)


def _require_length(name: str, values: jax.Array, length: int) -> None:
    if values.shape != (length,):
        raise ValueError(f"{name} has shape {values.shape}, the problem asks for ({length},)")


def where_valid(name: str, values: jax.Array, mask: jax.Array) -> jax.Array:
    """The values where they are valid, and 0 elsewhere.

    Raises:
        ValueError: for a valid value that is known and not finite.
    """
    if all_known(values, mask):
        wrong = np.argwhere(np.asarray(mask) & ~np.isfinite(values))
        if len(wrong):
            at = tuple(wrong[0].tolist())
            raise ValueError(f"{name}{list(at)} must be finite, got {values[at]}")
    return jnp.where(mask, values, 0)


def all_known(*values) -> bool:
    """Whether none of the arrays is traced, so that they can be looked at."""
    return not any(isinstance(each, jax.core.Tracer) for each in values)
