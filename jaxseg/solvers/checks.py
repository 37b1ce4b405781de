"""Arguments of all solvers as arrays; each mistake is a ValueError of one sentence with the value.

The solvers are tested up to these limits, in float32 and float64 alike, and refuse what is beyond
them. Traced values have no numbers yet and pass.

    epsilon         1e-3 to 10     at the least, a cost of 1 is an exponent of 1,000
    lambda_*        1e-6 to 1e6    as costs, which a penalty is weighed against; None is infinity
    step_size       1e-9 to 1e9    the inverse of any cost or weight above, a thousandfold
    cost            -1e6 to 1e6    at most an exponent of 1e9, which float32 knows to 64; where
                                   both marginals are relaxed not below -10 (eps + lambda);
                                   `sinkhorn` takes inf, which forbids an entry
    frames N        to 2^24        what float32 can count
    clusters K      to 1,000       far beyond any data set
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


def require(condition: str, **numbers) -> None:
    """Raises ValueError where a number is known to break the condition or to leave its range.

    Args:
        condition: "positive", "not negative" or "in [0, 1]".
        numbers: a number or None by argument's name; traced values cannot be looked at and pass.
    """
    for name, value in numbers.items():
        if np.ndim(value) > 0:
            raise ValueError(f"{name} must be one number, got shape {np.shape(value)}")
        if value is None or isinstance(value, jax.core.Tracer):
            continue
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


def require_counts(**numbers) -> None:
    """Raises ValueError unless all numbers are whole ones above 0."""
    for name, value in numbers.items():
        if not isinstance(value, int | np.integer):
            raise ValueError(f"{name} must be a whole number, got {value}")
    require("positive", **numbers)


def require_choice(name: str, value, *choices: str | None) -> None:
    """Raises ValueError, which lists the choices, where a value is none of them."""
    if value not in choices:
        *others, last = (f'"{choice}"' if choice is not None else "None" for choice in choices)
        raise ValueError(f"{name} must be {', '.join(others)} or {last}, got {value!r}")


def as_problem(
    cost, mask, cluster_mask, least: float = -LARGEST_COST, *, forbids: bool = False
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """The cost as floating [N, K] and the masks as bool [N] and [K], all valid by default.

    Raises:
        ValueError: for a cost that is no matrix, holds nothing or is too large, for masks of
            other lengths, and for valid costs known to be NaN, less than `least` or above 1e6,
            but for inf where that `forbids` an entry.
    """
    given = cost, mask, cluster_mask
    cost = as_matrix("cost", cost)
    frames, clusters = cost.shape
    mask = as_mask("mask", mask, frames, cost)
    cluster_mask = as_mask("cluster_mask", cluster_mask, clusters, cost)
    condition = f"between {least:g} and {LARGEST_COST:g}"
    condition += " (inf forbids an entry)" if forbids else ""

    def holds(entry):
        return (entry >= least) & (entry <= LARGEST_COST) | (forbids & (entry == np.inf))

    require_entries("cost", *given, condition, holds)
    return cost, mask, cluster_mask


def least_cost(epsilon, *penalties) -> float:
    """What a valid cost must not fall below, as far as the numbers are known.

    Where no marginal is hard a negative cost draws in mass, up to exp(-cost / (eps + lambda)) times
    the marginal: 20,000 times at the least cost. The structure term grows with its square, and
    beyond that float32 would lose all other terms of the objective beside it.
    """
    numbers = (epsilon, *penalties)
    if any(number is None or isinstance(number, jax.core.Tracer) for number in numbers):
        return -LARGEST_COST
    return max(-LARGEST_COST, -10 * (float(epsilon) + min(map(float, penalties))))


def as_matrix(name: str, values) -> jax.Array:
    """A problem's matrix as floating [N, K]; ValueError where it is none or holds nothing.

    Half precision becomes float32, and so do its results: bfloat16 only tells numbers apart that
    differ by 1 in 256, and no row of a plan in it would sum to 1.
    """
    values = jnp.asarray(values)
    _require_axes(name, values, "frames, clusters")
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
    if not is_known(values, mask, cluster_mask):
        return
    values = np.asarray(values)
    wrong = ~holds(values)
    if not wrong.any():  # nearly always, and cheaper than to look at the masks first
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
    if weights is None or not is_known(weights, mask):
        return
    weights = np.asarray(weights)
    wrong = np.asarray(mask) & ~is_weight(weights)
    if wrong.any():
        got = f"got {weights[wrong][0]} at {wrong.argmax()}"
        raise ValueError(f"{name} must be finite and not negative where valid, {got}")


def is_weight(entries: np.ndarray) -> np.ndarray:
    """Whether each is finite and not negative."""
    return (entries >= 0) & (entries < np.inf)


def is_known(*values) -> bool:
    """Whether the numbers of all can be looked at here and now: none is traced or elsewhere."""
    return not any(
        isinstance(value, jax.core.Tracer) or not getattr(value, "is_fully_addressable", True)
        for value in values
    )


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


def as_array(name: str, values, axes: str) -> jax.Array:
    """Floating values with these axes, none of them empty; at least float32.

    Args:
        name: the argument's name.
        values: anything that makes an array.
        axes: names of its axes, as the message gives them: "instances, snippets".

    Raises:
        ValueError: for another number of axes, or nothing on one of them.
    """
    values = jnp.asarray(values)
    _require_axes(name, values, axes)
    return values.astype(jnp.result_type(values, jnp.float32))


def _require_axes(name: str, values: jax.Array, axes: str) -> None:
    if values.ndim != 1 + axes.count(",") or values.size == 0:
        got = f"got shape {values.shape}; use jax.vmap over batches"
        raise ValueError(f"{name} must be [{axes}], {got}")


def as_vector(name: str, values, mask: jax.Array) -> jax.Array:
    """One number for each instance, at least float32, and 0 where the mask does not hold.

    Raises:
        ValueError: for another length, and for a valid number that is known and not finite.
    """
    values = as_array(name, values, "instances")
    require_shape(name, values, mask.shape)
    return where_valid(name, values, mask)


def as_length(length, num_snippets: int):
    """How many of the snippets are valid, all of them by default; a traced one is cut to fit.

    Raises:
        ValueError: for a known one that is no whole number from 0 to `num_snippets`.
    """
    if length is None:
        return num_snippets
    if not is_known(length):
        return jnp.clip(length, 0, num_snippets)
    if not 0 <= length <= num_snippets or int(length) != length:
        raise ValueError(f"length must be a whole number in [0, {num_snippets}], got {length}")
    return int(length)


def where_valid(name: str, values: jax.Array, mask: jax.Array) -> jax.Array:
    """The values where they are valid, and 0 elsewhere.

    Raises:
        ValueError: for a valid value that is known and not finite.
    """
    if is_known(values, mask):
        wrong = np.argwhere(np.asarray(mask) & ~np.isfinite(values))
        if len(wrong):
            at = tuple(wrong[0].tolist())
            raise ValueError(f"{name}{list(at)} must be finite, got {values[at]}")
    return jnp.where(mask, values, 0)


def as_numbers(cost: jax.Array, *values) -> list[jax.Array | None]:
    """Numbers and arrays in the cost's own precision, so that they cannot change it."""
    return [None if value is None else jnp.asarray(value, cost.dtype) for value in values]
