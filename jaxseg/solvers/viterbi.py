"""Viterbi: the likeliest segmentation that shows the clusters in a given order, or in any.

`decode`: for one video of N frames and K clusters, the path s maximizes sum_i log_likelihood[i,
s_i] over paths that start in the first cluster, end in the last, and from one frame to the next
stay or go on by one (decoding of CTE, CVPR 2019, and TOT, CVPR 2022). Every such path goes on K - 1
times and stays N - K times: the odds of staying weigh all of them alike, and are left out.

`decode_recurring`: any cluster may follow any other, any number of times or never; what keeps
segments long is the probability of staying.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from jaxseg.solvers.checks import as_mask, as_matrix, is_known, require_entries, require_shape


def decode(
    log_likelihood: jax.Array,
    *,
    mask: jax.Array | None = None,
    cluster_mask: jax.Array | None = None,
    order: jax.Array | None = None,
    stay_probability: jax.Array | float = 0.5,
) -> jax.Array:
    """Labels of the likeliest path, in O(N K) time and one byte of memory beside each entry.

    Where two paths tie, the frame came from the cluster before: boundaries are as late as they
    can be, as in the authors' program. Where every path is forbidden, some path is returned.

    A video with fewer valid frames than clusters cannot hold both ends, so neither is asked of
    it: the path may start and end anywhere and runs through neighbors in the order. Only there
    do paths differ in how often they stay, and `stay_probability` counts.

    Args:
        log_likelihood: [N, K], log p(frame | cluster) or log p(cluster | frame) up to a number a
            frame; -inf forbids an entry. What stands on masked rows and columns does not matter,
            NaN included.
        mask: [N] bool, valid frames. Others are skipped, wherever they stand, as if they were
            not there: the frames around them are neighbors.
        cluster_mask: [K] bool, valid clusters.
        order: [K], the clusters as they follow each other in time, a permutation of 0 to K - 1
            (default); masked clusters stand anywhere in it and are skipped.
        stay_probability: between 0 and 1, both excluded.

    Returns:
        [N] int32, clusters by their own numbers; -1 on masked frames, and on all of them where
        no cluster is valid.

    Raises:
        ValueError: for shapes that do not fit, a known order that is no permutation, a known
            probability out of range and valid entries known to be NaN or +inf.
    """
    log_likelihood, mask, cluster_mask = _as_problem(log_likelihood, mask, cluster_mask)
    order = _as_order(order, len(cluster_mask))
    advance = _log_odds_of_advance(stay_probability, log_likelihood.dtype)

    # Masked clusters go last, where no path from the first state to the last valid one leads.
    states = order[jnp.argsort(~cluster_mask[order])]  # valid clusters first, in their order
    scores = jnp.where(cluster_mask[states], log_likelihood[:, states], -jnp.inf)
    num_states = cluster_mask.sum()
    holds_both_ends = mask.sum() >= num_states
    advance = jnp.where(holds_both_ends, 0, advance)

    best, advanced = _forward(scores, mask, advance, holds_both_ends)
    last = jnp.where(holds_both_ends, num_states - 1, jnp.argmax(best))
    path = _backward(advanced, mask, last.astype(jnp.int32))
    return jnp.where(mask & cluster_mask.any(), states[path], -1).astype(jnp.int32)


def _forward(scores, mask, advance, starts_in_first) -> tuple[jax.Array, jax.Array]:
    """Score of the best path to each state, up to a number, and whether it came from before.

    Before the first frame stands a state of its own, the only way into the first; where a path
    may start anywhere, all are open.

    Returns:
        [K] after the last frame, and bool [N, K].
    """

    def step(best, frame):
        score, valid = frame
        before, same = best[:-1] + advance, best[1:]
        reached = _near_zero(jnp.maximum(before, same) + score)
        reached = jnp.concatenate([closed[:1], reached])
        return jnp.where(valid, reached, best), before >= same

    closed = jnp.full(scores.shape[1] + 1, -jnp.inf, scores.dtype)
    start = jnp.where(starts_in_first, closed.at[0].set(0), 0)
    best, advanced = lax.scan(step, start, (scores, mask))
    return best[1:], advanced


def _backward(advanced, mask, last) -> jax.Array:
    """The path [N] that ends in the last state."""

    def step(state, frame):
        advanced, valid = frame
        before = jnp.maximum(state - advanced[state], 0)  # -inf ties with what is before the first
        return jnp.where(valid, before, state), state

    return lax.scan(step, last, (advanced, mask), reverse=True)[1]


def decode_recurring(
    log_likelihood: jax.Array,
    *,
    mask: jax.Array | None = None,
    cluster_mask: jax.Array | None = None,
    stay_probability: jax.Array | float = 0.5,
) -> jax.Array:
    """Labels of the likeliest path on which any cluster may follow any other, in O(N K) time.

    The next frame has the same cluster with the probability p = `stay_probability`, and each of
    the K - 1 others with (1 - p) / (K - 1); all starts are alike. An action of d frames on average
    asks for p = 1 - 1/d. Where two paths tie, the frame came from its own cluster, or from that
    with the lowest number. Where every path is forbidden, some path is returned.

    Args:
        log_likelihood, mask, cluster_mask: as `decode` takes them; K counts valid clusters.
        stay_probability: between 0 and 1, both excluded.

    Returns, raises: as `decode`.
    """
    log_likelihood, mask, cluster_mask = _as_problem(log_likelihood, mask, cluster_mask)
    num_others = jnp.maximum(cluster_mask.sum() - 1, 1)
    switch = _log_odds_of_advance(stay_probability, log_likelihood.dtype) - jnp.log(num_others)

    states = jnp.argsort(~cluster_mask)  # valid clusters first: also where all are forbidden
    scores = jnp.where(cluster_mask[states], log_likelihood[:, states], -jnp.inf)
    start = jnp.where(cluster_mask[states], 0, -jnp.inf).astype(scores.dtype)
    numbers = jnp.arange(len(states))

    def forward(best, frame):
        score, valid = frame
        # Of all states but one the best is the best of all, or, for that one, the second best.
        first = jnp.argmax(best)
        others = best.at[first].set(-jnp.inf)
        second = jnp.argmax(others)
        other = jnp.where(numbers == first, others[second], best[first]) + switch.astype(best.dtype)
        reached = _near_zero(jnp.maximum(best, other) + score)
        return jnp.where(valid, reached, best), (best >= other, first, second)

    def backward(state, frame):
        (stays, first, second), valid = frame
        other = jnp.where(state == first, second, first)
        return jnp.where(valid & ~stays[state], other, state), state

    best, came_from = lax.scan(forward, start, (scores, mask))
    path = lax.scan(backward, jnp.argmax(best), (came_from, mask), reverse=True)[1]
    return jnp.where(mask & cluster_mask.any(), states[path], -1).astype(jnp.int32)


def time_sums(assignment: jax.Array, *, mask: jax.Array | None = None) -> jax.Array:
    """Each cluster's mass, and its mass times time, in one video; sums of many videos add up.

    Args:
        assignment: [N, K], >= 0: a plan, probabilities, or `jax.nn.one_hot(labels, K)`, whose
            rows are 0 where the label is -1.
        mask: [N] bool, valid frames; time runs over these alone, from 0 to 1 in each video.

    Returns:
        [2, K]: the clusters' mass times the time of its frames, and their mass.

    Raises:
        ValueError: for shapes that do not fit.
    """
    assignment = as_matrix("assignment", assignment)
    mask = as_mask("mask", mask, len(assignment))
    mass = jnp.where(mask[:, None], assignment, 0)
    time = (jnp.cumsum(mask) - 0.5) / jnp.maximum(mask.sum(), 1)
    return jnp.stack([(time.astype(mass.dtype)[:, None] * mass).sum(0), mass.sum(0)])


def order_by_time(sums: jax.Array, *, cluster_mask: jax.Array | None = None) -> jax.Array:
    """Clusters by the mean time of their frames.

    Args:
        sums: [2, K], `time_sums` of a video or their total over many.
        cluster_mask: [K] bool, valid clusters.

    Returns:
        [K] int32, the `order` of `decode`: clusters that hold frames, then empty ones, then
        masked ones; ties and the last two groups by number.

    Raises:
        ValueError: for shapes that do not fit.
    """
    sums = jnp.asarray(sums)
    if sums.ndim != 2 or len(sums) != 2:
        raise ValueError(f"sums must be [2, clusters], got shape {sums.shape}")
    time, mass = sums
    cluster_mask = as_mask("cluster_mask", cluster_mask, len(mass))
    mean = jnp.where(mass > 0, time / jnp.where(mass > 0, mass, 1), jnp.inf)
    return jnp.lexsort((mean, ~cluster_mask)).astype(jnp.int32)


def mean_time_order(
    assignment: jax.Array, *, mask: jax.Array | None = None, cluster_mask: jax.Array | None = None
) -> jax.Array:
    """The order of the clusters in one video: `order_by_time` of its `time_sums`."""
    return order_by_time(time_sums(assignment, mask=mask), cluster_mask=cluster_mask)


def _near_zero(scores) -> jax.Array:
    """Scores less the best: in a sum over 10^5 frames float32 would lose what tells paths apart."""
    level = scores.max()
    return scores - jnp.where(jnp.isfinite(level), level, 0)


def _as_problem(log_likelihood, mask, cluster_mask) -> tuple[jax.Array, jax.Array, jax.Array]:
    """The scores and both masks as arrays, looked at as far as they are known."""
    given = log_likelihood, mask, cluster_mask
    log_likelihood = as_matrix("log_likelihood", log_likelihood)
    frames, clusters = log_likelihood.shape
    mask = as_mask("mask", mask, frames)
    cluster_mask = as_mask("cluster_mask", cluster_mask, clusters)
    require_entries("log_likelihood", *given, "a number or -inf", lambda entry: entry < np.inf)
    return log_likelihood, mask, cluster_mask


def _as_order(order, num_clusters) -> jax.Array:
    """A permutation of the clusters, or their numbers; traced ones cannot be looked at and pass."""
    if order is None:
        return jnp.arange(num_clusters)
    order = jnp.asarray(order)
    require_shape("order", order, (num_clusters,))
    if is_known(order) and not np.array_equal(np.sort(order), np.arange(num_clusters)):
        message = f"order must hold each of 0 to {num_clusters - 1} once, got {order.tolist()}"
        raise ValueError(message)
    return order.astype(jnp.int32)


def _log_odds_of_advance(stay_probability, dtype) -> jax.Array:
    known = not isinstance(stay_probability, jax.core.Tracer)
    if known and not 0 < stay_probability < 1:
        raise ValueError(f"stay_probability must be between 0 and 1, got {stay_probability}")
    stay = jnp.asarray(stay_probability, dtype)
    return jnp.log1p(-stay) - jnp.log(stay)
