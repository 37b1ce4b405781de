"""The two geometries of a temporal problem and its loss, as ott-jax's own classes."""

import jax
import jax.numpy as jnp

from jaxseg.interop.ott.packages import geometry, quadratic_costs
from jaxseg.solvers.checks import require
from jaxseg.solvers.sliding_window import half_width, neighbor_sum

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
        if unknown := {"cost_matrix", "kernel_matrix"} & settings.keys():
            name = type(self).__name__
            raise ValueError(f"{name} has a cost of its own: leave {unknown.pop()} out")
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
