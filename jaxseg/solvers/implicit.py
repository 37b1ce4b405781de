"""What the derivatives of all solvers at their fixed point share: two linear systems.

A small change of a plan T [K, N] under two marginals is governed by the changes f [1, N] and
g [K, 1] of its scalings, through the symmetric system

    (1 + a) r f + T'g = rows        r, c: row and column sums of T
    T f' + (1 + b) c g = columns    a, b: epsilon / lambda of a relaxed marginal, 0 of a hard one.

Leaving out f leaves K unknowns, whatever N is. Where a solver's objective has a structure term
besides, the method of conjugate gradients adds what that changes.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from jaxseg.solvers.reductions import sum_over_clusters

DERIVATIVES = ("unrolled", "implicit")


def require_derivative(derivative: str) -> None:
    """Raises ValueError unless the way to differentiate is a known one."""
    if derivative not in DERIVATIVES:
        raise ValueError(f'derivative must be "unrolled" or "implicit", got {derivative!r}')


class Coupling(NamedTuple):
    """The system above for one plan, its K x K part inverted."""

    plan: jax.Array  # [K, N]
    rows: jax.Array  # [1, N], (1 + a) r
    columns: jax.Array  # [K, 1], (1 + b) c
    inverse: jax.Array  # [K, K]

    def product(self, f, g):
        """The left side of the system, [1, N] and [K, 1]."""
        rows = self.rows * f + _matmul(g.T, self.plan)
        return rows, self.columns * g + _matmul(self.plan, f.T)

    def scalings(self, rows, columns):
        """f [1, N] and g [K, 1] of the right side; 0 on rows and columns without mass."""
        weights = _reciprocal(self.rows)
        g = _matmul(self.inverse, columns - _matmul(self.plan, (weights * rows).T))
        return weights * (rows - _matmul(g.T, self.plan)), g


def couple(plan: jax.Array, row_slack, column_slack) -> Coupling:
    """The system of a plan [K, N] >= 0.

    Args:
        row_slack, column_slack: a and b, >= 0. Where both are 0, f + 1 and g - 1 is as good as
            f and g; one cluster of each connected part then has g = 0.
    """
    rows, columns = sum_over_clusters(plan), plan.sum(1, keepdims=True)
    weights = _reciprocal((1 + row_slack) * rows)
    inverse = _inverse(
        links=_matmul(plan * weights, plan.T),
        excess=columns * (column_slack + row_slack / (1 + row_slack)),
        smallest=jnp.finfo(plan.dtype).eps * columns[:, 0],
    )
    return Coupling(plan, (1 + row_slack) * rows, (1 + column_slack) * columns, inverse)


def _inverse(links, excess, smallest) -> jax.Array:
    """Inverse of the matrix with -links [K, K] off the diagonal and row sums excess [K, 1].

    Gauss and Jordan's elimination without a subtraction (Grassmann, Taksar, Heyman 1985): no
    digit is lost where a plan is all but decided and its links are tiny. A cluster whose pivot
    is not above `smallest` [K], having no mass or no link to a later one, gets zeros. LAPACK's
    solvers are avoided: two at once can wait for each other forever on XLA's CPU threads.
    """
    size = len(links)
    places = jnp.arange(2 * size + 1)

    def eliminate(k, table):
        row = jnp.where(places > k, table[k], 0)  # later clusters, excess, right side
        pivot = row[: size + 1].sum()
        linked = pivot > smallest[k]
        row = jnp.where(linked, row / jnp.where(linked, pivot, 1), 0)
        return (table + table[:, k, None] * row).at[k].set(row)

    table = jnp.concatenate([links, excess, jnp.eye(size, dtype=links.dtype)], axis=1)
    return lax.fori_loop(0, size, eliminate, table)[:, size + 1 :]


def conjugate_gradients(operator, right, precondition, inner, num_steps: int):
    """Solves operator(x) = right approximately, for an operator that `inner` finds symmetric.

    Ends early, without leaving the loop, at a direction of no positive curvature (Steihaug
    1983) and where the residual has reached rounding: then x stays what it was.

    Args:
        operator: a linear function of arrays like `right`.
        precondition: maps a residual to a direction in the space in which x is sought, and to
            the residual without its part across that space, whose rounding errors would
            otherwise soon be larger than what is left (Gould, Hribar and Nocedal 2001).
        inner: the product of two arrays, a number.
        num_steps: static.

    Returns:
        x and the number of steps taken, int32.
    """
    smallest = jnp.finfo(right.dtype).eps ** 2

    def body(_, state):
        x, residual, direction, energy, steps, going = state
        image = operator(direction)
        curvature = inner(direction, image)
        going &= (curvature > 0) & (energy > smallest * energy_at_start)
        step = jnp.where(going, energy / jnp.where(going, curvature, 1), 0)
        better, remaining = precondition(residual - step * image)
        left = inner(remaining, better)
        turned = better + left / jnp.where(going, energy, 1) * direction
        new = x + step * direction, remaining, turned, left, steps + 1
        old = x, residual, direction, energy, steps
        return *(jnp.where(going, a, b) for a, b in zip(new, old, strict=True)), going

    direction, residual = precondition(right)
    energy_at_start = inner(residual, direction)
    counts = jnp.zeros((), jnp.int32), jnp.ones((), bool)
    start = jnp.zeros_like(right), residual, direction, energy_at_start, *counts
    x, _, _, _, steps, _ = lax.fori_loop(0, num_steps, body, start)
    return x, steps


def _reciprocal(sums):
    positive = sums > 0
    return jnp.where(positive, 1 / jnp.where(positive, sums, 1), 0)


def _matmul(a, b):
    return jnp.matmul(a, b, precision=lax.Precision.HIGHEST)
