"""The pictures of single videos: attention, clusters, score map, proposals, truth on one axis."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from jaxseg.report.drawing.bars import Timeline, axis, runs, strips
from jaxseg.report.drawing.colors import Paint, plain_cluster_paints
from jaxseg.report.drawing.markup import counted, text
from jaxseg.report.localization.bars import Span, curves, heat_strip, lanes, opacity, spans
from jaxseg.report.localization.clusters import PALE, foreground
from jaxseg.report.localization.records import Interval, Localization, ScoreMap

MAX_LANES = 5
_MOST_WRONG_CLASSES = 2


class Shown(NamedTuple):
    """One video as it is drawn.

    Attributes:
        timeline: of seconds.
        true: classes with truth, by time.
        wrong: classes that are predicted alone, best first, a few of them.
        truth, proposals: of all classes, proposals best first.
        score_map: None where it was not kept.
    """

    name: str
    timeline: Timeline
    true: list[str]
    wrong: list[str]
    truth: tuple[Interval, ...]
    proposals: tuple[Interval, ...]
    score_map: ScoreMap | None


def shown_videos(run: Localization, count: int) -> list[Shown]:
    """Up to `count` test videos spread over the list, those with a score map if there are any."""
    names = [name for name in run.test_videos if name in run.maps]
    names = names or [name for name in run.test_videos if name in run.proposals]
    return [show(run, name) for name in spread(names, count)]


def spread(names: Sequence[str], count: int) -> list[str]:
    """Up to `count` names, spread over the list."""
    places = np.linspace(0, len(names) - 1, min(count, len(names))).round().astype(int)
    return [names[place] for place in places]


def show(run: Localization, name: str) -> Shown:
    """A test video with its classes, truth, proposals and score map."""
    truth = tuple(sorted(run.truth.get(name, ()), key=lambda each: each.start))
    proposals = tuple(sorted(run.proposals.get(name, ()), key=lambda each: -each.score))
    score_map = run.maps.get(name)
    true = list(dict.fromkeys(each.label for each in truth))
    wrong = [
        label for label in dict.fromkeys(each.label for each in proposals) if label not in true
    ]
    if not true and not wrong and score_map is not None:
        wrong = [run.classes[int(score_map.scores.max(axis=0).argmax())]]
    # One that is measured in seconds has a frame a second.
    timeline = Timeline(_length(run, name, (*truth, *proposals)), 1.0)
    return Shown(name, timeline, true, wrong[:_MOST_WRONG_CLASSES], truth, proposals, score_map)


def _length(run: Localization, name: str, intervals: tuple[Interval, ...]) -> float:
    """Seconds until the last thing that is drawn."""
    video = next(video for video in run.videos if video.name == name)
    ends = [video.seconds or 0.0]
    ends += [each.end for each in intervals]
    if name in run.maps:
        ends.append(run.maps[name].borders[-1])
    return max(ends) or 1.0


def cluster_spans(run: Localization, shown: Shown) -> list[Span]:
    """The likeliest cluster over time, background clusters pale."""
    member, clusters = run.main[0], shown.score_map.clusters
    paints = plain_cluster_paints(member.num_clusters)
    strong = foreground(run, member.directory)
    parts = []
    for start, stop, k in runs(clusters.argmax(axis=1)):
        seconds = (float(shown.score_map.borders[i]) for i in (start, stop))
        parts.append(_part(*seconds, paints[k], 1.0 if strong[k] else PALE, shown.timeline))
    return parts


def _part(start: float, end: float, paint: Paint, strength: float, timeline: Timeline) -> Span:
    return Span(start, end, f"{paint.name}, {timeline.span(start, end)}", paint.fill, strength)


def video_article(run: Localization, shown: Shown) -> str:
    """One video: strips on a common time axis."""
    rows = _network_rows(run, shown)
    for label in (*shown.true, *shown.wrong):
        rows += _class_rows(run, shown, label)
    rows.append((shown.timeline.unit, axis(shown.timeline)))
    facts = [shown.timeline.length, counted(len(shown.proposals), "proposal")]
    if run.truth:
        facts.insert(1, counted(len(shown.truth), "true segment"))
    title = f"<h4>{text(shown.name)} <small>{' · '.join(facts)}</small></h4>"
    return f"<article>{title}{strips(rows, kind='wide')}</article>"


def _network_rows(run: Localization, shown: Shown) -> list[tuple[str, str]]:
    """Attention and clusters, as far as the method has them."""
    score_map, timeline, rows = shown.score_map, shown.timeline, []
    if score_map is not None and score_map.attention:
        names = [name for name in score_map.attention if name]
        streams = " ".join(f'<b class="curve">{text(name)}</b>' for name in names)
        said = f"attention of {', '.join(names)}" if names else "attention"
        shape = curves(score_map.attention, score_map.borders, timeline, said)
        rows.append((f"attention {streams}", shape))
    if score_map is not None and score_map.clusters is not None:
        parts = cluster_spans(run, shown)
        rows.append(("clusters", spans(parts, timeline, f"clusters: {len(parts)} runs")))
    return rows


def _class_rows(run: Localization, shown: Shown, label: str) -> list[tuple[str, str]]:
    """Score map, proposals and truth of one class, as far as there are any."""
    proposals = [each for each in shown.proposals if each.label == label]
    truth = [each for each in shown.truth if each.label == label]
    rows = [_score_row(run, shown, label)]
    rows += [proposal_row("proposals", proposals, shown, label)] if proposals else []
    return rows + ([truth_row(truth, shown, label)] if truth else [])


def _score_row(run: Localization, shown: Shown, label: str) -> tuple[str, str]:
    """The class's name, its score for the whole video, and its score over time."""
    facts = ["not in this video"] if run.truth and label in shown.wrong else []
    strip = "<span></span>"
    if shown.score_map is not None:
        index = run.classes.index(label)
        said, scores = f"scores of {label}", shown.score_map.scores[:, index]
        strip = heat_strip(scores, shown.score_map.borders, shown.timeline, said)
        if shown.score_map.video_scores is not None:
            facts.insert(0, f"{shown.score_map.video_scores[index]:.2f}")
    return f"<b>{text(label)}</b> <small>{', '.join(facts)}</small>", strip


def proposal_row(name: str, proposals: list[Interval], shown: Shown, label: str) -> tuple[str, str]:
    """Those proposals of one class that fit a few lanes, as strong as their scores."""
    best, timeline = shown.proposals[0].score, shown.timeline
    parts = [
        Span(
            *(each.start, each.end),
            f"{label} {each.score:.3f}, {timeline.span(each.start, each.end)}",
            opacity=opacity(each.score, best),
            lane=lane,
        )
        for lane, each in lanes(proposals, MAX_LANES)
    ]
    number = 1 + max(part.lane for part in parts)
    said = f"{label}: {len(parts)} of {counted(len(proposals), 'proposal')}"
    facts = f"{name} <small>{len(parts)} of {len(proposals)}</small>"
    return facts, spans(parts, timeline, said, kind="proposals", num_lanes=number)


def truth_row(truth: list[Interval], shown: Shown, label: str) -> tuple[str, str]:
    """The true segments of one class."""
    parts = [
        Span(each.start, each.end, f"{label}, {shown.timeline.span(each.start, each.end)}")
        for each in truth
    ]
    said = f"{label}: {counted(len(truth), 'true segment')}"
    return "truth", spans(parts, shown.timeline, said, kind="truth")
