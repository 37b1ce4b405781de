"""From a run's predictions back to its recordings: `segments/` and `footage/` of a workdir.

`segments/` has files for other programs, `footage/` the pictures and links of the report. The
latter is only for runs on videos whose features jaxseg made itself, since the files of others are
not known; it needs the libraries of the extra `video`. Importing this package needs none.
"""

import os
from collections.abc import Iterable
from pathlib import Path

from tqdm import tqdm

from jaxseg.features import check_installed
from jaxseg.footage.record import Recorder
from jaxseg.footage.workdir import EXPORTS, Run, read_run
from jaxseg.formats.annotations.exports import FORMATS, check_formats, write_exports
from jaxseg.formats.files import atomic_folder
from jaxseg.runfiles.footage import Footage, write_footage

__all__ = ["write", "write_segments"]

SEGMENTS = "segments"


def write(
    workdir: Path, *, max_videos: int, formats: Iterable[str] = (), progress: bool = True
) -> None:
    """Writes `segments/` and `footage/` from the files of a run on videos.

    `segments/<activity>/<member>/<video>.csv`, `.vtt`, `.eaf` and whatever else is asked for, of
    all videos and of the members of the main variant, the first one's with the names of names.csv;
    `footage/footage.json` and `footage/pictures/` for the report, of the first member. Both folders
    appear complete or not at all, in the place of older ones.

    Args:
        workdir: of a run with predictions, whose `features/` jaxseg made from videos.
        max_videos: number of videos of an activity that get pictures of their segments.
        formats: names of `exports.FORMATS`, beside those that are always there.
        progress: whether to show a bar.

    Raises:
        ValueError: a file is missing or broken, or a library is not installed. A video that is
            gone, has changed or cannot be read is no error: the report says so.
        OSError: a file cannot be written.
    """
    check_installed(["av", "cv2", "pympi"])
    workdir = Path(os.path.abspath(workdir))
    run, formats = read_run(workdir), _ordered({*EXPORTS, *formats})
    if not run.of_videos:
        raise ValueError(f"{workdir}: not a run on videos: no features/features.json")
    _write_segments(run, formats)
    with atomic_folder(workdir / "footage") as folder:
        total = sum(len(activity.videos) for activity in run.activities)
        with tqdm(total=total, desc="footage", unit="video", disable=not progress) as bar:
            recorder = Recorder(run, folder, max_videos, bar.update, formats)
            activities = {each.name: Footage(**recorder.activity(each)) for each in run.activities}
        write_footage(folder, run.fps, activities)


def write_segments(workdir: Path, formats: Iterable[str] = ()) -> None:
    """Writes `segments/` alone, if anything is to be in it.

    The formats are those that are asked for and those that `segments/` has from earlier, which may
    be of other predictions and names. But for runs on videos CSV is left out, which lies beside
    the predictions.

    Raises:
        ValueError, OSError: see `write`; an unknown rate, where a format counts in seconds.
    """
    workdir = Path(os.path.abspath(workdir))
    earlier = _formats_in(workdir / SEGMENTS)
    if not {*formats, *earlier} - {"csv"}:
        return
    run = read_run(workdir)
    check_formats("config.predict.segments", list(formats), fps=run.fps)
    earlier = {name for name in earlier if run.fps or not FORMATS[name].in_seconds}
    others = set() if run.of_videos else {"csv"}
    _write_segments(run, _ordered({*formats, *earlier} - others))


def _write_segments(run: Run, formats: Iterable[str]) -> None:
    with atomic_folder(run.folder / SEGMENTS) as folder:
        for activity in run.activities:
            for member, found in activity.found.items():
                if found:
                    # A link from this place is one from the folder's own in the end: both are
                    # equally deep.
                    place, clusters = folder / activity.name / member, activity.clusters[member]
                    write_exports(place, list(found.values()), clusters, formats)


def _formats_in(folder: Path) -> set[str]:
    """The formats that a run's `segments/` has files of."""
    names = [path.name for path in folder.rglob("*")] if folder.is_dir() else []
    return {
        name
        for name, form in FORMATS.items()
        if form.together in names
        or any(form.suffix and each.endswith(form.suffix) for each in names)
    }


def _ordered(formats: set[str]) -> list[str]:
    return [name for name in FORMATS if name in formats]
