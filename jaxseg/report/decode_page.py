"""The page of `python -m jaxseg.decode --report`: scores, tuning, and videos as colored bars."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from jaxseg.report.drawing.bars import Strip, Timeline, bar
from jaxseg.report.drawing.colors import Paint, class_colors
from jaxseg.report.drawing.page import (
    Panel,
    Picture,
    Row,
    Source,
    Table,
    Video,
    counted,
    document,
    render,
    score_cell,
    thirds,
)

NUM_SHOWN = 6
NUM_COLUMNS = 2000  # more than a screen has; noise in a long video has 10^5 runs
TRUTH = "truth"
# In the order of the score columns: accuracy, edit score, F1 at 10, 25 and 50.
_PUBLISHED = {
    "MS-TCN++": (83.5, 72.6, 80.1, 77.2, 69.4),
    "MS-TCN++, fugw": (83.6, 77.6, 84.4, 83.1, 74.9),
    "without refinement": (76.0, 36.3, 44.8, 42.3, 34.9),
    "without refinement, fugw": (78.3, 72.5, 80.3, 78.5, 69.9),
}
_PUBLISHED_CAPTION = (
    "As published (ASOT, CVPR 2024, Table 3): MS-TCN++ on 50 Salads, with its refinement stages "
    "and without them. Of other scores the changes may be compared, not the figures."
)


class Tuning(NamedTuple):
    """How the method's numbers were chosen."""

    num_settings: int  # how many were tried
    num_videos: int  # that they were tried on
    criterion: str  # in words
    chosen: Mapping[str, float]  # name of a number -> value
    curves: Mapping[str, str]  # name of a number -> data URI of the scores over it


class Decoding(NamedTuple):
    """Everything that the page is made from."""

    source: Source  # head and foot
    kind: str  # of the scores that were decoded, in words
    method: str  # name of the decoding
    baseline: str  # name of the one that it is compared with
    classes: Sequence[str]
    background: Sequence[str]  # the classes that are painted plain
    # Name -> {"truth" where there is one, baseline, method: int [frames] classes}.
    videos: Mapping[str, Mapping[str, np.ndarray]]
    reported: Sequence[str]  # names of the videos that nothing was tuned on
    columns: Mapping[str, str]  # key of a metric -> its title
    # Baseline and method -> {"metrics", "videos", "exclude"}; empty without truth.
    results: Mapping[str, Mapping[str, Any]]
    average: str  # what the scores are means of, in words
    tuning: Tuning | None  # None where nothing was tuned
    has_published: bool  # whether the paper's figures stand below the scores


def decoding_page(decoding: Decoding) -> str:
    """The page as HTML."""
    sentence = render(
        "decode.html",
        "sentence",
        decoding=decoding,
        num_frames=sum(len(rows[decoding.method]) for rows in decoding.videos.values()),
    )
    panels = [_scores_panel(decoding), _tuning_panel(decoding), _videos_panel(decoding)]
    return document(decoding.source, sentence, panels)


def _scores_panel(decoding: Decoding) -> Panel:
    """Before and after, and what the paper reports; left out without truth."""
    if not decoding.results:
        return Panel("Scores", "")
    titles = [["", *decoding.columns.values()]]
    scores = {name: each["metrics"] for name, each in decoding.results.items()}
    before, last = scores[decoding.baseline], decoding.results[decoding.method]
    rows = [
        Row(name, [score_cell(metrics[key]) for key in decoding.columns])
        for name, metrics in scores.items()
    ]
    changes = [f"{last['metrics'][key] - before[key]:+.1f}" for key in decoding.columns]
    rows.append(Row("change", changes, kind="result"))
    caption = f"mstcn, percent: {counted(last['videos'], 'video')}, {decoding.average}"
    published = [
        Row(name, [score_cell(score) for score in scores]) for name, scores in _PUBLISHED.items()
    ]
    body = render(
        "decode.html",
        "scores",
        background=", ".join(last["exclude"]["background"]) or "none",
        is_tuned=decoding.tuning is not None,
        scores=Table(caption, titles, rows),
        published=Table(_PUBLISHED_CAPTION, titles, published) if decoding.has_published else None,
    )
    return Panel("Scores", body)


def _tuning_panel(decoding: Decoding) -> Panel:
    """The chosen numbers and what changing one of them does; left out where nothing was tuned."""
    tuning = decoding.tuning
    if tuning is None:
        return Panel("Tuning", "")
    rows = [Row(name, [f"{value:g}"]) for name, value in tuning.chosen.items()]
    chosen = Table("Chosen", [["number", "value"]], rows)
    pictures = [Picture(uri, f"scores over {name}", name) for name, uri in tuning.curves.items()]
    values = {"tuning": tuning, "chosen": chosen, "pictures": pictures}
    return Panel("Tuning", render("decode.html", "tuning", **values))


def _videos_panel(decoding: Decoding) -> Panel:
    """Some videos: truth, baseline and method, one above the other; the largest gains first."""
    colors = class_colors(decoding.classes, [decoding.classes], decoding.background)
    paints = {index: Paint(colors[name], name) for index, name in enumerate(decoding.classes)}
    names, right = decoding.reported, {}
    if any(TRUTH in rows for rows in decoding.videos.values()):
        right = {name: _accuracies(decoding, name) for name in names}
        names = sorted(names, key=lambda name: (right[name][0] - right[name][1], name))
    is_ranked = bool(right) and decoding.method != decoding.baseline
    videos, present = [], set()
    for name, place in thirds(names, NUM_SHOWN).items():
        rows = decoding.videos[name]
        timeline = Timeline(len(rows[decoding.method]))
        strips = []
        for row, labels in rows.items():
            labels = labels[: timeline.frames]
            present |= set(np.unique(labels).tolist())
            strips.append(Strip(row, bar(drawable(labels), paints, timeline, row)))
        facts = [place] if place and is_ranked else []
        if right:
            before, after = right[name]
            facts.append(f"{before:.1f} → {after:.1f} % of frames right")
        videos.append(Video(name, [*facts, timeline.length], [*strips, timeline.axis()]))
    body = render(
        "decode.html",
        "videos",
        is_ranked=is_ranked,
        videos=videos,
        legend=[paints[index] for index in sorted(present)],
    )
    return Panel("Videos", body)


def _accuracies(decoding: Decoding, name: str) -> tuple[float, float]:
    """Percent of right frames of a video, of the baseline and of the method."""
    rows = decoding.videos[name]
    length = min(len(rows[TRUTH]), len(rows[decoding.method]))
    truth, before, after = (
        rows[each][:length] for each in (TRUTH, decoding.baseline, decoding.method)
    )
    return 100 * float(np.mean(before == truth)), 100 * float(np.mean(after == truth))


def drawable(labels: np.ndarray) -> np.ndarray:
    """Labels [N] in no more runs than a bar can show: every column has its first frame's label."""
    column = np.arange(len(labels)) * min(len(labels), NUM_COLUMNS) // len(labels)
    return labels[np.unique(column, return_index=True)[1]][column]
