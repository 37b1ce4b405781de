"""Instances on a short video, padded to one shape, and their linear program by SciPy."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from hypothesis import strategies as st
from scipy.optimize import linprog, lsq_linear

from jaxseg.solvers import linear_program
from jaxseg.solvers.linear_program import interval_rows

INSTANCES, SNIPPETS = 12, 160  # the shape of all problems: every further one is compiled anew

seeds = st.integers(0, 2**32 - 1)


def random_instances(seed, num_instances=None, signed=False):
    """Start, end and score, float64 [M]; lengths of 2 to 40 snippets."""
    rng = np.random.default_rng(seed)
    count = num_instances or rng.integers(1, INSTANCES + 1)
    start = rng.uniform(0, SNIPPETS - 2, count)
    end = np.minimum(start + rng.uniform(2, 40, count), SNIPPETS)
    return start, end, rng.uniform(-0.3 if signed else 0.01, 0.5, count)


def chain(num_instances, num_snippets):
    """Instances in a row, each overlapping the next and its flanks."""
    start = np.arange(num_instances) * num_snippets / (num_instances + 0.5)
    end = np.minimum(start + 1.3 * num_snippets / (num_instances + 0.5), num_snippets)
    return start, end, np.linspace(0.2, 0.5, num_instances)


_rows = jax.jit(interval_rows, static_argnums=2)


def as_rows(start, end, num_snippets=SNIPPETS):
    """A [M, T] in float64 whatever JAX holds: entries are -1, 0 and 1."""
    row_mask = np.arange(INSTANCES) < len(start)
    borders = (np.resize(each, INSTANCES).astype(np.float32) for each in (start, end))
    rows = _rows(*borders, SNIPPETS, length=num_snippets, row_mask=row_mask)
    return np.asarray(rows, np.float64)[: len(start), :num_snippets]


def padded(A, q, dtype=np.float64):
    """A, q and the masks at the one shape; NaN in what is masked."""
    rows = np.full((INSTANCES, SNIPPETS), np.nan, dtype)
    rows[: A.shape[0], : A.shape[1]] = A
    scores = np.full(INSTANCES, np.nan, dtype)
    scores[: len(q)] = q
    return rows, scores, np.arange(INSTANCES) < A.shape[0], np.arange(SNIPPETS) < A.shape[1]


@functools.partial(jax.jit, static_argnames="mode")
def _solve(A, q, row_mask, mask, mode):
    return linear_program.solve(A, q, row_mask=row_mask, mask=mask, mode=mode)


def solve(A, q, dtype=np.float64, mode="spread"):
    """`linear_program.solve` in one compiled program; as NumPy, p without the padding."""
    with jax.enable_x64(dtype == np.float64):
        arrays = (jnp.asarray(each) for each in padded(A, q, dtype))
        solved = jax.tree.map(np.asarray, _solve(*arrays, mode))
    assert solved.p.dtype == dtype
    assert not solved.p[A.shape[1] :].any()
    return solved._replace(p=solved.p[: A.shape[1]].astype(np.float64))


def reference(A, q):
    """Nearest scores in least squares, and the least sum of p that has them."""
    result = lsq_linear(A, q, (0, 1), method="bvls", tol=1e-14, max_iter=2000)
    reached = q if np.abs(result.fun).max() < 1e-8 * np.abs(q).max() else A @ result.x
    best = linprog(np.ones(A.shape[1]), A_eq=A, b_eq=reached, bounds=(0, 1))
    assert best.status == 0
    return reached, best.fun
