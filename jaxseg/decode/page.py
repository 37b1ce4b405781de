"""The page of a decoding: what the report draws of it, and curves of scores over tuned numbers."""

from collections.abc import Mapping

import jax
import matplotlib
import numpy as np

from jaxseg.decode import ARGMAX, FUGW
from jaxseg.decode.decoders import argmax
from jaxseg.decode.records import Inputs, Output
from jaxseg.decode.settings import Settings
from jaxseg.decode.tuning import CRITERION, Tuned
from jaxseg.evaluation.segmentation.protocols import AVERAGES, NAME_COLUMNS
from jaxseg.report import decode_page
from jaxseg.report.drawing.colors import FAINT
from jaxseg.report.drawing.figures import STYLE, new_axes, svg_uri
from jaxseg.report.drawing.page import Source

SCORES = {"accuracy": "accuracy", "edit": "edit", "f1@50": "F1@50"}  # key -> title


def decoding_page(name: str, inputs: Inputs, output: Output) -> str:
    """HTML page of a decoding; `name` is its title."""
    method, results, tuned = output.config["method"], output.results, output.tuned
    files = {"config.json": True, "evaluation.json": results, "tuned.json": tuned}
    decoding = decode_page.Decoding(
        source=Source(
            name=name,
            data_name=inputs.scores.path.name,
            config=output.config,
            packages={"jax": jax.__version__, "numpy": np.__version__},
            files=[file for file, written in files.items() if written],
        ),
        kind=inputs.kind,
        method=method,
        baseline=ARGMAX,
        classes=inputs.classes.names,
        background=results[method]["exclude"]["background"] if results else [],
        videos=segmentations(inputs, output.labels, method),
        reported=tuned.held_out if tuned else list(output.labels),
        columns=NAME_COLUMNS,
        results=results,
        average=AVERAGES[results[method]["average"]] if results else "",
        tuning=describe_tuning(tuned) if tuned else None,
        has_published=method == FUGW,
    )
    return decode_page.decoding_page(decoding)


def segmentations(
    inputs: Inputs, labels: Mapping[str, np.ndarray], method: str
) -> dict[str, dict[str, np.ndarray]]:
    """Video -> classes [frames] of the truth, where there is one, of argmax and of the method."""
    videos = {}
    for video, decoded in labels.items():
        rows = {} if inputs.truth is None else {decode_page.TRUTH: inputs.truth.labels[video]}
        videos[video] = rows | {ARGMAX: argmax(inputs.scores.videos[video]), method: decoded}
    return videos


def describe_tuning(tuned: Tuned) -> decode_page.Tuning:
    """The choice of settings as the page shows it."""
    return decode_page.Tuning(
        num_settings=len(tuned.rows),
        num_videos=len(tuned.tuned_on),
        criterion=CRITERION,
        chosen=tuned.settings._asdict(),
        curves=curves(tuned),
    )


def curves(tuned: Tuned) -> dict[str, str]:
    """Number of the settings -> figure, of every number that the grid has several values of."""
    by_value = {name: others_fixed(tuned, name) for name in Settings._fields}
    return {name: curve(tuned, name, rows) for name, rows in by_value.items() if len(rows) > 1}


def others_fixed(tuned: Tuned, name: str) -> dict[float, Mapping[str, float]]:
    """Value -> scores of the settings that differ from the chosen ones in one number only."""
    return {
        getattr(settings, name): scores
        for settings, scores in tuned.rows
        if settings._replace(**{name: 0}) == tuned.settings._replace(**{name: 0})
    }


def curve(tuned: Tuned, name: str, rows: Mapping[float, Mapping[str, float]]) -> str:
    """Scores over one number: dashed are those of argmax, upright is the chosen value."""
    with matplotlib.rc_context(STYLE):
        figure, axes = new_axes(3.5, 2.4)
        values = sorted(rows)
        for key, title in SCORES.items():
            (line,) = axes.plot(values, [rows[v][key] for v in values], "o-", ms=4, label=title)
            axes.axhline(tuned.before[key], color=line.get_color(), ls="--", lw=0.9)
        axes.axvline(getattr(tuned.settings, name), color=FAINT, lw=0.9, zorder=0)
        axes.set(xlabel=name, ylabel="percent")
        axes.set_xticks(values, [f"{value:g}" for value in values])
        axes.legend(frameon=False, fontsize=8)
        return svg_uri(figure)
