"""CASE's clusters on GauFuse's backbone (CASE, Table 2): one stream, videos of any length."""

import dataclasses

import jax
import jax.numpy as jnp

from jaxseg.methods.case import labels as case_labels
from jaxseg.methods.case.losses import assignment_loss, cluster_cosines
from jaxseg.methods.gaufuse.config import GaufuseConfig
from jaxseg.methods.gaufuse.losses import top
from jaxseg.methods.gaufuse.network import RskpOutputs
from jaxseg.methods.method import MemberInputs
from jaxseg.methods.parts.encoder import unit
from jaxseg.methods.parts.losses import masked_mean


def step(
    outputs: RskpOutputs,
    prototypes: jax.Array,
    cluster_classes: jax.Array,
    batch: dict,
    *,
    config: GaufuseConfig,
    member: MemberInputs,
) -> tuple[dict[str, jax.Array], jax.Array]:
    """SCC's and CCC's weighted losses of a batch by name, and the new Q_C [K, 2].

    Foreground labels come from the backbone's map, as CASE's do from its T-CAS: the T // 8 highest
    of a video's T snippets in each class that it has.

    Args:
        outputs: of B videos.
        prototypes: [K, D], unit norm.
        cluster_classes: Q_C of the step before.
        batch: see `method.make`.
        config: choices.
        member: numbers.
    """
    solver = dataclasses.replace(config.solver, **member.hyper["solver"])
    scale, weights = member.hyper["model"]["cluster_scale"], member.hyper["loss"]
    valid = batch["mask"].reshape(-1)
    embeddings = outputs.embeddings.reshape(len(valid), -1)
    cosines = unit(embeddings) @ prototypes.T
    attention = jax.lax.stop_gradient(jax.nn.sigmoid(outputs.original.attention_logits)).reshape(-1)
    constant = jax.lax.stop_gradient(cosines)
    snippets = case_labels.snippet_labels(
        constant, attention, cluster_classes[:, 0], valid, solver=solver, scale=scale
    )
    snippet_loss = masked_mean(assignment_loss(snippets, cosines, scale), valid)
    losses = {"snippet_loss": snippet_loss * weights["snippet_weight"]}
    if config.loss.clustering == "scc":
        return losses, cluster_classes
    foreground = _foreground(outputs, batch, config)
    sides = cluster_cosines(embeddings, snippets, foreground, valid)
    share = masked_mean(foreground.reshape(-1).astype(cosines.dtype), valid)
    clusters = case_labels.cluster_labels(
        jax.lax.stop_gradient(sides), jnp.stack([share, 1 - share]), solver=solver
    )
    cluster_loss = jnp.mean(assignment_loss(clusters, sides, scale))
    losses["cluster_loss"] = weights["cluster_weight"] * cluster_loss
    return losses, clusters


def _foreground(outputs: RskpOutputs, batch: dict, config: GaufuseConfig) -> jax.Array:
    """Q_A, bool [B, T]: the top snippets of the classes that a video has."""
    original, propagated = (
        jax.nn.softmax(branch.class_logits)[..., :-1]
        for branch in (outputs.original, outputs.propagated)
    )
    share = config.pseudo.share
    scores = jax.nn.sigmoid(outputs.original.attention_logits)[..., None] * (
        share * original + (1 - share) * propagated
    )
    counts = jnp.maximum(jnp.sum(batch["mask"], axis=1) // config.solver.top_divisor, 1)
    top_of_video = jax.vmap(top, in_axes=(1, None, None), out_axes=1)  # class by class
    chosen = jax.vmap(top_of_video)(jax.lax.stop_gradient(scores), batch["mask"], counts)
    return case_labels.foreground_labels(chosen, batch["labels"])
