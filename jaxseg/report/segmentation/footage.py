"""The panel to watch: videos in place, their segments as a bar and a film, contact sheets."""

from collections.abc import Iterable, Mapping, Sequence

from jaxseg.report.drawing import bars
from jaxseg.report.drawing.colors import Paint
from jaxseg.report.drawing.markup import activity_blocks, counted, fold, text
from jaxseg.report.drawing.page import titled
from jaxseg.report.segmentation.footage_records import Clip, Footage, Moment, Shot
from jaxseg.report.segmentation.footage_script import SCRIPT
from jaxseg.report.segmentation.records import Activity, Run
from jaxseg.report.segmentation.videos import Painter

_FOLDED = 100  # videos without pictures that are drawn; of more there are the tables

_NOTE = (
    "A click on a segment plays the video from there; the keys Tab and Enter do the same. The "
    "videos stay where they are: this page only links to them. Below are each cluster's most "
    "typical moments over all videos. Times are the videos' own. CSV, WebVTT (subtitles, for any "
    "player) and EAF (for ELAN) hold the same segments."
)


def watch_panel(run: Run, painters: Mapping[str, Painter]) -> str:
    """The panel; empty for a run that knows of no videos."""
    blocks = [
        (activity.name, _activity(run, activity, painters[activity.name]))
        for activity in run.activities
        if activity.name in run.footage and activity.members
    ]
    if not blocks:
        return ""
    return titled("Watch", _NOTE, f"{activity_blocks(blocks)}<script>{SCRIPT}</script>")


def _activity(run: Run, activity: Activity, painter: Painter) -> str:
    footage, paints = run.footage[activity.name], painter.clusters(activity.members[0])
    _check(activity, footage, paints)
    truth = {
        video: bars.bar(labels, painter.truth, bars.Timeline(len(labels), run.fps), "truth")
        for video, labels in activity.truth.items()
    }
    shown = [clip for clip in footage.clips.values() if clip.shown]
    others = [clip for clip in footage.clips.values() if not clip.shown]
    body = bars.legend(painter.entries())
    body += "".join(_clip(clip, paints, truth.get(clip.name, "")) for clip in shown)
    body += _others(others, paints, truth) + _sheets(footage, paints)
    return f'<div class="watch">{_stage(footage)}<div>{body}</div></div>'


def _check(activity: Activity, footage: Footage, paints: Mapping[int, Paint]) -> None:
    """Predictions may have been made anew since, of another number of clusters."""
    there = {shot.cluster for clip in footage.clips.values() for shot in clip.shots}
    there |= set(range(len(footage.moments)))
    if unknown := there - paints.keys():
        known = f"the member has {activity.members[0].num_clusters} clusters"
        raise ValueError(f"footage/footage.json: {activity.name}: cluster {max(unknown)}; {known}")


def _stage(footage: Footage) -> str:
    """The one player of an activity: fifty would load fifty files, and one stays in sight."""
    first = next((clip.link for clip in footage.clips.values() if clip.link), "")
    source = f' src="{text(first)}"' if first else ""
    return (
        f'<div class="stage"><video controls playsinline preload="metadata"{source}></video>'
        '<p class="caption"></p><p class="problem" hidden>This browser cannot play <span></span>: '
        "it does not know the format, or the file has been moved. Another player may know it; "
        "the .vtt holds its subtitles.</p></div>"
    )


def _clip(clip: Clip, paints: Mapping[int, Paint], truth: str) -> str:
    """A video's part of the page; `truth` is a bar or empty."""
    start, end = clip.shots[0].start, clip.shots[-1].end
    timeline = bars.Timeline(end - start, 1.0)
    rows = [("clusters", _bar(clip, paints, timeline))]
    if truth:
        rows.append(("truth", truth))
    rows.append((timeline.unit, bars.axis(timeline)))
    film = _film((_card(clip.link, shot, paints[shot.cluster]) for shot in clip.shots), "film")
    links = [f'<a href="{text(link)}">.{text(name)}</a>' for name, link in clip.exports.items()]
    place = f'<a href="{text(clip.link)}">{text(clip.file)}</a>' if clip.link else text(clip.file)
    facts = " · ".join([counted(len(clip.shots), "segment"), place, " ".join(links)])
    problem = f'<p class="problem">{text(clip.problem)}</p>' if clip.problem else ""
    known = f' data-link="{text(clip.link)}" data-name="{text(clip.name)}"' if clip.link else ""
    return (
        f"<article{known}><h4>{text(clip.name)} <small>{facts}</small></h4>{problem}"
        f"{bars.strips(rows)}{film}</article>"
    )


