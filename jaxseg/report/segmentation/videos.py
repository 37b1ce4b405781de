"""The pictures of single videos: colour bars, typical frames, couplings."""

from collections.abc import Mapping

import numpy as np

from jaxseg.report.drawing import bars
from jaxseg.report.drawing.colors import (
    EXCLUDED,
    Paint,
    class_colours,
    cluster_paints,
    plain_cluster_paints,
    unmatched,
)
from jaxseg.report.drawing.figures import heat_map
from jaxseg.report.drawing.markup import head_row, row, table, text
from jaxseg.report.segmentation.analysis import accuracies, choose
from jaxseg.report.segmentation.records import Activity, Member, Run

_NO_ACTION = {-1: Paint(EXCLUDED, "no action (-1)")}


class Painter:
    """The paints of one activity: the same class has the same one in truth and predictions."""

    def __init__(self, run: Run, activity: Activity, colours: Mapping[str, str]):
        self.truth = {i: Paint(colours[name], name) for i, name in enumerate(run.classes)}
        self._activity = activity
        self._colours = colours

    def clusters(self, member: Member, decoding: str = "") -> dict[int, Paint]:
        """Paints of a member's clusters; each of its decodings is matched by itself."""
        if not self._activity.truth:
            return _NO_ACTION | plain_cluster_paints(member.num_clusters)
        directory = f"{member.directory},{decoding}" if decoding else member.directory
        matching = self._activity.matching[directory]
        return _NO_ACTION | cluster_paints(member.num_clusters, matching, self._colours)

    def entries(self) -> list[Paint]:
        """The classes that occur in the activity, or the clusters where there is no truth."""
        first, truth = self._activity.members[0], self._activity.truth
        if not truth:
            paints = self.clusters(first)
            return [paints[k] for k in range(first.num_clusters)]
        present = sorted({int(i) for labels in truth.values() for i in np.unique(labels)})
        entries = [self.truth[i] for i in present]
        if len(self._activity.matching[first.directory]) < first.num_clusters:
            entries.append(Paint(unmatched(0).fill, "unmatched clusters"))
        return entries


def run_colours(run: Run) -> dict[str, str]:
    """Colours of all classes, far apart where they occur in the same activity."""
    present = [
        {run.classes[i] for labels in activity.truth.values() for i in np.unique(labels)}
        for activity in run.activities
    ]
    return class_colours(run.classes, present, run.excluded)


def video_block(run: Run, activity: Activity, painter: Painter, max_videos: int) -> str:
    """Legend and colour bars of some videos of an activity, best first where there is truth."""
    if not activity.members or not activity.predictions[activity.members[0].directory]:
        return '<p class="note">No predictions.</p>'
    scores, shown = _shown(run, activity, max_videos)
    articles = [_article(run, activity, painter, video, shown[video], scores) for video in shown]
    typical = "" if activity.truth else _typical(run, activity, painter)
    return bars.legend(painter.entries()) + "".join(articles) + typical


def coupling_block(run: Run, activity: Activity, painter: Painter, max_videos: int) -> str:
    """Plan and affinity of up to two videos; not of those that have codes to be shown instead."""
    videos = coupled_videos(run, activity, max_videos)
    plain = [video for video in videos if not activity.couplings[video].has_codes]
    return "".join(_coupling(run, activity, painter, video) for video in plain)


def coupled_videos(run: Run, activity: Activity, max_videos: int) -> list[str]:
    """Up to two videos that have a coupling, those of the colour bars first."""
    if not activity.couplings:
        return []
    _, shown = _shown(run, activity, max_videos)
    there = [v for v in shown if v in activity.couplings] or list(activity.couplings)
    return list(dict.fromkeys([there[0], there[-1]]))


def shown_videos(run: Run, activity: Activity, count: int) -> list[str]:
    """Up to `count` videos, best first where there is truth, those with a coupling preferred."""
    return list(_shown(run, activity, count)[1])


def _shown(run: Run, activity: Activity, count: int) -> tuple[dict[str, float], dict[str, str]]:
    """Scores by video, best first, and the videos to show with what they stand for.

    Where couplings were kept of enough videos, only those are shown: they have a confidence.
    """
    first = activity.members[0]
    scores = accuracies(run, activity, first)
    videos = list(scores or activity.predictions[first.directory])
    covered = [video for video in videos if video in activity.couplings]
    if len(covered) < min(count, len(videos)):
        return scores, choose(videos, count)
    shown = choose(covered, count)
    # The best of some is not called the best: the rank says where it stands.
    return scores, shown if len(covered) == len(videos) else dict.fromkeys(shown, "")


