"""From a video's scores to labels: order of the clusters, background, Viterbi (TOT Sec. 4)."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp

from jaxseg.methods.method import MemberInputs
from jaxseg.methods.parts import kmeans
from jaxseg.methods.tot.config import TotConfig
from jaxseg.solvers import viterbi

_FLOOR = -69.07755278982137  # log 1e-30, below which the authors' program lets no probability fall
_RESTARTS = 3


class Survey(NamedTuple):
    """Statistics of all frames of an activity that decoding needs; None where it does not.

    Attributes:
        order: [K], clusters by the mean time of their frames.
        thresholds: [K], percentile of each cluster's scores.
        centers: [K, D], k-means centers of the embeddings (CTE).
    """

    order: jax.Array | None = None
    thresholds: jax.Array | None = None
    centers: jax.Array | None = None

    def scores(self, embeddings: jax.Array) -> jax.Array:
        """Minus squared distances from the centers, up to a term of the frame alone, [..., K]."""
        # |f - c|^2 = |f|^2 - 2 f.c + |c|^2; |f|^2 is the same for all clusters of a frame.
        return 2 * embeddings @ self.centers.T - jnp.sum(self.centers**2, axis=-1)


def ordered_by_time(config: TotConfig) -> bool:
    """Whether clusters follow each other by the mean time of their frames, as CTE's always do."""
    return config.clusters == "kmeans" or config.solver.eval.order == "mean_time"


def make_survey(config: TotConfig) -> Callable | None:
    """The method's `survey`, or None where decoding looks at single videos."""
    settings, means = config.solver.eval, config.clusters == "kmeans"
    by_time = ordered_by_time(config)
    if not by_time and not settings.background:
        return None

    def survey(arrays: dict, time: jax.Array, mask: jax.Array, member: MemberInputs) -> Survey:
        result = Survey()
        if means:
            centers = kmeans.centers(
                arrays["embeddings"],
                mask,
                member.cluster_mask,
                jax.random.fold_in(member.key, 1),
                restarts=_RESTARTS,
            )
            result = result._replace(centers=centers)
        scores = result.scores(arrays["embeddings"]) if means else arrays["scores"]
        scores = jnp.where(member.cluster_mask, scores, -jnp.inf)
        if settings.background:
            rows = jnp.where(mask[:, None], scores, jnp.nan)
            share = member.hyper["solver"]["eval"]["percentile"]
            result = result._replace(thresholds=jnp.nanpercentile(rows, share, axis=0))
        if by_time:
            labels = scores.argmax(-1)
            result = result._replace(order=mean_time_order(labels, time, mask, member.cluster_mask))
        return result

    return survey


def mean_time_order(
    labels: jax.Array, time: jax.Array, mask: jax.Array, cluster_mask: jax.Array
) -> jax.Array:
    """Clusters by the mean time of their frames, [K]; those without frames come last."""
    votes = jnp.where(mask[:, None], jax.nn.one_hot(labels, len(cluster_mask)), 0)
    sums = jnp.stack([(time[:, None] * votes).sum(0), votes.sum(0)])
    return viterbi.order_by_time(sums, cluster_mask=cluster_mask)


def decode(
    config: TotConfig,
    log_codes: jax.Array,
    scores: jax.Array,
    mask: jax.Array,
    survey: Survey | tuple,
    member: MemberInputs,
) -> tuple[jax.Array, jax.Array]:
    """Labels by the config's decoding and the likeliest cluster of each frame, [frames] each.

    -1 on padding and, where the background model is on, on frames that no cluster claims:
    whose scores lie above the threshold of none.
    """
    settings, hyper = config.solver.eval, member.hyper["solver"]["eval"]
    if settings.background:
        claimed = (scores > survey.thresholds) & member.cluster_mask
        mask = mask & claimed.any(-1)
    likeliest = jnp.where(mask, jnp.argmax(log_codes, axis=-1), -1).astype(jnp.int32)
    if not settings.viterbi:
        return likeliest, likeliest
    problem = {
        "log_likelihood": jnp.maximum(log_codes, _FLOOR),
        "mask": mask,
        "cluster_mask": member.cluster_mask,
        "stay_probability": hyper["stay_probability"],
    }
    order = survey.order if ordered_by_time(config) else None
    labels = viterbi.decode(**problem, order=order)
    if config.order or settings.recurring:  # else no member's actions recur
        recurring = viterbi.decode_recurring(**problem)
        labels = jnp.where(hyper["recurring"] > 0, recurring, labels)
    return labels, likeliest
