"""A folder of videos -> a folder of features: what is missing or has changed, nothing else.

<out>/<name>.npy        float32 [frames, channels]; name: the video's path without its suffix
<out>/features.json     what each was made from and how
<out>/motion.npz        the fitted parts, where the kind has any
"""

import functools
import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from tqdm import tqdm

from jaxseg.features import extra, pool, record
from jaxseg.features.kinds import Kind
from jaxseg.features.rows import TEMPORARY, remove_leftovers, shape_of
from jaxseg.features.video.extraction import Plan, Task, probe
from jaxseg.features.video.extraction import extract as extract_video
from jaxseg.features.video.files import Found, find_videos


class Summary(NamedTuple):
    """What has become of the videos.

    Attributes:
        done: names of those whose features are new.
        kept: of those that had theirs already.
        failed: file within the folder of videos -> why it has none.
        truncated: names of those, new or kept, that break off before their announced end or have
            parts that cannot be decoded.
        removed: names whose videos are gone, and whose features are so too now.
        others: files and folders that were not looked at.
    """

    done: list[str]
    kept: list[str]
    failed: dict[str, str]
    truncated: list[str]
    removed: list[str]
    others: int


def extract(
    videos: Path,
    out: Path,
    kind: Kind,
    *,
    fps: float = 15.0,
    processes: int | None = None,
    least_frames: int = 1,
    progress: bool = True,
) -> Summary:
    """Makes the features of all videos of a folder that do not have them yet.

    Features are kept where the video's file (size, time of change), the settings and the fitted
    parts are those that they were made with.

    Args:
        videos: folder of videos; those in its subfolders belong to activities.
        out: folder of features, new or an earlier call's.
        kind: see `make_kind`; without fitted parts it takes those in `out`, or is fitted.
        fps: rows a second.
        processes: at once; None for one a core.
        least_frames: a video of fewer frames fails.
        progress: show a bar where somebody watches.

    Raises:
        ValueError: whatever concerns all videos; what concerns one is in the summary.
    """
    extra.check(("av", *kind.requires))
    if kind.fps not in (None, fps):
        raise ValueError(
            f"kind {kind.name} was fitted at {kind.fps:g} frames a second, not {fps:g}"
        )
    found = find_videos(videos)
    with record.locked(out):
        job = _Job(videos, out, kind, fps, found, processes or pool.cores(), progress)
        return job.run(least_frames)


def changed(videos: Path, out: Path) -> list[str]:
    """Names of videos with features in `out` that are gone, or files of another length by now.

    (The time of change alone is no sign: copying and moving may set it.)

    Raises:
        ValueError: no such folder of videos, or a damaged record.
    """
    there = find_videos(videos).videos
    known = record.read(out).get("videos", {})
    return sorted(
        name
        for name, facts in known.items()
        if name not in there or facts.get("bytes") != there[name].stat().st_size
    )


def _holds(facts: Mapping, stamp: Mapping) -> bool:
    return all(facts.get(key) == value for key, value in stamp.items())


