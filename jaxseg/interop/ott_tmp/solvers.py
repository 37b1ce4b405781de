"""jaxseg's solvers as ott-jax's: its problems in, outputs with its names out.

    from jaxseg.interop.ott import GromovWasserstein  # for ott.solvers.quadratic's

    problem = quadratic_problem.QuadraticProblem(
        BandGeometry(num_frames, radius), DiscreteGeometry(num_actions), geometry.Geometry(cost),
        fused_penalty=2.0, loss=PRODUCT_LOSS,
    )
    plan = GromovWasserstein(sinkhorn.Sinkhorn(), epsilon=0.2)(problem).matrix

ott-jax's own solvers take the very same problem. Everything works under `jit` and `vmap`. The two
geometries of a temporal problem are ott-jax's own `Geometry` and give it a dense `cost_matrix`
where it asks for one; but they know their structure, so that their products with vectors take
linear time, in ott-jax's solvers too.
"""

import dataclasses
import warnings

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import xlogy

from jaxseg.solvers import fugw, sinkhorn
from jaxseg.solvers.checks import require
from jaxseg.solvers.sinkhorn import Solution
from jaxseg.solvers.sliding_window import half_width, neighbor_sum

with warnings.catch_warnings():  # ott still imports jaxopt, which announces its own end
    warnings.simplefilter("ignore", DeprecationWarning)
    from ott.geometry import geometry
    from ott.problems.linear import linear_problem
    from ott.problems.quadratic import quadratic_costs, quadratic_problem

__all__ = [
    "PRODUCT_LOSS",
    "BandGeometry",
    "DiscreteGeometry",
    "GromovWasserstein",
    "GromovWassersteinOutput",
    "Sinkhorn",
    "SinkhornOutput",
]

_NOTHING = quadratic_costs.Loss(jnp.zeros_like, is_linear=True)

# ab as ott-jax's f1(a) + f2(b) - h1(a) h2(b)
PRODUCT_LOSS = quadratic_costs.GWLoss(
    _NOTHING,
    _NOTHING,
    quadratic_costs.Loss(jnp.negative, is_linear=True),
    quadratic_costs.Loss(lambda values: values, is_linear=True),
)


class _Structured(geometry.Geometry):
    """A square cost of one size and at most one number, never stored.

    Subclasses give the two values that the cost takes, the places of the first by their distance
    from the diagonal, and the product with those places; any function of the cost is then as
    quick to apply as the cost itself.
    """

    def __init__(self, size: int, number=None, **settings):
        super().__init__(**settings)
        self._size, self._number = size, number
        if self._scale_cost != 1.0:
            name = type(self).__name__
            raise ValueError(f"{name} is not scaled: scale_cost must be 1, got {self._scale_cost}")

    @property
    def shape(self) -> tuple[int, int]:
        return self._size, self._size

    @property
    def dtype(self):
        return jnp.result_type(float if self._number is None else self._number, float)

    @property
    def cost_matrix(self) -> jax.Array:
        near, far = jnp.asarray(self._values(), self.dtype)
        place = jnp.arange(self._size)
        return jnp.where(self._places(jnp.abs(place[:, None] - place)), near, far)

    def _apply_cost_to_vec(self, vec, axis=0, fn=None, is_linear=False) -> jax.Array:
        """fn(cost) @ vec, [N]; both costs are symmetric, so that the axis does not matter."""
        near, far = jnp.asarray(self._values(), self.dtype)
        if fn is not None:
            near, far = fn(near), fn(far)
        # One of the two values everywhere, and what differs from it on the places of the other.
        return (near - far) * self._gather(vec) + far * vec.sum()

    def tree_flatten(self):
        settings = {"relative_epsilon": self._relative_epsilon, "scale_cost": self._scale_cost}
        return (self._number, self._epsilon_init), {"size": self._size, **settings}

    @classmethod
    def tree_unflatten(cls, settings, children):
        made = cls.__new__(cls)
        number, epsilon = children
        _Structured.__init__(made, number=number, epsilon=epsilon, **settings)
        return made


