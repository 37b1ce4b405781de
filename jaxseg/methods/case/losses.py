"""CASE's losses (Eq. 1 to 6) of outputs and pseudo-labels, and the step that joins them (Eq. 14).

Shapes as in `labels`; a stream is a `StreamOutputs` for B videos.
"""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp

from jaxseg.methods.case import labels as pseudo_labels
from jaxseg.methods.case.config import CaseLossConfig, CaseSolverConfig
from jaxseg.methods.case.network import StreamOutputs
from jaxseg.methods.parts.encoder import unit
from jaxseg.methods.parts.losses import masked_mean, soft_cross_entropy


class PseudoLabels(NamedTuple):
    """Pseudo-labels of one stream; None for those that `CaseLossConfig.clustering` leaves out."""

    top: jax.Array  # [B, T, G] bool, the snippets that make each class's score
    foreground: jax.Array  # [B, T] bool, Q_A
    snippets: jax.Array | None = None  # [N, K], Q_S
    clusters: jax.Array | None = None  # [K, 2], Q_C


def step(
    streams: Sequence[StreamOutputs],
    cluster_classes: jax.Array,
    labels: jax.Array,
    mask: jax.Array,
    *,
    solver: CaseSolverConfig,
    loss: CaseLossConfig,
    scale: jax.Array | float,
) -> tuple[dict[str, jax.Array], list[PseudoLabels]]:
    """All losses of one step and the pseudo-labels behind them.

    Args:
        streams: outputs of both streams.
        cluster_classes: Q_C of the step before, [K, 2], or [2, K, 2] where streams have their own.
        labels: [B, G], 1 for the classes a video has.
        mask: [B] bool, the videos that exist.
        solver, loss: choices, which are static, and numbers, which may be traced.
        scale: rho, factor of all cosines before a softmax.

    Returns:
        {"video_loss", "attention_loss", "snippet_loss", "cluster_loss"}, without those that
        `loss.clustering` leaves out, and "loss", their weighted sum (Eq. 14); and one
        `PseudoLabels` a stream.
    """
    pseudo = _label_foreground(streams, labels, solver)
    parts = _baseline_losses(streams, pseudo, labels, mask, loss)
    if loss.clustering != "none":
        valid = jnp.repeat(mask, pseudo[0].foreground.shape[1])
        flat = jax.tree.map(lambda leaf: leaf.reshape(-1, *leaf.shape[2:]), list(streams))
        pseudo = _label_snippets(flat, pseudo, cluster_classes, valid, solver, scale)
        errors = [
            assignment_loss(labeled.snippets, stream.cosines, scale)
            for stream, labeled in zip(flat, pseudo, strict=True)
        ]
        parts["snippet_loss"] = masked_mean(sum(errors), valid)  # Eq. 3
    if loss.clustering == "full":
        cosines = [
            cluster_cosines(stream.embeddings, labeled.snippets, labeled.foreground, valid)
            for stream, labeled in zip(flat, pseudo, strict=True)
        ]
        pseudo = _label_clusters(cosines, pseudo, mask, solver)
        errors = [
            assignment_loss(labeled.clusters, stream_cosines, scale)
            for stream_cosines, labeled in zip(cosines, pseudo, strict=True)
        ]
        parts["cluster_loss"] = jnp.mean(sum(errors))  # Eq. 6
    weights = {"snippet_loss": loss.snippet_weight, "cluster_loss": loss.cluster_weight}
    total = sum(weights.get(name, 1) * part for name, part in parts.items())  # Eq. 14
    return {"loss": total, **parts}, pseudo


def video_loss(class_logits: jax.Array, top: jax.Array, labels: jax.Array) -> jax.Array:
    """L_V: cross-entropy of the mean logits over the top snippets (Eq. 1, 15 and 16), [B].

    A sum over the classes that a video has, not a mean over all: a class that no video has and
    that the network rules out, by a logit of -inf, changes nothing. A video without any class
    says nothing and costs nothing.
    """
    means = jnp.sum(jnp.where(top, class_logits, 0), axis=1) / jnp.sum(top, axis=1)
    total = jnp.sum(labels, axis=-1, keepdims=True)
    shares = labels / jnp.where(total > 0, total, 1)
    return soft_cross_entropy(shares, jax.nn.log_softmax(means))


