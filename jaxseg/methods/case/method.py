"""CASE: snippets in clusters, clusters in foreground and background (Liu et al., ICCV 2023).

Where its formulas are: Eq. 1 to 6 and 14 in `losses`, Eq. 9 to 13 and 15 to 21 in `labels`, Eq. 11
in `jaxseg.solvers.priors`, the test (Sec. 4.3, F.4) in `locate` and `jaxseg.proposals`.
"""

import dataclasses
from collections.abc import Mapping

import jax
import jax.numpy as jnp
import numpy as np

from jaxseg.methods.case import labels as pseudo_labels
from jaxseg.methods.case import losses
from jaxseg.methods.case.config import CaseConfig, CaseTestConfig
from jaxseg.methods.case.network import STREAMS, StreamOutputs, TwoStream, project
from jaxseg.methods.method import Located, MemberInputs, Method
from jaxseg.methods.parts.losses import masked_mean
from jaxseg.proposals import localize, score_map, video_scores
from jaxseg.proposals.localize import cluster_probabilities

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
        per_stream = () if config.solver.co_labeling == "full" else (len(STREAMS),)
        return project(params), {
            "cluster_classes": jnp.full((*per_stream, num_clusters, 2), 0.5, jnp.float32),
            "known_classes": known,
        }

    def loss(params, carried, batch, key, member):
        # 0 in padding: a NaN there would reach the gradient, even at no weight.
        valid = {name: jnp.where(batch["mask"][:, None, None], batch[name], 0) for name in STREAMS}
        streams = outputs(params, carried, valid)
        parts, pseudo = losses.step(
            streams,
            carried["cluster_classes"],
            batch["labels"],
            batch["mask"],
            # The config's sections with this member's numbers in them.
            solver=dataclasses.replace(config.solver, **member.hyper["solver"]),
            loss=dataclasses.replace(config.loss, **member.hyper["loss"]),
            scale=member.hyper["model"]["scale"],
        )
        if config.loss.clustering == "full":
            classes = [labeled.clusters for labeled in pseudo]
            shared = config.solver.co_labeling == "full"
            carried = carried | {"cluster_classes": classes[0] if shared else jnp.stack(classes)}
        health = _health(streams, pseudo, batch["mask"], member)
        return parts["loss"], (carried, parts | health)

    def predict(params, carried, video, member):
        streams = outputs(params, carried, video)
        result = {}
        for name, stream in zip(STREAMS, streams, strict=True):
            result[f"class_logits_{name}"] = stream.class_logits
            result[f"attention_{name}"] = jax.nn.sigmoid(stream.attention_logits)
            result[f"cluster_logits_{name}"] = member.hyper["model"]["scale"] * stream.cosines
        return result | {"cluster_classes": carried["cluster_classes"]}

    return Method(
        init=init, warm_start=None, loss=loss, project=project, predict=predict, locate=locate
    )


def locate(outputs: Mapping[str, np.ndarray], settings: CaseTestConfig, seconds: float) -> Located:
    """Detections of one video from the outputs of `predict`.

    Args:
        outputs: see `proposals.score_map`; with "cluster_classes".
        settings: how to test.
        seconds: length of the video.

    Raises:
        ValueError: outputs that are not finite.
    """
    scores = score_map(
        outputs, outputs["cluster_classes"], foreground=settings.foreground, omega=settings.omega
    )
    video = video_scores(outputs, scores, divisor=settings.top_divisor)
    detections = localize(
        scores,
        video,
        seconds=seconds,
        class_threshold=settings.class_threshold,
        thresholds=settings.thresholds,
        upsampling=settings.upsampling,
        flank=settings.flank,
        gamma=settings.gamma,
        nms=settings.nms,
        nms_threshold=settings.nms_threshold,
        nms_alpha=settings.nms_alpha,
    )
    drawn = {name: outputs[name] for name in ("attention_rgb", "attention_flow")}
    drawn["clusters"] = cluster_probabilities(outputs)
    return Located(score_map=scores, video_scores=video, detections=detections, drawn=drawn)


def _health(streams, pseudo, mask: jax.Array, member: MemberInputs) -> dict[str, jax.Array]:
    """Figures that tell clusters that are used from a collapse, and how much is foreground."""
    shares = [pseudo_labels.foreground_shares(each.foreground, mask)[0] for each in pseudo]
    figures = {"foreground_labels": sum(shares) / len(shares)}
    if pseudo[0].snippets is not None:
        scale = member.hyper["model"]["scale"]
        by_video = sum(jax.nn.softmax(scale * stream.cosines).mean(axis=1) for stream in streams)
        used = masked_mean(by_video / len(streams), mask[:, None], axis=0)
        figures["entropy"] = -jnp.sum(used * jnp.log(jnp.where(used > 0, used, 1)))
    if pseudo[0].clusters is not None:
        foreground = jnp.stack([labeled.clusters for labeled in pseudo])[..., 0]
        figures["foreground_clusters"] = jnp.mean(foreground > 0.5)
    return figures
