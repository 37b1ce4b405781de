"""The segmentation protocols by name: what each counts, how it averages, and its options."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from jaxseg.evaluation.segmentation import frames as frame_scores
from jaxseg.evaluation.segmentation import segments as segment_scores
from jaxseg.evaluation.segmentation.groups import Counts, Labels, Unit
from jaxseg.evaluation.segmentation.matching import MATCHES

Counter = Callable[[Unit], Counts]


class Protocol(NamedTuple):
    """Rules of one protocol."""

    by_video: tuple[Counter, ...]  # counters of single videos; their counts add up over videos
    # Counters of videos laid end to end, where runs may cross and classes are pooled
    joined: tuple[Counter, ...]
    text: str  # the rule and the paper that uses it, two lines
    match: str = "activity"  # default scope of a matching, of `MATCHES`
    # Average that is reported as F1, precision and recall: `macro` or `pooled` over activities,
    # or the mean over `video`s
    average: str = "macro"
    miou_average: str = "macro"  # average that is reported as mIoU
    sampled: bool = False  # whether it draws frames, so that the seed matters
    names: bool = False  # whether it compares class names, without clusters and their matching
    background: tuple[str, ...] = ()  # classes that its program leaves out unless told otherwise


# Titles of the scores and of their averages, in the order of a table.
FRAME_COLUMNS = {
    "mof_pooled": "MoF",
    "mof_macro": "macro",
    "mof_video": "/video",
    "f1": "F1",
    "f1_ceiling": "(most)",
    "precision": "prec",
    "recall": "recall",
    "miou": "mIoU",
    "jsd": "JSD",
}
NAME_COLUMNS = {
    "accuracy": "acc",
    "edit": "edit",
    "f1@10": "F1@10",
    "f1@25": "F1@25",
    "f1@50": "F1@50",
}
AVERAGES = {
    "macro": "mean of activities",
    "pooled": "all frames together",
    "video": "mean of videos",
    "splits": "mean of splits",
}

COMMON = (frame_scores.frame_accuracy, segment_scores.segment_lengths)

SUPERVISED = Protocol(
    by_video=(),
    joined=(),
    text="",
    match="none",
    average="pooled",
    miou_average="pooled",
    names=True,
    background=("background",),
)

PROTOCOLS = {
    "asot": Protocol(
        by_video=COMMON,
        joined=(frame_scores.class_overlap, segment_scores.asot_f1),
        sampled=True,
        text="ASOT's program (Xu and Gould, CVPR 2024). F1: most of 15 frames drawn from a truth\n"
        "segment and the next one's first frame are right; runs cross videos; 50 repetitions.",
    ),
    "asot-exact": Protocol(
        by_video=COMMON,
        joined=(frame_scores.class_overlap, segment_scores.exact_f1),
        text="As asot without chance, for new work (jaxseg). F1: more than half of a truth\n"
        "segment's frames are right; segments end with their video; nothing is drawn.",
    ),
    "cte": Protocol(
        by_video=COMMON,
        joined=(frame_scores.class_overlap_with_background, segment_scores.cte_f1),
        miou_average="pooled",
        sampled=True,
        text="CTE's paper (Kukleva et al., CVPR 2019). F1: most of 15 frames drawn from a truth\n"
        "segment are right. mIoU: unions hold predictions on background; pooled over activities.",
    ),
    "cte-soft": Protocol(
        by_video=COMMON,
        joined=(frame_scores.class_overlap_with_background, segment_scores.soft_f1),
        miou_average="pooled",
        sampled=True,
        text="The released programs of CTE, TOT and HVQ. As cte, but F1 adds up shares of right\n"
        "draws, runs cross videos and the last segment is never counted; 50 repetitions.",
    ),
    "tot-text": Protocol(
        by_video=(*COMMON, segment_scores.overlap_f1),
        joined=(frame_scores.class_overlap,),
        average="video",
        text="TOT's paper (Kumar et al., CVPR 2022). F1 by video: a predicted segment is right\n"
        "when more than half of it lies in one truth segment of its class; mean over videos.",
    ),
    "twfinch": Protocol(
        by_video=(*COMMON, frame_scores.class_overlap_by_clusters, frame_scores.frame_f1),
        joined=(),
        match="video",
        average="video",
        miou_average="video",
        text="TW-FINCH's program (Sarfraz et al., CVPR 2021). Matched anew in each video.\n"
        "F1: macro over frames; mIoU: divided by the number of clusters; mean over videos.",
    ),
    "mstcn": SUPERVISED._replace(
        by_video=(segment_scores.supervised,),
        text="MS-TCN's program (Farha and Gall, CVPR 2019): accuracy, edit score, F1@{10,25,50}\n"
        "of named classes; the class 'background' left out of the last two; mean over splits.",
    ),
    "mstcn2": SUPERVISED._replace(
        by_video=(segment_scores.supervised_short_end,),
        text="MS-TCN++'s program (Li et al., TPAMI 2020), and programs made of it. As mstcn, but\n"
        "the last segment of a video ends a frame early in F1, and one of a frame is never found.",
    ),
}


def find_protocol(name: str) -> Protocol:
    """The protocol of that name; ValueError with the known names otherwise."""
    if name not in PROTOCOLS:
        raise ValueError(f"unknown protocol {name!r}: choose from {', '.join(PROTOCOLS)}")
    return PROTOCOLS[name]


class Options(NamedTuple):
    """Options of `evaluate_segmentation`, which explains each; checked by `check_options`."""

    protocol: str = "asot-exact"
    match: str | None = None
    activities: Mapping[str, str] | None = None
    splits: Mapping[str, Sequence[str]] | None = None
    classes: Sequence[str] | None = None
    excluded: Sequence[int] = ()
    background: Sequence[int] | None = None
    merge: Sequence[int] | None = None
    num_clusters: Mapping[str, int] | None = None
    seed: int = 0
    length_tolerance: int = 0

    @property
    def rule(self) -> Protocol:
        """The protocol that is named."""
        return find_protocol(self.protocol)

    @property
    def matching(self) -> str:
        """Scope of a matching: the option, or else the protocol's own."""
        return self.match or self.rule.match

    @property
    def left_out(self) -> list[int]:
        """Classes that count as background: those given, or else the protocol's own by name."""
        if self.background is not None:
            return list(self.background)
        named = enumerate(self.classes or ())
        return [
            index
            for index, name in named
            if name in self.rule.background and index not in self.excluded
        ]

    @property
    def bound(self) -> bool:
        """Whether cluster -1 stands for the background."""
        return bool(len(self.background or ()))

    @property
    def num_classes(self) -> int | None:
        """Number of classes, where it is given; else None."""
        named = self.merge if self.classes is None else self.classes
        return None if named is None else len(named)


def check_options(options: Options) -> None:
    """Raises ValueError for a setting out of its range."""
    find_protocol(options.protocol)
    if options.matching not in MATCHES:
        raise ValueError(f"unknown matching {options.match!r}: choose from {', '.join(MATCHES)}")
    for what, indices in (("excluded", options.excluded), ("background", options.background or ())):
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
    """Labels of the videos of all splits; of every video where there are no splits."""
    if options.splits is None:
        return dict(labels)
    named = {name for names in options.splits.values() for name in names}
    return {name: labels[name] for name in sorted(named & labels.keys())}


def label_name(index: int, classes: Sequence[str] | None) -> str | int:
    """Name of a class, or its index where there are no names."""
    return int(index) if classes is None else classes[index]