def attention_loss(
    attention_logits: jax.Array, foreground: jax.Array, gamma: jax.Array | float | None = None
) -> jax.Array:
    """L_A: generalized binary cross-entropy of the attention (Eq. 2), [B, T] to [B].

    Foreground and background are averaged each by itself; a side without snippets costs nothing.

    Args:
        attention_logits: before the sigmoid, whose ends would lose the gradient.
        foreground: [B, T] bool, Q_A.
        gamma: tolerance of noise, in (0, 1); None is plain cross-entropy, the limit at 0.
    """

    def error(logits):
        log_probability = jax.nn.log_sigmoid(logits)
        if gamma is None:
            return -log_probability
        # (1 - p^gamma) / gamma; expm1 keeps its digits where p is near 1.
        return -jnp.expm1(gamma * log_probability) / gamma

    positive = masked_mean(error(attention_logits), foreground, axis=-1)
    return positive + masked_mean(error(-attention_logits), ~foreground, axis=-1)


def assignment_loss(labels: jax.Array, cosines: jax.Array, scale: jax.Array | float) -> jax.Array:
    """Cross-entropy under a softmax of scaled cosines (Eq. 3 and 6), [N, K] to [N]."""
    return soft_cross_entropy(labels, jax.nn.log_softmax(scale * cosines))


def cluster_cosines(
    embeddings: jax.Array, snippets: jax.Array, foreground: jax.Array, mask: jax.Array
) -> jax.Array:
    """Cosines of the clusters' prototypes and those of foreground and background (Eq. 4 and 5).

    Args:
        embeddings: [N, D].
        snippets: Q_S of these snippets, [N, K].
        foreground: Q_A, bool, N entries in any shape.
        mask: [N] bool.

    Returns:
        [K, 2], foreground first; 0 where a prototype has no snippets.
    """
    foreground = foreground.reshape(-1)
    either = jnp.stack([foreground & mask, ~foreground & mask], axis=-1)
    weights = jnp.concatenate([snippets, either.astype(embeddings.dtype)], axis=-1)
    prototypes = unit(weights.T @ embeddings)
    return prototypes[:-2] @ prototypes[-2:].T


def _label_foreground(streams, labels, solver) -> list[PseudoLabels]:
    maps = [
        (pseudo_labels.calibrated_map(stream.class_logits, stream.attention_logits, solver.omega),)
        for stream in streams
    ]
    label = partial(pseudo_labels.top_snippets, divisor=solver.top_divisor)
    tops = pseudo_labels.co_label(label, maps, shared=solver.co_labeling != "none")
    return [
        PseudoLabels(top=top, foreground=pseudo_labels.foreground_labels(top, labels))
        for top in tops
    ]


def _baseline_losses(streams, pseudo, labels, mask, loss) -> dict[str, jax.Array]:
    gamma = loss.gamma if loss.attention == "gce" else None
    pairs = list(zip(streams, pseudo, strict=True))
    videos = [video_loss(stream.class_logits, labeled.top, labels) for stream, labeled in pairs]
    attention = [
        attention_loss(stream.attention_logits, labeled.foreground, gamma)
        for stream, labeled in pairs
    ]
    return {
        "video_loss": masked_mean(sum(videos) / len(videos), mask),
        "attention_loss": masked_mean(sum(attention), mask),
    }


def _label_snippets(streams, pseudo, cluster_classes, valid, solver, scale) -> list[PseudoLabels]:
    classes = jnp.broadcast_to(cluster_classes, (len(streams), *cluster_classes.shape[-2:]))
    predictions = [
        (stream.cosines, jax.nn.sigmoid(stream.attention_logits), stream_classes[:, 0])
        for stream, stream_classes in zip(streams, classes, strict=True)
    ]
    label = partial(pseudo_labels.snippet_labels, mask=valid, solver=solver, scale=scale)
    labels = pseudo_labels.co_label(label, predictions, shared=solver.co_labeling == "full")
    return [each._replace(snippets=new) for each, new in zip(pseudo, labels, strict=True)]


def _label_clusters(cosines, pseudo, mask, solver) -> list[PseudoLabels]:
    shares = [pseudo_labels.foreground_shares(labeled.foreground, mask) for labeled in pseudo]
    label = partial(pseudo_labels.cluster_labels, solver=solver)
    predictions = zip(cosines, shares, strict=True)
    labels = pseudo_labels.co_label(label, predictions, shared=solver.co_labeling == "full")
    return [each._replace(clusters=new) for each, new in zip(pseudo, labels, strict=True)]
