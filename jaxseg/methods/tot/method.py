"""TOT and TOT+TCL: pseudo-labels from temporal optimal transport (Kumar et al., CVPR 2022).

Where its formulas are: Eq. 1 in `log_probabilities`, Eq. 2 to 4 in `make`'s `loss` and
`temporal_coherence`, Eq. 5 and 10 in `pseudo_labels`, Eq. 8 in `jaxseg.solvers.priors`.
"""

import functools
from collections.abc import Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp

from jaxseg.methods.method import MemberInputs, Method
from jaxseg.methods.parts import losses
from jaxseg.methods.tot.config import TotConfig
from jaxseg.methods.tot.decoding import decode, make_survey
from jaxseg.solvers import priors, sinkhorn
from jaxseg.solvers.sinkhorn import Solution

_small = nn.initializers.normal(0.01)  # of all weights, biases start at 0: the authors' program


class SigmoidEncoder(nn.Module):
    """Frames [..., channels] to embeddings [..., D], scores [..., K] and time stamps [...].

    Neither embeddings nor prototypes are normalized: scores are raw dot products (TOT Eq. 1).

    Attributes:
        widths: output widths of the layers, a sigmoid after each.
        num_clusters: K, padding included.
        regress_time: whether a linear layer on the embedding predicts a frame's place in its
            video (Kukleva et al. 2019, Sec. 3.1); None stands in for the result otherwise.
    """

    widths: Sequence[int]
    num_clusters: int
    regress_time: bool = False

    @nn.compact
    def __call__(self, frames: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array | None]:
        hidden = frames
        for index, width in enumerate(self.widths):
            hidden = nn.sigmoid(nn.Dense(width, kernel_init=_small, name=f"layer_{index}")(hidden))
        prototypes = self.param("prototypes", _small, (self.num_clusters, self.widths[-1]))
        time = None
        if self.regress_time:
            time = nn.Dense(1, kernel_init=_small, name="time")(hidden)[..., 0]
        return hidden, hidden @ prototypes.T, time


def make(config: TotConfig, *, num_clusters: int) -> Method:
    """The method for one set of shapes.

    Args:
        config: what is the same for all members; numeric hyper-parameters come with each member.
        num_clusters: largest K of all members.
    """
    model = SigmoidEncoder(config.model.layers[1:], num_clusters, regress_time=config.cte)
    learned = config.clusters == "prototypes"

    def apply(params, batch):
        return model.apply({"params": params}, losses.valid_frames(batch))

    def init(key, example, member):
        return model.init(key, example["frames"])["params"], ()

    def loss(params, carried, batch, key, member):
        embeddings, scores, time = apply(params, batch)
        parts, signs = {}, {}
        if learned:
            constant = jax.lax.stop_gradient(scores)
            plan = pseudo_labels(config, constant, batch["mask"], member).plan
            log_codes = log_probabilities(scores, member)
            errors = losses.soft_cross_entropy(plan, log_codes)
            parts["cluster_loss"] = losses.masked_mean(errors, batch["mask"])  # Eq. 2
            signs = collapse_signs(log_codes, batch["mask"], member)
        if config.tcl:
            coherence = temporal_coherence(config, embeddings, batch, key, member)
            parts["tcl_loss"] = member.hyper["loss"]["alpha"] * coherence
        if config.cte:
            errors = jnp.where(batch["mask"], time - batch["time"], 0)
            parts["time_loss"] = member.hyper["loss"]["time"] * jnp.sum(errors**2)
        value = sum(parts.values())  # Eq. 4
        return value, (carried, {"loss": value, **parts, **signs})

    def observe(params, carried, video, member):
        embeddings, scores, _ = apply(params, video)
        return {"scores": scores} if learned else {"embeddings": embeddings}

    def predict(params, carried, video, member):
        embeddings, scores, _ = apply(params, video)
        if not learned:
            scores = carried.scores(embeddings)
        log_codes, mask = log_probabilities(scores, member), video["mask"]
        labels, likeliest = decode(config, log_codes, scores, mask, carried, member)
        # Of a batch that is this video alone.
        transport = functools.partial(pseudo_labels, config, scores[None], mask[None], member)
        return {
            "labels": labels,
            "decodings": {"argmax": likeliest} if config.solver.eval.viterbi else {},
            "matrices": {  # of the paper's Figure 3
                "plan": transport(temporal_prior=True).plan[0],
                "plan_without_prior": transport(temporal_prior=False).plan[0],
                "codes": jnp.exp(log_codes),
                "affinity": scores,
            },
            "typical": losses.typical_frames(scores, labels, mask),
            "objective": transport().objective[-1] / jnp.maximum(mask.sum(), 1),
        }

    return Method(
        init=init,
        warm_start=None,
        loss=loss,
        project=lambda params: params,
        predict=predict,
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
) -> Solution:
    """The pseudo-label codes Q (Eq. 10; without the prior Eq. 5) of a batch, solved jointly.

    Every cluster gets the same share of all frames (Eq. 6).

    Args:
        scores: [videos, frames, K], raw dot products.
        mask: [videos, frames].
        temporal_prior: whether the prior of Eq. 8 takes part; None: as the config says.

    Returns:
        The transport of all frames to the clusters; its plan [videos, frames, K] is Q, whose rows
        sum to 1.
    """
    settings, hyper = config.solver.train, member.hyper["solver"]["train"]
    num_clusters = scores.shape[-1]

    def log_prior(video_mask):
        return priors.tot_log_prior(
            scores.shape[1],
            num_clusters,
            sigma=hyper["sigma"],
            num_frames=jnp.maximum(video_mask.sum(), 1),
            num_clusters=member.cluster_mask.sum(),
            indices=settings.prior_indices,
        )

    if config.temporal_prior if temporal_prior is None else temporal_prior:
        scores = scores + hyper["rho"] * jax.vmap(log_prior)(mask)  # Z C' + rho log T, Eq. 10
    solution = sinkhorn.solve(
        -scores.reshape(-1, num_clusters),
        mask=mask.reshape(-1),
        cluster_mask=member.cluster_mask,
        epsilon=hyper["rho"],
        num_iterations=settings.num_iterations,
    )
    return solution._replace(plan=solution.plan.reshape(scores.shape))


