"""Curves of a localisation run's scores, as data URIs that an `<img>` shows."""

from collections.abc import Mapping
from typing import Any

import matplotlib
import numpy as np

from jaxseg.report.drawing.figures import ACCENT, FAINT, STYLE, new_axes, svg_uri

_RECALLS = np.linspace(0, 100, 101)

Scores = Mapping[str, Mapping[str, Any]]  # variant -> place on the axis -> score or None


def map_curves(scores: Scores) -> str:
    """mAP against the tIoU threshold, a line a variant.

    Args:
        scores: variant -> threshold ("0.5") -> {"mean", "std", "values"} in percent.
    """
    return _spread_curves(scores, "tIoU", "mAP [%]", "o-")


def recall_curves(scores: Scores) -> str:
    """Average recall against the number of proposals of each video, a line a variant.

    Args:
        scores: variant -> number ("10") -> {"mean", "std", "values"} in percent.
    """
    return _spread_curves(scores, "proposals a video", "average recall [%]", "-")


def precision_recall_curves(curves: Mapping[str, np.ndarray]) -> str:
    """Precision against recall: a thin line a class, and their mean.

    Args:
        curves: class -> [n, 2] recall and precision in percent at each hit.
    """
    envelopes = [_envelope(curve) for curve in curves.values()]
    with matplotlib.rc_context(STYLE):
        figure, axes = new_axes(3.5, 2.3)
        for heights in envelopes:
            axes.plot(_RECALLS, heights, color=FAINT, linewidth=0.7)
        axes.plot(_RECALLS, np.mean(envelopes, axis=0), color=ACCENT, linewidth=1.8)
        axes.set(xlabel="recall [%]", ylabel="precision [%]", xlim=(0, 100), ylim=(0, 102))
        return svg_uri(figure)


def _spread_curves(scores: Scores, across: str, up: str, look: str) -> str:
    """The mean over seeds as a line, their spread as a band."""
    with matplotlib.rc_context(STYLE):
        figure, axes = new_axes(3.5, 2.3)
        for variant, by_place in scores.items():
            points = sorted((float(place), score) for place, score in by_place.items() if score)
            places = [place for place, _ in points]
            mean = np.array([score["mean"] for _, score in points])
            std = np.array([score["std"] for _, score in points])
            (line,) = axes.plot(places, mean, look, ms=3.5, label=variant or "run")
            band = {"color": line.get_color(), "alpha": 0.2, "linewidth": 0}
            axes.fill_between(places, mean - std, mean + std, **band)
        axes.set(xlabel=across, ylabel=up, ylim=(0, None))
        axes.grid(axis="y", color="#e4e4e7", linewidth=0.8)
        if len(scores) > 1:
            axes.legend(frameon=False, fontsize=8)
        return svg_uri(figure)


def _envelope(curve: np.ndarray) -> np.ndarray:
    """The highest precision at each recall or beyond it, 0 beyond the last."""
    recall, precision = curve.T
    # 29 of 100 found is not quite 29 % in every way of computing it.
    return np.array([precision[recall >= at - 0.001].max(initial=0.0) for at in _RECALLS])
