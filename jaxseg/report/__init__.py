"""Files of a run -> one self-contained `report.html`."""

import os
from pathlib import Path

from jaxseg.report.tasks import render

__all__ = ["write_report"]


def write_report(workdir: Path, *, max_videos: int = 6) -> Path:
    """Writes `report.html` into a run's workdir, from the files there alone.

    `config.json`, `dataset.json` and `members.json` are required; a panel whose file is absent is
    left out or says why. An older report stays until the new one is complete.

    Args:
        workdir: folder of the run.
        max_videos: how many videos are drawn, of each activity where there are any; at least 1.

    Returns:
        The path of the report.

    Raises:
        ValueError: a required file is missing, a file is broken, or the report cannot be written.
    """
    if max_videos < 1:
        raise ValueError(f"max_videos is {max_videos}, it must be at least 1")
    workdir = Path(workdir)
    page = render(workdir, max_videos)
    target = workdir / "report.html"
    temporary = workdir / f".report.html.{os.getpid()}"
    try:
        temporary.write_text(page, encoding="utf-8")
        os.replace(temporary, target)
    except OSError as error:
        raise ValueError(f"{target}: cannot be written: {error.strerror}") from None
    finally:
        temporary.unlink(missing_ok=True)
    return target
