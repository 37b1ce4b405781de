"""How a set of predictions is scored, checked before anything is read or counted."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from jaxseg.evaluation.segmentation.groups import Labels
from jaxseg.evaluation.segmentation.matching import MATCHES
from jaxseg.evaluation.segmentation.protocols import Protocol, find_protocol


class Options(NamedTuple):
    """How a set of predictions is scored; the fields are arguments of `evaluate_segmentation`."""

    protocol: str = "asot-exact"
    match: str | None = None
    activities: Mapping[str, str] | None = None
    splits: Mapping[str, Sequence[str]] | None = None
    classes: Sequence[str] | None = None
    excluded: Sequence[int] = ()
    background: Sequence[int] = ()
    merge: Sequence[int] | None = None
    num_clusters: Mapping[str, int] | None = None
    seed: int = 0
    length_tolerance: int = 0

    @property
    def rule(self) -> Protocol:
        return find_protocol(self.protocol)

    @property
    def matching(self) -> str:
        return self.match or self.rule.match

    @property
    def num_classes(self) -> int | None:
        """How many classes there are, where it is said."""
        named = self.merge if self.classes is None else self.classes
        return None if named is None else len(named)


def check_options(options: Options) -> None:
    """Raises ValueError for a setting out of its range."""
    find_protocol(options.protocol)
    if options.matching not in MATCHES:
        raise ValueError(f"unknown matching {options.match!r}: choose from {', '.join(MATCHES)}")
    for what, indices in (("excluded", options.excluded), ("background", options.background)):
        for index in indices:
            if index < 0 or (options.classes is not None and index >= len(options.classes)):
                raise ValueError(f"{what} class {index} is no index of a class")
    for activity, count in (options.num_clusters or {}).items():
        if count < 1:
            raise ValueError(f"activity {activity!r}: {count} clusters, at least 1 needed")
    if options.merge is not None and len(options.merge) != options.num_classes:
        raise ValueError(f"merge: {len(options.merge)} entries for {options.num_classes} classes")
    if options.seed < 0:
        raise ValueError(f"seed {options.seed} is negative")
    if options.length_tolerance < 0:
        raise ValueError(f"length tolerance {options.length_tolerance} is negative")


def chosen_videos(labels: Labels, options: Options) -> dict[str, np.ndarray]:
    """The videos of the splits; all of them where there are no splits."""
    if options.splits is None:
        return dict(labels)
    named = {name for names in options.splits.values() for name in names}
    return {name: labels[name] for name in sorted(named & labels.keys())}


def label_name(index: int, classes: Sequence[str] | None) -> str | int:
    """A class's name, or its index where there are no names."""
    return int(index) if classes is None else classes[index]
