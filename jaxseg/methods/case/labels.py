"""CASE's pseudo-labels Q_A, Q_S and Q_C, made of network outputs; nothing here carries a gradient.

B videos of T snippets, N = B T snippets of a batch, K clusters, G classes. Videos where a mask
does not hold are padding: they change nothing. `solver` says how labels are made, see
`ClusterSolverConfig`; its numbers may be traced.
"""

from collections.abc import Callable, Iterable

import jax
import jax.numpy as jnp

from jaxseg.methods.case.config import ClusterSolverConfig
from jaxseg.methods.parts.losses import masked_mean
from jaxseg.solvers import priors, sinkhorn


def co_label(make: Callable, predictions: Iterable[tuple], *, shared: bool) -> list:
    """One label for both streams, from the mean of what they predict, or one for each (F.2).

    Args:
        make: a stream's predictions -> its pseudo-label.
        predictions: the arguments of `make`, one tuple a stream.
        shared: whether the streams share the label.

    Returns:
        one pseudo-label a stream.
    """
    predictions = jax.lax.stop_gradient(list(predictions))
    if not shared:
        return [make(*stream) for stream in predictions]
    mean = jax.tree.map(lambda *streams: sum(streams) / len(streams), *predictions)
    return [make(*mean)] * len(predictions)


def calibrated_map(
    class_logits: jax.Array, attention_logits: jax.Array, omega: jax.Array | float
) -> jax.Array:
    """S = omega P_V + (1 - omega) P_A of one stream (F.1), [B, T, G] and [B, T] to [B, T, G]."""
    attention = jax.nn.sigmoid(attention_logits)
    return omega * jax.nn.softmax(class_logits) + (1 - omega) * attention[..., None]


def top_snippets(scores: jax.Array, divisor: int) -> jax.Array:
    """Each class's highest snippets of each video (Eq. 15), [B, T, G] to bool [B, T, G].

    They are T // divisor, at least 1; among equal scores the first ones win.
    """
    count = max(1, scores.shape[1] // divisor)
    keys = _ordered_integers(scores)
    lowest_chosen = _largest_reached_by(count, keys)
    higher, equal = keys > lowest_chosen, keys == lowest_chosen
    places_left = count - higher.sum(axis=1, keepdims=True)
    return higher | (equal & (jnp.cumsum(equal, axis=1) <= places_left))


def _ordered_integers(values: jax.Array) -> jax.Array:
    """float32 to int32 of the same order: sign and magnitude become one number."""
    # Positive floats are in the order of their bits; negative ones, in two's complement, in the
    # opposite one, which the negated magnitude turns round. -0 becomes 0, as it must.
    bits = jax.lax.bitcast_convert_type(values.astype(jnp.float32), jnp.int32)
    return jnp.where(bits < 0, -(bits & 0x7FFFFFFF), bits)


def _largest_reached_by(count: int, keys: jax.Array) -> jax.Array:
    """Largest integer that at least `count` of the keys [B, T, G] reach, [B, 1, G].

    By halving 32 times, not by `top_k` or a sort: the first of these makes XLA gather all members'
    scores on every device, the second takes ten times as long on a CPU.
    """

    def halve(_, bounds):
        low, high = bounds
        middle = (low | high) - ((low ^ high) >> 1)  # rounded up, without overflow
        enough = jnp.sum(keys >= middle, axis=1, keepdims=True) >= count
        return jnp.where(enough, middle, low), jnp.where(enough, high, middle - 1)

    ends = keys.min(axis=1, keepdims=True), keys.max(axis=1, keepdims=True)
    return jax.lax.fori_loop(0, 32, halve, ends)[0]


def foreground_labels(top: jax.Array, labels: jax.Array) -> jax.Array:
    """Q_A: bool [B, T], top snippets [B, T, G] of any class that their video has [B, G]."""
    return jnp.any(top & (labels[:, None] > 0), axis=-1)


def foreground_shares(foreground: jax.Array, mask: jax.Array) -> jax.Array:
    """Beta: shares of foreground and background (Eq. 13), [B, T] of the videos [B] to [2]."""
    share = masked_mean(foreground.mean(axis=-1), mask)
    return jnp.stack([share, 1 - share])


def snippet_labels(
    cosines: jax.Array,
    attention: jax.Array,
    foreground: jax.Array,
    mask: jax.Array,
    *,
    solver: ClusterSolverConfig,
    scale: jax.Array | float,
) -> jax.Array:
    """Q_S: the cluster of each snippet (Eq. 12; without prior Eq. 10, without transport P_S).

    Args:
        cosines: [N, K], to the prototypes.
        attention: [N], whose rank makes the prior.
        foreground: [K], the clusters' probability of being foreground, from the step before.
        mask: [N] bool.
        solver: how; its prior is Eq. 11, in `priors.rank_prior`.
        scale: rho, factor of the cosines in the prediction P_S.

    Returns:
        [N, K]; valid rows sum to 1, the others are 0.
    """
    if solver.assignment.startswith("ot"):
        cost, prior = -cosines, None
        if solver.prior:
            prior = priors.rank_prior(
                attention, foreground, sigma=solver.sigma, mask=mask, compat=solver.compat or None
            )
        labels = sinkhorn.solve(
            cost,
            mask=mask,
            epsilon=solver.epsilon,
            prior=prior,
            num_iterations=solver.num_iterations,
        ).plan
    else:
        labels = jax.nn.softmax(scale * cosines)
    if solver.assignment.endswith("hard"):
        labels = jax.nn.one_hot(jnp.argmax(labels, axis=-1), labels.shape[-1], dtype=labels.dtype)
    return jnp.where(mask[:, None], labels, 0)


def cluster_labels(
    cosines: jax.Array, shares: jax.Array, *, solver: ClusterSolverConfig
) -> jax.Array:
    """Q_C: which clusters are foreground (Eq. 10 with the marginal of Eq. 13, or of Eq. 9).

    Args:
        cosines: [K, 2], of the clusters' prototypes and those of foreground and background.
        shares: [2], the marginal beta of Eq. 13.
        solver: how.

    Returns:
        [K, 2], rows sum to 1.
    """
    empirical = solver.marginal == "empirical"
    return sinkhorn.solve(
        -cosines,
        epsilon=solver.epsilon,
        column_marginal=len(cosines) * shares if empirical else None,
        num_iterations=solver.num_iterations,
    ).plan
