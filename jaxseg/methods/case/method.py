"""CASE: snippets in clusters, clusters in foreground and background (Liu et al., ICCV 2023)."""

import dataclasses

import jax
import jax.numpy as jnp

from jaxseg.methods.case import detect as case_detect
from jaxseg.methods.case import labels as case_labels
from jaxseg.methods.case import losses as case_losses
from jaxseg.methods.case.config import CaseConfig
from jaxseg.methods.case.network import STREAMS, StreamOutputs, TwoStream, project
from jaxseg.methods.method import MemberInputs, Method
from jaxseg.methods.parts.losses import masked_mean

_RULED_OUT = -1e9  # logit of a class that no training video has: no softmax knows it


def make(config: CaseConfig, *, num_clusters: int) -> Method:
    """The method for one set of shapes.

    A batch is {"rgb", "flow": [videos, T, channels], "labels": [videos, G], "mask": [videos]}; a
    video for `predict` {"rgb", "flow": [T, channels]}. Where the first batch has "known_classes"
    [videos, G] too, the classes that none of its rows names are ruled out for good, as if nobody
    had listed them. What `predict` returns is described at `proposals.score_map`.

    Args:
        config: what is the same for all members; numeric hyper-parameters come with each member.
        num_clusters: K, the same for all members.
    """

    def outputs(params, carried, features) -> list[StreamOutputs]:
        known = carried["known_classes"]
        model = TwoStream(len(known), num_clusters, config.model.hidden)
        streams = model.apply({"params": params}, *(features[name] for name in STREAMS))
        return [
            stream._replace(class_logits=jnp.where(known, stream.class_logits, _RULED_OUT))
            for stream in streams
        ]

    def init(key, example, member):
        known = example.get("known_classes", jnp.ones_like(example["labels"], bool)).any(axis=0)
        model = TwoStream(len(known), num_clusters, config.model.hidden)
        params = model.init(key, *(example[name][:1, :1] for name in STREAMS))["params"]
        own = () if config.solver.co_labeling == "full" else (len(STREAMS),)
        return project(params), {
            "cluster_classes": jnp.full((*own, num_clusters, 2), 0.5, jnp.float32),
            "known_classes": known,
        }

    def loss(params, carried, batch, key, member):
        streams = outputs(params, carried, _valid_videos(batch))
        losses, pseudo = case_losses.step(
            *(streams, carried["cluster_classes"], batch["labels"], batch["mask"]),
            **_settings(config, member),
        )
        if config.loss.clustering == "full":
            carried = carried | {"cluster_classes": _cluster_classes(config, pseudo)}
        health = _health(streams, pseudo, batch["mask"], member)
        return losses["loss"], (carried, losses | health)

    def predict(params, carried, video, member):
        streams = outputs(params, carried, video)
        found = {}
        for name, stream in zip(STREAMS, streams, strict=True):
            found[f"class_logits_{name}"] = stream.class_logits
            found[f"attention_{name}"] = jax.nn.sigmoid(stream.attention_logits)
            found[f"cluster_logits_{name}"] = member.hyper["model"]["scale"] * stream.cosines
        return found | {"cluster_classes": carried["cluster_classes"]}

    return Method(init, None, loss, project, predict, locate=case_detect.locate)


def _settings(config: CaseConfig, member: MemberInputs) -> dict:
    """The config's sections with this member's numbers in them."""
    hyper = member.hyper
    return {
        "solver": dataclasses.replace(config.solver, **hyper["solver"]),
        "loss": dataclasses.replace(config.loss, **hyper["loss"]),
        "scale": hyper["model"]["scale"],
    }


def _valid_videos(batch: dict) -> dict:
    """Features with 0 in padding: a NaN there would reach the gradient, even at no weight."""
    return {name: jnp.where(batch["mask"][:, None, None], batch[name], 0) for name in STREAMS}


def _cluster_classes(config: CaseConfig, pseudo) -> jax.Array:
    """Q_C as it is carried: [K, 2], or one for each stream where they do not share it."""
    own = [labels.clusters for labels in pseudo]
    return own[0] if config.solver.co_labeling == "full" else jnp.stack(own)


def _health(streams, pseudo, mask, member) -> dict:
    """What tells clusters that are used from a collapse, and how much counts as foreground."""
    labelled = [case_labels.foreground_shares(own.foreground, mask)[0] for own in pseudo]
    found = {"foreground_labels": sum(labelled) / len(labelled)}
    if pseudo[0].snippets is not None:
        scale = member.hyper["model"]["scale"]
        by_video = sum(jax.nn.softmax(scale * stream.cosines).mean(axis=1) for stream in streams)
        shares = masked_mean(by_video / len(streams), mask[:, None], axis=0)
        found["entropy"] = -jnp.sum(shares * jnp.log(jnp.where(shares > 0, shares, 1)))
    if pseudo[0].clusters is not None:
        foreground = jnp.stack([own.clusters for own in pseudo])[..., 0]
        found["foreground_clusters"] = jnp.mean(foreground > 0.5)
    return found
