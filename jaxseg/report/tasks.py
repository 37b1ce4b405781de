"""Which task a run is of, and who reads and draws it."""

from pathlib import Path

from jaxseg.report.files import read_object
from jaxseg.report.localization import page as localization_page
from jaxseg.report.localization import picture as localization_picture
from jaxseg.report.localization.workdir import read_localization
from jaxseg.report.segmentation import page, picture
from jaxseg.report.segmentation.workdir import read_run

TASKS = ("segmentation", "localization")


def read_task(workdir: Path) -> str:
    """The task that `dataset.json` names; segmentation where it names none.

    Raises:
        ValueError: the file is missing or broken, or the task is unknown.
    """
    path = workdir / "dataset.json"
    task = read_object(path, required=True).get("task", TASKS[0])
    if task not in TASKS:
        raise ValueError(f"{path}: task {task!r} is none of {', '.join(TASKS)}")
    return task


def render(workdir: Path, max_videos: int) -> str:
    """The report of a run of any task, as HTML."""
    if read_task(workdir) == "localization":
        return localization_page.render(read_localization(workdir), max_videos)
    return page.render(read_run(workdir), max_videos)


def write_picture(workdir: Path, path: Path, *, activity: str = "", num_videos: int = 2) -> Path:
    """Some videos of a run of any task in one picture; see the task's own `write_picture`."""
    if read_task(workdir) == "localization":
        run = read_localization(workdir)
        if activity:
            raise ValueError(f"no activity {activity!r} in {run.name}, a run of localization")
        return localization_picture.write_picture(run, path, num_videos=num_videos)
    options = {"activity": activity, "num_videos": num_videos}
    return picture.write_picture(read_run(workdir), path, **options)