@jax.tree_util.register_pytree_node_class
class BandGeometry(_Structured):
    """ASOT's temporal cost between frames: 1/r at distances of 1 to floor(N r), else 0 (Eq. 5).

    Args:
        num_frames: N, static.
        radius: r, reach as a share of the frames, > 0; may be traced.
        settings: `epsilon` and `relative_epsilon` of ott-jax's `Geometry`.

    Raises:
        ValueError: for a known radius that is not positive.
    """

    def __init__(self, num_frames: int, radius: jax.Array | float, **settings):
        require("positive", radius=radius)
        super().__init__(num_frames, radius, **settings)

    @property
    def radius(self) -> jax.Array | float:
        return self._number

    def _values(self):
        return 1 / self.radius, 0

    def _places(self, distance):
        return (distance >= 1) & (distance <= half_width(self._size, self.radius))

    def _gather(self, vec):
        return neighbor_sum(vec, half_width(self._size, self.radius))


@jax.tree_util.register_pytree_node_class
class DiscreteGeometry(_Structured):
    """ASOT's cost between actions, the discrete metric: 0 with itself, 1 with any other.

    Args:
        num_actions: K, static.
        settings: `epsilon` and `relative_epsilon` of ott-jax's `Geometry`.
    """

    def __init__(self, num_actions: int, **settings):
        super().__init__(num_actions, **settings)

    def _values(self):
        return 0, 1

    def _places(self, distance):
        return distance == 0

    def _gather(self, vec):
        return vec


