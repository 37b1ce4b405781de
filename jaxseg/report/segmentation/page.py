"""Joins the panels into one HTML page that needs nothing but itself, and videos to play any."""

from collections.abc import Mapping

from jaxseg.report.drawing.colors import hatch_definitions
from jaxseg.report.drawing.figures import length_curves, loss_curves
from jaxseg.report.drawing.markup import activity_blocks, counted, figure, grid, text
from jaxseg.report.drawing.notes import score_notes, video_notes
from jaxseg.report.drawing.page import document, method_name, titled
from jaxseg.report.segmentation.analysis import confusion, segment_lengths, segments_per_video
from jaxseg.report.segmentation.codes import codes_panel
from jaxseg.report.segmentation.collapse import collapse_panel
from jaxseg.report.segmentation.footage import watch_panel
from jaxseg.report.segmentation.num_clusters import num_clusters_panel
from jaxseg.report.segmentation.records import Activity, Run
from jaxseg.report.segmentation.tables import confusion_table, protocol_scores
from jaxseg.report.segmentation.videos import Painter, coupling_block, run_colours, video_block


def render(run: Run, max_videos: int) -> str:
    """The whole page."""
    colours = run_colours(run)
    painters = {activity.name: Painter(run, activity, colours) for activity in run.activities}
    panels = {
        "Watch": watch_panel(run, painters),
        "Scores": _scores(run),
        "Number of clusters": num_clusters_panel(run),
        "Loss": _losses(run),
        "Collapse": collapse_panel(run),
        "Videos": _videos(run, painters, max_videos),
        "Codes": codes_panel(run, painters, max_videos),
        "Couplings": _couplings(run, painters, max_videos),
        "Confusion": _confusions(run),
        "Segment lengths": _lengths(run),
    }
    return document(run, _sentence(run), panels, definitions=hatch_definitions())


def _sentence(run: Run) -> str:
    lengths = [n for activity in run.activities for n in activity.frames.values()]
    seeds = len({member.seed for member in run.members})
    use = (
        "labels serve the scores alone"
        if run.has_labels
        else "there are no labels to score it with"
    )
    return (
        f"Actions found in {counted(len(lengths), 'video')} ({sum(lengths):,} frames, "
        f"{counted(len(run.activities), 'activity', 'activities')}) by {method_name(run)} "
        f"without labels, {counted(seeds, run.repeat)} an activity; {use}."
    )


def _scores(run: Run) -> str:
    protocols = run.evaluation.get("protocols", {})
    if not protocols:
        why = "No scores: the run was not evaluated." if run.has_labels else "No labels, no scores."
        return titled("Scores", why, "")
    note = (
        "Clusters are matched with classes one to one: <em>full</em> over all videos of an "
        "activity, <em>per video</em> anew for each. <em>Macro</em> is the mean of activities, "
        "<em>pooled</em> counts their frames together. The trivial baselines cut every video into "
        "equal parts (equal split) or call everything one class; ▾ marks what they beat."
    )
    note += score_notes(run)
    body = "".join(
        protocol_scores(name, protocol, opened=place == 0, repeat=run.repeat)
        for place, (name, protocol) in enumerate(protocols.items())
    )
    return titled("Scores", note, body)


def _losses(run: Run) -> str:
    if not len(run.steps):
        return ""
    pictures = []
    for activity in run.activities:
        columns: dict[str, list[int]] = {}
        for index, member in enumerate(run.members):
            # Where many K were tried, only the curve of the chosen one is drawn.
            shown = activity.members if run.num_clusters else run.members
            if member.activity == activity.name and member in shown:
                columns.setdefault(member.variant, []).append(index)
        groups = {variant: run.losses[:, chosen] for variant, chosen in columns.items()}
        if groups:
            alt = f"training loss of {activity.name} over steps"
            pictures.append(figure(loss_curves(run.steps, groups), alt, text(activity.name)))
    return titled("Loss", "Training loss: the mean over seeds, and their range.", grid(pictures))


def _videos(run: Run, painters: Mapping[str, Painter], max_videos: int) -> str:
    if not any(any(activity.predictions.values()) for activity in run.activities):
        return titled("Videos", "No prediction files.", "")
    note = (
        "Within an activity equal colours are equal classes, once clusters are matched; hatched "
        "grey is a cluster without a class. The thin bars are the other seeds. Videos are ranked "
        "by the share of frames that the first seed gets right (full matching)."
        if run.has_labels
        else "One colour a cluster. The thin bars are the other seeds, which number their clusters "
        "in their own way."
    )
    note += video_notes(run)
    blocks = [(a.name, video_block(run, a, painters[a.name], max_videos)) for a in run.activities]
    return titled("Videos", note, activity_blocks(blocks))


def _couplings(run: Run, painters: Mapping[str, Painter], max_videos: int) -> str:
    blocks = [
        (a.name, coupling_block(run, a, painters[a.name], max_videos)) for a in run.activities
    ]
    blocks = [block for block in blocks if block[1]]
    if not blocks:
        return ""
    note = (
        "The plan is what optimal transport makes of a video: how much of each frame goes to each "
        "cluster. The affinity is what it starts from: the cosine of frames and clusters."
    )
    return titled("Couplings", note, activity_blocks(blocks))


def _confusions(run: Run) -> str:
    blocks = []
    for activity in run.activities:
        counts, classes = confusion(run, activity)
        if counts.any():
            seeds = counted(len(activity.members), "seed")
            caption = f"{text(activity.name)}: percent of a true class's frames, {seeds}"
            blocks.append((activity.name, confusion_table(counts, classes, caption)))
    note = "What the frames of each true class (a row) were taken for, after full matching."
    return titled("Confusion", note, activity_blocks(blocks)) if blocks else ""


def _lengths(run: Run) -> str:
    pictures = [_length_figure(run, activity) for activity in run.activities]
    note = "How long segments are, and how many there are in a video; over all videos and seeds."
    return titled("Segment lengths", note, grid(pictures)) if any(pictures) else ""


def _length_figure(run: Run, activity: Activity) -> str:
    lengths = segment_lengths(run, activity)
    if not lengths:
        return ""
    numbers = segments_per_video(activity)
    facts = ", ".join(f"{source} {numbers[source]:.1f} a video" for source in lengths)
    curves = length_curves(lengths, "s" if run.fps else "frames")
    caption = f"{text(activity.name)} <small>{facts}</small>"
    return figure(curves, f"lengths of the segments of {activity.name}", caption)
