"""ASOT's problem for one video, its objective and gradient, and the plan that they are taken at."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from jaxseg.solvers.reductions import masked_log, sum_over_clusters
from jaxseg.solvers.sliding_window import room_for, sum_neighbours


class Plan(NamedTuple):
    """T > 0 and what the gradient asks of it; `mass` is 0 and `log` finite where not valid."""

    raw: jax.Array  # [K, N], log T up to a number a frame or a cluster
    shift: jax.Array  # [1, N] or [K, 1], that number
    mass: jax.Array  # [K, N], T
    column_ratio: jax.Array  # [K, 1], log(K * mass of the cluster)
    row_ratio: jax.Array  # [1, N], log(N * mass of the frame)

    @property
    def log(self) -> jax.Array:
        """log T, [K, N]."""
        return self.raw - self.shift


class Problem(NamedTuple):
    """One video, clusters first; entries outside `valid` are 0 in `cost`."""

    cost: jax.Array  # [K, N]
    valid: jax.Array  # [K, N]
    frames: jax.Array  # N valid frames
    clusters: jax.Array  # K valid clusters
    width: jax.Array  # frames on either side within the radius
    near: jax.Array  # [1, N], the mass within it where every valid frame holds 1/N
    epsilon: jax.Array
    alpha: jax.Array
    height: jax.Array  # of the band Cv: 1 / r, or 0 where no frame is within the radius
    lambda_frames: jax.Array | None
    lambda_actions: jax.Array | None
    rows_hold: bool  # every plan on the way has row sums 1/N

    def structure(self, mass: jax.Array, room: jax.Array) -> tuple[jax.Array, jax.Array]:
        """Cv T Ca, [K, N], and the room that `sum_neighbours` worked in.

        T Ca is rowsum(T) - T, and the sliding window of the row sums is known where they hold.
        """
        near, bound = self.near, 1 / self.frames
        if not self.rows_hold:
            rows = sum_over_clusters(mass)
            bound = lax.stop_gradient(rows.max())
            near, _ = sum_neighbours(rows, self.width, room[:1], bound)
        same, room = sum_neighbours(mass, self.width, room, bound)
        return (near - same) * self.height, room

    def linear_cost(self, structure: jax.Array) -> jax.Array:
        """The part of dJ/dT that is not the entropy's or a penalty's."""
        return self.alpha * structure + (1 - self.alpha) * self.cost

    def gradient(self, plan: Plan, structure: jax.Array) -> jax.Array:
        """dJ/dT, [K, N]."""
        gradient = self.linear_cost(structure) + self.epsilon * plan.log
        for penalty, ratio in self._penalties(plan):
            gradient += penalty * (ratio + 1)
        return gradient

    def objective(self, plan: Plan, structure: jax.Array) -> jax.Array:
        """J(T)."""
        pointwise = 0.5 * self.alpha * structure + (1 - self.alpha) * self.cost
        pointwise += self.epsilon * (plan.log - 1)
        for penalty, ratio in self._penalties(plan):
            pointwise += penalty * ratio
        return jnp.sum(sum_over_clusters(plan.mass * pointwise))

    def curvature(self) -> jax.Array:
        """eps + lambda: no step should be longer than its inverse."""
        penalties = self.lambda_actions, self.lambda_frames
        return self.epsilon + sum(penalty for penalty in penalties if penalty is not None)

    def _penalties(self, plan):
        pairs = (self.lambda_actions, plan.column_ratio), (self.lambda_frames, plan.row_ratio)
        return [(penalty, ratio) for penalty, ratio in pairs if penalty is not None]


def mass_nearby(mask: jax.Array, frames: jax.Array, width: jax.Array, reach: int) -> jax.Array:
    """[1, N], `Problem.near`."""
    present = mask[None, :] / frames
    return sum_neighbours(present, width, room_for(present, reach), 1 / frames)[0]


def uniform(problem: Problem) -> Plan:
    """The start p q'."""
    log = jnp.full_like(problem.cost, -jnp.log(problem.frames * problem.clusters))
    columns, rows = jnp.zeros_like(log[:, :1]), jnp.zeros_like(log[:1])
    only_columns_hold = problem.lambda_actions is None and problem.lambda_frames is not None
    mass = jnp.where(problem.valid, jnp.exp(log), 0)
    raw, shift = masked_log(log, problem.valid), columns if only_columns_hold else rows
    return Plan(raw, shift, mass, columns, rows)


def structure_of_uniform(problem: Problem) -> jax.Array:
    """Cv T Ca at the start, the same for every cluster: [1, N]."""
    return problem.near * (1 - 1 / problem.clusters) * problem.height


def pace(problem: Problem, step_size, compat: str | None, batch_axis: str | None) -> jax.Array:
    """1 / eta: given, or a quarter of the largest of dJ/dT at p q', but at least `curvature`."""
    if step_size is not None:
        return 1 / step_size
    gradient = problem.gradient(uniform(problem), structure_of_uniform(problem))
    largest = jnp.where(problem.valid, gradient, -jnp.inf).max()
    if compat:
        return (largest if batch_axis is None else lax.pmax(largest, batch_axis)) / 4
    if problem.lambda_frames is not None:
        return jnp.maximum(largest / 4, problem.curvature())
    swing = (problem.curvature() + structure_curvature(problem)) / 2
    return jnp.maximum(jnp.maximum(largest / 4, problem.curvature()), swing)


def structure_curvature(problem: Problem) -> jax.Array:
    """How much more curved than the entropy the structure term is where rows hold.

    alpha / (2 N r) times the modulus of the band's least eigenvalue, which is at most (2 w + 4) / 3
    for w frames on either side. Beyond 2 / (all curvatures) a step overshoots by more than it
    corrects, and frames that push each other apart change sides together, for ever.
    """
    return problem.alpha * problem.height * (2 * problem.width + 4) / (6 * problem.frames)
