"""Pictures of a run's videos for the report, and `footage.json`, which says where they belong."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from jaxseg.features import need
from jaxseg.features.video.frames import VideoFile
from jaxseg.footage.workdir import Activity, Run, Video, problem_of, url
from jaxseg.formats.annotations.exports import FORMATS
from jaxseg.formats.annotations.exports.segments import TimedSegment
from jaxseg.runfiles.segmentation import TypicalFrame

PICTURES = 500  # on the page of segments, and as many of typical moments: together about 6 MB
FILM = (4, 24)  # least and most pictures of one video's segments
MOMENTS = (3, 12)  # least and most pictures of one cluster's typical moments
WIDTH, HEIGHT = 160, 120  # box that a picture fits into
QUALITY = 70  # of JPEG: 3 to 6 kB a picture
PICTURES_ONLY = "A folder of pictures, which no browser plays; those of its segments are shown."


class Recorder:
    """Takes the pictures of a run, into `pictures/` of a folder, and notes where they belong.

    Of an activity `max_videos` get pictures of their segments; `done` is called after each video.
    `formats` are those in `segments/`.
    """

    def __init__(
        self,
        run: Run,
        folder: Path,
        max_videos: int,
        done: Callable[[], Any],
        formats: Sequence[str],
    ):
        self._run = run
        self._formats = formats
        self._max_videos = max_videos
        self._done = done
        self._pictures = folder / "pictures"
        self._pictures.mkdir()
        self._count = 0
        shown = sum(min(max_videos, len(activity.videos)) for activity in run.activities)
        clusters = sum(len(activity.typical) for activity in run.activities)
        self._film = share(PICTURES, shown, FILM)
        self._moments = share(PICTURES, clusters, MOMENTS)

    def activity(self, activity: Activity) -> dict[str, Any]:
        """An activity's part of `footage.json`."""
        member, by_video = next(iter(activity.found.items()))
        typical = [self._timed(activity, frames[: self._moments]) for frames in activity.typical]
        shown = evenly([video.name for video in activity.videos], self._max_videos)
        videos = {}
        for video in activity.videos:
            found = by_video.get(video.name)
            segments = found.segments if found else []
            film = longest(segments, self._film if video.name in shown else 0)
            moments = [each for group in typical for each in group if each["video"] == video.name]
            middles = {segment: round((segment.start + segment.end) / 2, 3) for segment in film}
            times = [*middles.values(), *(moment["time"] for moment in moments)]
            problem, pictures = self._take(video, times)
            for moment in moments:
                moment["picture"] = pictures.get(moment["time"])
            if segments:
                source, folder = video.source, self._run.folder
                exists = source is not None and source.is_file()
                tables = folder / "segments" / activity.name / member
                videos[video.name] = {
                    "file": video.entry.get("source", ""),
                    # Links are relative to the run.
                    "link": url(source, folder) if exists else None,
                    "problem": problem,
                    "notes": video.entry.get("notes", []),
                    "exports": {
                        name: url(tables / (form.together or f"{video.name}{form.suffix}"), folder)
                        for name in self._formats
                        if (form := FORMATS[name])
                    },
                    "shown": video.name in shown,
                    "segments": [
                        [*segment, pictures.get(middles.get(segment))] for segment in segments
                    ],
                }
            self._done()
        return {"member": member, "videos": videos, "moments": typical}

    def _timed(self, activity: Activity, frames: Sequence[TypicalFrame]) -> list[dict[str, Any]]:
        """Typical frames in the videos' own time."""
        first = {video.name: video.first for video in activity.videos}
        return [
            {
                "video": each.video,
                "time": round(max(0.0, first[each.video] + each.frame / self._run.fps), 3),
                "similarity": each.similarity,
            }
            for each in frames
            if each.video in first
        ]

    def _take(self, video: Video, times: Iterable[float]) -> tuple[str, dict[float, str]]:
        """(what is wrong with a video, time -> picture, as far as there are any)."""
        problem, pictures = problem_of(video), {}
        if problem:
            return problem, pictures
        source, fps = video.source, self._run.fps
        try:
            for time, content in take_pictures(source, times, fps, steady=video.steady):
                name = f"{self._count}.jpg"
                (self._pictures / name).write_bytes(content)
                pictures[time] = f"footage/pictures/{name}"
                self._count += 1
            if source.is_dir():
                problem = PICTURES_ONLY
        except ValueError as error:
            problem = f"Not all of its pictures could be taken: {error}"
        return problem, pictures


def longest(segments: Sequence[TimedSegment], most: int) -> list[TimedSegment]:
    """Up to `most` of the segments, the longest, in their order."""
    ranked = sorted(segments, key=lambda segment: segment.start - segment.end)
    return sorted(ranked[:most])


def evenly(names: Sequence[str], most: int) -> set[str]:
    """Up to `most` names, from the first to the last in equal steps."""
    if len(names) <= most:
        return set(names)
    return {names[round(i * (len(names) - 1) / max(1, most - 1))] for i in range(most)}


def share(total: int, parts: int, between: tuple[int, int]) -> int:
    """Equal share of `total` for each of some parts, within the limits `between`."""
    least, most = between
    return min(most, max(least, total // max(1, parts)))


def take_pictures(
    video: Path, times: Iterable[float], fps: float | None = None, *, steady: bool = True
) -> Iterator[tuple[float, bytes]]:
    """(time, JPEG of what the video shows then), in time order; none after the video's end.

    `fps`: the rate of a folder of pictures; `steady`: see `VideoFile`. Memory: one picture at a
    time. A ValueError has the name of a video that cannot be read, or not from some time on.
    """
    cv2, file = need("cv2"), VideoFile(video, picture_fps=fps, steady=steady)
    for time, frame in file.at(times, height=box_height(file.width, file.height)):
        blue_first = np.ascontiguousarray(frame[..., ::-1])
        _, content = cv2.imencode(".jpg", blue_first, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        yield time, content.tobytes()


def box_height(width: int, height: int) -> int:
    """Height of a picture that fits the box with its own aspect."""
    return max(1, min(HEIGHT, round(height * WIDTH / width), height))
