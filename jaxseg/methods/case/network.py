"""CASE's network (Sec. 3 and 4.1): T-CAS, attention and clusters of each snippet, RGB and flow."""

from typing import NamedTuple

import flax.linen as nn
import jax

from jaxseg.methods.parts.encoder import cosines, uniform_within, unit

STREAMS = ("rgb", "flow")


class StreamOutputs(NamedTuple):
    """Outputs of one stream for snippets [..., T]."""

    class_logits: jax.Array  # [..., T, G], the T-CAS before its softmax
    attention_logits: jax.Array  # [..., T], the attention before its sigmoid
    cosines: jax.Array  # [..., T, K], of embeddings and cluster prototypes
    embeddings: jax.Array  # [..., T, hidden], not normalized


class _Dense(nn.Module):
    """A linear layer with PyTorch's start: weights and bias uniform in +-1/sqrt(inputs).

    The kernel is drawn [width, inputs], so that further classes leave the first ones as they are.
    """

    width: int

    @nn.compact
    def __call__(self, inputs):
        uniform = uniform_within(inputs.shape[-1] ** -0.5)
        kernel = self.param(
            "kernel", lambda key, shape: uniform(key, shape).T, (self.width, inputs.shape[-1])
        )
        return inputs @ kernel + self.param("bias", uniform, (self.width,))


class Stream(nn.Module):
    """Features [..., T, channels] of one stream to its `StreamOutputs`.

    The prototypes enter as they are: the method keeps them at unit norm by a projection after
    every update. Normalizing them here would give the same cosines but another gradient.

    Attributes:
        num_classes: G.
        num_clusters: K.
        hidden: width of both encoders.
    """

    num_classes: int
    num_clusters: int
    hidden: int = 512

    @nn.compact
    def __call__(self, features: jax.Array) -> StreamOutputs:
        # One row a snippet: over several axes, the gradient of a kernel would sum by way of a
        # transposed copy of the hidden layer.
        snippets = features.reshape(-1, features.shape[-1])
        class_features = nn.relu(_Dense(self.hidden, name="class_encoder")(snippets))
        embeddings = nn.relu(_Dense(self.hidden, name="embedding_encoder")(snippets))
        uniform = uniform_within(self.hidden**-0.5)
        prototypes = self.param("prototypes", uniform, (self.num_clusters, self.hidden))
        outputs = StreamOutputs(
            class_logits=_Dense(self.num_classes, name="classifier")(class_features),
            attention_logits=_Dense(1, name="attention")(embeddings)[:, 0],
            cosines=cosines(embeddings, prototypes),
            embeddings=embeddings,
        )
        return jax.tree.map(
            lambda leaf: leaf.reshape(*features.shape[:-1], *leaf.shape[1:]), outputs
        )


class TwoStream(nn.Module):
    """Two streams of the same structure and separate weights; attributes as for `Stream`."""

    num_classes: int
    num_clusters: int
    hidden: int = 512

    @nn.compact
    def __call__(self, rgb: jax.Array, flow: jax.Array) -> tuple[StreamOutputs, StreamOutputs]:
        sizes = self.num_classes, self.num_clusters, self.hidden
        return Stream(*sizes, name="rgb")(rgb), Stream(*sizes, name="flow")(flow)


def project(params: dict) -> dict:
    """Both streams' prototypes back to unit norm, as before every step of the authors' program."""
    return {
        name: stream | {"prototypes": unit(stream["prototypes"])} for name, stream in params.items()
    }
