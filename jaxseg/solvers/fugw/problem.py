"""One video's FUGW problem: its objective J, gradient and curvature, and the plans they take.

The formulas are those of `fugw`, for plans T [K, N] of mass 1.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from jaxseg.solvers.reductions import masked_log, sum_over_clusters
from jaxseg.solvers.sliding_window import make_buffer, sum_neighbors


class Plan(NamedTuple):
    """T > 0 and what the gradient needs of it; `mass` is 0 and `log` finite where not valid."""

    # Two arrays in place of log T: the projection subtracts a number a line, and only readers of
    # `log` pay for that pass over [K, N].
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

    def structure(self, mass: jax.Array, buffer: jax.Array) -> tuple[jax.Array, jax.Array]:
        """Cv T Ca, [K, N] (Eq. 3 to 5), and the buffer that `sum_neighbors` worked in.

        T Ca is rowsum(T) - T. Where the row sums hold, the window's sum of them is `near`.
        """
        near, bound = self.near, 1 / self.frames
        if not self.rows_hold:
            rows = sum_over_clusters(mass)
            # A bound picks the modulus of the running sums and is no part of the result.
            bound = lax.stop_gradient(rows.max())
            near, _ = sum_neighbors(rows, self.width, buffer[:1], bound)
        # An entry is at most its row's sum, so that one bound serves both.
        same, buffer = sum_neighbors(mass, self.width, buffer, bound)
        return (near - same) * self.height, buffer

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
        # Half of the structure: it is quadratic in T, and its gradient the whole.
        pointwise = 0.5 * self.alpha * structure + (1 - self.alpha) * self.cost
        pointwise += self.epsilon * (plan.log - 1)
        for penalty, ratio in self._penalties(plan):
            pointwise += penalty * ratio
        # Clusters first, as a product with ones: XLA's own sum of everything is far slower.
        return jnp.sum(sum_over_clusters(plan.mass * pointwise))

    def curvature(self) -> jax.Array:
        """eps + lambda: no step should be longer than its inverse."""
        penalties = self.lambda_actions, self.lambda_frames
        return self.epsilon + sum(penalty for penalty in penalties if penalty is not None)

    def _penalties(self, plan: Plan) -> list[tuple[jax.Array, jax.Array]]:
        """The weight of each relaxed marginal, with the logarithm of its sums over what is due."""
        pairs = (self.lambda_actions, plan.column_ratio), (self.lambda_frames, plan.row_ratio)
        return [(penalty, ratio) for penalty, ratio in pairs if penalty is not None]


def mass_nearby(mask: jax.Array, frames: jax.Array, width: jax.Array, reach: int) -> jax.Array:
    """`Problem.near`, [1, N]: it depends on the mask alone and is computed once."""
    present = mask[None, :] / frames
    return sum_neighbors(present, width, make_buffer(present, reach), 1 / frames)[0]


def uniform(problem: Problem) -> Plan:
    """The plan p q' that every descent starts from."""
    log = jnp.full_like(problem.cost, -jnp.log(problem.frames * problem.clusters))
    columns, rows = jnp.zeros_like(log[:, :1]), jnp.zeros_like(log[:1])
    only_columns_hold = problem.lambda_actions is None and problem.lambda_frames is not None
    mass = jnp.where(problem.valid, jnp.exp(log), 0)
    # `shift` has the shape that the projection gives it: a loop's state may not change shapes.
    raw, shift = masked_log(log, problem.valid), columns if only_columns_hold else rows
    return Plan(raw, shift, mass, columns, rows)


def structure_of_uniform(problem: Problem) -> jax.Array:
    """Cv T Ca at the start, the same for every cluster: [1, N]."""
    return problem.near * (1 - 1 / problem.clusters) * problem.height


def inverse_step_size(
    problem: Problem, step_size, compat: str | None, batch_axis: str | None
) -> jax.Array:
    """1 / eta: given, or a quarter of the largest of dJ/dT at p q', but at least `curvature`.

    The quarter is the authors' (step size 4 / max dJ/dT). It is kept as an inverse because
    `mirror_step` divides by it.
    """
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
