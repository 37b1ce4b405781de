"""Chooses FUGW's numbers on one half of the videos, to be reported on the other.

Of all settings that cost no more than half a point of accuracy against argmax, the one with the
highest mean of edit score and F1@50 is chosen; where none is so gentle, the most accurate one.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from jaxseg.decode import evidence, transport
from jaxseg.decode.progress import progress
from jaxseg.decode.sequences import argmax
from jaxseg.decode.settings import Settings
from jaxseg.decode.truth import Truth

ACCURACY_LOSS = 0.5  # points
CRITERION = (
    f"highest mean of edit and F1@50 where accuracy falls by no more than {ACCURACY_LOSS}, "
    "else highest accuracy"
)
Rows = list[tuple[Settings, dict[str, float]]]


class Tuned(NamedTuple):
    """What was chosen, and on what grounds.

    Attributes:
        settings, iterations: the chosen ones, at this number of steps.
        rows: every setting of the grid with its scores, percent, on the half it was chosen on.
        before: the scores of argmax there.
        tuned_on, held_out: the videos of either half.
    """

    settings: Settings
    iterations: int
    rows: Rows
    before: dict[str, float]
    tuned_on: list[str]
    held_out: list[str]

    def record(self) -> dict:
        """As plain values; `settings.read` reads it."""
        return {
            "settings": self.settings._asdict(),
            "iterations": self.iterations,
            "criterion": CRITERION,
            "before": self.before,
            "grid": [{**settings._asdict(), **scores} for settings, scores in self.rows],
            "tuned_on": self.tuned_on,
            "held_out": self.held_out,
        }


def halves(
    videos: Sequence[str], splits: Mapping[str, Sequence[str]] | None, seed: int
) -> tuple[list[str], list[str]]:
    """Videos to tune on and videos to report on, drawn with `seed`; the first are not more.

    Where there are several splits, each is wholly in one half: its videos were scored by one
    model, and often show the same people.

    Raises:
        ValueError: fewer than two videos.
    """
    if len(videos) < 2:
        raise ValueError(f"--tune needs two videos at least, and there is {len(videos)}")
    groups = list(splits.values()) if splits and len(splits) > 1 else [[name] for name in videos]
    order = np.random.default_rng(seed).permutation(len(groups)).tolist()
    chosen = {name for place in order[: len(groups) // 2] for name in groups[place]}
    return (
        [name for name in videos if name in chosen],
        [name for name in videos if name not in chosen],
    )


def tune(
    scores: Mapping[str, np.ndarray],
    kind: str,
    truth: Truth,
    grid: Sequence[Settings],
    *,
    iterations: int,
    seed: int,
) -> Tuned:
    """Decodes one half of the videos with the whole grid and chooses.

    All settings go through one program at once, in parts where memory asks for it
    (`transport.CELLS`). The labels of all settings are held together: four bytes for each frame
    of the half and each setting.

    Args:
        scores: video -> [N, K].
        kind: of the scores.
        truth: of all videos.
        grid: the settings to choose from.
        iterations: of mirror descent.
        seed: of the division into halves.
    """
    tuned_on, held_out = halves(list(truth.labels), truth.splits, seed)
    half = truth.of(tuned_on)
    decoded = {
        name: transport.decode(evidence.cost(scores[name], kind), grid, iterations)
        for name in progress(tuned_on, f"tuning {len(grid)} settings", "video")
    }
    before = half.score({name: argmax(scores[name]) for name in tuned_on})["metrics"]
    rows = [
        (settings, half.score({name: each[place] for name, each in decoded.items()})["metrics"])
        for place, settings in enumerate(progress(grid, "scoring", "setting"))
    ]
    return Tuned(choose(rows, before), iterations, rows, before, tuned_on, held_out)


def choose(rows: Rows, before: Mapping[str, float]) -> Settings:
    """The setting that the criterion asks for; the first of equally good ones."""
    gentle = [row for row in rows if row[1]["accuracy"] >= before["accuracy"] - ACCURACY_LOSS]
    if not gentle:
        return max(rows, key=lambda row: row[1]["accuracy"])[0]
    return max(gentle, key=lambda row: row[1]["edit"] + row[1]["f1@50"])[0]
