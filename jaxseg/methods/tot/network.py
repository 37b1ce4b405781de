"""The network of TOT: a two-layer MLP with sigmoids, prototypes, and CTE's regression of time."""

from collections.abc import Sequence

import flax.linen as nn
import jax

_small = nn.initializers.normal(0.01)  # of all weights, biases start at 0: the authors' program


class SigmoidEncoder(nn.Module):
    """Frames [..., channels] to embeddings [..., D], scores [..., K] and time stamps [...].

    Neither embeddings nor prototypes are normalised: scores are raw dot products (TOT Eq. 1).

    Attributes:
        widths: output widths of the layers, a sigmoid after each.
        num_clusters: K, padding included.
        regress_time: whether a linear layer on the embedding predicts a frame's place in its
            video (Kukleva et al. 2019, Sec. 3.1); None stands in for the result otherwise.
    """

    widths: Sequence[int]
    num_clusters: int
    regress_time: bool = False

    @nn.compact
    def __call__(self, frames: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array | None]:
        hidden = frames
        for index, width in enumerate(self.widths):
            hidden = nn.sigmoid(nn.Dense(width, kernel_init=_small, name=f"layer_{index}")(hidden))
        prototypes = self.param("prototypes", _small, (self.num_clusters, self.widths[-1]))
        time = None
        if self.regress_time:
            time = nn.Dense(1, kernel_init=_small, name="time")(hidden)[..., 0]
        return hidden, hidden @ prototypes.T, time
