"""LinPro: the curve over time whose contrasts are the scores of given instances (GauFuse).

For M instances of one class on T snippets (Zhou et al., CVPR 2023):

    minimize  sum_t p_t   subject to   A p = q,   0 <= p <= 1,

where row k of A is +1 inside instance k, -1 on its flanks and 0 elsewhere, and q are its scores.
Many curves are optimal, and which one is taken decides the method. Their analytic center, where
sum_t log p_t (1 - p_t) is greatest, spreads the score of a lone instance evenly over it.
"""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from scipy.optimize import linprog

from jaxseg.solvers import checks
from jaxseg.solvers.interior_point import Problem, follow

MODES = ("spread", "vertex", "mean")
NUM_ITERATIONS = 60
TOLERANCE = 1e-4
FLANK, EXPONENT = 0.0785, 0.9  # an instance of L snippets has flanks of .0785 L^.9 on each side


class LinearProgram(NamedTuple):
    """A curve and the record of its computation; a pytree of arrays.

    Scores that no curve has are data, not an exception: the nearest that some curve has, in
    least squares over the rows, take their place, and `num_unmet` counts the rows they miss.

    Attributes:
        p: [T], in [0, 1]; 0 on masked snippets and on those that no valid row touches.
        objective: sum of p.
        residual: largest |A p - q| of the valid rows, as the mode has them.
        num_unmet: int32, valid rows with |A p - q| beyond the tolerance, or not a number.
        feasible: bool, whether there are none.
        converged: bool, whether the path ended before the iterations were used up.
        num_iterations: int32, steps taken.
    """

    p: jax.Array
    objective: jax.Array
    residual: jax.Array
    num_unmet: jax.Array
    feasible: jax.Array
    converged: jax.Array
    num_iterations: jax.Array


def solve(
    A: jax.Array,
    q: jax.Array,
    *,
    mode: str = "spread",
    row_mask: jax.Array | None = None,
    mask: jax.Array | None = None,
    num_iterations: int = NUM_ITERATIONS,
    tolerance: jax.Array | float = TOLERANCE,
) -> LinearProgram:
    """Minimizes sum p subject to A p = q and 0 <= p <= 1, in O(M^2 T + M^3) a step.

    Args:
        A: [M, T], any numbers; see `interval_rows`. What stands in masked rows and columns does
            not matter, NaN included.
        q: [M], scores of any sign.
        mode: "spread": the analytic center of the optimal curves, to about the square root of
            the precision relative to a typical p; "mean": the same once the positive and the
            negative part of each row are divided by their sums, so that q is a difference of
            means and near the plateau of a lone instance; "vertex": an optimal curve with no
            more than M snippets strictly between 0 and 1, by SciPy's HiGHS on the host, for
            known arrays only: not under jit or vmap.
        row_mask: [M] bool, valid instances.
        mask: [T] bool, valid snippets.
        num_iterations: most steps of each of two phases, static: the first looks for scores that
            can be met, the second for the curve. Without vmap, steps after the last one needed
            are skipped.
        tolerance: a row is met within this share of the largest |q|. Where no curve has all
            scores, float32 finds the nearest ones to 3e-4 of it (seen at 4,000 snippets) and not to
            the default of 1e-4, as the first phase's barrier ends below what float32 resolves:
            `num_unmet` may then count rows that float64 does not. Scores that can be met are not
            concerned.

    Returns:
        A `LinearProgram`, in float64 for float64 arrays and in float32 otherwise.

    Raises:
        ValueError: for shapes that do not fit, an unknown mode, known numbers that are not
            finite or out of range, and "vertex" for traced arrays.
    """
    _check(mode, num_iterations, tolerance)
    A = checks.as_array("A", A, "instances, snippets")
    row_mask = checks.as_mask("row_mask", row_mask, A.shape[0])
    mask = checks.as_mask("mask", mask, A.shape[1])
    A = checks.where_valid("A", A, row_mask[:, None] & mask)
    q = checks.as_vector("q", q, row_mask).astype(A.dtype)
    if mode == "vertex":
        return _vertex(A, q, num_iterations, tolerance)
    return _spread(A, q, mask.astype(A.dtype), mode, num_iterations, tolerance)


