"""What single test videos look like: attention, clusters, score maps, detections and truth.

All strips of a video stand on one axis of seconds.
"""

from typing import NamedTuple

import numpy as np
from markupsafe import Markup

from jaxseg.report.drawing.bars import (
    Span,
    Strip,
    Timeline,
    curves,
    drawing,
    lanes,
    opacity,
    runs,
    spans,
    stretched,
)
from jaxseg.report.drawing.colors import plain_cluster_paints
from jaxseg.report.drawing.figures import heat_strip
from jaxseg.report.drawing.page import Panel, Video, counted, render, spread_over
from jaxseg.report.localization.run import Run
from jaxseg.runfiles.about import Member
from jaxseg.runfiles.localization import Interval, ScoreMap

MAX_LANES = 5
MAX_INSTANCE_VIDEOS = 3
PALE = 0.28  # opacity of background clusters
_MOST_WRONG_CLASSES = 2
_MOST_NUMBERED_CLUSTERS = 20
_FUSIONS = {"fusion": "fusion", "soft": "soft-NMS", "hard": "NMS"}
_SHORTEST, _TALLEST = 14, 150  # pixels of all instances of a class
_PITCH = 3  # pixels from one instance to the next, while the tallest is not reached


class Shown(NamedTuple):
    """One video as it is drawn."""

    name: str
    timeline: Timeline  # of seconds
    true: list[str]  # classes with truth, by time
    wrong: list[str]  # classes that are predicted alone, best first, a few of them
    truth: tuple[Interval, ...]  # of all classes
    detections: tuple[Interval, ...]  # of all classes, best first
    score_map: ScoreMap | None  # None where it was not kept


def videos_panel(run: Run, max_videos: int) -> Panel:
    """Some test videos; or why there are none."""
    body = render(
        "localization.html",
        "videos",
        seed=run.main[0].seed,
        num_lanes=MAX_LANES,
        has_clusters=any(each.clusters is not None for each in run.maps.values()),
        videos=[_video(run, shown) for shown in shown_videos(run, max_videos)],
    )
    return Panel("Videos", body)


def shown_videos(run: Run, count: int) -> list[Shown]:
    """Up to `count` test videos spread over the list, those with a score map if there are any."""
    names = [name for name in run.data.test_videos if name in run.maps]
    names = names or [name for name in run.data.test_videos if name in run.detections]
    return [_show(run, name) for name in spread_over(names, count)]


def _show(run: Run, name: str) -> Shown:
    """A test video with its classes, truth, detections and score map."""
    truth = tuple(sorted(run.truth.get(name, ()), key=lambda each: each.start))
    detections = tuple(sorted(run.detections.get(name, ()), key=lambda each: -each.score))
    score_map = run.maps.get(name)
    true = list(dict.fromkeys(each.label for each in truth))
    predicted = dict.fromkeys(each.label for each in detections)
    wrong = [label for label in predicted if label not in true]
    if not true and not wrong and score_map is not None:
        wrong = [run.data.classes[int(score_map.scores.max(axis=0).argmax())]]
    return Shown(
        name=name,
        # One that is measured in seconds has a frame a second.
        timeline=Timeline(run.seconds(name, (*truth, *detections)), 1.0),
        true=true,
        wrong=wrong[:_MOST_WRONG_CLASSES],
        truth=truth,
        detections=detections,
        score_map=score_map,
    )


def _video(run: Run, shown: Shown) -> Video:
    strips = _network_strips(run, shown)
    for label in (*shown.true, *shown.wrong):
        strips.append(_score_strip(run, shown, label))
        strips += _segment_strips(shown, label, "proposals")
    facts = [shown.timeline.length, counted(len(shown.detections), "proposal")]
    if run.truth:
        facts.insert(1, counted(len(shown.truth), "true segment"))
    return Video(shown.name, facts, [*strips, shown.timeline.axis()])


def _network_strips(run: Run, shown: Shown) -> list[Strip]:
    """Attention and clusters, as far as the method has them."""
    score_map, timeline, strips = shown.score_map, shown.timeline, []
    if score_map is not None and score_map.attention:
        names = [name for name in score_map.attention if name]
        streams = Markup(" ").join(Markup('<b class="curve">{}</b>').format(n) for n in names)
        label = f"attention of {', '.join(names)}" if names else "attention"
        shape = curves(score_map.attention, score_map.borders, timeline, label)
        strips.append(Strip(Markup("attention {}").format(streams), shape))
    if score_map is not None and score_map.clusters is not None:
        parts = cluster_spans(run, shown)
        strips.append(Strip("clusters", spans(parts, timeline, f"clusters: {len(parts)} runs")))
    return strips


def cluster_spans(run: Run, shown: Shown) -> list[Span]:
    """The likeliest cluster over time, background clusters pale."""
    member, score_map = run.main[0], shown.score_map
    paints, strong = plain_cluster_paints(member.num_clusters), _foreground(run, member)
    parts = []
    for first, stop, k in runs(score_map.clusters.argmax(axis=1)):
        start, end = float(score_map.borders[first]), float(score_map.borders[stop])
        title = f"{paints[k].name}, {shown.timeline.span(start, end)}"
        parts.append(Span(start, end, title, paints[k].fill, 1.0 if strong[k] else PALE))
    return parts


def _foreground(run: Run, member: Member) -> np.ndarray:
    """Which of a member's clusters are foreground, bool [K]; all where that is not known."""
    if member.directory not in run.roles:
        return np.ones(member.num_clusters, bool)
    roles = run.roles[member.directory]
    return roles[:, 0] > roles[:, 1]


