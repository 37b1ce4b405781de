"""Entropic optimal transport by Sinkhorn's algorithm in the log domain, hard or relaxed.

`Solution` is what every solver of a transport problem returns, `fugw.solve` included.
"""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from jaxseg.solvers import checks
from jaxseg.solvers.implicit import DERIVATIVES, attach_scalings
from jaxseg.solvers.reductions import log_sums

DEFAULT_TOLERANCE = 1e-3  # judges `converged` where no tolerance stops the updates


class Solution(NamedTuple):
    """A transport plan and the record of its computation; a pytree of arrays.

    Not converging is data, never an exception: under `jit` and `vmap` it is the caller who
    looks at `converged`.

    Attributes:
        plan: [N, K], scaled so that a valid row whose marginal is hard sums to it (1 by
            default); 0 on masked rows and columns.
        objective: [num_iterations + 1] for `fugw.solve`, the objective before each step and at
            the end; [num_iterations] for `sinkhorn.solve`, the dual objective after each round.
        row_error: largest |row sum - row marginal|, in units of the mean marginal.
        column_error: the same for columns.
        converged: bool, whether the last step changed less than the tolerance; False where a hard
            marginal asks for mass in a row or column whose entries are all forbidden.
        num_iterations: int32, steps taken before the tolerance stopped the updates.
    """

    plan: jax.Array
    objective: jax.Array
    row_error: jax.Array
    column_error: jax.Array
    converged: jax.Array
    num_iterations: jax.Array


def solve(
    cost: jax.Array,
    *,
    mask: jax.Array | None = None,
    cluster_mask: jax.Array | None = None,
    epsilon: jax.Array | float,
    prior: jax.Array | None = None,
    row_marginal: jax.Array | None = None,
    column_marginal: jax.Array | None = None,
    lambda_rows: jax.Array | float | None = None,
    lambda_columns: jax.Array | float | None = None,
    num_iterations: int = 100,
    tolerance: jax.Array | float | None = None,
    derivative: str = "unrolled",
) -> Solution:
    """Minimizes <cost, T> + eps KL(T | prior) over plans T with the given marginals.

    A relaxed marginal adds lambda KL(marginal of T | marginal) instead of holding exactly
    (Chizat et al. 2016). One round updates the columns, then the rows: hard row sums are exact
    after any number of rounds. At `prior=1` and hard marginals this is Cuturi (2013); with
    TOT's temporal prior its Eq. 6, with CASE's rank prior its Eq. 11.

    Args:
        cost: [N, K]; inf forbids an entry, as `prior=0` does. What stands on masked rows and
            columns does not matter, NaN included. In half precision it is solved in float32.
        mask: [N] bool, the valid rows (default: all).
        cluster_mask: [K] bool, the valid columns (default: all).
        epsilon: weight of the entropy, .001 to 10.
        prior: [N, K], >= 0, multiplies the kernel exp(-cost / eps); 0 forbids an entry.
        row_marginal: [N], default ones over valid rows.
        column_marginal: [K], default (valid rows / valid columns).
        lambda_rows, lambda_columns: None is a hard marginal, a number > 0 the KL penalty.
        num_iterations: rounds, static.
        tolerance: stop updating once a round changes no column's log scaling by more than this.
        derivative: "unrolled" differentiates the rounds, and so keeps them all in memory;
            "implicit" has the derivative of their limit instead (`implicit.attach_scalings`),
            exact once they have converged, in memory that does not grow with their number. It
            reaches the plan and the last objective; those before it carry none.

    Returns:
        A `Solution`; `objective` is the dual objective after each round, which never falls,
        and `converged` compares the last change of the log scalings with the tolerance
        (1e-3 where none is given).

    Raises:
        ValueError: for shapes that do not fit, for known numbers and costs out of the range that
            `checks` states, for weights known to be negative or not finite, and for another
            derivative.
    """
    checks.require_choice("derivative", derivative, *DERIVATIVES)
    penalties = {"lambda_rows": lambda_rows, "lambda_columns": lambda_columns}
    checks.require("positive", epsilon=epsilon, **penalties)
    checks.require_counts(num_iterations=num_iterations)
    least = checks.least_cost(epsilon, lambda_rows, lambda_columns)
    cost, mask, cluster_mask = checks.as_problem(cost, mask, cluster_mask, least, forbids=True)
    # In the order of the fields of `Numbers`.
    numbers = epsilon, prior, row_marginal, column_marginal, lambda_rows, lambda_columns
    numbers = Numbers(*checks.as_numbers(cost, *numbers))
    checks.require_shape("prior", numbers.prior, cost.shape, cost)
    checks.require_shape("row_marginal", numbers.row_marginal, mask.shape, cost)
    checks.require_shape("column_marginal", numbers.column_marginal, cluster_mask.shape, cost)
    if prior is not None:
        given = numbers.prior, mask, cluster_mask
        checks.require_entries("prior", *given, "finite and not negative", checks.is_weight)
    checks.require_marginal("row_marginal", numbers.row_marginal, mask)
    checks.require_marginal("column_marginal", numbers.column_marginal, cluster_mask)
    return _solve(cost, mask, cluster_mask, numbers, tolerance, num_iterations, derivative)


