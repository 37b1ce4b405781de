"""FUGW's numbers: defaults, the grid, a file of them, and their choice on half of the videos.

Of all settings that cost no more than half a point of accuracy against argmax, `tune` chooses the
one with the highest mean of edit score and F1@50; if all cost more, the most accurate one. Scores
are then reported on the other half of the videos.
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from jaxseg.decode.scores import cost, progress
from jaxseg.decode.truth import Truth
from jaxseg.formats.files import read_json

ACCURACY_LOSS = 0.5  # points
CRITERION = (
    f"highest mean of edit and F1@50 where accuracy falls by no more than {ACCURACY_LOSS}, "
    "else highest accuracy"
)


class Settings(NamedTuple):
    """Hyper-parameters of `fugw.solve`, under the same names.

    The defaults, and the grid, do well on ED-TCN's scores of 50 Salads.
    """

    alpha: float = 0.6
    radius: float = 0.02
    epsilon: float = 0.07
    lambda_actions: float = 0.1


DEFAULTS = Settings()
ITERATIONS = 25
GRID = {
    "alpha": (0.3, 0.45, 0.6, 0.75),
    "radius": (0.01, 0.02, 0.03, 0.05),
    "epsilon": (0.04, 0.07),
    "lambda_actions": (0.03, 0.1, 0.2, 0.4),
}
Rows = list[tuple[Settings, dict[str, float]]]  # settings -> scores in percent


def check(settings: Settings) -> Settings:
    """The settings; ValueError for a number that the solver does not take."""
    # The solvers import JAX, which `--help` does without.
    from jaxseg.solvers.checks import require

    for name, value in settings._asdict().items():
        if not math.isfinite(value):
            raise ValueError(f"{name} must be finite, got {value}")
        require("in [0, 1]" if name == "alpha" else "positive", **{name: value})
    return settings


def grid(given: Mapping[str, Sequence[float]]) -> list[Settings]:
    """Every combination of the given values, or of `GRID`'s where a name is not given."""
    axes = (given.get(name, GRID[name]) for name in Settings._fields)
    return [check(Settings(*values)) for values in itertools.product(*axes)]


def single(given: Mapping[str, Sequence[float]], file: Path | None) -> tuple[Settings, int]:
    """Settings and iterations: given values first, then those of a file, then the defaults.

    Each name has one value; only `--tune` takes several.
    """
    for name, values in given.items():
        if len(values) != 1:
            raise ValueError(f"{name}: {len(values)} values; several are for --tune")
    known, iterations = (DEFAULTS, ITERATIONS) if file is None else read_settings(file)
    return check(known._replace(**{name: values[0] for name, values in given.items()})), iterations


def read_settings(path: Path) -> tuple[Settings, int]:
    """The settings that `--tune` has written, and their number of iterations."""
    content = read_json(path)
    try:
        values, iterations = content["settings"], content["iterations"]
        settings = check(Settings(*(float(values[name]) for name in Settings._fields)))
        if not isinstance(iterations, int) or iterations < 1:
            raise ValueError(f"{iterations!r} iterations")
    except KeyError as error:
        raise ValueError(f"{path}: not written by --tune: no {error}") from None
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path}: not written by --tune: {error}") from None
    return settings, iterations


class Tuned(NamedTuple):
    """The chosen settings, and the scores that they were chosen by."""

    settings: Settings  # the chosen ones
    iterations: int
    rows: Rows  # every setting of the grid, with its scores on the half `tuned_on`
    before: dict[str, float]  # scores of argmax there
    tuned_on: list[str]  # videos of the one half
    held_out: list[str]  # videos of the other half, on which scores are reported

    def record(self) -> dict[str, Any]:
        """Content of `tuned.json`, which `read_settings` reads."""
        return {
            "settings": self.settings._asdict(),
            "iterations": self.iterations,
            "criterion": CRITERION,
            "before": self.before,
            "grid": [{**settings._asdict(), **scores} for settings, scores in self.rows],
            "tuned_on": self.tuned_on,
            "held_out": self.held_out,
        }


def tune(
    scores: Mapping[str, np.ndarray],
    kind: str,
    truth: Truth,
    grid: Sequence[Settings],
    *,
    iterations: int,
    seed: int,
) -> Tuned:
    """Decodes one half of the videos, drawn with `seed`, with the whole grid and chooses.

    `scores` are [N, K] of every video. The labels of all settings are in memory at once: four bytes
    for each frame of the half and each setting.
    """
    from jaxseg.decode import decoders  # imports JAX, which `--help` does without

    tuned_on, held_out = halves(list(truth.labels), truth.splits, seed)
    half = truth.of(tuned_on)
    decoded = {
        name: decoders.transport(cost(scores[name], kind), grid, iterations)
        for name in progress(tuned_on, f"tuning {len(grid)} settings", "video")
    }
    before = half.score({name: decoders.argmax(scores[name]) for name in tuned_on})["metrics"]
    rows = [
        (settings, half.score({name: each[row] for name, each in decoded.items()})["metrics"])
        for row, settings in enumerate(progress(grid, "scoring", "setting"))
    ]
    return Tuned(
        settings=choose(rows, before),
        iterations=iterations,
        rows=rows,
        before=before,
        tuned_on=tuned_on,
        held_out=held_out,
    )


def halves(
    videos: Sequence[str], splits: Mapping[str, Sequence[str]] | None, seed: int
) -> tuple[list[str], list[str]]:
    """Videos to tune on, at most half of them, and videos to report on, drawn with `seed`.

    A split is never divided where there are several: its videos were scored by one model, and
    often show the same people.
    """
    if len(videos) < 2:
        raise ValueError(f"--tune needs two videos at least, and there is {len(videos)}")
    groups = list(splits.values()) if splits and len(splits) > 1 else [[name] for name in videos]
    order = np.random.default_rng(seed).permutation(len(groups)).tolist()
    chosen = {name for index in order[: len(groups) // 2] for name in groups[index]}
    return (
        [name for name in videos if name in chosen],
        [name for name in videos if name not in chosen],
    )


def choose(rows: Rows, before: Mapping[str, float]) -> Settings:
    """The setting that `CRITERION` asks for; the first of equally good ones."""
    gentle = [row for row in rows if row[1]["accuracy"] >= before["accuracy"] - ACCURACY_LOSS]
    if not gentle:
        return max(rows, key=lambda row: row[1]["accuracy"])[0]
    return max(gentle, key=lambda row: row[1]["edit"] + row[1]["f1@50"])[0]
