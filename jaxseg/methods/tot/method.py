"""TOT and TOT+TCL: temporal optimal transport with ordered decoding (Kumar et al., CVPR 2022)."""

import jax
import jax.numpy as jnp

from jaxseg.methods.method import MemberInputs, Method
from jaxseg.methods.parts import losses
from jaxseg.methods.parts.frames import typical_frames, valid_frames
from jaxseg.methods.tot.coherence import temporal_coherence
from jaxseg.methods.tot.config import TotConfig
from jaxseg.methods.tot.decoding import decode, make_survey
from jaxseg.methods.tot.network import SigmoidEncoder
from jaxseg.solvers import priors, sinkhorn
from jaxseg.solvers.sinkhorn import Solution


def make(config: TotConfig, *, num_clusters: int) -> Method:
    """The method for one set of shapes.

    Args:
        config: what is the same for all members; numeric hyper-parameters come with each member.
        num_clusters: largest K of all members.
    """
    model = SigmoidEncoder(config.model.layers[1:], num_clusters, regress_time=config.cte)
    learned = config.clusters == "prototypes"

    def apply(params, batch):
        return model.apply({"params": params}, valid_frames(batch))

    def init(key, example, member):
        return model.init(key, example["frames"])["params"], ()

    def loss(params, carried, batch, key, member):
        embeddings, scores, time = apply(params, batch)
        parts, signs = {}, {}
        if learned:
            plan = pseudo_labels(config, jax.lax.stop_gradient(scores), batch["mask"], member)
            log_codes = log_probabilities(scores, member)
            errors = losses.soft_cross_entropy(plan, log_codes)
            parts["cluster_loss"] = losses.masked_mean(errors, batch["mask"])
            signs = collapse_signs(log_codes, batch["mask"], member)
        if config.tcl:
            coherence = temporal_coherence(config, embeddings, batch, key, member)
            parts["tcl_loss"] = member.hyper["loss"]["alpha"] * coherence
        if config.cte:
            errors = jnp.where(batch["mask"], time - batch["time"], 0)
            parts["time_loss"] = member.hyper["loss"]["time"] * jnp.sum(errors**2)
        value = sum(parts.values())
        return value, (carried, {"loss": value, **parts, **signs})

    def observe(params, carried, video, member):
        embeddings, scores, _ = apply(params, video)
        return {"scores": scores} if learned else {"embeddings": embeddings}

    def predict(params, carried, video, member):
        embeddings, scores, _ = apply(params, video)
        if not learned:
            scores = carried.scores(embeddings)
        log_codes = log_probabilities(scores, member)
        labels, likeliest = decode(config, log_codes, scores, video["mask"], carried, member)
        return {
            "labels": labels,
            "decodings": {"argmax": likeliest} if config.solver.eval.viterbi else {},
            "matrices": _matrices(config, scores, log_codes, video["mask"], member),
            "typical": typical_frames(scores, labels, video["mask"]),
            "objective": _objective(config, scores, video["mask"], member),
        }

    def project(params):
        return params

    return Method(
        *(init, None, loss, project, predict),
        observe=observe,
        survey=make_survey(config),
        late=("prototypes",),
    )


def log_probabilities(scores: jax.Array, member: MemberInputs) -> jax.Array:
    """Log of the predicted codes P (Eq. 1), [..., K]; -inf for masked clusters."""
    logits = scores / member.hyper["model"]["temperature"]
    return jax.nn.log_softmax(jnp.where(member.cluster_mask, logits, -jnp.inf))


def pseudo_labels(
    config: TotConfig,
    scores: jax.Array,
    mask: jax.Array,
    member: MemberInputs,
    *,
    temporal_prior: bool | None = None,
) -> jax.Array:
    """The pseudo-label codes Q (Eq. 10) of a batch, jointly: every cluster gets the same share.

    Args:
        scores: [videos, frames, K], raw dot products.
        mask: [videos, frames].
        temporal_prior: whether the prior of Eq. 8 takes part (default: as the config says).

    Returns:
        [videos, frames, K], rows sum to 1.
    """
    use = config.temporal_prior if temporal_prior is None else temporal_prior
    return _transport(config, scores, mask, member, temporal_prior=use).plan.reshape(scores.shape)


def _transport(config, scores, mask, member, *, temporal_prior: bool) -> Solution:
    """The transport between all frames of a batch and the clusters that gives Q."""
    settings, hyper = config.solver.train, member.hyper["solver"]["train"]
    num_clusters = scores.shape[-1]

    def log_prior(video_mask):
        return priors.tot_log_prior(
            *(scores.shape[1], num_clusters),
            sigma=hyper["sigma"],
            num_frames=jnp.maximum(video_mask.sum(), 1),
            num_clusters=member.cluster_mask.sum(),
            indices=settings.prior_indices,
        )

    if temporal_prior:
        scores = scores + hyper["rho"] * jax.vmap(log_prior)(mask)
    return sinkhorn.solve(
        -scores.reshape(-1, num_clusters),
        mask=mask.reshape(-1),
        cluster_mask=member.cluster_mask,
        epsilon=hyper["rho"],
        num_iterations=settings.num_iterations,
    )


def _objective(config, scores, mask, member) -> jax.Array:
    """The dual objective a frame of the transport that a video by itself leads to."""
    solution = _transport(
        config, scores[None], mask[None], member, temporal_prior=config.temporal_prior
    )
    return solution.objective[-1] / jnp.maximum(mask.sum(), 1)


def collapse_signs(log_codes: jax.Array, mask: jax.Array, member: MemberInputs) -> dict:
    """The three signs of a collapse, and whether one of them shows.

    All frames may get the same scores: then the mean assignment is uniform, and its entropy
    does not show it, but the highest probability of a frame is 1/K and argmax uses one cluster.
    """
    num_clusters = member.cluster_mask.sum()
    codes = jnp.where(member.cluster_mask, jnp.exp(log_codes), 0)
    shares = losses.masked_mean(codes, mask[..., None], axis=(0, 1))
    votes = jax.nn.one_hot(jnp.argmax(log_codes, -1), log_codes.shape[-1])
    used = jnp.sum(jnp.any(jnp.where(mask[..., None], votes, 0) > 0, axis=(0, 1)))
    top = losses.masked_mean(codes.max(-1), mask)
    entropy = -jnp.sum(shares * jnp.log(jnp.where(shares > 0, shares, 1)))
    flat = top < 1.2 / num_clusters
    few = used < num_clusters / 2
    uneven = entropy < 0.5 * jnp.log(num_clusters)
    return {
        "top_probability": top,
        "clusters_used": used,
        "entropy": entropy,
        "collapsed": flat | few | uneven,
    }


def _matrices(config, scores, log_codes, mask, member) -> dict:
    """What the paper's Figure 3 shows of a video, [frames, K] each."""

    def labels(temporal_prior):
        found = pseudo_labels(
            config, scores[None], mask[None], member, temporal_prior=temporal_prior
        )
        return found[0]

    return {
        "plan": labels(True),
        "plan_without_prior": labels(False),
        "codes": jnp.exp(log_codes),
        "affinity": scores,
    }
