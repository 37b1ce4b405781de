"""The panel to watch: videos in place, their segments as a bar and a film, contact sheets."""

import base64
import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from markupsafe import Markup

from jaxseg.report.drawing.bars import Strip, Timeline, bar
from jaxseg.report.drawing.colors import Paint
from jaxseg.report.drawing.page import Block, Panel, render
from jaxseg.report.segmentation.naming import naming, watched
from jaxseg.report.segmentation.painter import Painter
from jaxseg.report.segmentation.run import Activity, Run
from jaxseg.runfiles.footage import NAME, Clip, Footage, Shot

_FOLDED = 100  # videos without pictures that are drawn; of more there are the tables


class Card(NamedTuple):
    """A picture in the film of a video, and the segment that it stands for."""

    shot: int  # place among the clip's segments
    picture: str  # JPEG, a part of the page
    segment: Shot
    hidden: bool  # whether an earlier card stands for the same segment


class ShownClip(NamedTuple):
    """A video with the time axis of its segments; `strips` stand under them."""

    name: str
    clip: Clip
    segments: Sequence[Shot]  # neighbors of one name are one
    film: Sequence[Card]
    timeline: Timeline
    strips: Sequence[Strip]


def watch_panel(run: Run, painters: Mapping[str, Painter]) -> Panel:
    """The panel; empty for a run that knows of no videos."""
    blocks = [
        Block(activity.name, _videos(run, activity, painters[activity.name]))
        for activity in watched(run)
    ]
    if not blocks:
        return Panel("Watch", "")
    names = naming(run, painters)
    return Panel("Watch", render("watch.html", "watch", blocks=blocks, naming=names))


def _videos(run: Run, activity: Activity, painter: Painter) -> Markup:
    """The player of an activity, its videos, and its clusters' typical moments with a picture."""
    footage, paints = run.footage[activity.name], painter.clusters()
    _check_clusters(activity, footage, paints)
    clips = footage.videos

    def show(name: str) -> ShownClip:
        segments, strips = clips[name].segments, []
        merged, film = _merged(segments, paints, picture)
        timeline = Timeline(segments[-1].end - segments[0].start, 1.0)
        if name in activity.truth:
            labels = activity.truth[name]
            frames = Timeline(len(labels), run.data.fps)
            strips.append(Strip("truth", bar(labels, painter.truth, frames, "truth")))
        strips.append(timeline.axis())
        return ShownClip(name, clips[name], merged, film, timeline, strips)

    def picture(name: str | None) -> str:
        """A JPEG of the run as part of the page; nothing where there is none."""
        path = run.workdir / name if name else None
        if path is None or not path.is_file():
            return ""
        return f"data:image/jpeg;base64,{base64.b64encode(path.read_bytes()).decode()}"

    moments = {
        cluster: [
            (moment, clips[moment.video])
            for moment in moments
            if moment.video in clips and moment.picture and (run.workdir / moment.picture).is_file()
        ]
        for cluster, moments in enumerate(footage.moments)
    }
    folded = [name for name, clip in clips.items() if not clip.shown]

    return render(
        "watch.html",
        "activity",
        link=next((clip.link for clip in clips.values() if clip.link), ""),
        name=activity.name,
        legend=painter.legend(),
        paints=paints,
        fields=painter.fields()[:-1],
        matching=activity.matching.get(activity.members[0].directory, {}),
        shown=[show(name) for name, clip in clips.items() if clip.shown],
        folded=[show(name) for name in folded[:_FOLDED]],
        num_folded=len(folded),
        moments=moments,
        picture=picture,
    )


def _merged(
    shots: Sequence[Shot], paints: Mapping[int, Paint], picture: Callable[[str | None], str]
) -> tuple[list[Shot], list[Card]]:
    """Segments, of which neighbors that look the same are one, and cards of their pictures."""
    segments, film = [], []
    groups = itertools.groupby(enumerate(shots), key=lambda each: paints[each[1].cluster])
    for _, group in groups:
        places = list(group)
        segment = places[0][1]._replace(end=places[-1][1].end)
        segments.append(segment)
        pictures = [(place, data) for place, shot in places if (data := picture(shot.picture))]
        film += [Card(*each, segment, i > 0) for i, each in enumerate(pictures)]
    return segments, film


def _check_clusters(activity: Activity, footage: Footage, paints: Mapping[int, Paint]) -> None:
    """Raises if predictions were made anew since, of another number of clusters."""
    clusters = {shot.cluster for clip in footage.videos.values() for shot in clip.segments}
    clusters |= set(range(len(footage.moments)))
    if unknown := clusters - paints.keys():
        known = f"the member has {activity.members[0].num_clusters} clusters"
        raise ValueError(f"{NAME}: {activity.name}: cluster {max(unknown)}; {known}")
