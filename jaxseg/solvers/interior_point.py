"""Primal-dual interior points of linear programs over the box [0, 1], least squares included.

For rows A [M, G], columns that stand n times each, a target q and tolerances d > 0, the path is

    p(mu) = argmin  c sum_g n_g p_g + sum_k r_k^2 / (2 d_k) - mu sum_g n_g log p_g (1 - p_g),
            r = q - A (n p).

With c = 0 and d = 1 its end is a least-squares solution in the box; with c = 1 and d near 0 it is
the analytic center of the optimal face of min sum n p subject to A (n p) = q, wherever that has a
solution. Its conditions, for the dual y = r / d, are A'y + z - w = c, p z = mu, (1 - p) w = mu;
one Newton step on all of them takes one Cholesky factor of an M x M matrix.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jax.scipy.linalg import cho_solve

_NEAREST = 0.05  # share of the way to the box's border that a step leaves, so that p stays inside
_SHRINK = 0.1  # a full step aims at this share of the barrier's weight before it


class Problem(NamedTuple):
    """One phase's problem; `level` and `barrier` say where its path starts and ends."""

    rows: jax.Array  # A [M, G], 0 in rows and columns that are not there
    count: jax.Array  # n [G], 0 where a column is not there
    target: jax.Array  # q [M]
    cost: jax.Array  # c
    slack: jax.Array  # d [M]
    level: jax.Array  # p at the start
    barrier: jax.Array  # mu at the end
    tolerance: jax.Array  # a row off by this is as good as met

    def residual(self, p) -> jax.Array:
        return self.target - self.rows @ (self.count * p)


class Point(NamedTuple):
    """Where the path is; 1 - p is held beside p, for near 1 the difference would lose its digits.

    Attributes:
        p: [G].
        one_minus_p: [G].
        lower: [G], z, dual of p >= 0.
        upper: [G], w, dual of p <= 1.
        y: [M], dual of the rows.
        length: share of the last step that stayed inside the box.
        done: bool, whether the path has ended.
        num_steps: int32.
    """

    p: jax.Array
    one_minus_p: jax.Array
    lower: jax.Array
    upper: jax.Array
    y: jax.Array
    length: jax.Array
    done: jax.Array
    num_steps: jax.Array


def follow(problem: Problem, num_iterations: int) -> Point:
    """The end of the path, after at most that many steps: no `while_loop`, as vmap asks."""

    # `cond` skips the steps that are not needed; under vmap it becomes a choice and skips nothing.
    def step(_, point):
        return lax.cond(point.done, lambda point: point, lambda point: _step(problem, point), point)

    return lax.fori_loop(0, num_iterations, step, _start(problem))


def _start(problem: Problem) -> Point:
    """On the path of another target, with duals of the size that the cost or the target asks."""
    size = jnp.where(problem.cost > 0, problem.cost, jnp.abs(problem.target).max())
    p = jnp.full_like(problem.count, problem.level)
    lower = jnp.where(size > 0, size, 1) * jnp.ones_like(p)
    return Point(
        p=p,
        one_minus_p=1 - p,
        lower=lower,
        upper=lower * p / (1 - p),
        y=jnp.zeros_like(problem.target),
        length=jnp.full_like(problem.level, 0.5),
        done=~(problem.count > 0).any(),
        num_steps=jnp.zeros((), jnp.int32),
    )


def _step(problem: Problem, point: Point) -> Point:
    """One Newton step towards a smaller barrier, cut where it would leave the box."""
    p, one_minus_p, lower, upper, y, *_ = point
    mu = _next_barrier(problem, point)
    weight = 1 / (lower / p + upper / one_minus_p)
    force = problem.rows.T @ y - problem.cost + mu / p - mu / one_minus_p
    move_y = _dual_step(problem, point, weight, force)
    move = weight * (problem.rows.T @ move_y + force)
    move_lower = (mu - lower * move) / p - lower
    move_upper = (mu + upper * move) / one_minus_p - upper

    shrinking = jnp.stack([-move / p, move / one_minus_p, -move_lower / lower, -move_upper / upper])
    fastest = jnp.where(problem.count > 0, shrinking, 0).max()
    # One length for p and the duals: the rows' balance is linear in both together and shrinks by
    # 1 - length, with two lengths it would not.
    length = jnp.minimum(1, (1 - _NEAREST) / jnp.maximum(fastest, 0.5))
    p = p + length * move
    return Point(
        p=p,
        one_minus_p=one_minus_p - length * move,
        lower=lower + length * move_lower,
        upper=upper + length * move_upper,
        y=y + length * move_y,
        length=length,
        done=_is_met(problem, p) | (_is_last(problem, point, move, mu) & (length == 1)),
        num_steps=point.num_steps + 1,
    )


def _next_barrier(problem: Problem, point: Point) -> jax.Array:
    """Smaller than the mean of p z and (1 - p) w, the more so the freer the last step was."""
    gaps = point.p * point.lower + point.one_minus_p * point.upper
    mean = jnp.sum(problem.count * gaps) / (2 * jnp.maximum(problem.count.sum(), 1))
    return jnp.maximum(jnp.clip(1 - point.length, _SHRINK, 0.9) * mean, problem.barrier)


def _dual_step(problem: Problem, point: Point, weight, force) -> jax.Array:
    """Solves (A n D A' + d) dy = q - A (n p) - d y - A n D force for D = weight.

    The matrix is scaled to a diagonal of ones and a few units in the last place are added to it,
    without which equal rows have no factor; one step of refinement takes them off the solution.
    """
    weighted = problem.rows * (problem.count * weight)
    matrix = weighted @ problem.rows.T + jnp.diag(problem.slack)
    scale = lax.rsqrt(jnp.diag(matrix))
    ridge = 10 * jnp.finfo(matrix.dtype).eps * jnp.eye(len(matrix), dtype=matrix.dtype)
    factor = jnp.linalg.cholesky(scale[:, None] * matrix * scale + ridge)

    def solve(right):
        return scale * cho_solve((factor, True), scale * right)

    right = problem.residual(point.p) - problem.slack * point.y - weighted @ force
    step = solve(right)
    missing = right - weighted @ (problem.rows.T @ step) - problem.slack * step
    return step + solve(missing)


def _is_last(problem: Problem, point: Point, move, mu) -> jax.Array:
    """At the last barrier, rows in balance, by a step that moves p by a small share of itself.

    Newton's steps square that share: the fourth root of the precision is what the next one would
    bring down to its square root, the share of the barrier itself.
    """
    root = jnp.finfo(move.dtype).eps ** 0.25
    small = jnp.abs(move) <= root * (point.p + root**2 * problem.level)
    unbalanced = problem.residual(point.p) - problem.slack * point.y
    balanced = jnp.abs(unbalanced).max() <= problem.tolerance
    return (mu <= problem.barrier) & balanced & jnp.all(small | (problem.count == 0))


def _is_met(problem: Problem, p) -> jax.Array:
    """Whether p is a solution already: where nothing has a cost, any that meets the rows is."""
    return (problem.cost == 0) & (jnp.abs(problem.residual(p)).max() <= problem.tolerance)
