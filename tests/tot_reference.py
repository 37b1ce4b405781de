"""TOT's losses and labels as plain NumPy in float64, and small members and batches to try them.

Each function follows its equation of the paper as directly as it can: no masks, no logarithms
of sums, loops over videos and pairs.
"""

import jax
import numpy as np
import toy

from jaxseg.data.segmentation.records import DataSet
from jaxseg.methods.method import MemberInputs
from jaxseg.methods.tot import method as tot
from jaxseg.training.members import enumerate_members, stack

VIDEOS, FRAMES, BINS, WIDTH = 2, 16, 4, 5  # as in the toy's config
SOUP = DataSet("toy", toy.make_data().activities["soup"])


def make_member(overrides=None, num_clusters=4, valid=3):
    """(config, inputs) of a member with `valid` of `num_clusters` clusters."""
    config = toy.make_tot_config({"model.num_clusters": valid} | (overrides or {}))
    (member,) = enumerate_members(config, SOUP)
    inputs: MemberInputs = jax.tree.map(lambda leaf: leaf[0], stack([member]))
    return config, inputs._replace(cluster_mask=np.arange(num_clusters) < valid)


def make(overrides=None, num_clusters=4, valid=3):
    """(method, member, params): parameters that have left their start, the same for every K."""
    config, member = make_member(overrides, num_clusters, valid)
    method = tot.make(config, num_clusters=num_clusters)
    shapes, _ = jax.eval_shape(method.init, member.key, make_batch(), member)
    rng = np.random.default_rng(0)
    drawn = jax.tree.map(lambda leaf: rng.standard_normal(leaf.shape).astype("f4"), shapes)
    prototypes = np.random.default_rng(1).standard_normal((8, WIDTH)).astype("f4") / 2
    return method, member, drawn | {"prototypes": prototypes[:num_clusters]}


def make_batch(videos=VIDEOS, seed=0) -> dict:
    """Random frames, ascending times, and as pairs an anchor of each bin and any other frame."""
    rng = np.random.default_rng(seed)
    anchors = np.arange(0, FRAMES, FRAMES // BINS) + rng.integers(0, 4, (videos, BINS))
    return {
        "frames": rng.standard_normal((videos, FRAMES, toy.CHANNELS)).astype("f4"),
        "mask": np.ones((videos, FRAMES), bool),
        "time": np.sort(rng.random((videos, FRAMES))).astype("f4"),
        "pairs": np.stack([anchors, rng.integers(0, FRAMES, (videos, BINS))], -1).astype("i4"),
    }


def without_second(batch: dict, garbage=0.0) -> dict:
    """The batch whose second video is missing; what stands there is `garbage`."""
    batch = {name: array.copy() for name, array in batch.items()}
    batch["mask"][1] = False
    batch["frames"][1] = batch["time"][1] = garbage
    return batch


def encode(params, frames) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings z and raw scores z . c."""
    hidden = np.asarray(frames, float)
    for layer in ("layer_0", "layer_1"):
        weights = {name: np.asarray(leaf, float) for name, leaf in params[layer].items()}
        hidden = 1 / (1 + np.exp(-(hidden @ weights["kernel"] + weights["bias"])))
    return hidden, hidden @ np.asarray(params["prototypes"], float).T


def codes(scores, temperature=0.1) -> np.ndarray:
    """P of Eq. 1."""
    powers = np.exp((scores - scores.max(-1, keepdims=True)) / temperature)
    return powers / powers.sum(-1, keepdims=True)


def prior(frames: int, clusters: int, sigma: float, shift: float = 0) -> np.ndarray:
    """T of Eq. 8 without its constant factor; shift .5 centers the indices."""
    place = (np.arange(frames)[:, None] + shift) / frames - (np.arange(clusters) + shift) / clusters
    return np.exp(-(place**2) / (1 / frames**2 + 1 / clusters**2) / (2 * sigma**2))


def sinkhorn(kernel: np.ndarray, rounds: int = 3) -> np.ndarray:
    """Scaled in each round to equal column sums, then to rows that sum to 1 (Eq. 10)."""
    for _ in range(rounds):
        kernel = kernel / kernel.sum(0) / kernel.shape[1]
        kernel = kernel / kernel.sum(1, keepdims=True)
    return kernel


def labels(scores, rho=0.05, sigma: float | None = 1.0, rounds=3, shift=0.0) -> np.ndarray:
    """Q of Eq. 10 for [videos, frames, K]; Eq. 7 where sigma is None."""
    kernels = np.exp(np.asarray(scores, float) / rho)
    if sigma is not None:
        kernels = kernels * prior(*kernels.shape[1:], sigma, shift)
    return sinkhorn(kernels.reshape(-1, kernels.shape[-1]), rounds).reshape(kernels.shape)


def cluster_loss(plan, probabilities) -> float:
    """Eq. 2."""
    return float(-np.mean(np.sum(plan * np.log(probabilities), axis=-1)))


def n_pair(anchors, positives) -> float:
    """Eq. 3 of one sample of N anchors z and positives z+."""
    total = 0.0
    for i in range(len(anchors)):
        powers = [np.exp(anchors[i] @ positives[j]) for j in range(len(positives))]
        total -= np.log(powers[i] / sum(powers))
    return total / len(anchors)


def coherence(embeddings, pairs, temperature=1.0) -> float:
    """The mean of Eq. 3 over videos."""
    embeddings = np.asarray(embeddings, float) / temperature
    losses = [
        n_pair(video[anchors], video[neighbors])
        for video, (anchors, neighbors) in zip(embeddings, pairs.transpose(0, 2, 1), strict=True)
    ]
    return float(np.mean(losses))