def solve_intervals(
    start: jax.Array,
    end: jax.Array,
    q: jax.Array,
    num_snippets: int,
    *,
    length: jax.Array | int | None = None,
    row_mask: jax.Array | None = None,
    mode: str = "spread",
    num_iterations: int = NUM_ITERATIONS,
    tolerance: jax.Array | float = TOLERANCE,
    compat: str = "",
) -> LinearProgram:
    """`solve` of `interval_rows` without their M x T numbers, in O(M^3) a step.

    Between two neighboring borders all snippets are inside and on the flanks of the same
    instances, and the center gives them the same value: 4 M + 1 columns at most, whatever T.
    "vertex" does not, and takes all T columns.

    Args:
        start: [M], in snippets, fractions allowed.
        end: [M], not before `start`.
        q: [M], scores of any sign.
        num_snippets: T, static.
        length: valid snippets, the first ones, may be traced; all of them by default.
        row_mask, mode, num_iterations, tolerance: as for `solve`.
        compat: as for `interval_rows`.

    Returns:
        A `LinearProgram`, in float64 for borders in float64 and in float32 otherwise.

    Raises:
        ValueError: as for `solve` and `interval_rows`.
    """
    _check(mode, num_iterations, tolerance)
    checks.require("positive", num_snippets=num_snippets)
    length = checks.as_length(length, num_snippets)
    if mode == "vertex":
        A = interval_rows(start, end, num_snippets, length=length, row_mask=row_mask, compat=compat)
        limits = {"num_iterations": num_iterations, "tolerance": tolerance}
        return solve(A, q, mode=mode, row_mask=row_mask, **limits)
    borders = _find_borders(start, end, length, row_mask=row_mask, compat=compat)
    row_mask = checks.as_mask("row_mask", row_mask, len(borders.start))
    q = checks.as_vector("q", q, row_mask).astype(borders.start.dtype)

    starts = _group_starts(borders, num_snippets)
    count = jnp.diff(jnp.minimum(starts, length), append=length)
    solved = _spread(borders.contrast(starts), q, count, mode, num_iterations, tolerance)
    snippets = jnp.arange(num_snippets)
    group = jnp.searchsorted(starts, snippets.astype(starts.dtype), side="right") - 1
    return solved._replace(p=jnp.where(snippets < length, solved.p[group], 0))


def interval_rows(
    start: jax.Array,
    end: jax.Array,
    num_snippets: int,
    *,
    length: jax.Array | int | None = None,
    row_mask: jax.Array | None = None,
    compat: str = "",
) -> jax.Array:
    """A [M, T] of instances: +1 on [s, e), -1 on [s - w, s) and on [e, e + w), 0 elsewhere.

    s and e are the borders rounded down and w is .0785 (e - s)^.9 rounded up; what is beyond the
    video is cut off. An instance without a snippet has no flanks either.

    Args:
        start: [M], in snippets, fractions allowed.
        end: [M], not before `start`.
        num_snippets: T, static.
        length: valid snippets, the first ones, may be traced; all of them by default.
        row_mask: [M] bool, valid instances; others have rows of zeros, NaN or not.
        compat: "gaufuse" repeats the authors' program (zhou745/GauFuse_WSTAL), where the last
            snippet of a video is on nobody's flank.

    Returns:
        [M, T], float64 for borders in float64 and float32 otherwise; 0 beyond `length`.

    Raises:
        ValueError: for shapes that do not fit, known borders that are not finite or end before
            they start, and an unknown compat.
    """
    checks.require("positive", num_snippets=num_snippets)
    length = checks.as_length(length, num_snippets)
    borders = _find_borders(start, end, length, row_mask=row_mask, compat=compat)
    return borders.contrast(jnp.arange(num_snippets))


class _Borders(NamedTuple):
    """Whole borders of each instance and of its flanks, [M] each, in [0, number of snippets]."""

    outer_start: jax.Array
    start: jax.Array
    end: jax.Array
    outer_end: jax.Array

    def contrast(self, snippets: jax.Array) -> jax.Array:
        """+1 inside, -1 on a flank and 0 elsewhere: [M, G] for the snippets [G]."""
        after = [snippets >= border[:, None] for border in self]
        inside, around = after[1] & ~after[2], after[0] & ~after[3]
        return jnp.where(inside, 1, jnp.where(around, -1, 0)).astype(self.start.dtype)


def _find_borders(start, end, length, *, row_mask=None, compat: str = "") -> _Borders:
    """_Borders as `interval_rows` describes them; all four are equal where there is no instance."""
    checks.require_choice("compat", compat, "", "gaufuse")
    start = checks.as_array("start", start, "instances")
    row_mask = checks.as_mask("row_mask", row_mask, len(start))
    start = checks.where_valid("start", start, row_mask)
    end = checks.as_vector("end", end, row_mask)
    if checks.is_known(start, end) and (wrong := np.asarray(end) < np.asarray(start)).any():
        first = wrong.argmax()
        raise ValueError(f"instance {first} ends at {end[first]}, before its start {start[first]}")
    start, end = jnp.floor(start), jnp.floor(end)
    width = jnp.ceil(FLANK * jnp.maximum(end - start, 0) ** EXPONENT)
    last_flank = length - 1 if compat else length
    outer_end = jnp.clip(end + width, 0, last_flank)
    return _Borders(*(jnp.clip(each, 0, length) for each in (start - width, start, end)), outer_end)


def _group_starts(borders: _Borders, num_snippets: int) -> jax.Array:
    """First snippets of runs in which no row changes, ascending [G], G = min(4 M + 1, T).

    Equal ones are empty runs, of which the last is not.
    """
    if 4 * len(borders.start) + 1 >= num_snippets:
        return jnp.arange(num_snippets, dtype=borders.start.dtype)
    return jnp.sort(jnp.concatenate([jnp.zeros_like(borders.start[:1]), *borders]))


