"""What single videos look like: truth and predictions as bars, couplings and codes as heat maps."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from markupsafe import Markup

from jaxseg.report.drawing.bars import Strip, Timeline, bar, confidence
from jaxseg.report.drawing.figures import heat_map
from jaxseg.report.drawing.page import Block, Cell, Panel, Row, Table, Video, render, thirds
from jaxseg.report.segmentation.naming import naming, tabled
from jaxseg.report.segmentation.painter import Painter
from jaxseg.report.segmentation.run import Activity, Run
from jaxseg.report.segmentation.scores import accuracies
from jaxseg.runfiles.about import Member
from jaxseg.runfiles.segmentation import Coupling

CODES, WITH_PRIOR, WITHOUT_PRIOR = "codes P", "Q with the prior", "Q without the prior"


class _Drawn(NamedTuple):
    """A video that is drawn: strips of it on its own time axis."""

    run: Run
    activity: Activity
    painter: Painter
    name: str

    @property
    def timeline(self) -> Timeline:
        """Its time axis."""
        return Timeline(max(self.activity.frames[self.name], 1), self.run.data.fps)

    def bars(self, *sources: str) -> list[Strip]:
        """Its "truth" and the "prediction" of the first member, as far as there are any."""
        first, *others = self.activity.members
        strips = []
        for source in sources:
            truth = source == "truth"
            videos = self.activity.truth if truth else self.activity.predictions[first.directory]
            if self.name in videos:
                labels = videos[self.name]
                if truth:
                    drawing = bar(labels, self.painter.truth, self.timeline, source)
                else:
                    drawing = self.found(first, labels, source)
                remark = "" if truth or not others else f"{self.run.repeat} {first.seed}"
                strips.append(Strip(source, drawing, remark))
        return strips

    def found(self, member: Member, labels: np.ndarray, kind: str, decoding: str = "") -> Markup:
        """A bar of a member's labels [N], thin but for the "prediction"."""
        shown = self.painter.bar(member, labels, decoding)
        parts = self.painter.own(member, labels, decoding)
        hover = kind == "prediction"
        return bar(*shown, self.timeline, kind, hover=hover, parts=parts)

    def heat(self, title: str, matrix: np.ndarray, low: float, high: float) -> Strip:
        """A matrix [N, K] as a picture of one text line a cluster, beside the clusters' names."""
        activity, first = self.activity, self.activity.members[0]
        paints, matching = self.painter.clusters(), activity.matching[first.directory]
        names = [
            f"{k} {matching.get(k, 'unmatched')}" if activity.truth else self.painter.title(k)
            for k in range(first.num_clusters)
        ]
        clusters = [(k, paints[k], name) for k, name in enumerate(names)]
        picture = render(
            "segmentation.html",
            "heat_map",
            source=heat_map(matrix, low, high),
            alt=f"{title} of {self.name}: {len(names)} clusters over {self.timeline.length}",
            num_clusters=len(names),
        )
        titled = not activity.truth
        entries = render("segmentation.html", "clusters", clusters=clusters, titled=titled)
        return Strip(entries, picture)


def videos_panel(run: Run, painters: Mapping[str, Painter], max_videos: int) -> Panel:
    """Colored bars of some videos of each activity."""
    predicted = any(any(activity.predictions.values()) for activity in run.activities)
    blocks = [
        Block(each.name, _shown_videos(run, each, painters[each.name], max_videos))
        for each in run.activities
    ]
    couplings = [each for activity in run.activities for each in activity.couplings.values()]
    has_codes = bool(couplings) and couplings[0].has_codes
    body = render(
        "segmentation.html",
        "videos",
        run=run,
        blocks=blocks if predicted else [],
        names=any(activity.names for activity in run.activities),
        naming=naming(run, painters) if tabled(run) else "",
        confidence_of="codes P" if has_codes else "row of the coupling",
    )
    return Panel("Videos", body)


def _shown_videos(run: Run, activity: Activity, painter: Painter, max_videos: int) -> Markup:
    """Some videos, best first where there is truth, else with typical frames.

    Empty without predictions.
    """
    if not activity.members or not activity.predictions[activity.members[0].directory]:
        return Markup()
    scores, shown = _shown(run, activity, max_videos)
    return render(
        "segmentation.html",
        "shown_videos",
        activity=activity.name,
        legend=painter.legend(),
        used=_clusters_used(run, activity),
        videos=[
            _video(_Drawn(run, activity, painter, video), place, scores)
            for video, place in shown.items()
        ],
        typical=None if activity.truth else _typical(run, activity, painter),
    )


def _clusters_used(run: Run, activity: Activity) -> str:
    """How many of its clusters each seed has used in any video, in words."""
    counts = []
    for member in activity.members:
        videos = activity.predictions[member.directory].values()
        used = set().union(*(np.unique(labels).tolist() for labels in videos)) - {-1}
        counts.append(f"{run.repeat} {member.seed} {len(used)} of {member.num_clusters}")
    return ", ".join(counts)


