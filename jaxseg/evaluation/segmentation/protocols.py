"""The segmentation protocols by name: what each counts, and how it averages."""

from collections.abc import Callable
from typing import NamedTuple

from jaxseg.evaluation.segmentation import frames as frame_scores
from jaxseg.evaluation.segmentation import segments as segment_scores
from jaxseg.evaluation.segmentation.counts import Counts
from jaxseg.evaluation.segmentation.supervised import supervised
from jaxseg.evaluation.segmentation.unit import Unit

Counter = Callable[[Unit], Counts]


class Protocol(NamedTuple):
    """What sets one protocol apart.

    Attributes:
        by_video: counters of single videos; their counts add up over videos.
        joined: counters of videos laid end to end, where runs may cross and classes are pooled.
        match: what shares a matching where nothing else is asked for.
        average: which average F1, precision and recall are: `macro` or `pooled` over activities,
            or the mean over `video`s.
        miou_average: the same of mIoU.
        text: the rule and the paper that uses it, two lines.
        sampled: whether the seed matters.
        names: whether it compares class names and knows nothing of clusters.
    """

    by_video: tuple[Counter, ...]
    joined: tuple[Counter, ...]
    match: str
    average: str
    miou_average: str
    text: str
    sampled: bool = False
    names: bool = False


COMMON = (frame_scores.frame_accuracy, segment_scores.segment_lengths)

PROTOCOLS = {
    "asot": Protocol(
        by_video=COMMON,
        joined=(frame_scores.class_overlap, segment_scores.asot_f1),
        match="activity",
        average="macro",
        miou_average="macro",
        sampled=True,
        text="ASOT's program (Xu and Gould, CVPR 2024). F1: most of 15 frames drawn from a truth\n"
        "segment and the next one's first frame are right; runs cross videos; 50 repetitions.",
    ),
    "asot-exact": Protocol(
        by_video=COMMON,
        joined=(frame_scores.class_overlap, segment_scores.exact_f1),
        match="activity",
        average="macro",
        miou_average="macro",
        text="As asot without chance, for new work (jaxseg). F1: more than half of a truth\n"
        "segment's frames are right; segments end with their video; nothing is drawn.",
    ),
    "cte": Protocol(
        by_video=COMMON,
        joined=(frame_scores.class_overlap_with_background, segment_scores.cte_f1),
        match="activity",
        average="macro",
        miou_average="pooled",
        sampled=True,
        text="CTE's paper (Kukleva et al., CVPR 2019). F1: most of 15 frames drawn from a truth\n"
        "segment are right. mIoU: unions hold predictions on background; pooled over activities.",
    ),
    "cte-soft": Protocol(
        by_video=COMMON,
        joined=(frame_scores.class_overlap_with_background, segment_scores.soft_f1),
        match="activity",
        average="macro",
        miou_average="pooled",
        sampled=True,
        text="The released programs of CTE, TOT and HVQ. As cte, but F1 adds up shares of right\n"
        "draws, runs cross videos and the last segment is never counted; 50 repetitions.",
    ),
    "tot-text": Protocol(
        by_video=(*COMMON, segment_scores.overlap_f1),
        joined=(frame_scores.class_overlap,),
        match="activity",
        average="video",
        miou_average="macro",
        text="TOT's paper (Kumar et al., CVPR 2022). F1 by video: a predicted segment is right\n"
        "when more than half of it lies in one truth segment of its class; mean over videos.",
    ),
    "twfinch": Protocol(
        by_video=(
            *COMMON,
            frame_scores.class_overlap_by_clusters,
            frame_scores.frame_f1,
        ),
        joined=(),
        match="video",
        average="video",
        miou_average="video",
        text="TW-FINCH's program (Sarfraz et al., CVPR 2021). Matched anew in each video.\n"
        "F1: macro over frames; mIoU: divided by the number of clusters; mean over videos.",
    ),
    "mstcn": Protocol(
        by_video=(supervised,),
        joined=(),
        match="none",
        average="pooled",
        miou_average="pooled",
        names=True,
        text="Supervised work since MS-TCN (Farha and Gall, CVPR 2019). Accuracy, edit score and\n"
        "F1@{10,25,50} of named classes; background left out of the last two; mean over splits.",
    ),
}


def find_protocol(name: str) -> Protocol:
    """The protocol of that name; ValueError with the known names otherwise."""
    if name not in PROTOCOLS:
        raise ValueError(f"unknown protocol {name!r}: choose from {', '.join(PROTOCOLS)}")
    return PROTOCOLS[name]
