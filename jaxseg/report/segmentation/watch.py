"""The panel to watch: videos in place, their segments as a bar and a film, contact sheets."""

import base64
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from jaxseg.report.drawing.bars import Strip, Timeline, bar
from jaxseg.report.drawing.colors import Paint
from jaxseg.report.drawing.page import Panel, render
from jaxseg.report.segmentation.run import Activity, Run
from jaxseg.report.segmentation.videos import Painter
from jaxseg.runfiles import footage
from jaxseg.runfiles.footage import Clip, Footage, Moment

_FOLDED = 100  # videos without pictures that are drawn; of more there are the tables


class ShownClip(NamedTuple):
    """A video with the time axis of its segments; `strips` stand under them."""

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
    videos, paints = run.footage[activity.name], painter.clusters(activity.members[0])
    _check_clusters(activity, videos, paints)
    clips = list(videos.clips.values())
    folded = [clip for clip in clips if not clip.shown]

    def show(clip: Clip) -> ShownClip:
        strips, timeline = [], Timeline(clip.shots[-1].end - clip.shots[0].start, 1.0)
        if clip.name in activity.truth:
            labels = activity.truth[clip.name]
            frames = Timeline(len(labels), run.fps)
            strips.append(Strip("truth", bar(labels, painter.truth, frames, "truth")))
        return ShownClip(clip, timeline, [*strips, timeline.axis()])

    return Videos(
        name=activity.name,
        link=next((clip.link for clip in clips if clip.link), ""),
        legend=painter.entries(),
        paints=paints,
        shown=[show(clip) for clip in clips if clip.shown],
        folded=[show(clip) for clip in folded[:_FOLDED]],
        num_folded=len(folded),
        moments={
            cluster: [(moment, videos.clips[moment.video]) for moment in moments]
            for cluster, moments in enumerate(videos.moments)
            if any((run.workdir / moment.picture).is_file() for moment in moments if moment.picture)
        },
    )


def _check_clusters(activity: Activity, videos: Footage, paints: Mapping[int, Paint]) -> None:
    """Raises if predictions were made anew since, of another number of clusters."""
    clusters = {shot.cluster for clip in videos.clips.values() for shot in clip.shots}
    clusters |= set(range(len(videos.moments)))
    if unknown := clusters - paints.keys():
        known = f"the member has {activity.members[0].num_clusters} clusters"
        raise ValueError(f"{footage.NAME}: {activity.name}: cluster {max(unknown)}; {known}")