def _video(drawn: _Drawn, place: str, scores: Mapping[str, float]) -> Video:
    """Truth, the first seed and its decodings, the other seeds, confidence."""
    run, activity, _, video = drawn
    timeline = drawn.timeline
    first, *others = activity.members
    thin = {
        name: drawn.found(first, videos[video], name, name)
        for name, videos in activity.decodings.items()
        if video in videos
    }
    for member in others:
        videos = activity.predictions[member.directory]
        if video in videos:
            name = f"{run.repeat} {member.seed}"
            thin[name] = drawn.found(member, videos[video], name)
    strips = drawn.bars("truth", "prediction")
    strips += [Strip(name, drawing) for name, drawing in thin.items()]
    if video in activity.couplings:
        strips.append(Strip("confidence", confidence(activity.couplings[video].confidence)))
    facts = [timeline.length]
    if video in scores:  # how it did among all videos of its activity
        rank = f"rank {list(scores).index(video) + 1} of {len(scores)}"
        standing = [place] if place else []
        facts = [*standing, f"{scores[video]:.1f} % of frames right", rank, *facts]
    return Video(video, facts, [*strips, timeline.axis()])


def _typical(run: Run, activity: Activity, painter: Painter) -> Table | None:
    """For each cluster up to three frames most like it."""
    paints, fields, rows = painter.clusters(), painter.fields(), []
    for k, frames in enumerate(activity.typical):
        cells: list[Cell | str] = []
        for each in frames[:3]:
            when = Timeline(activity.frames[each.video], run.data.fps).when(each.frame)
            cells.append(Cell(f"{each.video}, {when}", f"cosine {each.similarity:.2f}"))
        cells += ["–"] * (3 - len(cells))
        if activity in tabled(run):
            name = render("names.html", "field", field=fields[k], paint=paints[k])
        else:
            name = render("parts.html", "cluster", paint=paints[k], k=k, title=painter.title(k))
        rows.append(Row(name, cells))
    caption = "Where to look: the frames most similar to each cluster"
    head = [["cluster", "most typical frame", "second", "third"]]
    return Table(caption, head, rows, kind="plain") if rows else None


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
        return scores, thirds(videos, count)
    shown = thirds(covered, count)
    # The best of some is not called the best: the rank says where it stands.
    return scores, shown if len(covered) == len(videos) else dict.fromkeys(shown, "")


class Heat(NamedTuple):
    """A matrix of one video over time: its heat map is one of the strips on one time axis.

    `scale` has the lowest and the highest value, or nothing where the panel's note says them.
    """

    title: str
    strips: Sequence[Strip]
    scale: tuple[str, str] | None = None


def couplings_panel(run: Run, painters: Mapping[str, Painter], max_videos: int) -> Panel:
    """Plan and affinity of up to two videos an activity that have no codes."""

    def draw(drawn: _Drawn) -> list[Heat]:
        coupling, truth = drawn.activity.couplings[drawn.name], drawn.bars("truth")
        low, high = float(coupling.affinity.min()), float(coupling.affinity.max())
        matrices = {
            "plan": (coupling.plan, 0.0, 1.0),
            "affinity (cosine)": (coupling.affinity, low, high),
        }
        return [
            Heat(
                title,
                [*truth, drawn.heat(title, matrix, low, high), drawn.timeline.axis()],
                scale=(f"{low:.2g}", f"{high:.2g}"),
            )
            for title, (matrix, low, high) in matrices.items()
        ]

    blocks = _heat_blocks(run, painters, max_videos, draw, with_codes=False)
    body = render("segmentation.html", "couplings", blocks=blocks) if blocks else ""
    return Panel("Couplings", body)


def codes_panel(run: Run, painters: Mapping[str, Painter], max_videos: int) -> Panel:
    """TOT's Figure 3: codes and pseudo-labels of a video over what came of them."""

    def draw(drawn: _Drawn) -> list[Heat]:
        below = [*drawn.bars("prediction", "truth"), drawn.timeline.axis()]
        return [
            Heat(title, [drawn.heat(title, matrix, 0, 1), *below])
            for title, matrix in code_matrices(drawn.activity.couplings[drawn.name]).items()
        ]

    blocks = _heat_blocks(run, painters, max_videos, draw, with_codes=True)
    taught = WITH_PRIOR if run.source.config.get("temporal_prior", True) else WITHOUT_PRIOR
    body = render("segmentation.html", "codes", blocks=blocks, taught=taught) if blocks else ""
    return Panel("Codes", body)


def code_matrices(coupling: Coupling) -> dict[str, np.ndarray]:
    """Title -> [N, K] in [0, 1], what the figure shows of a video that has codes."""
    return {
        CODES: coupling.codes,
        WITH_PRIOR: coupling.plan,
        WITHOUT_PRIOR: coupling.plan_without_prior,
    }


def _heat_blocks(
    run: Run,
    painters: Mapping[str, Painter],
    max_videos: int,
    draw: Callable[[_Drawn], list[Heat]],
    *,
    with_codes: bool,
) -> list[Block]:
    """(video, heats) of up to two videos, of activities whose couplings have codes or have not."""
    blocks = []
    for activity in run.activities:
        videos = [
            (video, draw(_Drawn(run, activity, painters[activity.name], video)))
            for video in _coupled_videos(run, activity, max_videos)
            if activity.couplings[video].has_codes == with_codes
        ]
        if videos:
            blocks.append(Block(activity.name, videos))
    return blocks


def _coupled_videos(run: Run, activity: Activity, max_videos: int) -> list[str]:
    """Up to two videos that have a coupling, those of the colored bars first."""
    if not activity.couplings:
        return []
    shown = shown_videos(run, activity, max_videos)
    covered = [video for video in shown if video in activity.couplings] or list(activity.couplings)
    return list(dict.fromkeys([covered[0], covered[-1]]))
