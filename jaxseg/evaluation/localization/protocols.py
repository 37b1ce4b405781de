"""The localization protocols by name, and the average precisions that they use."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from jaxseg.formats.detections import Segments

# Snippets a second: 16 frames a snippet at 25 frames a second.
SNIPPET_RATE = 25 / 16

MOST_THRESHOLDS = 1000
SETS = {
    "thumos14": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7],
    # As its programs make them: the one that is printed as 0.9 is a little smaller.
    "activitynet": np.linspace(0.5, 0.95, 10).tolist(),
}
RANGES = {  # averages that papers report -> their thresholds in hundredths
    "0.1:0.5": range(10, 51, 10),
    "0.3:0.7": range(30, 71, 10),
    "0.1:0.7": range(10, 71, 10),
    "0.5:0.95": range(50, 96, 5),
}


class Ranking(NamedTuple):
    """Predictions of one class by falling score at one threshold."""

    recall: np.ndarray  # float64 [n], share of the positives found up to each prediction
    precision: np.ndarray  # float64 [n], share of hits up to each prediction
    hits: np.ndarray  # bool [n]


def ranking(hits: np.ndarray, forgiven: np.ndarray, positives: int) -> Ranking:
    """Recall and precision along a list by falling score; `hits` and `forgiven` are bool [n].

    A forgiven prediction is no error where it is no hit. `positives` true segments are at least 1.
    """
    num_hits = np.cumsum(hits)
    num_counted = np.cumsum(hits | ~forgiven)
    return Ranking(num_hits / positives, num_hits / np.maximum(num_counted, 1), hits)


def envelope(precision: np.ndarray) -> np.ndarray:
    """Highest precision at each place of the list or further down."""
    return np.maximum.accumulate(precision[::-1])[::-1]


def raw(ranked: Ranking, positives: int) -> float:
    """Sum of the precision at each hit over the number of positives."""
    return float(ranked.precision[ranked.hits].sum() / positives)


def interpolated(ranked: Ranking, positives: int) -> float:
    """Area under the precision envelope, over all points of recall."""
    # Recall rises by 1 / positives at each hit and nowhere else.
    return float(envelope(ranked.precision)[ranked.hits].sum() / positives)


def curve(ranked: Ranking, recalls: np.ndarray) -> np.ndarray:
    """The precision envelope at given recalls, 0 beyond the last that is reached."""
    heights = np.append(envelope(ranked.precision), 0.0)
    # A recall such as 29 of 100 need not be exactly the 0.29 that is asked for.
    return heights[np.searchsorted(ranked.recall, recalls - 1e-9)]


class Rule(NamedTuple):
    """Rules of one protocol."""

    # "best", "best-last" and "first": in order of falling score each prediction takes the free
    # truth of highest tIoU (of equals the first or the last in file order), or the first in file
    # order that reaches the threshold. "truth": in file order each truth takes the free
    # prediction of highest tIoU, of equals the one of highest score.
    matching: str
    average_precision: Callable[[Ranking, int], float]  # (ranked list, positives) -> AP
    summary: str  # the rule in one line
    used_by: str  # who reports under it
    # Segments that are rounded to whole snippets, halves to the even one: "nothing", "truth"
    # (true and ambiguous segments) or "all" (predictions too).
    rounded: str = "nothing"
    strict: bool = False  # a match needs a tIoU above the threshold, not just equal to it
    # "ignored", "dropped" (predictions that touch an ambiguous interval are taken out first) or
    # "forgiven" (they are no false positives)
    ambiguous: str = "ignored"
    # Predictions in videos without truth are taken out, as the programs' lists of videos do;
    # otherwise they are false positives.
    listed_only: bool = False
    thinned: bool = False  # empty and repeated true segments are dropped first
    empty_class_zeroes: bool = False  # a class without predictions makes the whole mAP 0


ANET = Rule(
    # ActivityNet's program walks its sorted overlaps backwards: the last of equals comes first.
    matching="best-last",
    average_precision=interpolated,
    summary="seconds; each prediction takes the free truth of highest tIoU; interpolated AP",
    used_by="ActivityNet's evaluator, CASE",
)
WTALC = Rule(
    matching="first",
    average_precision=raw,
    summary="sets of snippets; the first truth in the list that fits; raw AP",
    used_by="W-TALC",
    rounded="all",
    ambiguous="dropped",
    listed_only=True,
    empty_class_zeroes=True,
)

PROTOCOLS = {
    "anet": ANET,
    "anet-opentad": ANET._replace(
        thinned=True,
        summary="as anet without true segments that are empty or repeated (both ends within 1 ms)",
        used_by="OpenTAD; ActionFormer, which drops true segments under 1 ms, too",
    ),
    "anet-snip": ANET._replace(
        rounded="truth",
        ambiguous="dropped",
        listed_only=True,
        summary="as anet with the truth rounded to snippets of 16/25 s; ambiguous dropped first",
        used_by="CO2-Net, DELU, DDG-Net",
    ),
    "wtalc": WTALC,
    "rskp": WTALC._replace(
        matching="best",
        average_precision=interpolated,
        summary="sets of snippets; the free truth of highest tIoU; interpolated AP",
        used_by="RSKP, FAC-Net, Zhou et al. (GauFuse)",
    ),
    "th14": Rule(
        matching="truth",
        average_precision=raw,
        summary="seconds; each truth takes the free prediction of highest tIoU; > ; raw AP",
        used_by="THUMOS14's evaluator",
        strict=True,
        ambiguous="forgiven",
    ),
}


def find_protocol(name: str) -> Rule:
    """The protocol of that name; ValueError with the known names otherwise."""
    if name not in PROTOCOLS:
        raise ValueError(f"unknown protocol {name!r}: choose from {', '.join(PROTOCOLS)}")
    return PROTOCOLS[name]


def reaches(rule: Rule, tiou: np.ndarray, threshold: float) -> np.ndarray:
    """Which overlaps are enough for a match, bool as `tiou`."""
    return tiou > threshold if rule.strict else tiou >= threshold


def on_grid(segments: Segments, rule: Rule, *, predicted: bool) -> Segments:
    """Segments in the rule's unit: seconds, or snippets where it rounds any segments."""
    if rule.rounded == "nothing":
        return segments
    start, end = segments.start * SNIPPET_RATE, segments.end * SNIPPET_RATE
    if rule.rounded == "all" or not predicted:
        start, end = np.round(start), np.round(end)
    return segments._replace(start=start, end=end)


