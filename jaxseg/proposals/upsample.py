"""Finer positions between snippets."""

import numpy as np

from jaxseg.proposals.checks import finite


def upsample(curve, factor: int) -> np.ndarray:
    """Linear interpolation: value i of the curve goes to position i * factor.

    The last value stands `factor - 1` positions before the end; there the last slope goes on, as
    in CASE's program, so that values may leave the curve's range. A lone value is repeated.

    Args:
        curve: [T].
        factor: positions a value, at least 1.

    Returns:
        float64 [T * factor].

    Raises:
        ValueError: a curve that is not 1-D or not finite, or a factor below 1.
    """
    curve = finite("curve", curve, 1)
    if factor < 1:
        raise ValueError(f"factor must be at least 1, got {factor}")
    slope = np.zeros(len(curve))
    if len(curve) > 1:
        slope[:-1] = np.diff(curve)
        slope[-1] = slope[-2]
    return (curve[:, None] + slope[:, None] * (np.arange(factor) / factor)).ravel()
