"""ott-jax's two solvers with jaxseg's inside."""

import dataclasses
import warnings
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxseg.interop.ott import costs, packages
from jaxseg.interop.ott.geometries import PRODUCT_LOSS, BandGeometry, DiscreteGeometry
from jaxseg.interop.ott.outputs import GromovWassersteinOutput, SinkhornOutput
from jaxseg.interop.ott.packages import geometry, linear_problem, quadratic_problem
from jaxseg.solvers import checks, fugw, sinkhorn


@dataclasses.dataclass(frozen=True)
class GromovWasserstein:
    """Fused (unbalanced) Gromov-Wasserstein on temporal structure, in O(N K) an iteration.

    ott-jax's problem over fused penalty f, its epsilon and taus is `fugw.solve`'s with
    alpha = 1 / (1 + f), epsilon times alpha, and lambda = epsilon tau / (1 - tau).

    Attributes:
        linear_solver: ott-jax's inner solver; taken so that calls need no other change, and not
            used: our rounds start from the scalings of the iteration before.
        epsilon: ott-jax's, > 0; may be traced.
        threshold: stop once a step moves no entry of the plan (rows of sum 1) by more.
        max_iterations: static.
        num_sinkhorn_iterations: rounds in each, where both marginals are hard; static.
        step_size: of `fugw.solve`, where a marginal is relaxed.
        relative_epsilon, initializer: of ott-jax; None, or its own `QuadraticInitializer`, which
            starts from a b' as every descent here does. Anything else is another problem.
        min_iterations, warm_start, store_inner_errors, progress_fn: of ott-jax; without effect,
            which a warning says of any value but ott-jax's default.
    """

    linear_solver: object = None
    epsilon: jax.Array | float = 1.0
    _: dataclasses.KW_ONLY
    threshold: jax.Array | float = 1e-3
    max_iterations: int = 50
    num_sinkhorn_iterations: int = 10
    step_size: jax.Array | float | None = None
    relative_epsilon: object = None
    initializer: object = None
    min_iterations: dataclasses.InitVar[int] = 5
    warm_start: dataclasses.InitVar[bool] = False
    store_inner_errors: dataclasses.InitVar[bool] = False
    progress_fn: dataclasses.InitVar[object] = None

    def __post_init__(self, min_iterations, warm_start, store_inner_errors, progress_fn):
        _warn_of_no_effect(
            self,
            min_iterations=min_iterations,
            warm_start=warm_start,
            store_inner_errors=store_inner_errors,
            progress_fn=progress_fn,
        )
        if self.relative_epsilon is not None:
            raise ValueError(
                f"relative_epsilon={self.relative_epsilon!r}: epsilon has to be a number of its "
                "own here; leave relative_epsilon out"
            )
        if isinstance(self.linear_solver, packages.sinkhorn_lr.LRSinkhorn):
            raise ValueError("linear_solver is of low rank, and plans here are not: give Sinkhorn")
        if not isinstance(self.initializer, packages.QuadraticInitializer | None):
            raise ValueError(f"initializer={self.initializer!r}: {_START}")

    def __call__(
        self, prob: quadratic_problem.QuadraticProblem, init: Any = None
    ) -> GromovWassersteinOutput:
        """Solves an ott-jax problem.

        Raises:
            ValueError: for a problem of another structure; the message says what is needed. For
                an epsilon that is None, or out of the solver's range once it is `fugw.solve`'s;
                for an `init` that is not None.
        """
        require_temporal(prob)
        if init is not None:
            raise ValueError(f"init: {_START}")
        if self.epsilon is None:
            raise ValueError("epsilon must be a number: none is derived from the cost")
        frames, actions = prob.geom_xx.shape[0], prob.geom_yy.shape[0]
        cost, alpha = jnp.zeros((frames, actions), prob.geom_xx.dtype), 1.0
        if prob.is_fused:
            cost, alpha = prob.geom_xy.cost_matrix, 1 / (1 + prob.fused_penalty)
        epsilon = self.epsilon * alpha
        solution = fugw.solve(
            cost,
            epsilon=epsilon,
            alpha=alpha,
            radius=prob.geom_xx.radius,
            lambda_frames=costs.penalty(prob.tau_a, epsilon),
            lambda_actions=costs.penalty(prob.tau_b, epsilon),
            num_iterations=self.max_iterations,
            num_sinkhorn_iterations=self.num_sinkhorn_iterations,
            step_size=self.step_size,
            tolerance=self.threshold,
        )
        plan = solution.plan / frames
        linear = prob.geom_xx.apply_cost(prob.geom_yy.apply_cost(plan.T, axis=1).T, axis=1)
        linear += prob.fused_penalty * cost
        # J has eps T (log T - 1) where an ott-jax cost has eps KL(T | a b'): for plans of mass 1
        # these differ by a number.
        reference = self.epsilon * (1 + jnp.log(frames) + jnp.log(actions))
        return GromovWassersteinOutput(
            matrix=plan,
            geom=geometry.Geometry(linear, epsilon=self.epsilon),
            reg_gw_cost=costs.regularized(plan, linear, self.epsilon, prob),
            costs=solution.objective / alpha + reference,
            solution=solution,
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sinkhorn:
    """Entropic transport in the log domain, hard or relaxed by ott-jax's taus.

    A pair of infinite cost is forbidden and gets no mass. Where all pairs of a hard row or column
    are, there is no plan: `converged` is False, `reg_ot_cost` inf, and that line of `matrix` 0.

    Attributes:
        threshold: stop once a round changes no column's log scaling by more.
        max_iterations: rounds, static; all are run, those after the stop change nothing.
        implicit_diff: None differentiates the rounds, anything else their limit, as in ott-jax;
            what an `ImplicitDiff` holds is without effect.
        lse_mode, norm_error, inner_iterations, min_iterations, momentum, anderson,
        parallel_dual_updates, recenter_potentials, use_danskin, initializer, progress_fn: of
            ott-jax, for the way to the plan and not for the plan; without effect, which a warning
            says of any value but ott-jax's default.
    """

    threshold: jax.Array | float = 1e-3
    max_iterations: int = 100
    implicit_diff: object = dataclasses.field(default_factory=packages.ImplicitDiff, hash=False)
    lse_mode: dataclasses.InitVar[bool] = True
    norm_error: dataclasses.InitVar[int] = 1
    inner_iterations: dataclasses.InitVar[int] = 10
    min_iterations: dataclasses.InitVar[int] = 0
    momentum: dataclasses.InitVar[object] = None
    anderson: dataclasses.InitVar[object] = None
    parallel_dual_updates: dataclasses.InitVar[bool] = False
    recenter_potentials: dataclasses.InitVar[bool] = False
    use_danskin: dataclasses.InitVar[bool | None] = None
    initializer: dataclasses.InitVar[object] = None
    progress_fn: dataclasses.InitVar[object] = None

    def __post_init__(self, *without_effect):
        names = [
            name
            for name, field in type(self).__dataclass_fields__.items()
            if isinstance(field.type, dataclasses.InitVar)
        ]
        _warn_of_no_effect(self, **dict(zip(names, without_effect, strict=True)))

    def __call__(
        self, ot_prob: linear_problem.LinearProblem, init: Any = None, **initializer: Any
    ) -> SinkhornOutput:
        """Solves an ott-jax problem, of any geometry with a cost matrix and any marginals.

        `init` and an initializer's keywords, with which ott-jax starts, are without effect.

        Raises:
            ValueError: for costs and an epsilon out of the range of `sinkhorn.solve`.
        """
        del init, initializer
        cost, epsilon = ot_prob.geom.cost_matrix, ot_prob.geom.epsilon
        if checks.is_known(epsilon) and not np.isfinite(epsilon):
            raise ValueError(
                f"epsilon is {epsilon}, which ott-jax takes from the costs where none is given: "
                "with infinite costs give a number, Geometry(cost, epsilon=0.1)"
            )
        solution = sinkhorn.solve(
            cost,
            epsilon=epsilon,
            row_marginal=ot_prob.a,
            column_marginal=ot_prob.b,
            lambda_rows=costs.penalty(ot_prob.tau_a, epsilon),
            lambda_columns=costs.penalty(ot_prob.tau_b, epsilon),
            num_iterations=self.max_iterations,
            tolerance=self.threshold,
            derivative="unrolled" if self.implicit_diff is None else "implicit",
        )
        return SinkhornOutput(
            matrix=solution.plan,
            ot_prob=ot_prob,
            reg_ot_cost=costs.regularized(solution.plan, cost, epsilon, ot_prob),
            solution=solution,
        )


_START = "every descent here starts from a b'; leave it out"


def _warn_of_no_effect(solver: object, **given: Any) -> None:
    """Warns of ott-jax's keywords that were given other values than there by default."""
    names = [name for name, value in given.items() if value != getattr(type(solver), name)]
    if names:
        text = f"jaxseg's {type(solver).__name__} takes no notice of {', '.join(names)}"
        warnings.warn(text, stacklevel=4)


def require_temporal(prob: quadratic_problem.QuadraticProblem) -> None:
    """Raises ValueError for a quadratic problem that `fugw.solve` does not solve."""
    for name, expected in (("geom_xx", BandGeometry), ("geom_yy", DiscreteGeometry)):
        given = getattr(prob, name)
        if not isinstance(given, expected):
            got = type(given).__name__
            raise ValueError(f"{name} must be jaxseg's {expected.__name__}, got {got}")
    if prob.loss != PRODUCT_LOSS:
        raise ValueError(f"loss must be jaxseg's PRODUCT_LOSS, got {prob._loss_name!r}")
    if prob.ranks != -1:
        raise ValueError(f"ranks must be -1, which is the default, got {prob.ranks}")
    if prob.tau_a != 1 and prob.tau_b != 1:
        taus = f"tau_a={prob.tau_a} and tau_b={prob.tau_b}"
        raise ValueError(f"tau_a or tau_b must be 1, one marginal hard, got {taus}")
    for name, weights in (("a", prob._a), ("b", prob._b)):
        _require_uniform(name, weights)


def _require_uniform(name: str, weights) -> None:
    if weights is None:
        return
    if isinstance(weights, jax.core.Tracer):
        raise ValueError(f"{name} is traced and cannot be seen to be uniform: leave it out")
    weights = np.asarray(weights, np.float64)
    off = weights[np.argmax(np.abs(weights - 1 / weights.size))]
    if not abs(off * weights.size - 1) < 1e-5:
        raise ValueError(f"{name} must be uniform, 1/{weights.size} each, got {off:g}")
