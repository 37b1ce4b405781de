"""Derivatives of solvers at their fixed point (implicit function theorem), and Sinkhorn's own.

A small change of a plan T [K, N] under two marginals is governed by the changes f [1, N] and
g [K, 1] of its scalings, through the symmetric system

    (1 + a) r f + T'g = rows        r, c: row and column sums of T
    T f' + (1 + b) c g = columns    a, b: epsilon / lambda of a relaxed marginal, 0 of a hard one.

Leaving out f leaves K unknowns, whatever N is: `Coupling`. It is the linearization of Sinkhorn's
fixed point (`attach_scalings`). Where a solver's objective has a structure term besides
(`fugw.implicit`), the method of conjugate gradients adds what that changes.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from jaxseg.solvers.reductions import matmul, sum_over_clusters

DERIVATIVES = ("unrolled", "implicit")


class Coupling(NamedTuple):
    """The system above for one plan, its K x K part inverted."""

    plan: jax.Array  # [K, N]
    rows: jax.Array  # [1, N], (1 + a) r
    columns: jax.Array  # [K, 1], (1 + b) c
    inverse: jax.Array  # [K, K]

    def product(self, f, g):
        """The left side of the system, [1, N] and [K, 1]."""
        rows = self.rows * f + matmul(g.T, self.plan)
        return rows, self.columns * g + matmul(self.plan, f.T)

    def scalings(self, rows, columns):
        """f [1, N] and g [K, 1] of the right side; 0 on rows and columns without mass."""
        weights = _reciprocal(self.rows)
        g = matmul(self.inverse, columns - matmul(self.plan, (weights * rows).T))
        return weights * (rows - matmul(g.T, self.plan)), g


def couple(plan: jax.Array, row_slack, column_slack) -> Coupling:
    """The system of a plan [K, N] >= 0.

    Args:
        row_slack, column_slack: a and b, >= 0. Where both are 0, f + 1 and g - 1 is as good as
            f and g; one cluster of each connected part then has g = 0.
    """
    rows, columns = sum_over_clusters(plan), plan.sum(1, keepdims=True)
    weights = _reciprocal((1 + row_slack) * rows)
    inverse = _inverse(
        links=matmul(plan * weights, plan.T),
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
        # Once it has ended it stays ended: after the last step all these numbers are rounding.
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
    # A fixed number of steps: under vmap a condition would hold for the whole batch.
    counts = jnp.zeros((), jnp.int32), jnp.ones((), bool)
    start = jnp.zeros_like(right), residual, direction, energy_at_start, *counts
    x, _, _, _, steps, _ = lax.fori_loop(0, num_steps, body, start)
    return x, steps


@jax.custom_jvp
def attach_scalings(scalings, log_kernel, log_marginals, slacks):
    """The scalings themselves, with the derivative of Sinkhorn's fixed point.

    With log T = log_kernel + f + g that is where, row by row and column by column,

        a f + log rowsum(T) = log row_marginal,    b g + log columnsum(T) = log column_marginal,

    a = epsilon / lambda_rows and b = epsilon / lambda_columns, 0 where hard (Chizat et al. 2016).

    Forward and reverse mode, of any order; memory and time do not depend on the iterations that
    led here. Of scalings that are not converged it is the derivative of a point close by. Hard
    marginals of unequal mass are taken as the iterations take them: rows hold, and columns
    share what there is in their proportions.

    Args:
        scalings: (f [N], g [K]), as the iterations left them; -inf where a marginal is 0.
        log_kernel: [K, N], -inf where an entry is forbidden.
        log_marginals: ([N], [K]), -inf where a marginal is 0.
        slacks: (a, b), None for a hard marginal.

    Returns:
        The scalings, f [N] and g [K].
    """
    return scalings


@attach_scalings.defjvp
def _attach_scalings_jvp(primals, tangents):
    scalings = attach_scalings(*primals)  # itself: its own derivative is this rule once more
    _, log_kernel, log_marginals, slacks = primals
    _, kernel_change, marginal_changes, slack_changes = tangents
    plan = _plan_of(scalings, log_kernel, log_marginals, slacks)
    f, g = (jnp.where(jnp.isfinite(scaling), scaling, 0) for scaling in scalings)
    moved = plan * kernel_change
    rows = _required_change(plan.sum(0), f, marginal_changes[0], slack_changes[0]) - moved.sum(0)
    columns = _required_change(plan.sum(1), g, marginal_changes[1], slack_changes[1]) - moved.sum(1)
    if all(slack is None for slack in slacks):
        # Two hard marginals of different mass have no plan: the columns share what the rows hold,
        # as in the iterations. Without this the system, which is singular, has no solution.
        mass = plan.sum(1)
        total = mass.sum()
        columns -= mass * (columns.sum() - rows.sum()) / jnp.where(total > 0, total, 1)
    return scalings, _solve_system(plan, slacks, rows, columns)


def _plan_of(scalings, log_kernel, log_marginals, slacks):
    """T [K, N]: each row's shares, times its mass; see `sinkhorn._row_shares` for the reason."""
    log_shares = log_kernel + scalings[1][:, None]
    reachable = jnp.isfinite(log_shares.max(0))
    shares = jax.nn.softmax(jnp.where(reachable, log_shares, 0), axis=0)
    slack = 0.0 if slacks[0] is None else slacks[0]
    # The scaling of a row whose marginal is 0 is -inf, and 0 times that is NaN.
    finite = jnp.where(reachable & jnp.isfinite(scalings[0]), scalings[0], 0)
    log_mass = log_marginals[0] - slack * finite
    return jnp.where(reachable, shares * jnp.exp(log_mass), 0)


def _required_change(sums, scaling, marginal_change, slack_change):
    """Change of one side's sums that its new marginal and slack require."""
    change = sums * marginal_change
    return change if slack_change is None else change - sums * scaling * slack_change


def _solve_system(plan, slacks, rows, columns):
    coupling = couple(plan, *(0.0 if slack is None else slack for slack in slacks))
    f, g = lax.custom_linear_solve(
        lambda scalings: coupling.product(*scalings),
        (rows[None, :], columns[:, None]),
        solve=lambda _, right: coupling.scalings(*right),
        symmetric=True,
    )
    return f[0], g[:, 0]


def _reciprocal(sums):
    """1 / sums, and 0 where there is no mass."""
    positive = sums > 0
    return jnp.where(positive, 1 / jnp.where(positive, sums, 1), 0)