def _bar(clip: Clip, paints: Mapping[int, Paint], timeline: bars.Timeline) -> str:
    """The segments as links into the video, which play in place where there is a script."""
    origin, shapes = clip.shots[0].start, []
    for shot in clip.shots:
        place = f'x="{timeline.percent(shot.start - origin)}%"'
        size = f'width="{timeline.percent(shot.end - shot.start)}%"'
        paint = paints[shot.cluster]
        title = f"<title>{text(paint.name)}, {_span(shot)}</title>"
        shape = f'{title}<rect {place} {size} height="100%" fill="{paint.fill}"/>'
        name = f' data-name="{text(paint.name)}"'
        link = _link(clip.link, shot.start, shot.end, shape, name)
        shapes.append(link if clip.link else f"<g>{shape}</g>")
    label = f"{counted(len(shapes), 'segment')} of {clip.name}"
    return (
        f'<svg class="bar segments" role="group" aria-label="{text(label)}" '
        f'data-from="{origin}" data-to="{clip.shots[-1].end}">{"".join(shapes)}'
        '<line class="cursor" x1="-1%" x2="-1%" y2="100%"/></svg>'
    )


def _link(link: str, start: float, end: float, body: str, more: str = "") -> str:
    place = f'href="{text(link)}#t={start}" data-start="{start}" data-end="{end}"'
    return f"<a {place}{more}>{body}</a>"


def _span(shot: Shot) -> str:
    return f"{shot.start:.1f}–{shot.end:.1f} s"


def _card(link: str, shot: Shot, paint: Paint) -> str:
    """A picture of a segment; the bar has the same link, which the Tab key stops at."""
    if not shot.picture:
        return ""
    body = f'<img src="{shot.picture}" alt=""><span>{bars.swatch(paint)}{_span(shot)}</span>'
    body = f'<span class="picture">{body}</span>'
    title = f' tabindex="-1" title="{text(paint.name)}"'
    return _link(link, shot.start, shot.end, body, title) if link else body


def _film(cards: Iterable[str], kind: str) -> str:
    body = "".join(cards)
    return f'<div class="{kind}">{body}</div>' if body else ""


def _others(clips: Sequence[Clip], paints: Mapping[int, Paint], truth: Mapping[str, str]) -> str:
    """The videos without pictures, folded."""
    if not clips:
        return ""
    drawn = "".join(_clip(clip, paints, truth.get(clip.name, "")) for clip in clips[:_FOLDED])
    rest = len(clips) - _FOLDED
    more = f'<p class="note">{counted(rest, "more video")}: see segments/.</p>' if rest > 0 else ""
    return fold(counted(len(clips), "more video"), drawn + more)


def _sheets(footage: Footage, paints: Mapping[int, Paint]) -> str:
    """For each cluster its most typical moments."""
    sheets = []
    for cluster, moments in enumerate(footage.moments):
        film = _film((_moment(footage, moment, paints[cluster]) for moment in moments), "sheet")
        if film:
            head = f"{bars.swatch(paints[cluster])}{text(paints[cluster].name)}"
            sheets.append(f"<h4>{head}</h4>{film}")
    return f"<h3>Typical moments</h3>{''.join(sheets)}" if sheets else ""


def _moment(footage: Footage, moment: Moment, paint: Paint) -> str:
    clip = footage.clips[moment.video]
    if not moment.picture:
        return ""
    words = f"{moment.video}, {moment.time:.1f} s"
    alt = f"{paint.name}: {words}"
    body = f'<img src="{moment.picture}" alt="{text(alt)}"><span>{text(words)}</span>'
    body = f'<span class="picture">{body}</span>'
    return _link(clip.link, moment.time, moment.time, body) if clip.link else body
