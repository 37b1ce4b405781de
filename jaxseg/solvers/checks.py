"""Arguments that no solver can make sense of; each mistake is one sentence with the value."""

import jax
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


def require_shapes(cost, mask, cluster_mask, **matrices) -> None:
    """Raises ValueError unless cost is [N, K], mask [N], cluster_mask [K], matrices [N, K]."""
    if cost.ndim != 2:
        raise ValueError(
            f"cost must be [frames, clusters], got shape {cost.shape}; use jax.vmap over batches"
        )
    expected = {"mask": (mask, cost.shape[:1]), "cluster_mask": (cluster_mask, cost.shape[1:])}
    expected |= {name: (matrix, cost.shape) for name, matrix in matrices.items()}
    for name, (array, shape) in expected.items():
        if array is not None and array.shape != shape:
            raise ValueError(
                f"{name} has shape {array.shape}, the cost {cost.shape} asks for {shape}"
            )
