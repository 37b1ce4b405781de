"""Pseudo-labels that a method makes for all of its training videos at once, now and then."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np


class Labels(NamedTuple):
    """What a refresh makes of one training video of T frames or snippets.

    Attributes:
        labels: float32 [T, W].
        shown: further arrays by name, which the report may draw.
        counts: numbers that are worth a line in the log, added up over videos and members.
    """

    labels: np.ndarray
    shown: dict[str, np.ndarray]
    counts: Mapping[str, int] = MappingProxyType({})


class Refresh(NamedTuple):
    """A method's wish to see its training videos again, by a frozen copy of the parameters.

    The loop runs `Method.predict` on every training video of every member before the first step
    of each of these epochs, hands the outputs to `label`, keeps what comes, on disk too, and
    gives each later batch "targets" [videos, T, W]: the newest labels and those before them,
    weighted as `mix` says; zeros where there are none. What `reset` changes in the carried state
    is done after each refresh.

    Attributes:
        epochs: ascending, may be fractions: the step nearest after it begins with the refresh.
        extra_columns: W is the number of classes plus these.
        label: (outputs of `predict` without padding, number of the refresh from 0, the member's
            config) -> Labels; on the host.
        mix: epoch -> weights of the newest labels and of those before.
        reset: carried state -> carried state, of one member; None where it stays as it is.
    """

    epochs: tuple[float, ...]
    extra_columns: int
    label: Callable[[dict[str, np.ndarray], int, Any], Labels]
    mix: Callable[[float], tuple[float, float]]
    reset: Callable[[Any], Any] | None = None
