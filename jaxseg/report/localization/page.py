"""The page of a localization run: which panels there are and in which order."""

from jaxseg.report.drawing.figures import by_variant, loss_curves
from jaxseg.report.drawing.page import Panel, Picture, counted, document, method_name, render
from jaxseg.report.localization.pseudo_labels import pseudo_labels_panel
from jaxseg.report.localization.run import Run
from jaxseg.report.localization.scores import errors_panel, scores_panel
from jaxseg.report.localization.videos import clusters_panel, instances_panel, videos_panel


def render_page(run: Run, max_videos: int) -> str:
    """The whole page as HTML."""
    panels = [
        scores_panel(run),
        errors_panel(run),
        loss_panel(run),
        videos_panel(run, max_videos),
        instances_panel(run, max_videos),
        pseudo_labels_panel(run, max_videos),
        clusters_panel(run),
    ]
    trained = sum(video.subset == "train" for video in run.data.videos)
    sentence = render(
        "localization.html",
        "sentence",
        classes=counted(len(run.data.classes), "class", "classes"),
        tested=counted(len(run.data.test_videos), "test video"),
        method=method_name(run.source),
        trained=counted(trained, "training video"),
        seeds=counted(len({member.seed for member in run.main}), "seed"),
    )
    return document(run.source, sentence, panels)


def loss_panel(run: Run) -> Panel:
    """A picture of the loss and one of each of its parts; left out without `metrics.jsonl`."""
    pictures = []
    for name, losses in run.metrics.curves.items():
        if name == "loss" or name.endswith("_loss"):
            title = name.replace("_", " ")
            groups = by_variant(losses, run.members, run.members)
            curves = loss_curves(run.metrics.steps, groups)
            pictures.append(Picture(curves, f"training {title} over steps", title))
    body = render("localization.html", "loss", pictures=pictures) if pictures else ""
    return Panel("Loss", body)
