"""Breakfast's SIL as the scores have it, where they split it; read from `evaluation.json`."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from jaxseg.report.drawing.bars import runs

SILENCE = "SIL"
ENDS = ("action_start", "action_end")


def scored_classes(classes: Sequence[str], evaluation: Mapping[str, Any]) -> tuple[str, ...]:
    """The data set's classes, and behind them those that the evaluation made of SIL."""
    split = evaluation.get("split_sil") and SILENCE in classes
    return (*classes, *(ENDS if split else ()))


def scored_labels(labels: np.ndarray, classes: Sequence[str]) -> np.ndarray:
    """Truth [N] with SIL at the start and at the end as classes of their own, where there are such.

    Args:
        labels: indices into `classes`.
        classes: from `scored_classes`.
    """
    if tuple(classes[-2:]) != ENDS or not len(labels):
        return labels
    silence, split = classes.index(SILENCE), labels.copy()
    segments = runs(labels)
    # The first run comes last: a video that is silent throughout is all start.
    for end, (start, stop, label) in zip(reversed(ENDS), (segments[-1], segments[0]), strict=True):
        if label == silence:
            split[start:stop] = classes.index(end)
    return split