class Numbers(NamedTuple):
    """The arguments of `solve` in the cost's precision, as they were given."""

    epsilon: jax.Array
    prior: jax.Array | None
    row_marginal: jax.Array | None
    column_marginal: jax.Array | None
    lambda_rows: jax.Array | None
    lambda_columns: jax.Array | None


class _Side(NamedTuple):
    """One marginal: its numbers, their logarithm, and the part of an error that a round removes."""

    marginal: jax.Array
    log_marginal: jax.Array
    strength: jax.Array | float
    penalty: jax.Array | float | None

    def is_met(self, sums: jax.Array) -> jax.Array:
        """Whether there is mass, or it may be missing, wherever the marginal asks for some."""
        if self.penalty is not None:
            return jnp.ones((), bool)
        return jnp.all((sums > 0) | ~(self.marginal > 0))

    def dual(self, log_scaling: jax.Array, epsilon) -> jax.Array:
        """This side's part of the dual objective."""
        if self.penalty is None:
            mass = jnp.where(self.marginal > 0, self.marginal * log_scaling, 0)
            return epsilon * jnp.sum(mass)
        # expm1: at a penalty far above epsilon exp would round the difference from 1 away.
        decay = -jnp.expm1(self._log_excess(log_scaling, epsilon))
        return self.penalty * jnp.sum(jnp.where(self.marginal > 0, self.marginal * decay, 0))

    def mass(self, log_scaling: jax.Array, epsilon) -> jax.Array:
        """Mass of each row or column after the round that updated it."""
        if self.penalty is None:
            return self.marginal
        excess = jnp.exp(self._log_excess(log_scaling, epsilon))
        return jnp.where(self.marginal > 0, self.marginal * excess, 0)

    def _log_excess(self, log_scaling, epsilon):
        """log(mass / marginal), cut where negative costs draw more mass than a float can hold."""
        most = jnp.log(jnp.finfo(log_scaling.dtype).max) / 2  # so that a sum of many is finite
        finite = jnp.where(self.marginal > 0, log_scaling, 0)
        return jnp.minimum(-epsilon * finite / self.penalty, most)


def _side(marginal, default, mask, penalty, epsilon) -> _Side:
    """A marginal with what the rounds need of it; `default` where none is given."""
    marginal = default if marginal is None else marginal
    marginal = jnp.where(mask, marginal, 0)
    positive = marginal > 0
    log_marginal = jnp.where(positive, jnp.log(jnp.where(positive, marginal, 1)), -jnp.inf)
    strength = 1.0 if penalty is None else penalty / (penalty + epsilon)
    return _Side(marginal, log_marginal, strength, penalty)


@functools.partial(jax.jit, static_argnames=("num_iterations", "derivative"))
def _solve(
    cost, mask, cluster_mask, numbers: Numbers, tolerance, num_iterations: int, derivative: str
) -> Solution:
    """Solves a problem whose arguments were checked; always compiled as a whole."""
    epsilon, prior, row_marginal, column_marginal, lambda_rows, lambda_columns = numbers
    # Not below infinity but unlike it: NaN has to stay NaN.
    valid = cluster_mask[:, None] & mask[None, :] & ~jnp.isposinf(cost.T)
    log_kernel = -jnp.where(valid, cost.T, 0) / epsilon
    if prior is not None:
        valid &= jnp.where(valid, prior.T, 0) > 0
        log_kernel += jnp.log(jnp.where(valid, prior.T, 1))
    log_kernel = jnp.where(valid, log_kernel, -jnp.inf)

    frames, clusters = mask.sum(), jnp.maximum(cluster_mask.sum(), 1)
    each = jnp.asarray(frames / clusters, cost.dtype)
    rows = _side(row_marginal, jnp.ones((), cost.dtype), mask, lambda_rows, epsilon)
    columns = _side(column_marginal, each, cluster_mask, lambda_columns, epsilon)
    problem = log_kernel, rows, columns, epsilon
    if derivative == "unrolled":
        scalings, record = _iterate(*problem, num_iterations, tolerance)
    else:
        scalings, record = _iterate(*lax.stop_gradient(problem), num_iterations, tolerance)
        scalings, record = _differentiable(*problem, scalings, record)
    return _solution(*problem, scalings, record, tolerance)


