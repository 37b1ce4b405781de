"""What the training loop and the predictor know of a method: pure functions on one member."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax

from jaxseg.methods.located import Located
from jaxseg.methods.refresh import Refresh

Params = Any
LENGTH_MULTIPLE = 8  # padded lengths that `predict` meets are multiples of it


class MemberInputs(NamedTuple):
    """What differs between the members of one program; inside a method, one member's own.

    Attributes:
        key: PRNG key, from (seed, activity) alone.
        cluster_mask: [K] bool, its clusters among the largest K of all members.
        num_steps: int32, after which its parameters stay as they are.
        freeze_steps: int32, until which those parameters do that the method calls late.
        hyper: numeric hyper-parameters, nested as in the config.
        rate_steps: int32 [n], ascending, from which on the learning rate is another; n is the
            same for all members.
        rate_factors: float32 [n + 1], of the learning rate: 1, then one from each of these steps.
    """

    key: jax.Array
    cluster_mask: jax.Array
    num_steps: jax.Array
    freeze_steps: jax.Array
    hyper: dict
    rate_steps: jax.Array
    rate_factors: jax.Array


class Method(NamedTuple):
    """One paper. Every function is pure and sees one member; the caller vmaps and jits.

    In segmentation a batch is {"frames": [videos, frames, channels], "mask": [videos, frames]}
    and whatever else the method's stream adds, a video {"frames": [frames, channels], "mask":
    [frames]}. `predict` returns "labels" [frames], -1 where the mask does not hold; "decodings",
    the labels of other decodings by name; "matrices" [frames, K] to be drawn, among them "plan"
    and "affinity"; and "typical": for each eighth of the padded video and each cluster the
    similarity and the index of its most typical frame, [8, K]; and "objective": of the video's
    transport problem, a frame, a number.

    In localisation a batch and a video are what the method's `make` says, snippets by stream and
    the videos' labels, and `predict` returns the network's outputs for `jaxseg.proposals`.

    Attributes:
        init: (key, example batch, member) -> parameters, carried state.
        warm_start: sees one sample of every video before the first step; None where parameters
            do not depend on data.
        loss: (params, carried, batch, key, member) -> scalar, (new carried state, metrics).
        project: what is done to the parameters after every update.
        predict: (params, carried, video, member) -> outputs by name, as said above.
        observe: where decoding needs to know all of an activity's frames, what of each is looked
            at: (params, carried, video, member) -> arrays [frames, ...].
        survey: makes of that what `predict` gets in the place of `carried`: (arrays [all frames,
            ...], time [all frames] in [0, 1], mask [all frames], member) -> carried.
        late: names of parameters that stay outside the optimiser for a member's `freeze_steps`.
        betas: how much Adam keeps of its mean gradient and mean squared gradient in a step.
        refresh: pseudo-labels that are made of all training videos now and then.
        locate: for a method that localises, what the outputs of `predict` amount to, on the host:
            (outputs of one member in NumPy, config.predict, seconds of the video) -> Located.
        rows: the outputs with a row for each snippet; they come to the host without padding.
    """

    init: Callable[[jax.Array, dict, MemberInputs], tuple[Params, Any]]
    warm_start: Callable[[Params, dict, MemberInputs], Params] | None
    loss: Callable[[Params, Any, dict, jax.Array, MemberInputs], tuple[jax.Array, tuple[Any, dict]]]
    project: Callable[[Params], Params]
    predict: Callable[[Params, Any, dict, MemberInputs], dict]
    observe: Callable[[Params, Any, dict, MemberInputs], dict] | None = None
    survey: Callable[[dict, jax.Array, jax.Array, MemberInputs], Any] | None = None
    late: tuple[str, ...] = ()
    betas: tuple[float, float] = (0.9, 0.999)
    refresh: Refresh | None = None
    locate: Callable[[dict, Any, float], Located] | None = None
    rows: tuple[str, ...] = ()
