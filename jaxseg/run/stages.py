"""The stages of a run in their order; each reads the files of the ones before it."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from jaxseg import data, footage, methods, processes, report
from jaxseg.config import Config
from jaxseg.formats.annotations.exports import check_formats
from jaxseg.prediction import intervals, segments
from jaxseg.prediction.oracle import OracleTest
from jaxseg.run import videos, workdir
from jaxseg.run.flags import STAGES
from jaxseg.runfiles import choice
from jaxseg.scoring import intervals as interval_scores
from jaxseg.scoring import segments as segment_scores
from jaxseg.training import loop
from jaxseg.training.members import enumerate_members
from jaxseg.training.settled import settled_configs
from jaxseg.training.setup import Setup, set_up
from jaxseg.training.step import TrainState
from jaxseg.tuning import seeds
from jaxseg.tuning.settle import settle

# Notice of a run on generated data, printed at its start and end.
GENERATED = "generated data (embedded twin): its figures are not comparable with any paper's"


def run(
    config: Config,
    folder: Path,
    stages: Sequence[str] = STAGES,
    *,
    data_set: Any = None,
    progress: bool = True,
) -> None:
    """Runs stages on one working directory.

    Args:
        config: of the run.
        folder: of its files.
        stages: that are run, in their order.
        data_set: a data set in memory; None: the one that the config names.
        progress: show bars in training and prediction.

    Raises:
        ValueError, OSError: one sentence with the file and the value.
        interrupts.Stopped: training was interrupted and saved.
    """
    origin = _origin(config.data.name) if config.data.is_embedded else ""
    if origin:
        processes.print_once(origin)
    workdir.check(folder, config)
    processes.require_same(repr(config), "configs")
    formats = getattr(config.predict, "formats", [])  # of segments; localization has none
    check_formats("config.predict.segments", formats)
    from_videos = config.data.name == data.VIDEOS
    if from_videos and not {"features", "train", "predict"}.isdisjoint(stages):
        processes.first_alone(lambda: videos.extract(config, folder), "features")
    elif list(stages) == ["features"]:
        raise ValueError(f"--mode=features is for videos; {config.data.name} has its features")
    task = TASKS[config.task]
    if "train" in stages or "predict" in stages:
        data_set = data_set or task.load(config, folder)
        if formats:
            check_formats("config.predict.segments", formats, fps=data_set.fps)
        for note in getattr(data_set, "notes", ()):
            processes.print_once(f"note: {note}")
        trains = "train" in stages
        looks = trains and config.asks_for and not (folder / choice.NAME).exists()
        if looks:  # imports libraries first, which would count as auto's time
            methods.make(config, num_clusters=2)
        started = time.perf_counter()
        chosen = settle(config, data_set, folder, trains=trains, progress=progress)
        looked = time.perf_counter() - started
        if chosen:
            processes.print_once("\n".join(choice.summary(chosen)))
        settled = settled_configs(config, chosen)
        setup = set_up(config, data_set, enumerate_members(config, data_set, settled))
        processes.first_alone(lambda: _claim(folder, config, data_set, setup, chosen), "workdir")
        processes.print_once(f"{data_set.summary()}; {_size(setup)}; files in {folder}")
        if trains:
            watch = task.watch(config, data_set, setup, folder)
            started = time.perf_counter()
            loop.train(config, setup, folder, progress=progress, watch=watch)
            if looks:
                trained = time.perf_counter() - started
                processes.print_once(f"auto took {looked:.0f} s, the training {trained:.0f} s")
        if "predict" in stages:
            task.predict(config, data_set, setup, folder, progress=progress)
            if processes.is_first():
                seeds.compare(config, data_set, setup.members, folder)
                if config.task == "segmentation" and not from_videos:
                    footage.write_segments(folder, formats)
    if "evaluate" in stages and processes.is_first():
        scores = task.evaluate(folder, **vars(config.evaluation))
        processes.print_once("\n".join(task.summary(scores)))
    if "report" in stages and processes.is_first():
        if from_videos:  # pictures, contact sheets and tables, which the report links to
            footage.write(folder, max_videos=config.report.max_videos, formats=formats)
        elif config.task == "segmentation" and "predict" not in stages:  # names may have changed
            footage.write_segments(folder, formats)
        path = report.write_report(folder, max_videos=config.report.max_videos, exports=False)
        processes.print_once(f"report: {path}")
    if origin:
        processes.print_once(origin)


def _claim(
    folder: Path, config: Config, data_set: Any, setup: Setup, chosen: choice.Choice | None
) -> None:
    """Makes the folder the run's own, with what was chosen: what cannot run leaves nothing."""
    workdir.claim(folder, config, data_set, setup.members)
    if chosen:
        choice.write_choice(folder, chosen)


def _origin(name: str) -> str:
    """Notice of a run without data of a user's, by the config's name of its data set."""
    if name == data.FOLDER:
        return f"{data.EMBEDDED.name}: {data.UNNAMED}"
    return f"{data.SIGNS_NAME}: {data.OF_SIGNS}" if name == data.VIDEOS else f"{name}: {GENERATED}"


def _size(setup: Setup) -> str:
    text = f"{len(setup.members)} members of one program, {setup.num_steps} steps"
    if setup.mesh.size == 1:
        return text
    shape = " x ".join(str(length) for length in setup.mesh.shape.values())
    where = f"{setup.mesh.size} devices (member x data = {shape})"
    return text + f", {where} of {processes.count()} processes"


class Task(NamedTuple):
    """How the stages of a run do what differs between tasks.

    Attributes:
        load: (config, workdir or None) -> data set, read by all processes together; text is
            cached beside the workdir.
        watch: (config, data set, setup, workdir) -> the watch of `loop.train`, or None.
        predict: (config, data set, setup, workdir, progress=whether to show a bar); writes the
            predictions.
        evaluate: (workdir, keys of `config.evaluation`) -> scores, which it writes to
            `evaluation.json` too.
        summary: scores -> lines for the terminal.
    """

    load: Callable[[Config, Path | None], Any]
    watch: Callable[[Config, Any, Setup, Path], Callable[[int, TrainState], None] | None]
    predict: Callable[..., None]
    evaluate: Callable[..., dict]
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


def _load_snippets(config: Config, folder: Path | None) -> data.SnippetSet:
    if config.activities:
        raise ValueError(
            f"config.activities: {config.method} learns all classes of {config.data.name} "
            f"together, there is nothing to choose; got {', '.join(config.activities)}"
        )
    return data.load_localization(config.data, progress=processes.is_first(), processes=processes)


def _watch_tests(config: Config, *others: Any) -> OracleTest | None:
    return OracleTest(config, *others) if config.checkpoint.rule == "oracle-test" else None


TASKS = {
    "segmentation": Task(
        load=_load_frames,
        watch=lambda *_: None,
        predict=segments.predict,
        evaluate=segment_scores.evaluate,
        summary=segment_scores.summary_lines,
    ),
    "localization": Task(
        load=_load_snippets,
        watch=_watch_tests,
        predict=intervals.predict,
        evaluate=interval_scores.evaluate,
        summary=interval_scores.summary_lines,
    ),
}
