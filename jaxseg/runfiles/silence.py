"""Breakfast's label of nothing yet and nothing more as two classes, for scores and report."""

from collections.abc import Collection, Sequence

import numpy as np

SILENCE = "SIL"  # Breakfast's label of frames without an action
ENDS = ("action_start", "action_end")


def classes_with_ends(classes: Sequence[str], excluded: Collection[str]) -> list[str]:
    """The classes, followed by the two that silence at the ends of a video becomes.

    Raises:
        ValueError: no class of silence, an excluded one, or a class that has one of the new names.
    """
    if SILENCE not in classes or SILENCE in excluded:
        why = "is excluded" if SILENCE in excluded else "is no class"
        raise ValueError(f"split_sil: {SILENCE!r} {why}")
    for name in ENDS:
        if name in classes:
            raise ValueError(f"split_sil: there is a class {name!r} already")
    return [*classes, *ENDS]


def split_silence(labels: np.ndarray, classes: Sequence[str]) -> np.ndarray:
    """Labels with silence at the start and at the end of the video as classes of their own.

    As in TOT's supplement, Sec. 3. Silence between actions stays silence; a video that is silent
    throughout is all start.

    Args:
        labels: int64 [frames], at least one.
        classes: from `classes_with_ends`.
    """
    silence, start, end = (classes.index(name) for name in (SILENCE, *ENDS))
    borders = np.r_[0, np.flatnonzero(np.diff(labels)) + 1, len(labels)]
    split = labels.copy()
    if labels[-1] == silence:
        split[borders[-2] :] = end
    if labels[0] == silence:
        split[: borders[1]] = start
    return split
