"""The checkpoint rule `oracle-test`: the parameters that score best on the test videos.

CASE's program reports its best test score, seen every 50 steps. Nobody who has only training
videos can choose like that, so such scores compare with nothing but each other.
"""

from pathlib import Path
from typing import Any

import jax
import numpy as np

from jaxseg import processes
from jaxseg.config import Config
from jaxseg.data.localization.records import SnippetSet
from jaxseg.evaluation import evaluate_localization
from jaxseg.evaluation.localization.protocols import parse_tiou
from jaxseg.formats.detections import truth_segments
from jaxseg.prediction.finished import BEST, Best, read_best, write_best
from jaxseg.prediction.intervals import by_name, join_detections, make_detect
from jaxseg.training.setup import Setup
from jaxseg.training.step import TrainState, make_gather


class OracleTest:
    """A watch of the training loop: tests all members every few steps and keeps the best.

    A run that is resumed goes on from the file; of equal scores the first is kept, so that it
    ends as a run that was never stopped.

    Args:
        config: `data` and `evaluation.tiou`; how to test comes with each member.
        data: its test videos are scored under protocol `anet`.
        workdir: where `oracle/best.npz` is kept.
    """

    def __init__(self, config: Config, data: SnippetSet, setup: Setup, workdir: Path):
        self._data, self._members, self._workdir = data, setup.members, workdir
        self._tiou = parse_tiou(config.evaluation.tiou)
        self._detect = make_detect(config, data, setup)
        self._gather = make_gather(len(setup.members), setup.mesh)
        names = {video.name for video in data.test}
        database = data.to_truth()["database"]
        self._truth = truth_segments({name: database[name] for name in database if name in names})
        if not len(self._truth.video):
            raise ValueError(
                f"config.checkpoint.rule=oracle-test: the test videos of {data.name} have no true "
                "segments to be tested by; give --config.checkpoint.rule=last"
            )

    def __call__(self, done_steps: int, state: TrainState) -> None:
        """Scores the state and replaces the parameters of the members that got better.

        Raises:
            ValueError, OSError: the file of the best cannot be read or written.
        """
        params, carried = self._gather((state.params, state.carried))
        score = self.scores(params, carried)
        parameters = jax.tree.map(np.asarray, (params, carried))
        best = Best(score, np.full(len(score), done_steps), parameters)
        processes.first_alone(lambda: self._keep(best), "oracle")

    def _keep(self, new: Best) -> None:
        if (self._workdir / BEST).exists():
            new = better(read_best(self._workdir, like=new.parameters), new)
        write_best(self._workdir, new)

    def scores(self, params: Any, carried: Any) -> np.ndarray:
        """mAP of each member on the test videos in percent, float64 [members]."""
        detections = {
            index: [located.detections for located in self._detect(params, carried, video)]
            for index, video in processes.share(self._data.test)
        }
        joined = join_detections(detections, len(self._data.test), len(self._members))
        return np.array(
            [
                np.mean(evaluate_localization(self._truth, results, tiou=self._tiou)["map"])
                for results in by_name(joined, self._data)
            ]
        )


def better(old: Best, new: Best) -> Best:
    """For each member the one of higher score, the old one where they are equal."""
    wins = new.score > old.score

    def choose(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.where(wins.reshape(-1, *[1] * (a.ndim - 1)), b, a)

    return jax.tree.map(choose, old, new)
