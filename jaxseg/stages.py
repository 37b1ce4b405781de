"""The stages of a run in their order; each reads the files of the ones before it."""

from collections.abc import Sequence
from pathlib import Path

from jaxseg import processes, report, workdir
from jaxseg.config import Config
from jaxseg.processes import say
from jaxseg.tasks import TASKS
from jaxseg.training import loop

STAGES = ("train", "predict", "evaluate", "report")
GENERATED = "generated data (embedded twin): its figures are not comparable with any paper's"


def run(config: Config, folder: Path, stages: Sequence[str]) -> None:
    """Runs stages on one working directory.

    Raises:
        ValueError, OSError: one sentence with the file and the value.
        loop.Stopped: training was interrupted and saved.
    """
    if not config.data.root:
        say(f"{config.data.name}: {GENERATED}")
    workdir.check(folder, config)
    processes.require_same(repr(config), "configs")
    task = TASKS[config.task]
    if "train" in stages or "predict" in stages:
        videos = task.load(config, folder.parent / "cache")
        setup = loop.set_up(config, videos)
        processes.first_alone(
            lambda: workdir.claim(folder, config, videos, setup.members), "workdir"
        )
        say(f"{videos.summary()}; {_plan(setup)}; files in {folder}")
        if "train" in stages:
            watch = task.watch(config, videos, setup, folder)
            loop.train(config, setup, folder, watch=watch)
        if "predict" in stages:
            task.predict(config, videos, setup, folder)
    if "evaluate" in stages and processes.is_first():
        say("\n".join(task.summary(task.evaluate(config, folder))))
    if "report" in stages and processes.is_first():
        say(f"report: {report.write_report(folder, max_videos=config.report.max_videos)}")
    if not config.data.root:
        say(f"{config.data.name}: {GENERATED}")


def _plan(setup: loop.Setup) -> str:
    text = f"{len(setup.members)} members of one program, {setup.num_steps} steps"
    if setup.mesh.size == 1:
        return text
    shape = " x ".join(str(length) for length in setup.mesh.shape.values())
    where = f"{setup.mesh.size} devices (member x data = {shape})"
    return text + f", {where} of {processes.count()} processes"
