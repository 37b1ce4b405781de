"""The page of a decoding: scores before and after, what was tuned, videos as colour bars."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxseg.decode import ARGMAX, FUGW
from jaxseg.decode.command import Inputs
from jaxseg.decode.decoders import argmax
from jaxseg.decode.sensitivity import curves
from jaxseg.decode.tuning import CRITERION, Tuned
from jaxseg.evaluation.segmentation.protocols import AVERAGES, NAME_COLUMNS
from jaxseg.report.drawing import bars
from jaxseg.report.drawing.colors import Paint, class_colours
from jaxseg.report.drawing.markup import counted, figure, grid, head_row, row, table, text
from jaxseg.report.drawing.page import document, titled
from jaxseg.report.segmentation.analysis import choose
from jaxseg.report.segmentation.tables import cell

NUM_SHOWN = 6
NUM_COLUMNS = 2000  # more than a screen has; noise in a long video has 10^5 runs
# In the order of `NAME_COLUMNS`.
PUBLISHED = {
    "MS-TCN++": (83.5, 72.6, 80.1, 77.2, 69.4),
    "MS-TCN++, fugw": (83.6, 77.6, 84.4, 83.1, 74.9),
    "without refinement": (76.0, 36.3, 44.8, 42.3, 34.9),
    "without refinement, fugw": (78.3, 72.5, 80.3, 78.5, 69.9),
}
PUBLISHED_CAPTION = (
    "As published (ASOT, CVPR 2024, Table 3): MS-TCN++ on 50 Salads, with its refinement stages "
    "and without them. Of other scores the changes may be compared, not the figures."
)


class Decoding(NamedTuple):
    """What the page is made of; the first fields are those of `report.shell.Described`."""

    name: str
    config: Mapping[str, Any]
    versions: Mapping[str, Any]
    data_name: str
    generated: bool
    files: tuple[str, ...]
    job: Inputs
    after: Mapping[str, np.ndarray]
    results: Mapping[str, dict]
    tuned: Tuned | None

    @property
    def method(self) -> str:
        return self.config["method"]


def decoding_page(
    name: str,
    config: Mapping[str, Any],
    job: Inputs,
    after: Mapping[str, np.ndarray],
    results: Mapping[str, dict],
    tuned: Tuned | None,
) -> str:
    """One HTML file that needs nothing but itself.

    Args:
        name: the title.
        config: what the decoding was made with.
        job: what was read.
        after: video -> classes [N] by the method.
        results: `argmax` and the method -> scores; empty without truth.
        tuned: what `--tune` found, or None.
    """
    versions = {"packages": {"jax": jax.__version__, "numpy": np.__version__}}
    made = {"config.json": True, "evaluation.json": results, "tuned.json": tuned}
    files = tuple(file for file, there in made.items() if there)
    data = job.scores.path.name
    page = Decoding(name, config, versions, data, False, files, job, after, results, tuned)
    panels = {"Scores": scores_panel(page), "Tuning": tuning_panel(page), "Videos": videos(page)}
    return document(page, sentence(page), panels)


def sentence(page: Decoding) -> str:
    """What was done, as HTML."""
    frames = sum(map(len, page.after.values()))
    return (
        f"{counted(len(page.after), 'video')} ({frames:,} frames, "
        f"{counted(page.job.scores.num_classes, 'class', 'classes')}) decoded from "
        f"{text(page.job.kind)} by <strong>{text(page.method)}</strong>."
    )


def scores_panel(page: Decoding) -> str:
    """Before and after, and what the paper reports; "" without truth."""
    if not page.results:
        return ""
    last = page.results[page.method]
    before = page.results[ARGMAX]["metrics"]
    rows = [
        row(text(name), [cell(each["metrics"][key]) for key in NAME_COLUMNS])
        for name, each in page.results.items()
    ]
    changes = [f"{last['metrics'][key] - before[key]:+.1f}" for key in NAME_COLUMNS]
    rows.append(row("change", changes, kind="result"))
    caption = f"mstcn, percent: {counted(last['videos'], 'video')}, {AVERAGES[last['average']]}"
    background = ", ".join(last["exclude"]["background"]) or "none"
    note = f"Classes left out of edit score and F1: {text(background)}."
    if page.tuned:
        note = f"Videos that nothing was tuned on. {note}"
    head = head_row(["", *NAME_COLUMNS.values()])
    published = published_table(head) if page.method == FUGW else ""
    return titled("Scores", note, table(caption, head, rows) + published)


def published_table(head: str) -> str:
    """What the authors of fugw report."""
    rows = [row(text(name), [cell(each) for each in PUBLISHED[name]]) for name in PUBLISHED]
    return table(PUBLISHED_CAPTION, head, rows)


def tuning_panel(page: Decoding) -> str:
    """The chosen numbers and what changing one of them does; "" where nothing was tuned."""
    tuned = page.tuned
    if tuned is None:
        return ""
    values = [row(text(name), [f"{value:g}"]) for name, value in tuned.settings._asdict().items()]
    note = (
        f"{len(tuned.rows)} settings tried on {counted(len(tuned.tuned_on), 'video')}; chosen: "
        f"{text(CRITERION)}. The curves are of these videos: one number changes, the others stay "
        "as chosen (upright line); dashed is argmax."
    )
    pictures = [
        figure(source, f"scores over {name}", text(name)) for name, source in curves(tuned).items()
    ]
    chosen = table("Chosen", head_row(["number", "value"]), values)
    return titled("Tuning", note, chosen + grid(pictures))


def videos(page: Decoding) -> str:
    """Some videos: truth, argmax and the method, one above the other."""
    names = page.job.classes.names
    background = [names[index] for index in page.job.truth.background] if page.job.truth else []
    colours = class_colours(names, [names], background)
    paints = {index: Paint(colours[name], name) for index, name in enumerate(names)}
    shown = choose(by_gain(page), NUM_SHOWN)
    ranked = page.job.truth is not None and page.method != ARGMAX
    if not ranked:
        shown = dict.fromkeys(shown, "")
    articles = "".join(article(page, video, place, paints) for video, place in shown.items())
    rows = [labels for video in shown for labels in segmentations(page, video).values()]
    present = np.unique(np.concatenate(rows)).tolist()
    note = "Equal colours are equal classes."
    if ranked:
        note += " Videos are ranked by what the method adds to the share of right frames."
    legend = bars.legend(paints[index] for index in present)
    return titled("Videos", note, articles + legend)


def by_gain(page: Decoding) -> list[str]:
    """The videos that are reported on, those that gained most in front; by name without truth."""
    held_out = page.tuned.held_out if page.tuned else list(page.after)
    if page.job.truth is None:
        return held_out
    gains = {}
    for video in held_out:
        before, after = accuracies(page, video)
        gains[video] = after - before
    return sorted(gains, key=lambda video: (-gains[video], video))


def accuracies(page: Decoding, video: str) -> tuple[float, float]:
    """Percent of right frames of a video, of argmax and of the method."""
    truth = page.job.truth.labels[video]
    pair = argmax(page.job.scores.videos[video]), page.after[video]
    length = min(len(truth), len(pair[0]))
    before, after = (100 * float(np.mean(each[:length] == truth[:length])) for each in pair)
    return before, after


def article(page: Decoding, video: str, place: str, paints: Mapping[int, Paint]) -> str:
    """The bars of one video under its name."""
    timeline = bars.Timeline(len(page.after[video]))
    facts = [place] if place else []
    if page.job.truth:
        facts.append("{:.1f} → {:.1f} % of frames right".format(*accuracies(page, video)))
    facts.append(timeline.length)
    strips = [
        (name, bars.bar(drawable(labels), paints, timeline, name))
        for name, labels in segmentations(page, video).items()
    ]
    strips.append((timeline.unit, bars.axis(timeline)))
    title = f"<h4>{text(video)} <small>{' · '.join(facts)}</small></h4>"
    return f"<article>{title}{bars.strips(strips)}</article>"


def segmentations(page: Decoding, video: str) -> dict[str, np.ndarray]:
    """The truth, where there is one, argmax and the method, as far as the video goes."""
    rows = {} if page.job.truth is None else {"truth": page.job.truth.labels[video]}
    rows |= {ARGMAX: argmax(page.job.scores.videos[video]), page.method: page.after[video]}
    return {name: labels[: len(page.after[video])] for name, labels in rows.items()}


def drawable(labels: np.ndarray) -> np.ndarray:
    """Labels [N] in no more runs than a bar can show: every column has its first frame's label."""
    column = np.arange(len(labels)) * min(len(labels), NUM_COLUMNS) // len(labels)
    return labels[np.unique(column, return_index=True)[1]][column]