def _iterate(log_kernel, rows, columns, epsilon, num_iterations, tolerance):
    """The log scalings of rows and columns; objectives, changes and the number of rounds."""

    def one_round(state, _):
        row_scaling, column_scaling, done, count = state
        # Columns before rows: what comes last holds exactly after any number of rounds, and it is
        # the rows that have to, being frames that get a label each.
        mass = log_sums(log_kernel + row_scaling[None, :], axis=1)[:, 0]
        new_columns = _scaling(columns.log_marginal, mass, columns.strength)
        mass = log_sums(log_kernel + new_columns[:, None], axis=0)[0]
        new_rows = _scaling(rows.log_marginal, mass, rows.strength)
        difference = jnp.abs(new_columns - column_scaling)  # not a number where masked
        change = jnp.max(jnp.where(jnp.isfinite(difference), difference, 0))
        # Rounds after the stop are computed and dropped: a loop that ended would, under vmap,
        # end when the slowest problem of the batch does.
        new_rows = jnp.where(done, row_scaling, new_rows)
        new_columns = jnp.where(done, column_scaling, new_columns)
        dual = _dual(rows, columns, epsilon, new_rows, new_columns)
        stop = done if tolerance is None else done | (change <= tolerance)
        state = (new_rows, new_columns, stop, count + ~done)
        return state, (dual, jnp.where(done, 0, change))

    start = (
        jnp.zeros(log_kernel.shape[1], log_kernel.dtype),
        jnp.zeros(log_kernel.shape[0], log_kernel.dtype),
        jnp.zeros((), bool),
        jnp.zeros((), jnp.int32),
    )
    state, (objective, changes) = lax.scan(one_round, start, length=num_iterations)
    return state[:2], (objective, changes, state[3])


def _scaling(log_marginal: jax.Array, log_mass: jax.Array, strength) -> jax.Array:
    """Log scaling that meets a marginal, wholly or in part; 0 where no mass can arrive."""
    reachable = jnp.isfinite(log_mass)
    return strength * jnp.where(reachable, log_marginal - jnp.where(reachable, log_mass, 0), 0)


def _dual(rows: _Side, columns: _Side, epsilon, row_scaling, column_scaling) -> jax.Array:
    """The dual objective after a round."""
    plan_mass = jnp.sum(rows.mass(row_scaling, epsilon))  # rows come last: the plan has their sums
    dual = rows.dual(row_scaling, epsilon) + columns.dual(column_scaling, epsilon)
    return dual - epsilon * plan_mass


def _differentiable(log_kernel, rows, columns, epsilon, scalings, record):
    """The scalings and the last objective with the derivatives of the fixed point."""
    log_marginals = rows.log_marginal, columns.log_marginal
    penalties = rows.penalty, columns.penalty
    slacks = tuple(None if penalty is None else epsilon / penalty for penalty in penalties)
    scalings = attach_scalings(scalings, log_kernel, log_marginals, slacks)
    objective, *rest = record
    return scalings, (objective.at[-1].set(_dual(rows, columns, epsilon, *scalings)), *rest)


def _solution(log_kernel, rows, columns, epsilon, scalings, record, tolerance) -> Solution:
    """The plan of the scalings, its errors, and the record of the rounds."""
    (row_scaling, column_scaling), (objective, changes, count) = scalings, record
    shares = _row_shares(log_kernel + column_scaling[:, None])
    plan = shares * rows.mass(row_scaling, epsilon)
    is_met = rows.is_met(plan.sum(0)) & columns.is_met(plan.sum(1))
    limit = DEFAULT_TOLERANCE if tolerance is None else tolerance
    return Solution(
        plan=plan.T,
        objective=objective,
        row_error=_error(plan.sum(0), rows.marginal),
        column_error=_error(plan.sum(1), columns.marginal),
        converged=(changes[-1] <= limit) & is_met,
        num_iterations=count,
    )


def _row_shares(log_plan: jax.Array) -> jax.Array:
    """A plan over its row sums, [K, N]; 0 where nothing can arrive.

    The plan is these times the rows' mass, and not the exponential of a sum of scalings: at
    10^9 times epsilon float32 knows no digit of theirs behind the point.
    """
    reachable = jnp.isfinite(log_plan.max(0))
    # 0 in place of -inf before the softmax, which would have NaN for a derivative.
    shares = jax.nn.softmax(jnp.where(reachable, log_plan, 0), axis=0)
    return jnp.where(reachable, shares, 0)


def _error(sums: jax.Array, marginal: jax.Array) -> jax.Array:
    """Largest deviation from a marginal, in units of its mean over positive entries."""
    mean = jnp.sum(marginal) / jnp.maximum(jnp.sum(marginal > 0), 1)
    return jnp.max(jnp.abs(sums - marginal)) / jnp.where(mean > 0, mean, 1)
