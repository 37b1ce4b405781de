"""The checkpoint rule `oracle-test`: the parameters that score best on the test videos.

CASE's program reports its best test score, seen every 50 steps. No one who has only training
videos can choose like that, so that such scores compare with nothing but each other.
"""

from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxseg import processes
from jaxseg.config import Config
from jaxseg.data.localization.records import SnippetSet
from jaxseg.evaluation import evaluate_localization
from jaxseg.evaluation.localization.protocols import parse_tiou
from jaxseg.formats.arrays import read_npz
from jaxseg.formats.detections import truth_segments
from jaxseg.prediction.detect import join_detections, make_detect
from jaxseg.proposals import as_segments
from jaxseg.training.forward import make_gather
from jaxseg.training.loop import Setup
from jaxseg.training.step import TrainState
from jaxseg.training.writer import write_arrays

FILE = Path("oracle/best.npz")


class Best(NamedTuple):
    """The best parameters so far of each member.

    Attributes:
        score: float64 [members], mAP in percent, mean over the thresholds.
        step: int64 [members], how many steps had been done.
        parameters: (params, carried) in NumPy, the members' axis in front.
    """

    score: np.ndarray
    step: np.ndarray
    parameters: tuple[Any, Any]


class OracleTest:
    """What the training loop calls every few steps: tests all members and keeps the best.

    A run that is resumed goes on from the file; of equal scores the first one stays, so that it
    ends as a run that was never stopped.

    Args:
        config: `data` and `evaluation.tiou`; how to test comes with each member.
        data: its test videos are scored under protocol `anet`.
        workdir: where `oracle/best.npz` is kept.
    """

    def __init__(self, config: Config, data: SnippetSet, setup: Setup, workdir: Path):
        self._data, self._members = data, setup.members
        self._path = workdir / FILE
        self._tiou = parse_tiou(config.evaluation.tiou)
        self._detect = make_detect(config, data, setup)
        self._gather = make_gather(len(setup.members), setup.mesh)
        names = {video.name for video in data.test}
        database = data.to_truth()["database"]
        self._truth = truth_segments({name: database[name] for name in database if name in names})

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
        if self._path.exists():
            new = better(read_best(self._path.parents[1], like=new.parameters), new)
        write_best(self._path, new)

    def scores(self, params, carried) -> np.ndarray:
        """mAP of each member on the test videos in percent, float64 [members]."""
        own = {
            index: [one.detections for one in self._detect(params, carried, video)]
            for index, video in processes.share(self._data.test)
        }
        found = join_detections(own, len(self._data.test), len(self._members))
        scores = []
        for each in zip(*found, strict=True):
            results = {
                video.name: as_segments(detections, self._data.classes)
                for video, detections in zip(self._data.test, each, strict=True)
            }
            result = evaluate_localization(self._truth, results, tiou=self._tiou)
            scores.append(np.mean(result["map"]))
        return np.array(scores)


def better(old: Best, new: Best) -> Best:
    """For each member the one of higher score, the old one where they are equal."""
    wins = new.score > old.score

    def choose(a, b):
        return np.where(wins.reshape(-1, *[1] * (a.ndim - 1)), b, a)

    return jax.tree.map(choose, old, new)


def describe(best: Best) -> str:
    """A sentence for everything that is made from these parameters."""
    steps = ", ".join(map(str, best.step.tolist()))
    return (
        f"oracle-test: the parameters that score best on the test videos (step {steps}); "
        "chosen by the test itself, so not comparable with results of the last step"
    )


def write_best(path: Path, best: Best) -> None:
    """Writes the file whole or not at all.

    Raises:
        OSError: with the file's name.
    """
    leaves = jax.tree.leaves(best.parameters)
    arrays = {f"{index:04d}": leaf for index, leaf in enumerate(leaves)}
    path.parent.mkdir(parents=True, exist_ok=True)
    write_arrays(path, {"score": best.score, "step": best.step} | arrays)


def read_best(workdir: Path, *, like: tuple[Any, Any]) -> Best:
    """Reads `oracle/best.npz`.

    Args:
        like: (params, carried) of the same members, for their structure and shapes.

    Raises:
        ValueError: no such file, or one that is damaged or of another network.
    """
    path = workdir / FILE
    leaves, structure = jax.tree.flatten(like)
    if not path.exists():
        raise ValueError(
            f"no {path}: config.checkpoint.rule = 'oracle-test' has to be set before training"
        )
    names = [f"{index:04d}" for index in range(len(leaves))]
    try:
        arrays = read_npz(path, ["score", "step", *names])
    except ValueError as error:
        raise ValueError(f"{path} is damaged ({error}); remove {workdir} to train anew") from None
    found, score, step = [arrays[name] for name in names], arrays["score"], arrays["step"]
    if [leaf.shape for leaf in found] != [leaf.shape for leaf in leaves]:
        raise ValueError(f"{path} holds the parameters of another network or of other members")
    return Best(score, step, jax.tree.unflatten(structure, found))