class _Job:
    def __init__(self, videos, out, kind, fps, found: Found, processes, progress):
        self.videos: Path = videos
        self.out: Path = out
        self.kind: Kind = kind
        self.fps: float = fps
        self.found = found
        self.processes: int = processes
        self.quiet = None if progress else True
        self.stamps = {name: record.stamp(videos, path) for name, path in found.videos.items()}

    def run(self, least_frames: int) -> Summary:
        remove_leftovers(self.out)
        before = record.read(self.out)
        self._check_folder(before)
        head = self._head()
        same = all(before.get(key) == head[key] for key in ("kind", "fps", "channels", "settings"))
        fitted = self._take_fitted(same)
        same = same and fitted == before.get("fitted_sha256")
        kept = self._kept(before["videos"], least_frames) if same else {}
        removed = self._remove(before.get("videos", {}), kept)
        tables = {"videos": dict(kept), "failed": dict(self.found.refused)}
        content = head | {"fitted_sha256": fitted} | tables
        self.record = record.Record(self.out, content)
        self.record.write(now=True)
        try:
            self._make(Plan(self.kind, self.fps, least_frames))
        finally:
            self.record.write(now=True)
        made, failed = content["videos"], content["failed"]
        done = sorted(name for name in made if name not in kept)
        truncated = sorted(name for name, facts in made.items() if facts.get("truncated"))
        return Summary(
            done, sorted(kept), dict(sorted(failed.items())), truncated, removed, self.found.others
        )

    def _head(self) -> dict:
        return {
            "kind": self.kind.name,
            "fps": self.fps,
            "channels": self.kind.channels,
            "settings": record.plain(self.kind.settings()),
            "versions": extra.versions(("av", *self.kind.requires)),
            "fitted": self.kind.fitted_file,
            "folder": str(self.videos.resolve()),
        }

    def _check_folder(self, before: Mapping) -> None:
        """Features of another folder's videos are not overwritten; of one that was moved, kept."""
        if before.get("folder") in (None, str(self.videos.resolve())):
            return
        for name, facts in before["videos"].items():
            if name not in self.stamps or not _holds(facts, self.stamps[name]):
                raise ValueError(
                    f"{self.out}: holds features of the videos in {before['folder']}; give a new"
                    " --out"
                )

    def _take_fitted(self, same: bool) -> str | None:
        """The checksum of the kind's fitted parts in the folder; None where there are none yet."""
        if self.kind.fitted_file is None:
            return None
        path = self.out / self.kind.fitted_file
        if self.kind.needs_fitting and same and path.exists():
            self.kind.load(path)
        elif self.kind.needs_fitting:
            return None
        else:
            self._save_fitted()
        return record.checksum(path)

    def _save_fitted(self) -> None:
        path = self.out / self.kind.fitted_file
        temporary = path.with_name(f".{path.stem}{TEMPORARY}{path.suffix}")
        self.kind.save(temporary)
        os.replace(temporary, path)

    def _kept(self, before: Mapping[str, dict], least_frames: int) -> dict[str, dict]:
        """What is known of videos whose features still hold."""
        return {
            name: facts
            for name, facts in before.items()
            if name in self.stamps
            and _holds(facts, self.stamps[name])
            and facts["frames"] >= least_frames
            and shape_of(self._file(name)) == (facts["frames"], self.kind.channels)
        }

    def _file(self, name: str) -> Path:
        return self.out / f"{name}.npy"

    def _remove(self, before: Mapping[str, dict], kept: Mapping[str, dict]) -> list[str]:
        """Removes features that hold no longer; names of those whose videos are gone."""
        for name in before:
            if name not in kept:
                self._file(name).unlink(missing_ok=True)
        return sorted(name for name in before if name not in self.found.videos)

    def _make(self, plan: Plan) -> None:
        content = self.record.content
        missing = [name for name in self.found.videos if name not in content["videos"]]
        if not missing:
            return
        with pool.Pool(self.processes) as processes:
            facts = self._probe(processes, missing)
            if self.kind.needs_fitting and facts:
                self._fit([self.found.videos[name] for name in facts])
                content["fitted_sha256"] = record.checksum(self.out / self.kind.fitted_file)
                self.record.write(now=True)
            self._extract(processes, plan, facts)

    def _probe(self, processes: pool.Pool, names: list[str]) -> dict[str, dict]:
        """Facts about the videos that can be opened."""
        facts = {}
        tasks = {name: self.found.videos[name] for name in names}
        with self._bar("reading", len(names), "video") as bar:
            for name, event, value in processes.run(probe, tasks):
                bar.update()
                if event == pool.DONE:
                    facts[name] = value
                else:
                    self._fail(name, value)
        return dict(sorted(facts.items()))

    def _fit(self, videos: list[Path]) -> None:
        with self._bar("fitting", 1.0, "s") as bar:

            def tell(done: float, total: float) -> None:
                bar.total = total
                bar.update(min(done, total) - bar.n)

            self.kind.fit(videos, self.fps, tell)
        self._save_fitted()

    def _extract(self, processes: pool.Pool, plan: Plan, facts: Mapping[str, dict]) -> None:
        tasks = {name: Task(self.found.videos[name], self._file(name)) for name in facts}
        expected = {name: each["duration"] or 0.0 for name, each in facts.items()}
        told = dict.fromkeys(facts, 0.0)
        ready = 0
        function = functools.partial(extract_video, plan)
        with self._bar(self.kind.name, max(1.0, sum(expected.values())), "s") as bar:
            bar.set_postfix_str(f"0/{len(tasks)} videos")
            for name, event, value in processes.run(function, tasks):
                if event == pool.PROGRESS:
                    told[name] += value
                    bar.update(min(value, bar.total - bar.n))
                    self.record.catch_up()
                    continue
                ready += 1
                bar.set_postfix_str(f"{ready}/{len(tasks)} videos", refresh=False)
                bar.update(min(expected[name] - told[name], bar.total - bar.n))
                if event == pool.DONE:
                    self.record.content["videos"][name] = self.stamps[name] | value
                else:
                    self._fail(name, value)
                self.record.write()

    def _fail(self, name: str, reason: str) -> None:
        file = self.stamps[name]["source"]
        reason = reason.removeprefix(f"{self.found.videos[name].name}: ")
        self.record.content["failed"][file] = reason

    def _bar(self, title: str, total: float, unit: str) -> tqdm:
        form = "{l_bar}{bar}| {n:.0f}/{total:.0f} {unit} [{elapsed}<{remaining}{postfix}]"
        return tqdm(
            desc=title, total=total, unit=unit, bar_format=form, disable=self.quiet, leave=False
        )
