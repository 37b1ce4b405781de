"""GauFuse's backbone RSKP: a cosine classifier, before and after propagation (Huang et al. 2022).

Representative snippets of a video are found by expectation maximization (`assignments`,
`expectation_maximization`), what they know spreads to all others (`propagate`), and the same heads
look at both. One video: K means or sources [K, D] and T snippets x [T, D], of which a mask [T]
holds the valid ones. What stands in padding does not matter, NaN included. No array is larger than
T times D or K; the paper's T x T inverse is never made.
"""

import functools
from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp

from jaxseg.methods.parts.encoder import cosines, unit
from jaxseg.solvers.reductions import matmul

_xavier = nn.initializers.xavier_uniform()
_NOTHING = -1e30  # logit of what has no share, finite so that a softmax over nothing is no NaN


class Branch(NamedTuple):
    """Logits of the heads for one video's snippets; class G is background.

    Every entry is s times a cosine. In padding logits are 0.
    """

    class_logits: jax.Array  # [T, G+1], o of each snippet and class center
    attention_logits: jax.Array  # [T], of the foreground center; their sigmoid is lambda
    agnostic_logits: jax.Array  # [G+1], of the video by class-agnostic attention; p_ca
    wise_logits: jax.Array  # [G+1], of the video by each class's own attention; p_cw


