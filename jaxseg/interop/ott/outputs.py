"""What the adapter's solvers return, under the names of ott-jax's outputs."""

import dataclasses

import jax

from jaxseg.interop.ott import costs
from jaxseg.interop.ott.packages import geometry, linear_problem
from jaxseg.solvers.sinkhorn import Solution


class _Output:
    """Properties of both outputs; `matrix` is [N, K] with the mass that the problem asks for."""

    @property
    def converged(self) -> jax.Array:
        """Whether the last step stayed under the threshold and a plan exists at all."""
        return self.solution.converged

    @property
    def n_iters(self) -> jax.Array:
        """Steps taken before the threshold stopped the updates."""
        return self.solution.num_iterations

    @property
    def primal_cost(self) -> jax.Array:
        """<T, C> of `geom`, without any regularizer."""
        return costs.transport_cost(self.matrix, self.geom.cost_matrix)

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
        reg_gw_cost: what the plan minimizes in that linear problem, `costs.regularized`.
        costs: [max_iterations + 1], the regularized quadratic objective itself, before each step
            and at the end; from `n_iters` on it is constant. ott-jax's are the values of the
            linear problems on its way instead, [max_iterations].
        solution: what `fugw.solve` returned; its plan has rows of sum 1.
    """

    matrix: jax.Array
    geom: geometry.Geometry
    reg_gw_cost: jax.Array
    costs: jax.Array
    solution: Solution


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class SinkhornOutput(_Output):
    """The answer to a linear problem.

    Attributes:
        matrix: [N, K].
        ot_prob: the problem itself.
        reg_ot_cost: the value of what the plan minimizes, `costs.regularized`; ott-jax's number
            where both marginals are hard.
        solution: what `sinkhorn.solve` returned.
    """

    matrix: jax.Array
    ot_prob: linear_problem.LinearProblem
    reg_ot_cost: jax.Array
    solution: Solution

    @property
    def geom(self) -> geometry.Geometry:
        """The problem's own."""
        return self.ot_prob.geom

    @property
    def ott_reg_ot_cost(self) -> jax.Array:
        """ott-jax's number for a converged plan, to compare with; see `regularized_by_ott`."""
        geom = self.geom
        return costs.regularized_by_ott(self.matrix, geom.cost_matrix, geom.epsilon, self.ot_prob)
