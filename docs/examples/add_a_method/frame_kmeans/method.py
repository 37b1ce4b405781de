"""K centers, each moved towards the frames that are nearest to it."""

import jax
import jax.numpy as jnp

from jaxseg.methods.method import Method
from jaxseg.methods.parts import kmeans, losses


def make(config, *, num_clusters: int) -> Method:
    """The method's functions on one member, for at most K = `num_clusters` clusters."""

    def init(key, example, member):
        return {"centers": jnp.zeros((num_clusters, example["frames"].shape[-1]))}, ()

    def warm_start(params, sample, member):
        points = losses.valid_frames(sample).reshape(-1, sample["frames"].shape[-1])
        mask, clusters = sample["mask"].ravel(), member.cluster_mask
        return {"centers": kmeans.centers(points, mask, clusters, member.key, restarts=1)}

    def distances(params, batch, member):
        offsets = losses.valid_frames(batch)[..., None, :] - params["centers"]
        return jnp.where(member.cluster_mask, jnp.sum(offsets**2, axis=-1), jnp.inf)

    def loss(params, carried, batch, key, member):
        nearest = distances(params, batch, member).min(axis=-1)
        value = member.hyper["loss"]["pull"] * losses.masked_mean(nearest, batch["mask"])
        return value, (carried, {"loss": value})

    def predict(params, carried, video, member):
        squared, mask = distances(params, video, member), video["mask"]
        return {
            "labels": jnp.where(mask, squared.argmin(axis=-1), -1),
            "decodings": {},
            "matrices": {"plan": jax.nn.softmax(-squared), "affinity": 1 / (1 + squared)},
            "typical": losses.typical_frames(-squared, squared.argmin(axis=-1), mask),
            "objective": losses.masked_mean(squared.min(axis=-1), mask),
        }

    return Method(
        init=init,
        warm_start=warm_start,
        loss=loss,
        project=lambda params: params,
        predict=predict,
    )
