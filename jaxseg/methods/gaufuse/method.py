"""GauFuse: fused instances as pseudo-labels, on the RSKP backbone (Zhou et al., CVPR 2023).

Where its formulas are: the backbone's in `network` and `memory`, the losses in `losses`, map,
video score and LinPro in `instances`, the fusion (supplement, Eq. 2 to 13) in
`jaxseg.proposals.fusion`, the change between two refreshes in `_refresh`.
"""

import dataclasses

import jax
import jax.numpy as jnp

from jaxseg.methods.gaufuse import clusters, instances
from jaxseg.methods.gaufuse import memory as memory_bank
from jaxseg.methods.gaufuse.config import GaufuseConfig
from jaxseg.methods.gaufuse.losses import pseudo_weight, video_losses
from jaxseg.methods.gaufuse.network import Branch, Rskp, RskpOutputs
from jaxseg.methods.method import MemberInputs, Method, Refresh
from jaxseg.methods.parts.encoder import unit
from jaxseg.methods.parts.losses import masked_mean

_RULED_OUT = -1e9  # logit of a class that no training video has: no softmax knows it
_BRANCHES = ("original", "propagated", "memory")
_LOGITS = ("class_logits", "agnostic_logits", "wise_logits")


def make(config: GaufuseConfig, *, num_clusters: int) -> Method:
    """The method for one set of shapes; CASE's clusters on it where `loss.clustering` says so.

    A batch is {"features": [videos, T, channels], "mask": [videos, T], "labels", "known_classes":
    [videos, G], "classes": [videos, c], the same as indices and -1, "epoch": [videos], "targets":
    [videos, T, G + 1], from refreshes}; a video for `predict` {"features": [T, channels], "mask":
    [T]}. The carried state is the memory, [G, slots, D] with scores, and with clusters Q_C.

    Args:
        config: what is the same for all members; numeric hyper-parameters come with each member.
        num_clusters: K of CASE on this backbone.
    """
    clustering = config.loss.clustering != "none"

    def network(member: MemberInputs, num_classes: int) -> Rskp:
        model, numbers = config.model, member.hyper["model"]
        return Rskp(
            num_classes=num_classes,
            hidden=model.hidden,
            num_means=model.num_means,
            em_rounds=model.em_rounds,
            scale=numbers["scale"],
            dropout=numbers["dropout"],
            weight=numbers["propagation"],
        )

    def init(key, example, member):
        known = example["known_classes"].any(axis=0)
        model = network(member, len(known))
        features, mask = example["features"][0, :1], jnp.ones(1, bool)
        params = dict(model.init(key, features, mask)["params"])
        carried = {
            "known_classes": known,
            "memory": memory_bank.empty(len(known), config.model.memory_slots, config.model.hidden),
        }
        if clustering:
            # Random directions.
            shape = num_clusters, config.model.hidden
            params["prototypes"] = jax.random.normal(jax.random.fold_in(key, num_clusters), shape)
            carried["cluster_classes"] = jnp.full((num_clusters, 2), 0.5, jnp.float32)
        return project(params), carried

    def apply(params, carried, member, *inputs, **options) -> RskpOutputs:
        known = carried["known_classes"]
        # CASE's prototypes are parameters of the method, not of the backbone.
        backbone = {name: leaf for name, leaf in params.items() if name != "prototypes"}
        outputs = network(member, len(known)).apply({"params": backbone}, *inputs, **options)
        return _without_unknown(outputs, jnp.append(known, True))

    def loss(params, carried, batch, key, member):
        present = batch["mask"].any(axis=1)
        features = jnp.where(batch["mask"][..., None], batch["features"], 0)
        epoch = _counted(batch["epoch"], config)
        settings = dataclasses.replace(config.loss, **member.hyper["loss"])

        def one_video(features, mask, classes, labels, targets, key):
            sources, exist = memory_bank.read(carried["memory"], classes)
            outputs = apply(
                params, carried, member, features, mask, key=key, memory=sources, memory_mask=exist
            )
            return outputs, video_losses(outputs, mask, labels, targets, epoch, settings)

        keys = jax.random.split(key, len(features))
        if "targets" not in batch:  # a run without refreshes
            columns = batch["labels"].shape[1] + 1
            batch = batch | {"targets": jnp.zeros((*batch["mask"].shape, columns))}
        per_video = (batch[name] for name in ("mask", "classes", "labels", "targets"))
        outputs, parts = jax.vmap(one_video)(features, *per_video, keys)
        parts = {name: masked_mean(each, present) for name, each in parts.items()}
        if clustering:
            cluster_parts, classes = clusters.step(
                outputs,
                params["prototypes"],
                carried["cluster_classes"],
                batch,
                config=config,
                member=member,
            )
            parts = parts | cluster_parts
            carried = carried | {"cluster_classes": classes}
        has_snippets = batch["mask"].any(axis=1)
        memory = memory_bank.update(
            carried["memory"], outputs.means, outputs.mean_scores, batch["labels"], has_snippets
        )
        fills = epoch >= config.loss.memory_from
        memory = jax.tree.map(lambda a, b: jnp.where(fills, a, b), memory, carried["memory"])
        carried = carried | {"memory": memory}
        total = sum(parts.values())
        metrics = parts | {"loss": total}
        if config.pseudo.refresh_at:
            learns = epoch > config.loss.pseudo_from
            metrics["pseudo_weight"] = jnp.where(learns, pseudo_weight(epoch, settings), 0)
        # The published gradients are sums over the videos of a batch.
        return total * jnp.sum(present), (carried, metrics)

    def predict(params, carried, video, member):
        outputs = apply(params, carried, member, video["features"], video["mask"])
        result = {
            "class_logits": outputs.original.class_logits,
            "propagated_logits": outputs.propagated.class_logits,
            "attention": jax.nn.sigmoid(outputs.original.attention_logits),
            "video_scores": jax.nn.softmax(outputs.original.agnostic_logits),
            "propagated_video_scores": jax.nn.softmax(outputs.propagated.agnostic_logits),
        }
        if clustering:
            cosines = unit(outputs.embeddings) @ params["prototypes"].T
            result["cluster_logits"] = member.hyper["model"]["cluster_scale"] * cosines
            result["cluster_classes"] = carried["cluster_classes"]
        return result

    return Method(
        init=init,
        warm_start=None,
        loss=loss,
        project=project,
        predict=predict,
        refresh=_refresh(config),
        locate=instances.locate,
        rows=("class_logits", "propagated_logits", "attention", "cluster_logits"),
    )