def _article(run, activity, painter, video, place, scores) -> str:
    first, *others = activity.members
    predicted = activity.predictions[first.directory][video]
    truth = activity.truth.get(video, predicted[:0])
    timeline = bars.Timeline(max(len(predicted), len(truth), 1), run.fps)
    rows = [("prediction", bars.bar(predicted, painter.clusters(first), timeline, "prediction"))]
    if video in activity.truth:
        rows.insert(0, ("truth", bars.bar(truth, painter.truth, timeline, "truth")))
    for name, videos in activity.decodings.items():
        if video in videos:
            paints = painter.clusters(first, name)
            rows.append((text(name), bars.bar(videos[video], paints, timeline, name, hover=False)))
    for member in others:
        if video in activity.predictions[member.directory]:
            labels, kind = (
                activity.predictions[member.directory][video],
                f"{run.repeat} {member.seed}",
            )
            thin = bars.bar(labels, painter.clusters(member), timeline, kind, hover=False)
            rows.append((kind, thin))
    if video in activity.couplings:
        rows.append(("confidence", bars.confidence(activity.couplings[video].confidence)))
    rows.append((timeline.unit, bars.axis(timeline)))
    facts = " · ".join([*_standing(video, place, scores), timeline.length])
    return f"<article><h4>{text(video)} <small>{facts}</small></h4>{bars.strips(rows)}</article>"


def _standing(video: str, place: str, scores: Mapping[str, float]) -> list[str]:
    """How the video did among all of its activity; nothing where there are no scores."""
    if video not in scores:
        return []
    rank = f"rank {list(scores).index(video) + 1} of {len(scores)}"
    return [*filter(None, [place]), f"{scores[video]:.1f} % of frames right", rank]


def _typical(run: Run, activity: Activity, painter: Painter) -> str:
    """For each cluster the times of the frames most like it."""
    if not activity.typical:
        return ""
    paints = painter.clusters(activity.members[0])
    rows = []
    for k, frames in enumerate(activity.typical):
        cells = [_moment(run, activity, moment) for moment in frames[:3]]
        cells += ["–"] * (3 - len(cells))
        rows.append(row(f"{bars.swatch(paints[k])}{text(paints[k].name)}", cells))
    head = head_row(["cluster", "most typical frame", "second", "third"])
    return table("Where to look: the frames most similar to each cluster", head, rows, kind="plain")


def _moment(run: Run, activity: Activity, moment: Mapping) -> str:
    when = bars.Timeline(activity.frames[moment["video"]], run.fps).when(moment["frame"])
    return f"{text(moment['video'])}, {when} <small>cosine {moment['similarity']:.2f}</small>"


def _coupling(run: Run, activity: Activity, painter: Painter, video: str) -> str:
    plan, affinity, *_ = activity.couplings[video]
    low, high = float(affinity.min()), float(affinity.max())
    panels = _heat(run, activity, painter, video, "plan", plan, 0.0, 1.0)
    panels += _heat(run, activity, painter, video, "affinity (cosine)", affinity, low, high)
    return f'<article><h4>{text(video)}</h4><div class="pair">{panels}</div></article>'


def _heat(run, activity, painter, video, title, matrix, low, high) -> str:
    """One of a coupling's matrices over time, a line a cluster, under the video's truth."""
    num_clusters = matrix.shape[1]
    timeline = bars.Timeline(len(matrix), run.fps)
    alt = f"{title} of {video}: {num_clusters} clusters over {timeline.length}"
    source, size = heat_map(matrix, low, high), f"--clusters:{num_clusters}"
    picture = f'<img class="heat" style="{size}" src="{source}" alt="{text(alt)}">'
    rows = [(cluster_names(activity, painter), picture), (timeline.unit, bars.axis(timeline))]
    if video in activity.truth:
        labels = activity.truth[video][: len(matrix)]
        rows.insert(0, ("truth", bars.bar(labels, painter.truth, timeline, "truth")))
    scale = f'{low:.2g} <i class="scale"></i> {high:.2g}'
    return f"<div><h5>{title} <small>{scale}</small></h5>{bars.strips(rows, kind='wide')}</div>"


def cluster_names(activity: Activity, painter: Painter) -> str:
    """The clusters of the first member as a list, a line of text each, with their colours."""
    first = activity.members[0]
    lines = [
        (painter.clusters(first)[k], _short_name(activity, first, k))
        for k in range(first.num_clusters)
    ]
    items = (
        f'<li title="{text(paint.name)}">{bars.swatch(paint)}{text(short)}</li>'
        for paint, short in lines
    )
    return f'<ol class="clusters">{"".join(items)}</ol>'


def _short_name(activity: Activity, member: Member, cluster: int) -> str:
    if not activity.truth:
        return f"cluster {cluster}"
    return f"{cluster} {activity.matching[member.directory].get(cluster, 'unmatched')}"