class RskpOutputs(NamedTuple):
    """Outputs of the network for one video."""

    original: Branch  # of the embeddings as they are
    propagated: Branch  # after propagation of the video's representative snippets
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
        em_rounds: rounds of expectation maximization that find them.
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
        centers = self.param("classes", _xavier, (self.num_classes + 1, self.hidden))
        foreground = self.param("foreground", lambda _: -centers[-1])
        start = self.param("means", _xavier, (self.num_means, self.hidden))

        heads = {"mask": mask, "centers": centers, "foreground": foreground, "scale": self.scale}
        branch = functools.partial(_branch, **heads)
        spread = functools.partial(propagate, x, mask, weight=self.weight)
        means = expectation_maximization(start, x, mask, rounds=self.em_rounds)
        propagated = spread(means)
        return RskpOutputs(
            original=branch(x),
            propagated=branch(propagated),
            memory=None if memory is None else branch(spread(memory, sources_mask=memory_mask)),
            means=means,
            mean_scores=jax.nn.softmax(self.scale * cosines(means, unit(centers))),
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


def _branch(x, mask, centers, foreground, scale) -> Branch:
    """The heads on embeddings x [T, D], all centers in one product.

    A video's feature is the mean of its snippets, weighted by sigmoids; sigmoids that are
    divided by their sum are a softmax of their logarithms, which cannot underflow.
    """
    units = unit(jnp.concatenate([centers, foreground[None]]))
    logits = scale * cosines(x, units)
    weights = masked_softmax(jax.nn.log_sigmoid(logits), mask[:, None], axis=0)
    by_weights = scale * cosines(weights.T @ x, units[:-1])  # a row for each column of weights
    return Branch(
        class_logits=logits[:, :-1],
        attention_logits=logits[:, -1],
        agnostic_logits=by_weights[-1],
        wise_logits=jnp.diagonal(by_weights),
    )


def masked_softmax(logits: jax.Array, valid: jax.Array, axis: int) -> jax.Array:
    """Shares of the valid entries along an axis; 0 for the others, and all 0 where none is."""
    shares = jax.nn.softmax(jnp.where(valid, logits, _NOTHING), axis=axis)
    return jnp.where(valid, shares, 0)


def assignments(
    means: jax.Array,
    x: jax.Array,
    mask: jax.Array,
    *,
    means_mask: jax.Array | None = None,
    sharpness: jax.Array | float = 5.0,
) -> jax.Array:
    """Z: share of each mean in each snippet, softmax_k(5 cos(mu_k, x_t)).

    Args:
        means: [K, D].
        x: [T, D].
        mask: [T] bool.
        means_mask: [K] bool, the means that exist; None for all.
        sharpness: factor of the cosines.

    Returns:
        [K, T]; columns of valid snippets sum to 1, all else is 0.
    """
    valid = mask[None]
    if means_mask is not None:
        means = jnp.where(means_mask[:, None], means, 0)
        valid = valid & means_mask[:, None]
    similar = cosines(jnp.where(mask[:, None], x, 0), unit(means)).T
    return masked_softmax(sharpness * similar, valid, axis=0)


def expectation_maximization(
    means: jax.Array, x: jax.Array, mask: jax.Array, *, rounds: int = 2
) -> jax.Array:
    """Representative snippets: means [K, D] moved to where snippets x [T, D] are.

    A round assigns the snippets and then takes mu_k = sum_t z_kt x_t / sum_t z_kt; the means of
    a video without a valid snippet are 0.

    Args:
        means: [K, D], where they start.
        x: [T, D].
        mask: [T] bool.
        rounds: how many, a Python number.
    """
    x = jnp.where(mask[:, None], x, 0)
    for _ in range(rounds):
        means = matmul(_over_snippets(assignments(means, x, mask)), x)
    return means


def propagate(
    x: jax.Array,
    mask: jax.Array,
    sources: jax.Array,
    *,
    sources_mask: jax.Array | None = None,
    weight: jax.Array | float = 0.5,
) -> jax.Array:
    """x^ = (1-w) (I - w^2 Z' Zbar)^-1 (w Z' mu + x): snippets after propagation from sources.

    Z are the assignments to the sources mu, Zbar is Z with rows that sum to 1. The formula is
    the limit of a walk between the two sides: y = x + w Z' m and m = mu + w Zbar y, x^ = (1-w) y.
    Leaving out y instead of m (Woodbury's identity) leaves K unknowns instead of T:

        (I - w^2 Zbar Z') m = mu + w Zbar x.

    Zbar Z' has rows that sum to 1, so that the system is well-conditioned for any w below 1.

    Args:
        x: [T, D].
        mask: [T] bool.
        sources: [K, D].
        sources_mask: [K] bool, the sources that exist; None for all.
        weight: w in [0, 1), how far what the sources know spreads.

    Returns:
        [T, D], 0 in padding; without a source (1-w) x.
    """
    x = jnp.where(mask[:, None], x, 0)
    if sources_mask is not None:
        sources = jnp.where(sources_mask[:, None], sources, 0)
    z = assignments(sources, x, mask, means_mask=sources_mask)
    shares = _over_snippets(z)
    system = jnp.eye(len(sources), dtype=x.dtype) - weight**2 * matmul(shares, z.T)
    reached = matmul(_inverse(system), sources + weight * matmul(shares, x))
    return (1 - weight) * (x + weight * matmul(z.T, reached))


def _inverse(system: jax.Array) -> jax.Array:
    """Inverse of I - w^2 S [K, K], the rows of S being at least 0 and of sum 1 at most.

    Gauss and Jordan's elimination, for matrices that need no pivots. `jnp.linalg.solve` cannot
    be used: XLA's batched triangular solve on a CPU waits for its own pool of threads, and two that
    run at once, as those of this network's two branches, wait forever where there are two threads
    (seen with jaxlib 0.10.2 and two cores, once in some thousand steps).
    """
    size = len(system)

    def eliminate(k, both):
        row = both[k] / both[k, k]
        return (both - both[:, k, None] * row).at[k].set(row)

    both = jnp.concatenate([system, jnp.eye(size, dtype=system.dtype)], axis=1)
    return jax.lax.fori_loop(0, size, eliminate, both)[:, size:]


def _over_snippets(z: jax.Array) -> jax.Array:
    """Zbar [K, T]: rows sum to 1; those of zeros stay."""
    total = jnp.sum(z, axis=1, keepdims=True)
    return z / jnp.where(total > 0, total, 1)
