"""Runs of a curve above thresholds: where proposals come from."""

from collections.abc import Sequence

import numpy as np

from jaxseg.proposals.checks import finite


def runs(
    curve, thresholds: Sequence[float], *, shortest: int = 1, strict: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Maximal runs [start, end) of positions that reach a threshold.

    A run that several thresholds find comes once for each of them.

    Args:
        curve: [N].
        thresholds: CASE 0.1, 0.2, ..., 0.9; GauFuse 0.001, 0.003, ..., 0.039.
        shortest: runs of fewer positions are left out (GauFuse: 2).
        strict: positions have to be above the threshold, as in GauFuse, not just as high.

    Returns:
        Starts and ends, int64 [n] each, threshold by threshold, in order of time.

    Raises:
        ValueError: a curve that is not 1-D or not finite, or a threshold that is not finite.
    """
    curve = finite("curve", curve, 1)
    starts, ends = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    above = np.zeros(len(curve) + 2, bool)  # nothing is above beyond either end
    for threshold in finite("thresholds", thresholds, 1):
        above[1:-1] = curve > threshold if strict else curve >= threshold
        borders = np.flatnonzero(above[1:] != above[:-1])
        start, end = borders[::2], borders[1::2]
        long = end - start >= shortest
        starts.append(start[long])
        ends.append(end[long])
    return np.concatenate(starts), np.concatenate(ends)
