"""What a counter is given: the frames that are scored together, and what its rules may ask for."""

from typing import NamedTuple

import numpy as np

from jaxseg.evaluation.segmentation.groups import Group, without_background


class Unit(NamedTuple):
    """One video, or an activity's videos laid end to end, after the matching.

    Attributes:
        whole: every frame; `predicted` holds classes, below 0 where a cluster has none.
        scored: the same without background frames.
        background: int64 [classes], classes named as background.
        num_clusters: K where it is given; None: what the labels show.
        rng: the drawing of this unit alone.
    """

    whole: Group
    scored: Group
    background: np.ndarray
    num_clusters: int | None
    rng: np.random.Generator


def make_unit(
    group: Group,
    name: str,
    *,
    background: np.ndarray,
    num_clusters: int | None = None,
    seed: int = 0,
) -> Unit:
    """A unit whose draws depend on the seed and its own name alone, not on other videos."""
    rng = np.random.default_rng([seed, *name.encode()])
    return Unit(group, without_background(group), background, num_clusters, rng)