class _Output:
    """Properties of both outputs; `matrix` is [N, K] with the mass that the problem asks for."""

    @property
    def converged(self) -> jax.Array:
        """Whether the last step stayed under the threshold."""
        return self.solution.converged

    @property
    def n_iters(self) -> jax.Array:
        """Steps taken before the threshold stopped the updates."""
        return self.solution.num_iterations

    @property
    def primal_cost(self) -> jax.Array:
        """<T, C> of `geom`, without any regularizer."""
        return jnp.sum(self.matrix * self.geom.cost_matrix)

    @property
    def transport_mass(self) -> jax.Array:
        return self.matrix.sum()

    def marginal(self, axis: int) -> jax.Array:
        """Sums over an axis: [K] for 0, [N] for 1."""
        return self.matrix.sum(axis)

    def apply(self, inputs: jax.Array, axis: int = 0) -> jax.Array:
        """The plan, transposed for axis 0, times [N] (or [K] for axis 1) or [batch, N]."""
        return inputs @ (self.matrix if axis == 0 else self.matrix.T)


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class GromovWassersteinOutput(_Output):
    """The answer to a quadratic problem.

    Attributes:
        matrix: [N, K], sums to 1.
        geom: ott-jax's geometry of the problem linearized at `matrix`.
        reg_gw_cost: the regularized cost below of the plan in that linear problem.
        costs: [max_iterations + 1], J / alpha of `fugw` before each step and at the end; from
            `n_iters` on it is constant.
        solution: what `fugw.solve` returned; its plan has rows of sum 1.
    """

    matrix: jax.Array
    geom: geometry.Geometry
    reg_gw_cost: jax.Array
    costs: jax.Array
    solution: Solution


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
    """

    linear_solver: object = None
    epsilon: jax.Array | float = 1.0
    threshold: jax.Array | float = 1e-3
    max_iterations: int = 50
    num_sinkhorn_iterations: int = 10
    step_size: jax.Array | float | None = None

    def __call__(self, prob: quadratic_problem.QuadraticProblem) -> GromovWassersteinOutput:
        """Solves an ott-jax problem.

        Raises:
            ValueError: for a problem of another structure; the message says what is needed. For
                an epsilon that is None, or out of the solver's range once it is `fugw.solve`'s.
        """
        require_temporal(prob)
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
            lambda_frames=_penalty(prob.tau_a, epsilon),
            lambda_actions=_penalty(prob.tau_b, epsilon),
            num_iterations=self.max_iterations,
            num_sinkhorn_iterations=self.num_sinkhorn_iterations,
            step_size=self.step_size,
            tolerance=self.threshold,
        )
        plan = solution.plan / frames
        linear = prob.geom_xx.apply_cost(prob.geom_yy.apply_cost(plan.T, axis=1).T, axis=1)
        linear += prob.fused_penalty * cost
        return GromovWassersteinOutput(
            matrix=plan,
            geom=geometry.Geometry(linear, epsilon=self.epsilon),
            reg_gw_cost=_regularized(plan, linear, self.epsilon, prob),
            costs=solution.objective / alpha,
            solution=solution,
        )


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class SinkhornOutput(_Output):
    """The answer to a linear problem.

    Attributes:
        matrix: [N, K].
        geom: the problem's own.
        reg_ot_cost: the regularized cost below.
        solution: what `sinkhorn.solve` returned.
    """

    matrix: jax.Array
    geom: geometry.Geometry
    reg_ot_cost: jax.Array
    solution: Solution


@dataclasses.dataclass(frozen=True)
class Sinkhorn:
    """Entropic transport in the log domain, hard or relaxed by ott-jax's taus.

    Attributes:
        threshold: stop once a round changes no column's log scaling by more.
        max_iterations: rounds, static; all are run, those after the stop change nothing.
    """

    threshold: jax.Array | float = 1e-3
    max_iterations: int = 100

    def __call__(self, prob: linear_problem.LinearProblem) -> SinkhornOutput:
        """Solves an ott-jax problem, of any geometry with a cost matrix and any marginals."""
        epsilon = prob.geom.epsilon
        solution = sinkhorn.solve(
            prob.geom.cost_matrix,
            epsilon=epsilon,
            row_marginal=prob.a,
            column_marginal=prob.b,
            lambda_rows=_penalty(prob.tau_a, epsilon),
            lambda_columns=_penalty(prob.tau_b, epsilon),
            num_iterations=self.max_iterations,
            tolerance=self.threshold,
        )
        return SinkhornOutput(
            matrix=solution.plan,
            geom=prob.geom,
            reg_ot_cost=_regularized(solution.plan, prob.geom.cost_matrix, epsilon, prob),
            solution=solution,
        )


def _penalty(tau, epsilon):
    """ott-jax's tau = lambda / (lambda + epsilon) as lambda; None for a hard marginal."""
    return None if tau == 1 else epsilon * tau / (1 - tau)


def _regularized(plan, cost, epsilon, prob) -> jax.Array:
    """<T, C> + eps KL(T | a b') + lambda KL of the relaxed marginals, from the plan itself.

    ott-jax's number at convergence where both marginals are hard. Where one is relaxed it is
    what ott-jax documents; its own number comes from potentials and differs.
    """
    total = jnp.sum(plan * cost) + epsilon * _divergence(plan, jnp.outer(prob.a, prob.b))
    for tau, axis, marginal in ((prob.tau_a, 1, prob.a), (prob.tau_b, 0, prob.b)):
        if tau != 1:
            total += _penalty(tau, epsilon) * _divergence(plan.sum(axis), marginal)
    return total


def _divergence(mass, of) -> jax.Array:
    """KL between measures, of any masses."""
    return jnp.sum(xlogy(mass, mass) - xlogy(mass, of) - mass + of)


def require_temporal(prob: quadratic_problem.QuadraticProblem) -> None:
    """Raises ValueError for a quadratic problem that `fugw.solve` does not solve."""
    for name, expected in (("geom_xx", BandGeometry), ("geom_yy", DiscreteGeometry)):
        given = getattr(prob, name)
        if not isinstance(given, expected):
            got = type(given).__name__
            raise ValueError(f"{name} must be jaxseg's {expected.__name__}, got {got}")
    if prob.loss != PRODUCT_LOSS:
        raise ValueError(f"loss must be jaxseg's PRODUCT_LOSS, got {prob._loss_name!r}")
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
