"""Values of linear problems, each of the very functional that its plan minimizes.

The plans of ott-jax and of jaxseg alike minimize, over T >= 0,

    <T, C> + eps sum T (log T - 1) + the terms of the marginals,

whose kernel exp(-C / eps) has no a b' in it. `regularized` is that, plus a number that makes it
<T, C> + eps KL(T | a b') where both marginals are hard.
"""

import jax
import jax.numpy as jnp

from jaxseg.interop.ott.packages import linear_problem


def regularized(plan: jax.Array, cost, epsilon, prob) -> jax.Array:
    """What a plan minimizes: <T, C> - eps H(T) + eps (H(a) + H(b)) + penalties.

    H(T) = -sum T (log T - 1) - m(a) m(b), m being masses, H(a) = -sum a log a, and a penalty is
    lambda KL(marginal of T | a) of a relaxed one. It is inf where `is_impossible`.

    Args:
        plan: T [N, K].
        cost: C [N, K]; pairs without mass add nothing, whatever they cost.
        epsilon: weight of the entropy.
        prob: has the marginals `a` and `b` and their taus.
    """
    total = transport_cost(plan, cost) + epsilon * (log_sum(plan) - plan.sum())
    total += epsilon * (prob.a.sum() * prob.b.sum() - log_sum(prob.a) - log_sum(prob.b))
    for tau, sums, marginal in _sides(plan, prob):
        if tau != 1:
            total += penalty(tau, epsilon) * _divergence(sums, marginal)
    return jnp.where(is_impossible(plan, prob), jnp.inf, total)


def regularized_by_ott(plan: jax.Array, cost, epsilon, prob) -> jax.Array:
    """ott-jax's own number, from a plan that has converged.

    It puts the potentials of the problem above, f and g with T = exp((f + g - C) / eps), into the
    dual of the problem with eps KL(T | a b') in place of the entropy. Where both marginals are hard
    that is `regularized`; where one is relaxed it is the minimum of nothing, and less than
    either problem's.
    """
    total = epsilon * (prob.a.sum() * prob.b.sum() - plan.sum())
    potentials = transport_cost(plan, cost) + epsilon * log_sum(plan)  # <T, f + g>
    any_hard = False
    for tau, sums, marginal in _sides(plan, prob):
        if tau == 1:
            any_hard = True
            total -= epsilon * log_sum(marginal)
            continue
        weight = penalty(tau, epsilon)
        present = sums > 0
        ratio = jnp.where(present, sums, 1) / jnp.where(present, marginal, 1)
        potentials += weight * jnp.sum(sums * jnp.log(ratio))  # f = -lambda log(T1 / a)
        total += weight * (marginal.sum() - jnp.sum(sums * marginal ** (epsilon / weight)))
    return total + potentials if any_hard else total


def transport_cost(plan: jax.Array, cost) -> jax.Array:
    """<T, C>; a forbidden pair, of infinite cost, has no mass and adds nothing."""
    return jnp.sum(plan * jnp.where(cost == jnp.inf, 0, cost))


def is_impossible(plan: jax.Array, prob) -> jax.Array:
    """Whether a hard marginal asks for mass where every pair is forbidden: no plan has it."""
    sides = [
        jnp.any((sums == 0) & (marginal > 0))
        for tau, sums, marginal in _sides(plan, prob)
        if tau == 1
    ]
    return jnp.any(jnp.asarray(sides, bool))


def penalty(tau, epsilon):
    """ott-jax's tau = lambda / (lambda + epsilon) as lambda; None for a hard marginal."""
    return None if tau == 1 else epsilon * tau / (1 - tau)


def log_sum(mass: jax.Array) -> jax.Array:
    """sum x log x, with a derivative of 0 where there is no mass, not one of -inf."""
    return jnp.sum(mass * jnp.log(jnp.where(mass > 0, mass, 1)))


def _sides(plan: jax.Array, prob: linear_problem.LinearProblem):
    """(tau, sums of the plan, marginal) of rows and columns."""
    return (prob.tau_a, plan.sum(1), prob.a), (prob.tau_b, plan.sum(0), prob.b)


def _divergence(mass: jax.Array, of: jax.Array) -> jax.Array:
    """KL between measures, of any masses."""
    reference = jnp.log(jnp.where(of > 0, of, 1))
    return log_sum(mass) - jnp.sum(mass * reference) + jnp.sum(of - mass)
