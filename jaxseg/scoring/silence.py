"""Breakfast's label of nothing yet and nothing more as two classes (TOT's supplement, Sec. 3)."""

from collections.abc import Collection, Sequence

import numpy as np

from jaxseg.evaluation.segmentation.groups import run_starts

SILENCE = "SIL"
ENDS = ("action_start", "action_end")
SPLIT = (
    f"split: {SILENCE} in the first run of a video is {ENDS[0]}, in the last run {ENDS[1]}, "
    f"elsewhere it stays {SILENCE}"
)


def classes_with_ends(classes: Sequence[str], excluded: Collection[str]) -> list[str]:
    """The classes and, after them, the two that silence at the ends of a video becomes.

    Raises:
        ValueError: no such class, one that is left out, or a class that has one of the new names.
    """
    if SILENCE not in classes or SILENCE in excluded:
        why = "is excluded" if SILENCE in excluded else "is no class"
        raise ValueError(f"split_sil: {SILENCE!r} {why}")
    for name in ENDS:
        if name in classes:
            raise ValueError(f"split_sil: there is a class {name!r} already")
    return [*classes, *ENDS]


def split_silence(labels: np.ndarray, classes: Sequence[str]) -> np.ndarray:
    """Labels of a video with silence at its start and at its end as classes of their own.

    Silence between actions stays what it is; of a video that is silent throughout, everything is
    its start.

    Args:
        labels: int64 [frames], at least one.
        classes: from `classes_with_ends`.
    """
    silence, start, end = (classes.index(name) for name in (SILENCE, *ENDS))
    borders = np.append(run_starts(labels), len(labels))
    split = labels.copy()
    if labels[-1] == silence:
        split[borders[-2] :] = end
    if labels[0] == silence:
        split[: borders[1]] = start
    return split
