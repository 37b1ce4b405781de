"""The choice of FUGW's numbers on half of the videos.

Of all settings that cost no more than half a point of accuracy against argmax, `tune` chooses the
one with the highest mean of edit score and F1@50; if all cost more, the most accurate one. Scores
are then reported on the other half of the videos.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from jaxseg.decode import decoders
from jaxseg.decode.scores import cost, progress
from jaxseg.decode.settings import Settings
from jaxseg.decode.truth import Truth

ACCURACY_LOSS = 0.5  # points
CRITERION = (
    f"highest mean of edit and F1@50 where accuracy falls by no more than {ACCURACY_LOSS}, "
    "else highest accuracy"
)
Rows = list[tuple[Settings, dict[str, float]]]  # settings -> scores in percent


class Tuned(NamedTuple):
    """The chosen settings, and the scores that they were chosen by."""

    settings: Settings  # the chosen ones
    iterations: int
    rows: Rows  # every setting of the grid, with its scores on the half `tuned_on`
    before: dict[str, float]  # scores of argmax there
    tuned_on: list[str]  # videos of the one half
    held_out: list[str]  # videos of the other half, on which scores are reported

    def record(self) -> dict[str, Any]:
        """Content of `tuned.json`, which `settings.read_settings` reads."""
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
