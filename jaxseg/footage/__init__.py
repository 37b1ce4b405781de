"""From a run's predictions back to its videos: `segments/` and `footage/` of a workdir.

`segments/` has tables for other programs, `footage/` the pictures and links of the report. Only for
runs on videos whose features jaxseg made itself, since the files of others are not known. The
libraries that this needs are those of the extra `video`; importing this package needs none.
"""

import itertools
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from tqdm import tqdm

from jaxseg.features import check_installed
from jaxseg.footage.record import Recorder
from jaxseg.footage.workdir import EXPORTS, TimedSegment, read_run
from jaxseg.formats.files import atomic_folder
from jaxseg.formats.segments import Segment, write_csv, write_eaf, write_vtt
from jaxseg.runfiles.footage import Footage, write_footage

__all__ = ["write"]


def write(workdir: Path, *, max_videos: int, progress: bool = True) -> None:
    """Writes `segments/` and `footage/` from the files of a run.

    `segments/<activity>/<member>/<video>.csv`, `.vtt`, `.eaf` of all videos and of the members of
    the main variant, the first one's with the names of names.csv; `footage/footage.json` and
    `footage/pictures/` for the report, of the first member. Both folders appear complete or not at
    all, in the place of older ones.

    Args:
        workdir: of a run with predictions, whose `features/` jaxseg made from videos.
        max_videos: number of videos of an activity that get pictures of their segments.
        progress: whether to show a bar.

    Raises:
        ValueError: a file is missing or broken, or a library is not installed. A video that is
            gone, has changed or cannot be read is no error: the report says so.
        OSError: a file cannot be written.
    """
    check_installed(["av", "cv2", "pympi"])
    workdir = Path(os.path.abspath(workdir))
    run = read_run(workdir)
    with atomic_folder(workdir / "segments") as folder:
        for activity in run.activities:
            for number, (member, videos) in enumerate(activity.segments.items()):
                names = {} if number else activity.names
                for video in activity.videos:
                    if segments := videos.get(video.name):
                        place = folder / activity.name / member
                        write_exports(place, video.name, segments, video.source, names)
    with atomic_folder(workdir / "footage") as folder:
        total = sum(len(activity.videos) for activity in run.activities)
        with tqdm(total=total, desc="footage", unit="video", disable=not progress) as bar:
            recorder = Recorder(run, folder, max_videos, bar.update)
            activities = {each.name: Footage(**recorder.activity(each)) for each in run.activities}
        write_footage(folder, run.fps, activities)


def write_exports(
    folder: Path,
    name: str,
    segments: list[TimedSegment],
    source: Path | None,
    names: Mapping[int, str] | None = None,
) -> None:
    """Writes the tables of one video: `<folder>/<name>` with each suffix of `EXPORTS`.

    Args:
        folder: links to the video have to hold where it is in the end.
        name: of the video.
        segments: in time order.
        source: the video file, None where it is not known.
        names: cluster -> name, of those that have one; neighbors of the same name are one segment.
    """
    folder.mkdir(parents=True, exist_ok=True)

    def labeled(label: Callable[[TimedSegment], str]) -> list[Segment]:
        def name_of(each: TimedSegment) -> str:
            return (names or {}).get(each.cluster) or label(each)

        groups = (list(group) for _, group in itertools.groupby(segments, key=name_of))
        return [Segment(each[0].start, each[-1].end, name_of(each[0])) for each in groups]

    numbered = labeled(lambda each: str(each.cluster))
    named = labeled(lambda each: each.name)
    csv, vtt, eaf = (folder / f"{name}.{suffix}" for suffix in EXPORTS)
    write_csv(csv, numbered)
    write_vtt(vtt, named)
    write_eaf(eaf, named, source)