def parse_tiou(text: str) -> list[float]:
    """Rising thresholds from a set's name, `start:stop:step` (stop included) or `a,b,c`."""
    if text in SETS:
        return list(SETS[text])
    try:
        if ":" in text:
            start, stop, step = map(float, text.split(":"))
            # Rounded, because 0.1 + 2 * 0.1 is not 0.3 in floating point.
            count = int((stop - start) / step + 1e-6) + 1
            if count > MOST_THRESHOLDS:
                raise ValueError
            values = [round(start + i * step, 10) for i in range(count)]
        else:
            values = [float(part) for part in text.split(",")]
    except (ValueError, ZeroDivisionError, OverflowError):
        names = ", ".join(SETS)
        raise ValueError(f"tiou {text!r} is not start:stop:step, a,b,c or one of {names}") from None
    return check_tiou(values)


def check_tiou(values: Sequence[float]) -> list[float]:
    """Thresholds as floats; ValueError unless they rise within (0, 1]."""
    values = [float(value) for value in values]
    rising = all(a < b for a, b in pairwise(values))
    if not values or not rising or not all(0 < value <= 1 for value in values):
        raise ValueError(f"tiou {values}: thresholds have to rise within (0, 1]")
    return values


def averages(tiou: list[float], scores: list[float]) -> dict[str, float]:
    """Means over the ranges of `RANGES`, or over all thresholds where none of them fits."""
    hundredths = [round(100 * threshold, 6) for threshold in tiou]
    means = {}
    for name, members in RANGES.items():
        if set(members) <= set(hundredths):
            means[name] = float(np.mean([scores[hundredths.index(each)] for each in members]))
    if not means:
        means[f"{tiou[0]:g}:{tiou[-1]:g}"] = float(np.mean(scores))
    return means