def project(params: dict) -> dict:
    """CASE's prototypes, where there are any, at unit norm."""
    if "prototypes" not in params:
        return params
    return params | {"prototypes": unit(params["prototypes"])}


def _counted(epoch: jax.Array, config: GaufuseConfig) -> jax.Array:
    """Epoch of a batch [videos] in the published schedule's count, a scalar.

    Looked up in a table made on the host: a quotient on an accelerator may lie one bit beyond the
    whole number at which something changes.
    """
    counted = [config.counted(each) for each in range(config.num_epochs)]
    return jnp.array(counted, jnp.float32)[jnp.max(epoch).astype(jnp.int32)]


def _without_unknown(outputs: RskpOutputs, known: jax.Array) -> RskpOutputs:
    """Rules out the classes that no training video has, in every branch and for the memory."""

    def ruled(branch: Branch | None) -> Branch | None:
        if branch is None:
            return None
        logits = {name: jnp.where(known, getattr(branch, name), _RULED_OUT) for name in _LOGITS}
        return branch._replace(**logits)

    branches = {name: ruled(getattr(outputs, name)) for name in _BRANCHES}
    scores = jnp.where(known, outputs.mean_scores, 0)
    return outputs._replace(**branches, mean_scores=scores / scores.sum(axis=-1, keepdims=True))


def _refresh(config: GaufuseConfig) -> Refresh | None:
    """When pseudo-labels are made, and how the newest two become targets."""
    pseudo = config.pseudo
    if not pseudo.refresh_at:
        return None

    def mix(epoch: float) -> tuple[float, float]:
        counted = config.counted(epoch)
        if counted <= config.loss.pseudo_from:
            return 0.0, 0.0
        changes = zip(pseudo.delta_at, pseudo.delta_factors, strict=True)
        factors = [factor for at, factor in changes if counted > at]
        if not pseudo.delta or not factors:
            return 1.0, 0.0
        return factors[-1], -factors[-1]  # f (P_r - P_r-1)

    def forget(carried: dict) -> dict:
        # The released program empties its memory at each refresh.
        return carried | {"memory": jax.tree.map(jnp.zeros_like, carried["memory"])}

    return Refresh(
        epochs=tuple(epoch * config.epoch_scale for epoch in pseudo.refresh_at),
        extra_columns=1,
        label=instances.label,
        mix=mix,
        reset=forget,
    )
