"""Unit vectors and cosines, and ASOT's network: an MLP on each frame, one prototype per cluster."""

from collections.abc import Callable, Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp

# Weights and biases uniform in +-1/sqrt(inputs): what PyTorch's linear layers, and so the
# published runs, start from.
_uniform_fan_in = nn.initializers.variance_scaling(1 / 3, "fan_in", "uniform")


def unit(vectors: jax.Array) -> jax.Array:
    """Vectors of length 1 along the last axis; zero vectors stay zero, with a finite gradient."""
    square = jnp.sum(vectors**2, axis=-1, keepdims=True)
    return vectors * jax.lax.rsqrt(jnp.where(square > 0, square, 1))


def cosines(rows: jax.Array, units: jax.Array) -> jax.Array:
    """Cosines [..., K] of rows [..., D] and vectors of length 1 [K, D]; 0 for rows of zeros.

    Dividing the products spares a normalized copy of the rows, often the largest array of a step.
    """
    square = jnp.sum(rows**2, axis=-1, keepdims=True)
    return rows @ units.T * jax.lax.rsqrt(jnp.where(square > 0, square, 1))


def uniform_within(bound: float) -> Callable:
    """(key, shape) -> array, the start of parameters that are uniform in +-bound."""
    return lambda key, shape: jax.random.uniform(key, shape, minval=-bound, maxval=bound)


class _Layer(nn.Module):
    """A linear layer whose bias starts from the fan-in too."""

    width: int

    @nn.compact
    def __call__(self, inputs):
        fan_in = inputs.shape[-1]
        kernel = self.param("kernel", _uniform_fan_in, (fan_in, self.width))
        return inputs @ kernel + self.param("bias", uniform_within(fan_in**-0.5), (self.width,))


class FrameEncoder(nn.Module):
    """Frames [..., channels] to unit-norm embeddings [..., D] and their cosines [..., K].

    Embedding of frame i: x_i = MLP / |MLP|; cosine with prototype a_j: x_i . a_j (ASOT Sec. 4.2).
    The prototypes enter as they are: the method keeps them at unit norm by a projection after
    every update, as in ASOT's program. Normalizing them here would give the same cosines but
    another gradient, without its radial part, and with Adam another path.

    Attributes:
        widths: output widths of the layers, ReLU between them, the last one linear.
        num_clusters: K, padding included.
    """

    widths: Sequence[int]
    num_clusters: int

    @nn.compact
    def __call__(self, frames: jax.Array) -> tuple[jax.Array, jax.Array]:
        hidden = frames
        for index, width in enumerate(self.widths):
            hidden = _Layer(width, name=f"layer_{index}")(nn.relu(hidden) if index else hidden)
        embeddings = unit(hidden)
        prototypes = self.param(
            "prototypes", nn.initializers.normal(1.0), (self.num_clusters, self.widths[-1])
        )
        return embeddings, embeddings @ prototypes.T
