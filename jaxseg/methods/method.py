"""The interface of a method: pure functions on one member that training and prediction call."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxseg.proposals import Detections

Params = Any
LENGTH_MULTIPLE = 8  # padded lengths that `predict` meets are multiples of it


class MemberInputs(NamedTuple):
    """Inputs that differ between the members of one program; a method sees those of one member.

    Attributes:
        key: PRNG key, from (seed, activity) alone.
        cluster_mask: [K] bool, its clusters among the largest K of all members.
        num_steps: int32, after which its parameters stay as they are.
        freeze_steps: int32, until which the parameters that the method calls late stay.
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


class Labels(NamedTuple):
    """Pseudo-labels that a refresh makes of one training video of T frames or snippets.

    Attributes:
        labels: float32 [T, W].
        shown: further arrays by name, which the report may draw.
        counts: numbers that are worth a line in the log, added up over videos and members.
    """

    labels: np.ndarray
    shown: dict[str, np.ndarray]
    counts: Mapping[str, int] = MappingProxyType({})


class Refresh(NamedTuple):
    """Request to run the network over all training videos between two steps (pseudo-labels).

    The loop runs `Method.predict`, with the parameters as they are, on every training video of
    every member before the first step of each of these epochs. It hands the outputs to `label`,
    keeps what comes, on disk too, and gives each later batch "targets" [videos, T, W]: the newest
    labels and those before them, weighted as `mix` says; zeros where there are none.

    Attributes:
        epochs: ascending, may be fractions: the step nearest after it begins with the refresh.
        extra_columns: W is the number of classes plus these.
        label: (outputs of `predict` without padding, number of the refresh from 0, the member's
            config) -> Labels; on the host.
        mix: epoch -> weights of the newest labels and of those before.
        reset: carried state -> carried state of one member, after each refresh; None where it
            stays as it is.
    """

    epochs: tuple[float, ...]
    extra_columns: int
    label: Callable[[dict[str, np.ndarray], int, Any], Labels]
    mix: Callable[[float], tuple[float, float]]
    reset: Callable[[Any], Any] | None = None


class Located(NamedTuple):
    """Actions that a localization method found in one video of T snippets and G classes.

    Attributes:
        score_map: float64 [T, G].
        video_scores: float64 [G].
        detections: in seconds.
        drawn: what else the report may draw of it, by name.
    """

    score_map: np.ndarray
    video_scores: np.ndarray
    detections: Detections
    drawn: dict[str, np.ndarray]


class Method(NamedTuple):
    """One paper. Every function is pure and sees one member; the caller vmaps and jits.

    In segmentation a batch is {"frames": [videos, frames, channels], "mask": [videos, frames]}
    and whatever else the method's stream adds, a video {"frames": [frames, channels], "mask":
    [frames]}. `predict` returns

        "labels": [frames], -1 where the mask does not hold;
        "decodings": labels of other decodings, by name;
        "matrices": [frames, K] to be drawn, by name, among them "plan" and "affinity";
        "typical": for each eighth of the padded video and each cluster the similarity and the
            index of its most typical frame, [8, K] each;
        "objective": of the video's own problem, divided by its frames.

    In localization a batch and a video are what the method's `make` says, snippets by stream and
    the videos' labels, and `predict` returns the network's outputs for `locate`.

    Attributes:
        init: (key, example batch, member) -> parameters, carried state.
        warm_start: (params, one sample of every video, member) -> params, before the first step;
            None where parameters do not depend on data.
        loss: (params, carried, batch, key, member) -> scalar, (new carried state, metrics).
        project: params -> params, after every update.
        predict: (params, carried, video, member) -> outputs by name, as listed above.
        observe: where decoding needs to know all of an activity's frames, what of each is looked
            at: (params, carried, video, member) -> arrays [frames, ...].
        survey: makes of that what `predict` gets in the place of `carried`: (arrays [all frames,
            ...], time [all frames] in [0, 1], mask [all frames], member) -> carried.
        late: names of parameters that stay outside the optimizer for a member's `freeze_steps`.
        betas: how much Adam keeps of its mean gradient and mean squared gradient in a step.
        refresh: pseudo-labels that are made of all training videos now and then.
        locate: detections from the outputs of `predict`, on the host: (outputs of one member in
            NumPy, config.predict, seconds of the video) -> Located.
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
