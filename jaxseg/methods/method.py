"""What the training loop and the predictor know of a method: pure functions on one member."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax

Params = Any
LENGTH_MULTIPLE = 8  # padded lengths that `predict` meets are multiples of it


class MemberInputs(NamedTuple):
    """What differs between the members of one program; inside a method, one member's own.

    Attributes:
        key: PRNG key, from (seed, activity) alone.
        cluster_mask: [K] bool, its clusters among the largest K of all members.
        num_steps: int32, after which its parameters stay as they are.
        hyper: numeric hyper-parameters, nested as in the config.
    """

    key: jax.Array
    cluster_mask: jax.Array
    num_steps: jax.Array
    hyper: dict


class Method(NamedTuple):
    """One paper. Every function is pure and sees one member; the caller vmaps and jits.

    A batch is {"frames": [videos, frames, channels], "mask": [videos, frames]}, a video
    {"frames": [frames, channels], "mask": [frames]}. `predict` returns "labels" [frames], -1 where
    the mask does not hold, "plan" and "affinity" [frames, K], and "typical": for each eighth of the
    padded video and each cluster the similarity and the index of its most typical frame, [8, K].
    """

    init: Callable[[jax.Array, dict, MemberInputs], tuple[Params, Any]]
    warm_start: Callable[[Params, dict, MemberInputs], Params]
    loss: Callable[[Params, Any, dict, jax.Array, MemberInputs], tuple[jax.Array, tuple[Any, dict]]]
    project: Callable[[Params], Params]
    predict: Callable[[Params, Any, dict, MemberInputs], dict]
