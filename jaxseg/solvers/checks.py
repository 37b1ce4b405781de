"""A problem's arguments as arrays; each mistake is one sentence with the value.

What the solvers are held to, in float32 and float64 alike, ends at these limits, and so does what
they take. Values that are traced cannot be looked at, and pass.

    epsilon         1e-3 to 10     at the least, a cost of 1 is an exponent of 1,000
    lambda_*        1e-6 to 1e6    as costs, which a penalty is weighed against; None is infinity
    step_size       1e-9 to 1e9    the inverse of any cost or weight above, a thousandfold
    cost            -1e6 to 1e6    at most an exponent of 1e9, which float32 knows to 64; where
                                   both marginals are relaxed not below -10 (eps + lambda)
    frames N        to 2^24        what float32 can count
    clusters K      to 1,000       five times the most that was asked for
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

RANGES = {
    "epsilon": (1e-3, 10),
    "lambda_frames": (1e-6, 1e6),
    "lambda_actions": (1e-6, 1e6),
    "lambda_rows": (1e-6, 1e6),
    "lambda_columns": (1e-6, 1e6),
    "step_size": (1e-9, 1e9),
}
LARGEST_COST = 1e6
MOST_FRAMES, MOST_CLUSTERS = 2**24, 1000


def require(name: str, value, condition: str) -> None:
    """Raises ValueError where a number is known to break its condition or to leave its range.

    Args:
        name: the argument's name.
        value: a number or None; traced values cannot be looked at and pass.
        condition: "positive", "not negative" or "in [0, 1]".
    """
    if np.ndim(value) > 0:
        raise ValueError(f"{name} must be one number, got shape {np.shape(value)}")
    if value is None or isinstance(value, jax.core.Tracer):
        return
    number = np.asarray(value)
    holds = {
        "positive": number > 0,
        "not negative": number >= 0,
        "in [0, 1]": (number >= 0) & (number <= 1),
    }[condition]
    if not holds:
        raise ValueError(f"{name} must be {condition}, got {value}")
    least, most = RANGES.get(name, (-np.inf, np.inf))
    # A float32 of the least epsilon may lie a rounding below it.
    if number < least * (1 - 1e-6) or number > most * (1 + 1e-6):
        raise ValueError(f"{name} must be between {least:g} and {most:g}, got {value}")


def require_count(name: str, value) -> None:
    """Raises ValueError unless a number is a whole one above 0."""
    if not isinstance(value, int | np.integer):
        raise ValueError(f"{name} must be a whole number, got {value}")
    require(name, value, "positive")


def as_problem(
    cost, mask, cluster_mask, least: float = -LARGEST_COST
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """The cost as floating [N, K] and the masks as bool [N] and [K], all valid by default.

    Raises:
        ValueError: for a cost that is no matrix, holds nothing or is too large, for masks of
            other lengths, and for valid costs known to be NaN, less than `least` or above 1e6.
    """
    given = cost, mask, cluster_mask
    cost = as_matrix("cost", cost)
    frames, clusters = cost.shape
    mask = as_mask("mask", mask, frames, cost)
    cluster_mask = as_mask("cluster_mask", cluster_mask, clusters, cost)
    condition = f"between {least:g} and {LARGEST_COST:g}"
    require_entries(
        "cost", *given, condition, lambda entry: (entry >= least) & (entry <= LARGEST_COST)
    )
    return cost, mask, cluster_mask


def least_cost(epsilon, *penalties) -> float:
    """What a valid cost must not fall below, as far as the numbers are known.

    Where no marginal is hard a negative cost draws in mass, up to exp(-cost / (eps + lambda)) times
    what the marginal asks for: 20,000 times at the least cost. The structure term grows with its
    square, and with much more float32 loses the rest.
    """
    numbers = (epsilon, *penalties)
    if any(number is None or isinstance(number, jax.core.Tracer) for number in numbers):
        return -LARGEST_COST
    return max(-LARGEST_COST, -10 * (float(epsilon) + min(map(float, penalties))))


def as_matrix(name: str, values) -> jax.Array:
    """A problem's matrix as floating [N, K]; ValueError where it is none or holds nothing.

    Half precision becomes float32, and so do its results: bfloat16 tells numbers apart that
    differ by 1 in 256, and no row of a plan in it would sum to 1.
    """
    values = jnp.asarray(values)
    if values.ndim != 2 or values.size == 0:
        wanted = f"{name} must be [frames, clusters]"
        raise ValueError(f"{wanted}, got shape {values.shape}; use jax.vmap over batches")
    if values.shape[0] > MOST_FRAMES or values.shape[1] > MOST_CLUSTERS:
        most = f"at most {MOST_FRAMES} frames and {MOST_CLUSTERS} clusters"
        raise ValueError(f"{name} must have {most}, got shape {values.shape}")
    if jnp.iscomplexobj(values):
        raise ValueError(f"{name} must be real, got dtype {values.dtype}")
    if not jnp.issubdtype(values.dtype, jnp.floating):
        return values.astype(float)
    return values.astype(jnp.promote_types(values.dtype, jnp.float32))


def require_entries(
    name: str, values, mask, cluster_mask, condition: str, holds: Callable[[np.ndarray], np.ndarray]
) -> None:
    """Raises ValueError where a valid entry is known to break its condition.

    Args:
        name: the argument's name.
        values: [N, K].
        mask, cluster_mask: [N] and [K], true where valid, or None.
        condition: what an entry must be, in words.
        holds: the condition itself, entry by entry; false for NaN.
    """
    if not all(map(_is_known, (values, mask, cluster_mask))):
        return
    values = np.asarray(values)
    wrong = ~holds(values)
    if not wrong.any():  # mostly, and before any mask is looked at
        return
    for valid, axis in ((mask, 1), (cluster_mask, 0)):
        if valid is not None:
            wrong &= np.expand_dims(np.asarray(valid, bool), axis)
    if wrong.any():
        frame, cluster = np.argwhere(wrong)[0].tolist()
        got = f"got {values[frame, cluster]} at frame {frame}, cluster {cluster}"
        raise ValueError(f"{name} must be {condition} where valid, {got}")


def require_marginal(name: str, weights, mask) -> None:
    """Raises ValueError where a valid weight is known to be negative, infinite or NaN."""
    if weights is None or not (_is_known(weights) and _is_known(mask)):
        return
    weights = np.asarray(weights)
    wrong = np.asarray(mask) & ~is_weight(weights)
    if wrong.any():
        got = f"got {weights[wrong][0]} at {wrong.argmax()}"
        raise ValueError(f"{name} must be finite and not negative where valid, {got}")


def is_weight(entries: np.ndarray) -> np.ndarray:
    """Whether each is finite and not negative."""
    return (entries >= 0) & (entries < np.inf)


def _is_known(value) -> bool:
    """Whether its numbers can be looked at, here and now."""
    return not isinstance(value, jax.core.Tracer) and getattr(value, "is_fully_addressable", True)


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
