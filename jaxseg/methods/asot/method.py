"""ASOT: pseudo-labels from structured optimal transport (Xu and Gould, CVPR 2024).

Where its formulas are: the cost C + rho R in `solve_problem`, the transport problem of Eq. 3 to 5
in `jaxseg.solvers.fugw`, R in `jaxseg.solvers.priors.asot_prior`, Eq. 6 and 7 in `make`'s `loss`.
"""

import math
from collections.abc import Callable

import jax
import jax.numpy as jnp

from jaxseg.methods.asot.config import AsotConfig, FugwConfig
from jaxseg.methods.method import MemberInputs, Method
from jaxseg.methods.parts import kmeans, losses
from jaxseg.methods.parts.encoder import FrameEncoder, unit
from jaxseg.solvers import fugw, priors


def make(config: AsotConfig, *, num_clusters: int) -> Method:
    """The method for one set of shapes.

    Args:
        config: what is the same for all members; numeric hyper-parameters come with each member.
        num_clusters: largest K of all members.
    """
    model = FrameEncoder(widths=config.model.layers[1:], num_clusters=num_clusters)

    def init(key, example, member):
        params = model.init(key, example["frames"])["params"]
        return project(params), ()

    def warm_start(params, sample, member):
        if not config.model.kmeans:
            return params
        embeddings, _ = model.apply({"params": params}, losses.valid_frames(sample))
        centers = kmeans.centers(
            embeddings.reshape(-1, embeddings.shape[-1]),
            sample["mask"].reshape(-1),
            member.cluster_mask,
            jax.random.fold_in(member.key, 1),
            restarts=config.model.kmeans_restarts,
        )
        return project(params | {"prototypes": centers})

    def loss(params, carried, batch, key, member):
        _, cosine = model.apply({"params": params}, losses.valid_frames(batch))
        # Pseudo-labels T carry no gradient (below Eq. 7).
        solve = solve_problem(config.solver.train, member.hyper["solver"]["train"], member)
        length = batch.get("length", batch["mask"].sum(-1))
        solution = solve(jax.lax.stop_gradient(cosine), batch["mask"], length)
        logits = cosine / member.hyper["model"]["temperature"]
        logits = jnp.where(member.cluster_mask, logits, -jnp.inf)
        log_probabilities = jax.nn.log_softmax(logits)  # log P, Eq. 6
        errors = losses.soft_cross_entropy(solution.plan, log_probabilities)
        value = losses.masked_mean(errors, batch["mask"])  # Eq. 7, a mean over frames too
        metrics = _health(solution, log_probabilities, batch["mask"])
        return value, (carried, {"loss": value, **metrics})

    def predict(params, carried, video, member):
        _, cosine = model.apply({"params": params}, losses.valid_frames(video))
        mask = video["mask"]
        solve = solve_problem(config.solver.eval, member.hyper["solver"]["eval"], member)
        # A batch of one video: the solver always runs under its `batch_axis`.
        solution = jax.tree.map(
            lambda each: each[0], solve(cosine[None], mask[None], mask.sum()[None])
        )
        plan = solution.plan
        labels = jnp.argmax(plan, axis=-1)  # Sec. 4.1
        return {
            "labels": jnp.where(mask, labels, -1),
            "decodings": {},
            "matrices": {"plan": plan, "affinity": cosine},
            "typical": losses.typical_frames(cosine, labels, mask),
            "objective": solution.objective[-1],
        }

    return Method(init=init, warm_start=warm_start, loss=loss, project=project, predict=predict)


def project(params: dict) -> dict:
    """Prototypes back to unit norm, as before every step of the authors' program."""
    return params | {"prototypes": unit(params["prototypes"])}


def solve_problem(settings: FugwConfig, hyper: dict, member: MemberInputs) -> Callable:
    """Cosines [videos, frames, K], masks [videos, frames], lengths [videos] -> solutions.

    Each video is a problem of its own. The cost is 1 - cos(x_i, a_j) + rho |i/N - j/K| (Sec. 4.2
    and 5). A length is that of the sequence, in frames, of which these may be a sample.
    """

    def one_video(cosine, mask, length):
        num_frames, num_clusters = cosine.shape
        prior = priors.asot_prior(
            num_frames, num_clusters, num_frames=mask.sum(), num_clusters=member.cluster_mask.sum()
        )
        return fugw.solve(
            1 - cosine + hyper["rho"] * prior,
            mask=mask,
            cluster_mask=member.cluster_mask,
            epsilon=hyper["epsilon"],
            alpha=hyper["alpha"],
            radius=hyper["reach"] / jnp.maximum(length, 1) if settings.reach else hyper["radius"],
            lambda_frames=_penalty(settings, hyper, "lambda_frames"),
            lambda_actions=_penalty(settings, hyper, "lambda_actions"),
            step_size=hyper["step_size"] if settings.step_size else None,
            num_iterations=settings.num_iterations,
            num_sinkhorn_iterations=settings.num_sinkhorn_iterations,
            compat=settings.compat or None,
            batch_axis="videos",
        )

    return jax.vmap(one_video, axis_name="videos")


def _penalty(settings: FugwConfig, hyper: dict, name: str) -> jax.Array | None:
    """The weight of a relaxed marginal, or None for the hard one that infinity stands for."""
    # The config, which is static, decides: a traced number cannot choose between two programs.
    return hyper[name] if math.isfinite(getattr(settings, name)) else None


def _health(solution, log_probabilities: jax.Array, mask: jax.Array) -> dict[str, jax.Array]:
    """Figures that tell a run that learns from one that collapses."""
    votes = jax.nn.one_hot(jnp.argmax(solution.plan, -1), solution.plan.shape[-1])
    shares = losses.masked_mean(votes, mask[..., None], axis=(0, 1))
    return {
        "top_probability": losses.masked_mean(jnp.exp(log_probabilities.max(-1)), mask),
        "clusters_used": jnp.sum(shares > 0),
        "entropy": -jnp.sum(shares * jnp.log(jnp.where(shares > 0, shares, 1))),
        "converged": losses.masked_mean(solution.converged, mask.any(-1)),
    }
