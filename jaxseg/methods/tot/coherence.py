"""TOT's temporal coherence loss: frames near in time have near embeddings (Eq. 3)."""

import jax
import jax.numpy as jnp

from jaxseg.methods.method import MemberInputs
from jaxseg.methods.parts import losses
from jaxseg.methods.tot.config import TotConfig


def temporal_coherence(
    config: TotConfig, embeddings: jax.Array, batch: dict, key: jax.Array, member: MemberInputs
) -> jax.Array:
    """The N-pair loss of a batch in the form that `config.loss.tcl_groups` names, a scalar.

    "paper": in each video the anchors of N bins, each with its neighbour; the mean over videos.
    "code": as the authors' program, N groups of consecutive samples over all videos; the anchor
    is a random one of a group but its last, its positive is the next sample.

    Args:
        embeddings: [videos, frames, D].
        batch: with "mask" [videos, frames] and "pairs" [videos, bins, 2].
        key: of the anchors in the form "code".
    """
    embeddings = embeddings / member.hyper["loss"]["tcl_temperature"]
    there = batch["mask"].any(-1)
    if config.loss.tcl_groups == "paper":
        each = jax.vmap(_pairs_of_video)(embeddings, batch["pairs"])
        return losses.masked_mean(each, there)
    videos, frames, width = embeddings.shape
    size = frames // config.data.bins
    groups = jnp.arange(videos * config.data.bins)
    anchors = groups * size + jax.random.randint(key, groups.shape, 0, size - 1)
    rows = embeddings.reshape(-1, width)
    valid = jnp.repeat(there, config.data.bins)
    return losses.masked_mean(n_pair(rows[anchors], rows[anchors + 1], valid), valid)


def _pairs_of_video(embeddings: jax.Array, pairs: jax.Array) -> jax.Array:
    return jnp.mean(n_pair(embeddings[pairs[:, 0]], embeddings[pairs[:, 1]]))


def n_pair(anchors: jax.Array, positives: jax.Array, valid: jax.Array | None = None) -> jax.Array:
    """- log softmax_j(z_i . z+_j) at j = i, for each anchor i.

    Args:
        anchors, positives: [N, D].
        valid: [N] bool, the pairs that exist; others are nobody's negatives.

    Returns:
        [N].
    """
    logits = anchors @ positives.T
    if valid is not None:
        logits = jnp.where(valid | jnp.eye(len(logits), dtype=bool), logits, -jnp.inf)
    return jax.nn.logsumexp(logits, axis=-1) - jnp.diagonal(logits)
