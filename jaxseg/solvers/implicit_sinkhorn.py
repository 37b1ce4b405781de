"""The derivative of Sinkhorn's scalings at their fixed point (implicit function theorem).

With log T = log_kernel + f + g, the fixed point is where, row by row and column by column,

    a f + log rowsum(T) = log row_marginal,    b g + log columnsum(T) = log column_marginal,

a = epsilon / lambda_rows and b = epsilon / lambda_columns, 0 where a marginal is hard (Chizat
et al. 2016). Its linearisation is the system of `implicit.Coupling`.
"""

import jax
import jax.numpy as jnp
from jax import lax

from jaxseg.solvers.implicit import couple


@jax.custom_jvp
def attach(scalings, log_kernel, log_marginals, slacks):
    """The scalings themselves, with the derivative of the fixed point.

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


@attach.defjvp
def _attach_jvp(primals, tangents):
    scalings = attach(*primals)  # itself: its own derivative is this rule once more
    _, log_kernel, log_marginals, slacks = primals
    _, kernel_change, marginal_changes, slack_changes = tangents
    plan = _plan(scalings, log_kernel, log_marginals, slacks)
    f, g = (jnp.where(jnp.isfinite(scaling), scaling, 0) for scaling in scalings)
    moved = plan * kernel_change
    rows = _asked(plan.sum(0), f, marginal_changes[0], slack_changes[0]) - moved.sum(0)
    columns = _asked(plan.sum(1), g, marginal_changes[1], slack_changes[1]) - moved.sum(1)
    if all(slack is None for slack in slacks):
        mass = plan.sum(1)
        total = mass.sum()
        columns -= mass * (columns.sum() - rows.sum()) / jnp.where(total > 0, total, 1)
    return scalings, _solve(plan, slacks, rows, columns)


def _plan(scalings, log_kernel, log_marginals, slacks):
    """T [K, N]: each row's shares, times its mass; see `sinkhorn._row_shares`."""
    log_shares = log_kernel + scalings[1][:, None]
    reachable = jnp.isfinite(log_shares.max(0))
    shares = jax.nn.softmax(jnp.where(reachable, log_shares, 0), axis=0)
    slack = 0.0 if slacks[0] is None else slacks[0]
    log_mass = log_marginals[0] - slack * jnp.where(reachable, scalings[0], 0)
    return jnp.where(reachable, shares * jnp.exp(log_mass), 0)


def _asked(sums, scaling, marginal_change, slack_change):
    """What one side's new marginal and slack ask of the plan's sums."""
    asked = sums * marginal_change
    return asked if slack_change is None else asked - sums * scaling * slack_change


def _solve(plan, slacks, rows, columns):
    coupling = couple(plan, *(0.0 if slack is None else slack for slack in slacks))
    f, g = lax.custom_linear_solve(
        lambda scalings: coupling.product(*scalings),
        (rows[None, :], columns[:, None]),
        solve=lambda _, right: coupling.scalings(*right),
        symmetric=True,
    )
    return f[0], g[:, 0]