def _score_strip(run: Run, shown: Shown, label: str) -> Strip:
    """The class's name, its score for the whole video, and its score over time."""
    facts = ["not in this video"] if run.truth and label in shown.wrong else []
    shape = Markup("<span></span>")
    if shown.score_map is not None:
        index = run.data.classes.index(label)
        scores, borders = shown.score_map.scores[:, index], shown.score_map.borders
        shape = heat_strip(scores, borders, shown.timeline, f"scores of {label}")
        facts.insert(0, f"{shown.score_map.video_scores[index]:.2f}")
    return Strip(label, shape, ", ".join(facts), strong=True)


def _segment_strips(shown: Shown, label: str, name: str) -> list[Strip]:
    """Detections and truth of one class, as far as there are any; `name` is of the detections."""
    detections = [each for each in shown.detections if each.label == label]
    truth = [each for each in shown.truth if each.label == label]
    strips = [_detection_strip(name, detections, shown, label)] if detections else []
    if truth:
        timeline = shown.timeline
        parts = [
            Span(each.start, each.end, f"{label}, {timeline.span(each.start, each.end)}")
            for each in truth
        ]
        words = f"{label}: {counted(len(truth), 'true segment')}"
        strips.append(Strip("truth", spans(parts, timeline, words, kind="truth")))
    return strips


def _detection_strip(name: str, detections: list[Interval], shown: Shown, label: str) -> Strip:
    """Those detections of one class that fit a few lanes, as strong as their scores."""
    best, timeline = shown.detections[0].score, shown.timeline
    parts = [
        Span(
            start=each.start,
            end=each.end,
            title=f"{label} {each.score:.3f}, {timeline.span(each.start, each.end)}",
            opacity=opacity(each.score, best),
            lane=lane,
        )
        for lane, each in lanes(detections, MAX_LANES)
    ]
    words = f"{label}: {len(parts)} of {counted(len(detections), 'proposal')}"
    num_lanes = 1 + max(part.lane for part in parts)
    shape = spans(parts, timeline, words, kind="proposals", num_lanes=num_lanes)
    return Strip(name, shape, f"{len(parts)} of {len(detections)}")


def instances_panel(run: Run, max_videos: int) -> Panel:
    """Instances before and after they are fused, or suppressed.

    Left out where instances were not kept, or all of them stayed.
    """
    predict = run.source.config.get("predict")
    method = predict.get("method", "fusion") if isinstance(predict, dict) else "fusion"
    fusion = _FUSIONS.get(method)
    names = [name for name in run.data.test_videos if name in run.maps]
    names = [name for name in names if run.maps[name].instances is not None]
    title = f"Instances before and after {fusion}"
    if not fusion or not names:
        return Panel(title, "")
    chosen = spread_over(names, min(max_videos, MAX_INSTANCE_VIDEOS))
    body = render(
        "localization.html",
        "instances",
        seed=run.main[0].seed,
        fusion=fusion,
        num_lanes=MAX_LANES,
        videos=[_instance_video(run, _show(run, name)) for name in chosen],
    )
    return Panel(title, body)


def _instance_video(run: Run, shown: Shown) -> Video:
    """All instances of each class, those that came of them, and truth."""
    strips = []
    for label in (*shown.true, *shown.wrong):
        before = [each for each in shown.score_map.instances if each.label == label]
        absent = run.truth and label not in shown.true
        remark = f"{len(before)} before{', not in this video' if absent else ''}"
        lines = _instance_lines(before, shown.timeline, label)
        strips.append(Strip(label, lines, remark, strong=True))
        strips += _segment_strips(shown, label, "after")
    number = counted(len(shown.score_map.instances), "instance")
    facts = [shown.timeline.length, number, f"{len(shown.detections):,} after"]
    return Video(shown.name, facts, [*strips, shown.timeline.axis()])


def _instance_lines(instances: list[Interval], timeline: Timeline, label: str) -> Markup:
    """One thin line an instance, the best on top; they share a limited height."""
    ranked = sorted(instances, key=lambda each: (-each.score, each.start, each.end))
    height = min(max(_PITCH * len(ranked), _SHORTEST), _TALLEST)
    lines = render("localization.html", "instance_lines", instances=ranked)
    shape = stretched(f"0 0 {timeline.frames:.2f} {max(len(ranked), 1)}", lines)
    words = f"{label}: {counted(len(ranked), 'instance')} before"
    return drawing(words, "bar proposals", shape, style=f"height:{height}px")


def clusters_panel(run: Run) -> Panel:
    """How foreground each cluster of snippets is, a row of columns a member."""
    members = [member for member in run.main if member.directory in run.roles]
    blocks = [_cluster_strips(run, member) for member in members]
    body = render("localization.html", "clusters", blocks=blocks) if blocks else ""
    return Panel("Clusters", body)


def _cluster_strips(run: Run, member: Member) -> list[Strip]:
    """The [K, 2] classification of a member's clusters, most foreground first."""
    roles = run.roles[member.directory]
    order = np.argsort(-roles[:, 0], kind="stable").tolist()
    strong = counted(int(_foreground(run, member).sum()), "foreground cluster")
    remark = f"{strong} of {len(roles)}"
    columns = render(
        "localization.html",
        "cluster_columns",
        order=order,
        roles=roles.tolist(),
        paints=plain_cluster_paints(len(roles)),
        pale=PALE,
    )
    label = f"{len(roles)} clusters by their share of foreground"
    strips = [Strip(f"seed {member.seed}", drawing(label, "columns", columns), remark)]
    if len(order) <= _MOST_NUMBERED_CLUSTERS:
        strips.append(Strip("cluster", render("localization.html", "cluster_numbers", order=order)))
    return strips
