"""Files of a run -> one self-contained `report.html`, or one picture for a paper or a page."""

from pathlib import Path

from jaxseg import footage
from jaxseg.formats.files import write_text
from jaxseg.report.localization import run as localization
from jaxseg.report.segmentation import run as segmentation
from jaxseg.runfiles.about import LocalizationData, read_dataset

__all__ = ["read_run", "write_picture", "write_report"]


def write_report(workdir: Path, *, max_videos: int = 6, exports: bool = True) -> Path:
    """Writes `report.html` into a run's workdir, from the files there alone.

    `config.json`, `dataset.json` and `members.json` are required; a panel whose file is absent is
    left out or says why. An older report stays until the new one is complete. Tables of segments
    beside predictions, and `segments/`, are written again where there are any: names.csv may have
    changed.

    Args:
        workdir: folder of the run.
        max_videos: how many videos are drawn, of each activity where there are any; at least 1.
        exports: False where `segments/` is of this moment.

    Returns:
        The path of the report.

    Raises:
        ValueError: a required file is missing, or a file is broken.
        OSError: the report cannot be written.
    """
    if max_videos < 1:
        raise ValueError(f"max_videos is {max_videos}, it must be at least 1")
    # The pages are imported when one is drawn: matplotlib takes its time to start.
    from jaxseg.report.localization.page import render_page as render_localization
    from jaxseg.report.segmentation.page import render_page as render_segmentation

    run = read_run(workdir)
    if isinstance(run, localization.Run):
        page = render_localization(run, max_videos)
    else:
        page = render_segmentation(run, max_videos)
        segmentation.rename_tables(run)
        if exports:
            footage.write_segments(workdir)
    target = Path(workdir) / "report.html"
    write_text(target, page)
    return target


def write_picture(workdir: Path, path: Path, *, activity: str = "", num_videos: int = 2) -> Path:
    """Draws some videos of a run side by side; the ending of `path` is the format.

    Args:
        workdir: folder of the run.
        path: .png, .svg or .pdf.
        activity: of a segmentation run; default: the first one that has couplings.
        num_videos: at least 1.

    Returns:
        `path`.

    Raises:
        ValueError: an activity that the run does not have, nothing to draw, or a broken file.
    """
    from jaxseg.report import picture

    if num_videos < 1:
        raise ValueError(f"the number of videos must be at least 1, got {num_videos}")
    run = read_run(workdir)
    if not isinstance(run, localization.Run):
        return picture.write_segmentation(run, path, activity=activity, num_videos=num_videos)
    if activity:
        name = run.source.name
        raise ValueError(f"no activity {activity!r} in {name}, a run of localization")
    return picture.write_localization(run, path, num_videos=num_videos)


def read_run(workdir: Path) -> segmentation.Run | localization.Run:
    """Everything that the report of a run of either task is made from.

    Raises:
        ValueError: a required file is missing, or a file does not hold what it should.
    """
    data = read_dataset(Path(workdir))
    task = localization if isinstance(data, LocalizationData) else segmentation
    return task.read_run(Path(workdir), data)
