"""The backbone of GauFuse: a cosine classifier, before and after propagation (RSKP)."""

from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp

from jaxseg.methods.gaufuse.propagation import expectation_maximization, masked_softmax, propagate
from jaxseg.methods.parts.encoder import cosines, unit

_xavier = nn.initializers.xavier_uniform()


class Branch(NamedTuple):
    """What the heads say of one video's snippets; class G is background.

    Every entry is s times a cosine. In padding logits are 0.
    """

    class_logits: jax.Array  # [T, G+1], o of each snippet and class centre
    attention_logits: jax.Array  # [T], of the foreground centre; their sigmoid is lambda
    agnostic_logits: jax.Array  # [G+1], of the video by class-agnostic attention; p_ca
    wise_logits: jax.Array  # [G+1], of the video by each class's own attention; p_cw


class RskpOutputs(NamedTuple):
    """What the network makes of one video."""

    own: Branch
    propagated: Branch  # after propagation of the video's own representative snippets
    memory: Branch | None  # after propagation of the memory's; None where there is no memory
    means: jax.Array  # [K, D], representative snippets
    mean_scores: jax.Array  # [K, G+1], the class probabilities of each
    embeddings: jax.Array  # [T, D], x; 0 in padding
    propagated_embeddings: jax.Array  # [T, D], x^; 0 in padding


class Rskp(nn.Module):
    """Features of one video's snippets to class and attention logits; vmap it over videos.

    The numbers among the attributes may be traced, so that they can differ between members.

    Attributes:
        num_classes: G, without background.
        hidden: D.
        num_means: K, representative snippets of a video.
        em_rounds: rounds of expectation maximisation that find them.
        scale: s, factor of all cosines.
        dropout: share of the embedding that a training step leaves out.
        weight: w of the propagation.
    """

    num_classes: int
    hidden: int = 2048
    num_means: int = 8
    em_rounds: int = 2
    scale: jax.Array | float = 20.0
    dropout: jax.Array | float = 0.6
    weight: jax.Array | float = 0.5

    @nn.compact
    def __call__(
        self,
        features: jax.Array,
        mask: jax.Array,
        *,
        memory: jax.Array | None = None,
        memory_mask: jax.Array | None = None,
        key: jax.Array | None = None,
    ) -> RskpOutputs:
        """One video's outputs, which do not depend on its padding, NaN there included.

        Args:
            features: [T, C].
            mask: [T] bool, the valid snippets.
            memory: [M, D], representative snippets of other videos.
            memory_mask: [M] bool, those that exist; None for all.
            key: of the dropout; None in testing, which drops nothing.
        """
        x = self._embed(features, mask, key)
        centres = self.param("classes", _xavier, (self.num_classes + 1, self.hidden))
        foreground = self.param("foreground", lambda _: -centres[-1])
        start = self.param("means", _xavier, (self.num_means, self.hidden))

        def branch(embeddings):
            return _branch(embeddings, mask, centres, foreground, self.scale)

        def spread(sources, sources_mask=None):
            return propagate(x, mask, sources, sources_mask=sources_mask, weight=self.weight)

        means = expectation_maximization(start, x, mask, rounds=self.em_rounds)
        propagated = spread(means)
        return RskpOutputs(
            own=branch(x),
            propagated=branch(propagated),
            memory=None if memory is None else branch(spread(memory, memory_mask)),
            means=means,
            mean_scores=jax.nn.softmax(self.scale * cosines(means, unit(centres))),
            embeddings=x,
            propagated_embeddings=propagated,
        )

    def _embed(self, features, mask, key):
        """x = dropout(ReLU(W x + b)), 0 in padding."""
        valid = mask[:, None]
        # Before the layer too: a NaN would reach the gradient of W, even at no weight.
        features = jnp.where(valid, features, 0)
        x = nn.relu(nn.Dense(self.hidden, kernel_init=_xavier, name="encoder")(features))
        if key is not None:
            # Bits are drawn by flat index, so that padding changes no valid snippet's.
            kept = jax.random.bernoulli(key, 1 - self.dropout, x.shape)
            x = jnp.where(kept, x / (1 - self.dropout), 0)
        return jnp.where(valid, x, 0)


def _branch(x, mask, centres, foreground, scale) -> Branch:
    """The heads on embeddings x [T, D], all centres in one product.

    A video's feature is the mean of its snippets, weighted by sigmoids; sigmoids that are
    divided by their sum are a softmax of their logarithms, which no number underflows.
    """
    units = unit(jnp.concatenate([centres, foreground[None]]))
    logits = scale * cosines(x, units)
    weights = masked_softmax(jax.nn.log_sigmoid(logits), mask[:, None], axis=0)
    by_weights = scale * cosines(weights.T @ x, units[:-1])  # a row for each column of weights
    return Branch(
        class_logits=logits[:, :-1],
        attention_logits=logits[:, -1],
        agnostic_logits=by_weights[-1],
        wise_logits=jnp.diagonal(by_weights),
    )
