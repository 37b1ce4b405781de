"""Adjusted mutual information: how far two labellings of the same frames agree, whatever the names.

Mutual information grows with the number of labels by chance alone; its expectation under random
labellings with the same counts is taken off (Vinh, Epps and Bailey, Information Theoretic
Measures for Clusterings Comparison, JMLR 11, 2010, Eq. 24a and their AMI_sum):

    AMI = (I - E[I]) / ((H(a) + H(b)) / 2 - E[I])
"""

import functools

import numpy as np
from scipy.special import gammaln


def adjusted_mutual_information(a: np.ndarray, b: np.ndarray) -> float:
    """1 where two labellings are the same up to names, around 0 where they are independent.

    Args:
        a, b: integers [N], one label a frame. Any number counts as a label, -1 too.

    Raises:
        ValueError: labellings of different lengths, or of no frame.
    """
    return ratio(*beyond_chance(a, b))


def beyond_chance(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    """I - E[I], in nats a frame, and the most that it could be; see `adjusted_mutual_information`.

    Of them the ratio says how far labellings agree, the first how much one tells of the other.
    """
    if np.shape(a) != np.shape(b) or np.ndim(a) != 1 or not len(a):
        raise ValueError(
            f"labellings must be two lists of as many labels, got {np.shape(a)} and {np.shape(b)}"
        )
    counts = contingency(a, b)
    rows, columns = counts.sum(1), counts.sum(0)
    expected = expected_information(rows, columns)
    most = (_entropy(rows) + _entropy(columns)) / 2
    return _information(counts) - expected, most - expected


def ratio(shared: float, most: float) -> float:
    """AMI of what `beyond_chance` returns: 1 where nothing could be shared.

    So it is with a label a frame, or one for all, which chance explains.
    """
    return shared / most if most > 1e-12 else 1.0


def contingency(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Frames by label of `a` and label of `b`, int64; no row or column is empty."""
    names_a, rows = np.unique(a, return_inverse=True)
    names_b, columns = np.unique(b, return_inverse=True)
    cells = np.bincount(rows * len(names_b) + columns, minlength=len(names_a) * len(names_b))
    return cells.reshape(len(names_a), len(names_b))


def expected_information(rows: np.ndarray, columns: np.ndarray) -> float:
    """Mean mutual information, in nats, of all labellings with these counts (Vinh et al., Eq. 24a).

    Args:
        rows, columns: positive integers with the same sum, frames of each label.
    """
    log_factorial = _log_factorials(int(rows.sum()))
    return sum(_expected_cell(int(a), int(b), log_factorial) for a in rows for b in columns)


@functools.lru_cache(maxsize=2)
def _log_factorials(largest: int) -> np.ndarray:
    return gammaln(np.arange(largest + 1) + 1.0)


def _expected_cell(a: int, b: int, log_factorial: np.ndarray) -> float:
    """What one cell contributes: its count n follows a hypergeometric distribution.

    Of the counts that are possible only those near the mean are summed; by Bernstein's
    inequality the others have a probability of less than 1e-19 together.
    """
    total = len(log_factorial) - 1
    mean = a * b / total
    reach = 32 + 10 * np.sqrt(mean * (1 - a / total) * (1 - b / total))
    low = max(1, a + b - total, int(mean - reach))
    n = np.arange(low, min(a, b, int(mean + reach) + 1) + 1)
    f = log_factorial
    given = f[a] + f[b] + f[total - a] + f[total - b] - f[total]
    log_probability = given - (f[n] + f[a - n] + f[b - n] + f[total - a - b + n])
    return float(np.sum(n / total * np.log(total * n / (a * b)) * np.exp(log_probability)))


def _information(counts: np.ndarray) -> float:
    shares = counts / counts.sum()
    independent = shares.sum(1, keepdims=True) * shares.sum(0)
    there = shares > 0
    return float(np.sum(shares[there] * np.log(shares[there] / independent[there])))


def _entropy(counts: np.ndarray) -> float:
    shares = counts / counts.sum()
    return float(-np.sum(shares * np.log(shares)))
