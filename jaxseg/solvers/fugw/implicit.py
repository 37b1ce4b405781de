"""The derivative of FUGW's plan at a stationary point (implicit function theorem).

At a local minimum T of `fugw`'s objective J its gradient is constant along every hard marginal,

    alpha Cv T Ca + (1 - alpha) C + eps log T
        + lambda_a (log(K columnsum) + 1) + lambda_f (log(N rowsum) + 1).

A change of the cost or of a number tilts it by h; T then moves by dT in the space that leaves
the hard marginals as they are, such that H dT + h is constant along them again. In v = d log T,
where nothing is divided by a vanishing T, the Hessian is

    H T v = eps v + alpha Cv (T v) Ca
            + lambda_a sum_n(T v) / columnsum + lambda_f sum_k(T v) / rowsum,

symmetric under <u, v> = sum T u v. All but its second term is Sinkhorn's, which `implicit.Coupling`
inverts; conjugate gradients preconditioned by it find v in O(N K) a step.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from jaxseg.solvers.fugw.problem import Problem
from jaxseg.solvers.implicit import conjugate_gradients, couple
from jaxseg.solvers.reductions import sum_over_clusters
from jaxseg.solvers.sliding_window import neighbor_sum

NUM_STEPS = 40  # float64 reaches its last digit in 10 to 35, float32 in 5 to 15


class Weights(NamedTuple):
    """Numbers of the problem that the plan has a derivative by."""

    cost: jax.Array  # [K, N], 0 where not valid
    epsilon: jax.Array
    alpha: jax.Array
    lambda_frames: jax.Array | None
    lambda_actions: jax.Array | None


class Setting(NamedTuple):
    """Numbers of the problem that the plan has no derivative by."""

    valid: jax.Array  # [K, N] bool
    frames: jax.Array  # N valid frames
    clusters: jax.Array  # K valid clusters
    width: jax.Array  # frames on either side within the radius
    height: jax.Array  # of the band Cv

    def structure(self, mass):
        """Cv T Ca, linear in T."""
        others = jnp.where(self.valid, sum_over_clusters(mass) - mass, 0)
        return neighbor_sum(others, self.width) * self.height


def without_gradient(problem: Problem) -> Problem:
    """The problem without a derivative by any of its numbers, for the iterations."""
    fields = (*Weights._fields, "height")
    numbers = lax.stop_gradient({field: getattr(problem, field) for field in fields})
    return problem._replace(**numbers)


def attach(mass: jax.Array, problem: Problem) -> jax.Array:
    """The plan itself, with the derivative of the stationary point.

    Forward and reverse mode, of any order; memory does not depend on the iterations that led
    here. Of a plan that is not converged it is only close to a derivative. Where the Hessian is
    not positive, at no minimum, conjugate gradients end before the first direction of negative
    curvature, and where that is the first of all, the answer is the derivative with the
    structure term held constant: always finite, but then no longer linear in the tangent.

    Args:
        mass: T [K, N] of mass 1, 0 where not valid, as the iterations left it.
        problem: the problem, with gradients (of which the fields of `Weights` and `Setting` count).

    Returns:
        T [K, N].
    """
    weights = Weights(*(getattr(problem, field) for field in Weights._fields))
    setting = Setting(*(getattr(problem, field) for field in Setting._fields))
    return _stationary(mass, weights, setting)


@jax.custom_jvp
def _stationary(mass: jax.Array, weights: Weights, setting: Setting) -> jax.Array:
    """The plan itself; its derivative is the rule below."""
    return mass


@_stationary.defjvp
def _stationary_jvp(primals, tangents):
    _, weights, setting = primals
    mass = _stationary(*primals)  # itself: its own derivative is this rule once more
    _, tilt = jax.jvp(lambda w: _gradient(mass, w, setting), (weights,), (tangents[1],))
    change = lax.custom_linear_solve(
        lambda change: _hessian(change, mass, weights, setting),
        tilt,
        solve=lambda _, tilt: mass * _log_change(tilt, mass, weights, setting),
        symmetric=True,  # reverse mode then solves the same system
    )
    return mass, -change


def _gradient(mass, weights: Weights, setting: Setting):
    """dJ/dT [K, N]; 0 where there is no mass and so no derivative."""
    log = jnp.log(jnp.where(mass > 0, mass, 1))
    gradient = weights.alpha * setting.structure(mass) + (1 - weights.alpha) * weights.cost
    gradient += weights.epsilon * log
    for penalty, sums, size in (
        (weights.lambda_actions, mass.sum(1, keepdims=True), setting.clusters),
        (weights.lambda_frames, sum_over_clusters(mass), setting.frames),
    ):
        if penalty is not None:
            gradient += penalty * (jnp.log(jnp.where(sums > 0, size * sums, 1)) + 1)
    return jnp.where(mass > 0, gradient, 0)


def _hessian(change, mass, weights: Weights, setting: Setting):
    """H dT [K, N], the Hessian in the module's docstring, of a change dT."""
    # An entry that underflowed has no mass to lose: its change is 0, and 0 / 0 would be NaN.
    log_change = jnp.where(mass > 0, change / jnp.where(mass > 0, mass, 1), 0)
    return weights.epsilon * log_change + _hessian_without_entropy(change, mass, weights, setting)


def _hessian_without_entropy(change, mass, weights: Weights, setting: Setting):
    """All of H dT but the entropy's part: structure and penalties."""
    product = weights.alpha * setting.structure(change)
    for penalty, total in (
        (weights.lambda_actions, lambda values: values.sum(1, keepdims=True)),
        (weights.lambda_frames, sum_over_clusters),
    ):
        if penalty is not None:
            sums = total(mass)
            product += penalty * total(change) / jnp.where(sums > 0, sums, 1)
    return product


def _log_change(tilt, mass, weights: Weights, setting: Setting):
    """v = d log T [K, N] with H T v = tilt but for constants along hard marginals."""
    penalties = weights.lambda_frames, weights.lambda_actions
    slacks = [0.0 if penalty is None else weights.epsilon / penalty for penalty in penalties]
    coupling = couple(mass, *slacks)
    # Conjugate gradients square the tilt, and its square may be no float32: it is scaled to 1.
    scale = jnp.abs(tilt).max()
    scale = jnp.where(scale > 0, scale, 1)

    def without_structure(tilt):
        """v of Sinkhorn's system alone, and the tilt without its part along hard marginals."""
        pull = mass * tilt
        scalings = coupling.scalings(sum_over_clusters(pull), pull.sum(1, keepdims=True))
        hard = (s for s, penalty in zip(scalings, penalties, strict=True) if penalty is None)
        return (tilt - sum(scalings)) / weights.epsilon, tilt - sum(hard)

    change, steps = conjugate_gradients(
        operator=lambda v: (
            weights.epsilon * v + _hessian_without_entropy(mass * v, mass, weights, setting)
        ),
        right=tilt / scale,
        precondition=without_structure,
        inner=lambda u, v: jnp.sum(mass * u * v),
        num_steps=NUM_STEPS,
    )
    return scale * jnp.where(steps > 0, change, without_structure(tilt / scale)[0])
