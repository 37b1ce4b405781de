"""A self-contained page of a segmentation: scores, colour bars of videos, confusion."""

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np

from jaxseg.evaluation.segmentation.command import table_lines
from jaxseg.evaluation.segmentation.evaluate import matched_videos
from jaxseg.evaluation.segmentation.groups import Group, Labels, run_starts
from jaxseg.evaluation.segmentation.matching import BACKGROUND
from jaxseg.evaluation.segmentation.protocols import Options, label_name

NUM_SHOWN = 3
WIDTH, HEIGHT = 1000, 16
STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; max-width: 1080px; margin: 2em auto; padding: 0 1em;
  color: #1f2328; background: #fff; }
pre, .wide { overflow-x: auto; } pre { background: #f6f7f8; padding: .8em; font-size: 12px; }
svg { display: block; width: 100%; height: 38px; } figure { margin: 0 0 1em; }
figcaption, .legend { font-size: 13px; color: #57606a; }
.legend span { display: inline-block; margin-right: 1em; white-space: nowrap; }
.legend i { display: inline-block; width: .9em; height: .9em; margin-right: .3em; }
table { border-collapse: collapse; font-size: 12px; font-variant-numeric: tabular-nums; }
th { font-weight: 400; text-align: right; padding: 0 .5em; white-space: nowrap; }
thead th { writing-mode: vertical-rl; transform: rotate(180deg); text-align: left;
  padding: .4em 0; }
td { min-width: 2em; height: 1.7em; text-align: center; border: 1px solid #eaecef; }
.hit { outline: 1px solid #57606a; outline-offset: -1px; }
"""


def segmentation_page(
    results: Sequence[dict], truth: Labels, predictions: Labels, options: Options
) -> str:
    """HTML of all scores, and of videos and classes as the first protocol matches them.

    Args:
        results: of `evaluate_segmentation`, one a protocol.
        truth, predictions, options: what the first result was made from.
    """
    grouped, _ = matched_videos(truth, predictions, options)
    videos = {name: video for group in grouped.values() for name, video in group.items()}
    protocol = escape(f"{options.protocol}, matching: {options.matching}")
    parts = [
        "<!doctype html><html lang='en'><meta charset='utf-8'><title>Segmentation scores</title>",
        f"<style>{STYLE}</style><h1>Segmentation scores</h1>",
        f"<pre>{escape(chr(10).join(table_lines(results)))}</pre>",
        f"<h2>Best, middle and worst videos</h2><p>{protocol}. Above the truth, below the"
        " prediction; grey is a cluster without a class, white does not count.</p>",
        *bars(videos, options),
        f"<h2>Confusion</h2><p>{protocol}. Percent of a class's frames.</p>",
        confusion_table(videos, options),
    ]
    return "\n".join(parts) + "</html>\n"


def bars(videos: Mapping[str, Group], options: Options) -> list[str]:
    """Figures of the chosen videos and the legend of their classes."""
    accuracy = {
        name: float(np.mean((video.truth == video.predicted)[video.scored]))
        for name, video in videos.items()
        if video.scored.any()
    }
    shown = extremes(sorted(accuracy, key=lambda name: (-accuracy[name], name)))
    figures = [
        f"<figure><figcaption>{escape(name)}: {100 * accuracy[name]:.1f} % of"
        f" {np.count_nonzero(videos[name].scored):,} frames</figcaption>"
        f"{bar(videos[name], options)}</figure>"
        for name in shown
    ]
    present = np.unique(np.concatenate([videos[name].truth[videos[name].scored] for name in shown]))
    legend = "".join(
        f"<span><i style='background:{colour(index)}'></i>{class_title(index, options)}</span>"
        for index in present.tolist()
    )
    return [*figures, f"<p class='legend'>{legend}</p>"]


def extremes(names: Sequence[str]) -> list[str]:
    """The first, the middle and the last few of an ordered list, each once."""
    middle = max(0, (len(names) - NUM_SHOWN) // 2)
    starts = (0, middle, max(0, len(names) - NUM_SHOWN))
    return list(dict.fromkeys(name for at in starts for name in names[at : at + NUM_SHOWN]))


def bar(video: Group, options: Options) -> str:
    """Truth above prediction as coloured runs over time."""
    truth = np.where(video.scored, video.truth, BACKGROUND)
    bound = len(options.background) > 0
    rows = runs(truth, 0, options, bound) + runs(video.predicted, HEIGHT + 4, options, bound)
    size = f"viewBox='0 0 {WIDTH} {2 * HEIGHT + 4}' preserveAspectRatio='none'"
    return f"<svg {size} role='img' aria-label='truth and prediction'>{''.join(rows)}</svg>"


def runs(labels: np.ndarray, top: int, options: Options, bound: bool) -> list[str]:
    """A rectangle for each run of one label; the background is blank where one is named."""
    starts = run_starts(labels)
    ends = np.append(starts[1:], len(labels))
    scale = WIDTH / len(labels)
    return [
        f"<rect x='{start * scale:.2f}' y='{top}' width='{(end - start) * scale:.2f}'"
        f" height='{HEIGHT}' fill='{colour(label)}'>"
        f"<title>{class_title(label, options)}, {start}-{end - 1}</title></rect>"
        for start, end, label in zip(
            starts.tolist(), ends.tolist(), labels[starts].tolist(), strict=True
        )
        if not (bound and label == BACKGROUND)
    ]


def colour(index: int) -> str:
    """A colour for a class: golden-angle steps of the hue, so that neighbours differ."""
    if index < 0:
        return "#999"
    return f"hsl({index * 137.508 % 360:.0f} {(70, 50)[index % 2]}% {(45, 65, 55)[index % 3]}%)"


def class_title(index: int, options: Options) -> str:
    """A class's name for the page; a label that the truth does not know has none."""
    known = options.classes is None or index < len(options.classes)
    return escape(str(label_name(index, options.classes))) if index >= 0 and known else "no class"


def confusion_table(videos: Mapping[str, Group], options: Options) -> str:
    """Rows are true classes, columns predicted ones; the last column has no class."""
    truth, predicted = (
        np.concatenate([getattr(video, side)[video.scored] for video in videos.values()])
        for side in ("truth", "predicted")
    )
    classes = np.unique(truth)
    column = np.searchsorted(classes, predicted)
    column[~np.isin(predicted, classes)] = len(classes)
    shape = len(classes), len(classes) + 1
    cells = np.searchsorted(classes, truth) * shape[1] + column
    counts = np.bincount(cells, minlength=shape[0] * shape[1]).reshape(shape)
    names = [class_title(index, options) for index in classes.tolist()]
    head = "".join(f"<th>{name}</th>" for name in [*names, "no class"])
    rows = "".join(
        f"<tr><th>{name}</th>{''.join(share_cells(line, place))}</tr>"
        for place, (name, line) in enumerate(zip(names, counts, strict=True))
    )
    return f"<div class='wide'><table><thead><tr><th></th>{head}</tr></thead>{rows}</table></div>"


def share_cells(line: np.ndarray, own: int) -> list[str]:
    """Cells of one true class, shaded by their share of its frames."""
    shares = line / line.sum()
    return [
        f"<td{' class=hit' if place == own else ''} style='background:rgb(29 95 168 / {share:.2f})"
        f"{';color:#fff' if share > 0.5 else ''}'>"
        f"{f'{100 * share:.0f}' if share >= 0.005 else ''}</td>"
        for place, share in enumerate(shares)
    ]
