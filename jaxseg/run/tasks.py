"""The two tasks of the house: who reads, predicts and scores for each."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from jaxseg import data, processes
from jaxseg.config import Config
from jaxseg.prediction import intervals, segments
from jaxseg.prediction.oracle import OracleTest
from jaxseg.scoring import intervals as interval_scores
from jaxseg.scoring import segments as segment_scores
from jaxseg.training.loop import Setup
from jaxseg.training.step import TrainState


class Task(NamedTuple):
    """How the stages of a run do what differs between tasks.

    Attributes:
        load: (config, workdir or None) -> data set, read by all processes together; text is
            cached beside the workdir.
        watch: (config, data set, setup, workdir) -> what training is watched by, or None.
        predict: (config, data set, setup, workdir), writes the predictions.
        evaluate: (config, workdir) -> scores, written to `evaluation.json` too.
        summary: scores -> lines for the terminal.
    """

    load: Callable[[Config, Path | None], Any]
    watch: Callable[[Config, Any, Setup, Path], Callable[[int, TrainState], None] | None]
    predict: Callable[[Config, Any, Setup, Path], None]
    evaluate: Callable[[Config, Path], dict]
    summary: Callable[[dict], list[str]]


def _load_frames(config: Config, folder: Path | None) -> data.DataSet:
    return data.load(
        config.data,
        activities=config.activities,
        cache=folder and folder.parent / "cache",
        progress=processes.is_first(),
        processes=processes,
        workdir=folder,
    )


def _evaluate_frames(config: Config, folder: Path) -> dict:
    rules = config.evaluation
    return segment_scores.evaluate(
        folder,
        protocols=rules.protocols,
        seed=rules.seed,
        exclusion=rules.exclusion,
        split_sil=rules.split_sil,
    )


def _load_snippets(config: Config, folder: Path | None) -> data.SnippetSet:
    if config.activities:
        raise ValueError(
            f"config.activities: {config.method} learns all classes of {config.data.name} "
            f"together, there is nothing to choose; got {', '.join(config.activities)}"
        )
    return data.load_localization(config.data, progress=processes.is_first(), processes=processes)


def _watch_tests(config: Config, videos, setup: Setup, folder: Path) -> OracleTest | None:
    if config.checkpoint.rule != "oracle-test":
        return None
    return OracleTest(config, videos, setup, folder)


def _evaluate_intervals(config: Config, folder: Path) -> dict:
    rules = config.evaluation
    options = {"tiou": rules.tiou, "ambiguous": rules.ambiguous}
    return interval_scores.evaluate(folder, protocols=rules.protocols, **options)


TASKS = {
    "segmentation": Task(
        load=_load_frames,
        watch=lambda *_: None,
        predict=segments.predict,
        evaluate=_evaluate_frames,
        summary=segment_scores.summary_lines,
    ),
    "localization": Task(
        load=_load_snippets,
        watch=_watch_tests,
        predict=intervals.predict,
        evaluate=_evaluate_intervals,
        summary=interval_scores.summary_lines,
    ),
}
