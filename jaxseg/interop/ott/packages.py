"""ott-jax's modules that the adapter is made of."""

import warnings

with warnings.catch_warnings():  # ott still imports jaxopt, which announces its own end
    warnings.simplefilter("ignore", DeprecationWarning)
    from ott.geometry import geometry
    from ott.initializers.quadratic.initializers import QuadraticInitializer
    from ott.problems.linear import linear_problem
    from ott.problems.quadratic import quadratic_costs, quadratic_problem
    from ott.solvers.linear import sinkhorn_lr
    from ott.solvers.linear.implicit_differentiation import ImplicitDiff

__all__ = [
    "ImplicitDiff",
    "QuadraticInitializer",
    "geometry",
    "linear_problem",
    "quadratic_costs",
    "quadratic_problem",
    "sinkhorn_lr",
]
