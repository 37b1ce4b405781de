"""The page of `python -m jaxseg.evaluation --report`: predictions and truth from anywhere.

The evaluator draws nothing and needs no matplotlib: charts are inline SVG.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from jaxseg.report.drawing.bars import Strip, Timeline, bar
from jaxseg.report.drawing.colors import Paint, class_colors, kind_paints
from jaxseg.report.drawing.page import (
    Panel,
    Source,
    Video,
    confusion_table,
    document,
    render,
    thirds,
)

_NUM_SHOWN = 9  # videos: best, middle and worst
_NO_CLASS, _NOT_SCORED = Paint("#a4a4ac", "no class"), Paint("none", "does not count")


class ScoredVideo(Protocol):
    """One video after the matching."""

    truth: np.ndarray  # int [frames], class indices; negative: no class
    predicted: np.ndarray  # the same
    scored: np.ndarray  # bool [frames]


def segmentation_page(
    lines: Sequence[str],
    protocol: str,
    videos: Mapping[str, ScoredVideo],
    classes: Sequence[str] | None,
    *,
    has_background: bool,
) -> str:
    """Scores, some videos as colored bars, and the confusion of classes, as HTML.

    Args:
        lines: of the table of all scores.
        protocol: the one that videos and confusion are of, and its matching, in words.
        videos: by name.
        classes: names; None where the data has none but numbers.
        has_background: whether -1 stands for frames that do not count.
    """
    names = _class_names(videos, classes)
    colors = class_colors(list(names.values()), [list(names.values())])
    paints = {index: Paint(colors[name], name) for index, name in names.items()}
    right = {
        name: float(np.mean((video.truth == video.predicted)[video.scored]))
        for name, video in videos.items()
        if video.scored.any()
    }
    shown = thirds(sorted(right, key=lambda name: (-right[name], name)), _NUM_SHOWN)
    in_truth = np.unique(
        np.concatenate([videos[name].truth[videos[name].scored] for name in shown])
    )
    articles = []
    for name in shown:
        video, timeline = videos[name], Timeline(len(videos[name].truth))
        sides = {"truth": np.where(video.scored, video.truth, -1), "prediction": video.predicted}
        strips = []
        for side, labels in sides.items():
            blank = has_background or side == "truth"
            others = {-1: _NOT_SCORED if blank else _NO_CLASS} | paints
            present = {k: others.get(k, _NO_CLASS) for k in np.unique(labels).tolist()}
            strips.append(Strip(side, bar(labels, present, timeline, side)))
        scored = np.count_nonzero(video.scored)
        facts = [f"{100 * right[name]:.1f} % of {scored:,} frames right"]
        articles.append(Video(name, facts, [*strips, timeline.axis()]))
    panels = [
        _scores_panel(lines),
        Panel(
            "Best, middle and worst videos",
            render(
                "evaluation.html",
                "videos",
                protocol=protocol,
                legend=[paints[index] for index in in_truth.tolist()],
                videos=articles,
            ),
        ),
        _confusion_panel(protocol, videos, names),
    ]
    return document(Source("Segmentation scores"), "", panels)


def _class_names(
    videos: Mapping[str, ScoredVideo], classes: Sequence[str] | None
) -> dict[int, str]:
    """Index -> name of every class that occurs; a label that the truth does not know has none."""
    labels = [np.concatenate([video.truth, video.predicted]) for video in videos.values()]
    known = np.unique(np.concatenate(labels)) if labels else np.zeros(0, int)
    known = known[known >= 0].tolist()
    if classes is None:
        return {index: str(index) for index in known}
    return {index: str(classes[index]) for index in known if index < len(classes)}


def _confusion_panel(
    protocol: str, videos: Mapping[str, ScoredVideo], names: Mapping[int, str]
) -> Panel:
    """Rows are true classes, columns predicted ones; the last column has no class."""
    truth = np.concatenate([video.truth[video.scored] for video in videos.values()])
    predicted = np.concatenate([video.predicted[video.scored] for video in videos.values()])
    classes = np.unique(truth)
    column = np.searchsorted(classes, predicted)
    column[~np.isin(predicted, classes)] = len(classes)
    counts = np.zeros((len(classes), len(classes) + 1), int)
    np.add.at(counts, (np.searchsorted(classes, truth), column), 1)
    rows = [names.get(index, "no class") for index in classes.tolist()]
    caption = f"{protocol}. Percent of a class's frames."
    table = confusion_table(counts, rows, caption, last="no class")
    return Panel("Confusion", render("parts.html", "table", table=table))


def _scores_panel(lines: Sequence[str]) -> Panel:
    return Panel("Scores", render("evaluation.html", "scores", lines=lines))


class Line(NamedTuple):
    """A line of a chart through (place across, percent)."""

    paint: Paint
    points: Sequence[tuple[float, float]]


class Bar(NamedTuple):
    """A part of a stacked bar of a chart: place and width across, percent upwards."""

    color: str
    title: str
    left: float
    width: float
    bottom: float
    share: float


class Chart(NamedTuple):
    """Lines or bars over axes: names of both, 0 to `most` across, what stands at its ends."""

    title: str
    across: str
    up: str
    most: float
    ends: tuple[str, str]
    lines: Sequence[Line] = ()
    bars: Sequence[Bar] = ()


def localization_page(lines: Sequence[str], results: Sequence[Mapping]) -> str:
    """All scores, precision over recall, errors and recall of proposals, as HTML.

    Args:
        lines: of the table of all scores.
        results: of `evaluate_localization` with `errors`, `proposals` and `curves`; of proposals
            without labels with recall alone.
    """
    panels = [_scores_panel(lines)]
    if "map" in results[0]:
        depth = max(len(counts) for counts in results[0]["errors"]["depths"].values())
        panels += [
            _charts(
                "Precision over recall",
                "The precision envelope, mean over classes, in percent.",
                _threshold_paints(results[0]["tiou"]),
                [_precision_chart(result) for result in results],
            ),
            _charts(
                "What goes wrong",
                f"At tIoU 0.5, of the first G to {depth} G predictions of a class with G true "
                "segments; share of predictions.",
                list(kind_paints(list(results[0]["errors"]["depths"])).values()),
                [_error_chart(result) for result in results],
            ),
        ]
    panels.append(
        _charts(
            "Recall of proposals",
            "Share of true segments that the first predictions of a video cover, whatever their "
            "labels, each video keeping the same share of its list; mean over tIoU 0.5 to 0.95.",
            [],
            [_recall_chart(result) for result in results],
        )
    )
    return document(Source("Localization scores"), "", panels)


def _charts(title: str, note: str, legend: Sequence[Paint], charts: Sequence[Chart]) -> Panel:
    body = render("evaluation.html", "charts", note=note, legend=legend, charts=charts)
    return Panel(title, body)


def _threshold_paints(tiou: Sequence[float]) -> list[Paint]:
    """From light to dark as the threshold rises."""
    steps = max(len(tiou) - 1, 1)
    return [
        Paint(f"hsl(212 65% {78 - 55 * place / steps:.0f}%)", f"tIoU {threshold:g}")
        for place, threshold in enumerate(tiou)
    ]


def _precision_chart(result: Mapping) -> Chart:
    """A line for each threshold."""
    curves, paints = result["curves"], _threshold_paints(result["tiou"])
    lines = [
        Line(paint, list(zip(curves["recall"], heights, strict=True)))
        for heights, paint in zip(curves["precision"], paints, strict=True)
    ]
    return Chart(result["protocol"], "recall", "precision", 100, ("0", "100"), lines)


def _recall_chart(result: Mapping) -> Chart:
    """Average recall over the number of proposals."""
    numbers, recalls = result["proposals"]["an"], result["proposals"]["ar"]
    points, most = list(zip(numbers, recalls, strict=True)), numbers[-1]
    line = Line(Paint("#1d5fa8", "average recall"), points)
    ends = ("0", str(most))
    return Chart(result["protocol"], "proposals a video", "recall", most, ends, [line])


def _error_chart(result: Mapping) -> Chart:
    """A stacked bar for each depth of the list."""
    counts = result["errors"]["depths"]
    paints, depth, bars = kind_paints(list(counts)), max(map(len, counts.values())), []
    for place in range(depth):
        total = max(sum(each[place] for each in counts.values()), 1)
        bottom = 0.0
        for kind, paint in paints.items():
            number = counts[kind][place]
            share = 100 * number / total
            title = f"{kind}: {number:,} ({share:.1f} %)"
            bars.append(Bar(paint.fill, title, place + 0.1, 0.8, bottom, share))
            bottom += share
    ends = ("G", f"{depth} G")
    return Chart(result["protocol"], "predictions of a class", "share", depth, ends, bars=bars)
