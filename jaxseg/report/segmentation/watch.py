"""The panel to watch: videos in place, their segments as a bar and a film, contact sheets."""

import base64
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from jaxseg.report.drawing.bars import Strip, Timeline, bar
from jaxseg.report.drawing.colors import Paint
from jaxseg.report.drawing.page import Panel, render
from jaxseg.report.segmentation.run import Activity, Run
from jaxseg.report.segmentation.videos import Painter
from jaxseg.runfiles.footage import NAME, Clip, Footage, Moment

_FOLDED = 100  # videos without pictures that are drawn; of more there are the tables


class ShownClip(NamedTuple):
    """A video with the time axis of its segments; `strips` stand under them."""

    name: str
    clip: Clip
    timeline: Timeline
    strips: Sequence[Strip]


class Videos(NamedTuple):
    """The videos of one activity.

    Attributes:
        link: the video that is open at first; empty where there is none.
        legend: paints of the classes or clusters.
        paints: cluster -> paint.
        shown: videos with pictures.
        folded: some of the videos without; `num_folded` is the number of all of them.
        moments: cluster -> typical moments that have a picture, and their videos.
    """

    name: str
    link: str
    legend: Sequence[Paint]
    paints: Mapping[int, Paint]
    shown: Sequence[ShownClip]
    folded: Sequence[ShownClip]
    num_folded: int
    moments: Mapping[int, Sequence[tuple[Moment, Clip]]]


def watch_panel(run: Run, painters: Mapping[str, Painter]) -> Panel:
    """The panel; empty for a run that knows of no videos."""
    blocks = [
        _videos(run, activity, painters[activity.name])
        for activity in run.activities
        if activity.name in run.footage and activity.members
    ]

    def picture(name: str | None) -> str:
        """A JPEG of the run as part of the page; nothing where there is none."""
        path = run.workdir / name if name else None
        if path is None or not path.is_file():
            return ""
        return f"data:image/jpeg;base64,{base64.b64encode(path.read_bytes()).decode()}"

    body = render("watch.html", "watch", blocks=blocks, picture=picture) if blocks else ""
    return Panel("Watch", body)


def _videos(run: Run, activity: Activity, painter: Painter) -> Videos:
    footage, paints = run.footage[activity.name], painter.clusters(activity.members[0])
    _check_clusters(activity, footage, paints)
    clips = footage.videos

    def show(name: str) -> ShownClip:
        segments, strips = clips[name].segments, []
        timeline = Timeline(segments[-1].end - segments[0].start, 1.0)
        if name in activity.truth:
            labels = activity.truth[name]
            frames = Timeline(len(labels), run.data.fps)
            strips.append(Strip("truth", bar(labels, painter.truth, frames, "truth")))
        return ShownClip(name, clips[name], timeline, [*strips, timeline.axis()])

    def has_picture(moment: Moment) -> bool:
        return moment.picture is not None and (run.workdir / moment.picture).is_file()

    moments = {
        cluster: [(moment, clips[moment.video]) for moment in moments if moment.video in clips]
        for cluster, moments in enumerate(footage.moments)
    }
    folded = [name for name, clip in clips.items() if not clip.shown]

    return Videos(
        name=activity.name,
        link=next((clip.link for clip in clips.values() if clip.link), ""),
        legend=painter.entries(),
        paints=paints,
        shown=[show(name) for name, clip in clips.items() if clip.shown],
        folded=[show(name) for name in folded[:_FOLDED]],
        num_folded=len(folded),
        moments={
            cluster: pairs
            for cluster, pairs in moments.items()
            if any(has_picture(moment) for moment, _ in pairs)
        },
    )


def _check_clusters(activity: Activity, footage: Footage, paints: Mapping[int, Paint]) -> None:
    """Raises if predictions were made anew since, of another number of clusters."""
    clusters = {shot.cluster for clip in footage.videos.values() for shot in clip.segments}
    clusters |= set(range(len(footage.moments)))
    if unknown := clusters - paints.keys():
        known = f"the member has {activity.members[0].num_clusters} clusters"
        raise ValueError(f"{NAME}: {activity.name}: cluster {max(unknown)}; {known}")
