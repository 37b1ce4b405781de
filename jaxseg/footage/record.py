"""What the report shows of the videos, as `footage.json` and pictures beside it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from jaxseg.footage import links
from jaxseg.footage.exports import WRITERS
from jaxseg.footage.pictures import take
from jaxseg.footage.segments import longest
from jaxseg.footage.workdir import Activity, Run, Video

PICTURES = 500  # on the page of segments, and as many of typical moments: together about 6 MB
FILM = (4, 24)  # least and most pictures of one video's segments
MOMENTS = (3, 12)  # of one cluster's typical moments


class Recorder:
    """Takes the pictures of a run and notes where they belong.

    Args:
        run: from `read_run`.
        folder: for `pictures/`.
        max_videos: of an activity, those with pictures of their segments.
        done: called after each video.
    """

    def __init__(self, run: Run, folder: Path, max_videos: int, done: Callable[[], Any]):
        self._run, self._max_videos, self._done = run, max_videos, done
        self._pictures = folder / "pictures"
        self._pictures.mkdir()
        self._count = 0
        shown = sum(min(max_videos, len(activity.videos)) for activity in run.activities)
        clusters = sum(len(activity.typical) for activity in run.activities)
        self._film = share(PICTURES, shown, FILM)
        self._moments = share(PICTURES, clusters, MOMENTS)

    def activity(self, activity: Activity) -> dict[str, Any]:
        """An activity's part of `footage.json`."""
        member = activity.members[0]
        typical = [self._timed(activity, found[: self._moments]) for found in activity.typical]
        shown = spread([video.name for video in activity.videos], self._max_videos)
        videos = {}
        for video in activity.videos:
            segments = self._run.segments(video, member)
            film = longest(segments, self._film if video.name in shown else 0)
            own = [moment for found in typical for moment in found if moment["video"] == video.name]
            middles = {segment: round((segment.start + segment.end) / 2, 3) for segment in film}
            times = [*middles.values(), *(moment["time"] for moment in own)]
            problem, pictures = self._take(video, times)
            for moment in own:
                moment["picture"] = pictures.get(moment["time"])
            if segments:
                videos[video.name] = {
                    **self._described(video, member, problem),
                    "shown": video.name in shown,
                    "segments": [[*s, pictures.get(middles.get(s))] for s in segments],
                }
            self._done()
        return {"member": member, "videos": videos, "moments": typical}

    def _timed(self, activity: Activity, moments: Sequence[Mapping]) -> list[dict[str, Any]]:
        """Typical moments in the videos' own time."""
        first = {video.name: video.first for video in activity.videos}
        return [
            {
                "video": moment["video"],
                "time": round(
                    max(0.0, first[moment["video"]] + moment["frame"] / self._run.fps), 3
                ),
                "similarity": moment["similarity"],
            }
            for moment in moments
            if moment["video"] in first
        ]

    def _take(self, video: Video, times: Iterable[float]) -> tuple[str, dict[float, str]]:
        """What is wrong with a video, and time -> picture, as far as there are any."""
        if video.source is None:
            return "No file is known that its features were made from.", {}
        problem, pictures = links.problem(video.source, video.entry), {}
        if problem:
            return problem, pictures
        try:
            for time, content in take(video.source, times):
                name = f"{self._count}.jpg"
                (self._pictures / name).write_bytes(content)
                pictures[time] = f"footage/pictures/{name}"
                self._count += 1
        except ValueError as error:
            problem = f"Not all of its pictures could be taken: {error}"
        return problem, pictures

    def _described(self, video: Video, member: str, problem: str) -> dict[str, Any]:
        """The file, what is wrong with it, the way to its tables; links as seen from the run."""
        folder, source = self._run.folder, video.source
        tables = folder / "segments" / video.activity / member
        there = source is not None and source.is_file()
        return {
            "file": video.entry.get("source", ""),
            "link": links.url(source, folder) if there else None,
            "problem": problem,
            "exports": {
                suffix: links.url(tables / f"{video.name}.{suffix}", folder) for suffix in WRITERS
            },
        }


def spread(names: Sequence[str], most: int) -> set[str]:
    """Up to `most` names, from the first to the last in equal steps."""
    if len(names) <= most:
        return set(names)
    return {names[round(i * (len(names) - 1) / max(1, most - 1))] for i in range(most)}


def share(total: int, parts: int, between: tuple[int, int]) -> int:
    """How many of `total` each of some parts gets, no fewer and no more than `between` says."""
    least, most = between
    return min(most, max(least, total // max(1, parts)))