@functools.partial(jax.jit, static_argnames=("mode", "num_iterations"))
def _spread(A, q, count, mode, num_iterations, tolerance) -> LinearProgram:
    """The center, of columns [G] that stand `count` times each; p is [G]."""
    count = jnp.where((A != 0).any(0), count, 0)
    A = _means(A, count) if mode == "mean" else A
    with jax.default_matmul_precision("highest"):
        # Smaller scores than these are 0: their barrier, about their square, would underflow.
        q = jnp.where(jnp.abs(q).max() <= jnp.finfo(A.dtype).tiny ** 0.4, 0, q)
        nearest = _nearest(A, q, count)
        first = follow(nearest, num_iterations)
        reached = jnp.abs(nearest.residual(first.p)).max() <= nearest.tolerance
        # Scores that can be met are taken as they are, without the first phase's rounding.
        target = jnp.where(reached, q, A @ (count * first.p))
        point = follow(_cheapest(A, target, count), num_iterations)
        # With all scores 0 the curve is 0, exactly; the barrier would leave it a little above.
        p = jnp.where((count > 0) & (q != 0).any(), jnp.clip(point.p, 0, 1), 0)
        steps = first.num_steps + point.num_steps
        return _result(p, A @ (count * p) - q, count, q, tolerance, point.done, steps)


def _means(A, count) -> jax.Array:
    """The positive and the negative part of each row, divided by their sums over all columns."""

    def mean(part):
        return part / _or_one(part @ count)[:, None]

    return mean(jnp.maximum(A, 0)) - mean(jnp.maximum(-A, 0))


def _nearest(A, q, count) -> Problem:
    """The scores nearest to q that some curve has; ends once all are met to half the digits."""
    eps = float(jnp.finfo(A.dtype).eps)
    scale = _or_one(jnp.abs(q).max())
    level = jnp.minimum(0.25, scale / (jnp.abs(A) @ count).max())  # a typical p, inside the box
    return Problem(
        rows=A,
        count=count,
        target=q,
        cost=jnp.zeros_like(scale),
        slack=jnp.ones_like(q),
        level=level,
        barrier=0.1 * eps * scale * level,
        tolerance=eps**0.5 * scale,
    )


def _cheapest(A, target, count) -> Problem:
    """The curve of least mass among those with scores that can be met.

    The slack leaves a row d times its dual y beside its target, and y is about the inverse of the
    row's entries: d is a few units in the last place of the target, in units of these entries.
    """
    eps = float(jnp.finfo(A.dtype).eps)
    scale = _or_one(jnp.abs(target).max())
    nearest = _nearest(A, target, count)
    return nearest._replace(
        cost=jnp.ones_like(scale),
        slack=10 * eps * scale * _or_one(jnp.abs(A).max(1)),
        barrier=eps**0.5 * nearest.level,
    )


def _or_one(values) -> jax.Array:
    return jnp.where(values > 0, values, 1)


def _vertex(A, q, num_iterations, tolerance) -> LinearProgram:
    if not checks.is_known(A, q, tolerance):
        raise ValueError(
            'mode "vertex" runs SciPy on the host and takes no traced arrays: call it outside of '
            'jax.jit and jax.vmap, or choose "spread"'
        )
    rows = np.asarray(A, np.float64)
    solved = _simplex(rows, np.asarray(q, np.float64))
    if solved.x is None:  # no curve has these scores
        nearest = _spread(A, q, jnp.ones_like(A[0]), "spread", num_iterations, tolerance).p
        solved = _simplex(rows, rows @ np.asarray(nearest, np.float64))
    p = jnp.zeros_like(A[0]) if solved.x is None else jnp.asarray(np.clip(solved.x, 0, 1), A.dtype)
    steps = jnp.asarray(solved.nit, jnp.int32)
    count = jnp.ones_like(p)
    return _result(p, A @ p - q, count, q, tolerance, jnp.asarray(solved.status == 0), steps)


def _simplex(rows: np.ndarray, target: np.ndarray):
    return linprog(np.ones(rows.shape[1]), A_eq=rows, b_eq=target, bounds=(0, 1), method="highs-ds")


def _result(p, difference, count, q, tolerance, converged, steps) -> LinearProgram:
    off = jnp.abs(difference)
    num_unmet = jnp.sum(~(off <= tolerance * jnp.abs(q).max()), dtype=jnp.int32)
    return LinearProgram(p, count @ p, off.max(), num_unmet, num_unmet == 0, converged, steps)


def _check(mode, num_iterations, tolerance) -> None:
    checks.require_choice("mode", mode, *MODES)
    checks.require("positive", num_iterations=num_iterations)
    checks.require("not negative", tolerance=tolerance)
