"""Fused (unbalanced) Gromov-Wasserstein by ott-jax, as jaxseg states it."""

import warnings

import jax

from jaxseg.interop.ott import PRODUCT_LOSS, BandGeometry, DiscreteGeometry

with warnings.catch_warnings():  # ott still imports jaxopt, which announces its own end
    warnings.simplefilter("ignore", DeprecationWarning)
    from ott.geometry import geometry
    from ott.problems.linear import linear_problem
    from ott.problems.quadratic import quadratic_problem
    from ott.solvers.linear import acceleration, sinkhorn
    from ott.solvers.quadratic import gromov_wasserstein

__all__ = ["acceleration", "fixed_rounds", "linear_problem", "solve", "state_problem"]


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

    ott-jax's start, one solve of the problem linearised at p q', is the first of our iterations.

    Args:
        cost: [N, K], every frame and cluster valid.
        epsilon, alpha, radius, num_iterations, num_sinkhorn_iterations: as in `fugw.solve`.

    Returns:
        [N, K], the plan with rows of sum 1.
    """
    frames = len(cost)
    band = BandGeometry(frames, radius).cost_matrix.astype(cost.dtype)
    solver = gromov_wasserstein.GromovWasserstein(
        fixed_rounds(num_sinkhorn_iterations),
        epsilon=epsilon / alpha,
        min_iterations=num_iterations - 1,
        max_iterations=num_iterations - 1,
        threshold=-1.0,
        warm_start=True,
    )
    problem = state_problem(cost, band, epsilon=epsilon, alpha=alpha, radius=radius)
    return frames * solver(problem).matrix


def state_problem(
    cost: jax.Array,
    band: jax.Array | None = None,
    *,
    epsilon: float,
    alpha: float,
    radius: float,
    lambda_actions: float | None = None,
    **settings,
) -> quadratic_problem.QuadraticProblem:
    """J over alpha: L(a, b) = ab, epsilon over alpha, and a fused penalty of (1 - alpha) / alpha.

    Args:
        cost: [N, K].
        band: [N, N], the dense structure; None leaves it to `BandGeometry`.
        epsilon, alpha, radius, lambda_actions: as in `fugw.solve`, frames hard.
        settings: of ott-jax's problem.
    """
    frames, clusters = cost.shape
    actions = DiscreteGeometry(clusters)
    if band is not None:
        actions = geometry.Geometry(actions.cost_matrix.astype(cost.dtype))
    return quadratic_problem.QuadraticProblem(
        BandGeometry(frames, radius) if band is None else geometry.Geometry(band),
        actions,
        geometry.Geometry(cost) if alpha < 1 else None,
        fused_penalty=(1 - alpha) / alpha,
        loss=PRODUCT_LOSS,
        tau_b=1.0 if lambda_actions is None else lambda_actions / (lambda_actions + epsilon),
        **settings,
    )


def fixed_rounds(count: int) -> sinkhorn.Sinkhorn:
    """ott-jax's Sinkhorn for `count` rounds, whatever its error."""
    return sinkhorn.Sinkhorn(
        threshold=-1.0, min_iterations=count, max_iterations=count, inner_iterations=count
    )
