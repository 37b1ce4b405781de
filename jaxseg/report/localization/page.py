"""Joins the panels of a localisation run into one HTML page that needs nothing but itself."""

from jaxseg.report.drawing.figures import loss_curves
from jaxseg.report.drawing.markup import counted, figure, grid, text
from jaxseg.report.drawing.page import document, method_name, titled
from jaxseg.report.localization.clusters import cluster_block
from jaxseg.report.localization.instances import instance_panel
from jaxseg.report.localization.pseudo import pseudo_panel
from jaxseg.report.localization.records import Localization
from jaxseg.report.localization.tables import error_block, protocol_scores
from jaxseg.report.localization.videos import MAX_LANES, shown_videos, video_article


def render(run: Localization, max_videos: int) -> str:
    """The whole page."""
    panels = {
        "Scores": _scores(run),
        "Errors": _errors(run),
        "Loss": _losses(run),
        "Videos": _videos(run, max_videos),
        **instance_panel(run, max_videos),
        **pseudo_panel(run, max_videos),
        "Clusters": _clusters(run),
    }
    return document(run, _sentence(run), panels)


def _sentence(run: Localization) -> str:
    trained = sum(video.subset == "train" for video in run.videos)
    return (
        f"When actions of {counted(len(run.classes), 'class', 'classes')} start and end in "
        f"{counted(len(run.test_videos), 'test video')}, by {method_name(run)} from the classes "
        f"of {counted(trained, 'training video')} alone; "
        f"{counted(len({member.seed for member in run.main}), 'seed')}."
    )


def _scores(run: Localization) -> str:
    if run.evaluation is None or not run.evaluation.protocols:
        why = "the run was not evaluated" if run.truth else "there are no true segments"
        return titled("Scores", f"No scores: {why}.", "")
    note = (
        "A proposal is right where it overlaps a true segment of its class by the tIoU. mAP is the "
        "mean over classes of the area under precision and recall."
    )
    body = "".join(
        protocol_scores(name, protocol) for name, protocol in run.evaluation.protocols.items()
    )
    return titled("Scores", note, _checkpoint(run.evaluation.checkpoint) + body)


def _checkpoint(said: str) -> str:
    """Which parameters were scored; loud where the test's own truth chose them."""
    if not said:
        return ""
    kind = ' class="banner"' if said.startswith("oracle") else ""
    return f"<p{kind}>Checkpoint: {text(said)}</p>"


def _errors(run: Localization) -> str:
    protocols = run.evaluation.protocols if run.evaluation else {}
    body = "".join(error_block(name, protocol) for name, protocol in protocols.items())
    note = "What the proposals are at tIoU 0.5; those that are not right by what is wrong."
    return titled("Errors", note, body) if body else ""


def _losses(run: Localization) -> str:
    """One figure for the loss and one for each of its parts."""
    if not len(run.steps):
        return ""
    columns: dict[str, list[int]] = {}
    for index, member in enumerate(run.members):
        columns.setdefault(member.variant, []).append(index)
    pictures = []
    for name, losses in run.losses.items():
        groups = {variant: losses[:, chosen] for variant, chosen in columns.items()}
        title = name.replace("_", " ")
        curves = loss_curves(run.steps, groups)
        pictures.append(figure(curves, f"training {title} over steps", text(title)))
    note = "Training loss and its parts: the mean over seeds, and their range."
    return titled("Loss", note, grid(pictures))


def _videos(run: Localization, max_videos: int) -> str:
    shown = shown_videos(run, max_videos)
    if not shown:
        return titled("Videos", "No score maps and no proposals of test videos.", "")
    note = (
        f"Test videos of seed {run.main[0].seed}. Under each class: its score over time, dark to "
        'bright <small>0</small> <i class="scale"></i> <small>1</small>, and its score for the '
        f"whole video; the best proposals that fit {MAX_LANES} lines, the stronger the higher "
        f"their score; the true segments. Attention is drawn from 0 to 1.{_cluster_note(run)} "
        "Hover for times."
    )
    return titled("Videos", note, "".join(video_article(run, each) for each in shown))


def _cluster_note(run: Localization) -> str:
    if all(each.clusters is None for each in run.maps.values()):
        return ""
    return " Clusters have colours of their own, pale where they are background."


def _clusters(run: Localization) -> str:
    members = [member for member in run.main if member.directory in run.roles]
    if not members:
        return ""
    note = (
        "Each cluster of snippets is classified as foreground or background: the strong part of a "
        "column is its share of foreground. Seeds number their clusters in their own way."
    )
    return titled("Clusters", note, "".join(cluster_block(run, member) for member in members))
