"""Balanced fused Gromov-Wasserstein by ott-jax, on dense matrices, as jaxseg states it."""

import warnings

import jax
import jax.numpy as jnp

with warnings.catch_warnings():  # ott still imports jaxopt, which announces its own end
    warnings.simplefilter("ignore", DeprecationWarning)
    from ott.geometry import geometry
    from ott.problems.quadratic import quadratic_costs, quadratic_problem
    from ott.solvers.linear import sinkhorn
    from ott.solvers.quadratic import gromov_wasserstein


def solve(
    cost: jax.Array,
    *,
    epsilon: float = 0.07,
    alpha: float = 0.3,
    radius: float = 0.04,
    num_iterations: int = 25,
    num_sinkhorn_iterations: int = 10,
) -> jax.Array:
    """What `fugw.solve(cost, lambda_actions=None)` solves, for a fixed number of iterations.

    The objective J over alpha is ott-jax's: L(a, b) = ab, epsilon over alpha, and a fused
    penalty of (1 - alpha) / alpha. Its start, one solve of the problem linearised at p q', is
    the first of our iterations.

    Args:
        cost: [N, K], every frame and cluster valid.
        epsilon, alpha, radius, num_iterations, num_sinkhorn_iterations: as in `fugw.solve`.

    Returns:
        [N, K], the plan with rows of sum 1.
    """
    frames, clusters = cost.shape
    problem = quadratic_problem.QuadraticProblem(
        geometry.Geometry(_band(frames, radius, cost.dtype)),
        geometry.Geometry(1 - jnp.eye(clusters, dtype=cost.dtype)),
        geometry.Geometry(cost),
        fused_penalty=(1 - alpha) / alpha,
        loss=_product_loss(),
    )
    solver = gromov_wasserstein.GromovWasserstein(
        fixed_rounds(num_sinkhorn_iterations),
        epsilon=epsilon / alpha,
        min_iterations=num_iterations - 1,
        max_iterations=num_iterations - 1,
        threshold=-1.0,
        warm_start=True,
    )
    return frames * solver(problem).matrix


def fixed_rounds(count: int) -> sinkhorn.Sinkhorn:
    """ott-jax's Sinkhorn for `count` rounds, whatever its error."""
    return sinkhorn.Sinkhorn(
        threshold=-1.0, min_iterations=count, max_iterations=count, inner_iterations=count
    )


def _band(frames, radius, dtype):
    """Cv, dense: 1/r at distances of 1 to floor(N r)."""
    distance = jnp.abs(jnp.arange(frames)[:, None] - jnp.arange(frames)[None, :])
    near = (distance >= 1) & (distance <= int(frames * radius * (1 + 1e-6)))
    return near.astype(dtype) / radius


def _product_loss():
    """ab as f1(a) + f2(b) - h1(a) h2(b)."""
    nothing = quadratic_costs.Loss(jnp.zeros_like, is_linear=True)
    minus = quadratic_costs.Loss(jnp.negative, is_linear=True)
    same = quadratic_costs.Loss(lambda b: b, is_linear=True)
    return quadratic_costs.GWLoss(nothing, nothing, minus, same)