def temporal_coherence(
    config: TotConfig, embeddings: jax.Array, batch: dict, key: jax.Array, member: MemberInputs
) -> jax.Array:
    """The N-pair loss (Eq. 3) of a batch in the form that `config.loss.tcl_groups` names, a scalar.

    "paper": in each video the anchors of N bins, each with its neighbor; the mean over videos.
    "code": as the authors' program, N groups of consecutive samples over all videos; the anchor
    is a random one of a group but its last, its positive is the next sample.

    Args:
        embeddings: [videos, frames, D].
        batch: with "mask" [videos, frames] and "pairs" [videos, bins, 2].
        key: of the anchors in the form "code".
    """
    embeddings = embeddings / member.hyper["loss"]["tcl_temperature"]
    present = batch["mask"].any(-1)
    if config.loss.tcl_groups == "paper":

        def of_video(embeddings, pairs):
            return jnp.mean(n_pair(embeddings[pairs[:, 0]], embeddings[pairs[:, 1]]))

        return losses.masked_mean(jax.vmap(of_video)(embeddings, batch["pairs"]), present)
    videos, frames, width = embeddings.shape
    size = frames // config.data.bins
    groups = jnp.arange(videos * config.data.bins)
    anchors = groups * size + jax.random.randint(key, groups.shape, 0, size - 1)
    rows = embeddings.reshape(-1, width)
    valid = jnp.repeat(present, config.data.bins)
    return losses.masked_mean(n_pair(rows[anchors], rows[anchors + 1], valid), valid)


def n_pair(anchors: jax.Array, positives: jax.Array, valid: jax.Array | None = None) -> jax.Array:
    """- log softmax_j(z_i . z+_j) at j = i, for each anchor i (Eq. 3).

    Args:
        anchors, positives: [N, D].
        valid: [N] bool, the pairs that exist; others are nobody's negatives.

    Returns:
        [N].
    """
    logits = anchors @ positives.T
    if valid is not None:
        # The diagonal stays, or the rows of pairs that do not exist would be -inf and then NaN.
        logits = jnp.where(valid | jnp.eye(len(logits), dtype=bool), logits, -jnp.inf)
    return jax.nn.logsumexp(logits, axis=-1) - jnp.diagonal(logits)


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
    flat, few = top < 1.2 / num_clusters, used < num_clusters / 2
    uneven = entropy < 0.5 * jnp.log(num_clusters)
    return {
        "top_probability": top,
        "clusters_used": used,
        "entropy": entropy,
        "collapsed": flat | few | uneven,
    }
