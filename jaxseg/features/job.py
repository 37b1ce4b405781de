"""Makes the features of a folder of videos: those that are missing or have changed, no others.

<out>/<name>.npy        float32 [frames, channels]; name: see `listing.find_videos`
<out>/features.json     what each was made from, and how
<out>/<kind>.npz        the fitted parts, where the kind has any
"""

import dataclasses
import functools
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from tqdm import tqdm

from jaxseg.features import check_installed, folders, installed_versions
from jaxseg.features.kinds import BOTH, IMAGE, KINDS, MOTION, ONNX, Kind
from jaxseg.features.listing import Videos, find_videos, stamp
from jaxseg.features.pool import DONE, PROGRESS, Pool, cores
from jaxseg.features.video import extraction
from jaxseg.features.video.extraction import Task
from jaxseg.formats.files import atomic_write
from jaxseg.formats.names import listed

USUAL_FPS = 15.0  # rows a second, where none are asked for


class Summary(NamedTuple):
    """What has become of the videos of a folder, by their names."""

    done: list[str]  # whose features are new
    kept: list[str]  # that had their features already
    failed: dict[str, str]  # file within the folder of videos -> why it has no features
    truncated: list[str]  # done or kept, but break off early or cannot be decoded in parts
    notes: dict[str, list[str]]  # done or kept -> sentences: what was mended or left out of it
    removed: list[str]  # that are gone, whose features were removed
    left_out: dict[str, str]  # path within the folder of videos -> what it is, as it is no video

    def note_lines(self, most: int = 10) -> list[str]:
        """A line on each video with notes, up to so many, and one on how many more there are."""
        lines = [f"note: {listed([name])}: {' '.join(each)}" for name, each in self.notes.items()]
        rest = len(lines) - most
        return lines[:most] + ([f"note: {rest} more videos, see features.json"] if rest > 0 else [])


def make_kind(name: str, **options) -> Kind:
    """Makes a kind of features by its name, one of `KINDS`."""
    # Each kind imports libraries that the others do not need.
    if name == MOTION:
        from jaxseg.features.motion.kind import Motion

        return Motion(**options)
    if name == IMAGE:
        from jaxseg.features.image.kind import Image

        return Image(**options)
    if name == BOTH:
        from jaxseg.features.both import Both

        return Both(**options)
    if name == ONNX:
        from jaxseg.features.onnx.kind import Onnx

        return Onnx(**options)
    raise ValueError(f"kind {name!r} is none of {', '.join(KINDS)}")


def extract(
    videos: Path,
    out: Path,
    kind: Kind,
    *,
    fps: float | None = None,
    found: Videos | None = None,
    processes: int | None = None,
    least_frames: int = 1,
    progress: bool = True,
) -> Summary:
    """Makes the features of all videos of a folder that do not have them yet.

    Features are kept where the video's file (size, time of change), the settings and the fitted
    parts are those that they were made with.

    Args:
        videos: folder of videos; those in its subfolders belong to activities. Or one video.
        out: folder of features, new or an earlier call's.
        kind: see `make_kind`; without fitted parts it takes those in `out`, or is fitted.
        fps: rows a second; None: 15, and an error where a folder of pictures is among the videos.
        found: what `find_videos` has found there, if it has been called already.
        processes: number of videos at once; None for one a core.
        least_frames: a video of fewer frames fails.
        progress: whether to show a bar.

    Raises:
        ValueError: for a problem of all videos; one of a single video is in the summary.
    """
    check_installed(("av", "pebble", *kind.requires))
    found = found or find_videos(videos)
    fps = fps or rate_for(found)
    if kind.fps not in (None, fps):
        raise ValueError(
            f"kind {kind.name} was fitted at {kind.fps:g} frames a second, not {fps:g}"
        )
    job = _Job(found, out, kind, fps, processes or cores(), least_frames, progress)
    with folders.locked(out):
        return job.run()


def rate_for(found: Videos, flag: str = "--fps") -> float:
    """`USUAL_FPS`; raises ValueError where there is a folder of pictures, whose rate is unknown."""
    if pictures := found.pictures:
        more = f" and {len(pictures) - 1} more like it" if len(pictures) > 1 else ""
        raise ValueError(
            f"{pictures[0]}: a folder of numbered pictures{more}, which have no times; give "
            f"{flag}=N, the pictures a second that they were taken at"
        )
    return USUAL_FPS


def changed(found: Videos, out: Path) -> list[str]:
    """Names of videos with features in `out` that are gone, or of another size by now.

    The time of change alone is no sign of it, as copying and moving may set it.
    """
    known = folders.read_record(out).get("videos", {})
    return sorted(
        name
        for name, facts in known.items()
        if name not in found.files or facts.get("bytes") != stamp(found.files[name])["bytes"]
    )


@dataclasses.dataclass
class _Job:
    """One call of `extract`."""

    listing: Videos
    out: Path
    kind: Kind
    fps: float
    processes: int
    least_frames: int
    progress: bool

    def __post_init__(self):
        # What tells whether a video is the same as before.
        self.stamps = {}
        for name, path in self.listing.files.items():
            self.stamps[name] = {"source": self.listing.source(name), **stamp(path)}

    def run(self) -> Summary:
        extraction.remove_leftovers(self.out)
        before = folders.read_record(self.out)
        known = before.get("videos", {})
        head = self._head()
        # The features of a folder that was moved are kept.
        moved = known and before["folder"] != head["folder"]
        if moved and not all(self._is_unchanged(name, known[name]) for name in known):
            raise ValueError(
                f"{self.out}: holds features of the videos in {before['folder']}; give a new --out"
            )
        same = all(before.get(key) == head[key] for key in ("kind", "fps", "channels", "settings"))
        fitted = self._take_fitted(same)
        kept = {}
        if same and fitted == before.get("fitted_sha256"):
            kept = {name: facts for name, facts in known.items() if self._is_valid(name, facts)}
        for name in known.keys() - kept.keys():
            self._file(name).unlink(missing_ok=True)
        tables = {"videos": dict(kept), "failed": dict(self.listing.refused)}
        content = head | {"fitted_sha256": fitted} | tables
        self.record = folders.Record(self.out, content)
        self.record.write(now=True)
        try:
            self._make()
        finally:
            self.record.write(now=True)
        made = content["videos"]
        return Summary(
            done=sorted(made.keys() - kept.keys()),
            kept=sorted(kept),
            failed=dict(sorted(content["failed"].items())),
            truncated=sorted(name for name, facts in made.items() if facts.get("truncated")),
            notes={name: made[name]["notes"] for name in sorted(made) if "notes" in made[name]},
            removed=sorted(known.keys() - self.listing.files.keys()),
            left_out=self.listing.left_out,
        )

    def _head(self) -> dict:
        return {
            "kind": self.kind.name,
            "fps": self.fps,
            "channels": self.kind.channels,
            "settings": self.kind.settings(),
            "versions": installed_versions(("av", *self.kind.requires)),
            "fitted": self.kind.fitted_file,
            "folder": str(self.listing.folder.resolve()),
            "left_out": self.listing.left_out,
        }

    def _is_unchanged(self, name: str, facts: Mapping) -> bool:
        return name in self.stamps and self.stamps[name].items() <= facts.items()

    def _is_valid(self, name: str, facts: Mapping) -> bool:
        """Whether a video's features can stay as they are."""
        shape = facts["frames"], self.kind.channels
        return (
            self._is_unchanged(name, facts)
            and facts["frames"] >= self.least_frames
            and extraction.shape_of(self._file(name)) == shape
        )

    def _take_fitted(self, same: bool) -> str | None:
        """Checksum of the kind's fitted parts in the folder; None where there are none yet."""
        if self.kind.fitted_file is None:
            return None
        path = self.out / self.kind.fitted_file
        if self.kind.needs_fitting:
            if not same or not path.exists():
                return None
            self.kind.load(path)
            return folders.checksum(path)
        return self._save_fitted()

    def _save_fitted(self) -> str:
        """Writes the kind's fitted parts; their checksum."""
        path = self.out / self.kind.fitted_file
        with atomic_write(path) as temporary:
            self.kind.save(temporary)
        return folders.checksum(path)

    def _file(self, name: str) -> Path:
        return self.out / f"{name}.npy"

    def _make(self) -> None:
        content = self.record.content
        missing = [name for name in self.listing.files if name not in content["videos"]]
        if not missing:
            return
        with Pool(min(self.processes, len(missing))) as pool:
            facts = self._probe(pool, missing)
            if self.kind.needs_fitting and facts:
                content["fitted_sha256"] = self._fit([self.listing.files[name] for name in facts])
                self.record.write(now=True)
            self._extract(pool, facts)

    def _probe(self, pool: Pool, names: list[str]) -> dict[str, dict]:
        """Name -> facts of the videos that can be opened."""
        facts = {}
        tasks = {name: self.listing.files[name] for name in names}
        with self._bar("reading", len(names), "video") as bar:
            for name, event, value in pool.run(
                functools.partial(extraction.probe, self.fps), tasks
            ):
                bar.update()
                if event == DONE:
                    facts[name] = value
                else:
                    self._fail(name, value)
        return dict(sorted(facts.items()))

    def _fit(self, videos: list[Path]) -> str:
        """Fits the kind to the videos; checksum of the fitted parts."""
        with self._bar("fitting", 1.0, "s") as bar:

            def tell(done: float, total: float) -> None:
                bar.total = total
                bar.update(min(done, total) - bar.n)

            self.kind.fit(videos, self.fps, tell)
        return self._save_fitted()

    def _extract(self, pool: Pool, facts: Mapping[str, dict]) -> None:
        tasks = {name: Task(self.listing.files[name], self._file(name)) for name in facts}
        expected = {name: each["duration"] or 0.0 for name, each in facts.items()}
        seconds_told = dict.fromkeys(facts, 0.0)
        ready = 0
        function = functools.partial(
            extraction.extract_video, self.kind, self.fps, self.least_frames
        )
        with self._bar(self.kind.name, max(1.0, sum(expected.values())), "s") as bar:
            bar.set_postfix_str(f"0/{len(tasks)} videos")
            for name, event, value in pool.run(function, tasks):
                if event == PROGRESS:
                    seconds_told[name] += value
                    bar.update(min(value, bar.total - bar.n))
                    self.record.catch_up()
                    continue
                ready += 1
                bar.set_postfix_str(f"{ready}/{len(tasks)} videos", refresh=False)
                bar.update(min(expected[name] - seconds_told[name], bar.total - bar.n))
                if event == DONE:
                    self.record.content["videos"][name] = self.stamps[name] | value
                else:
                    self._fail(name, value)
                self.record.write()

    def _fail(self, name: str, reason: str) -> None:
        file = self.stamps[name]["source"]
        reason = reason.removeprefix(f"{self.listing.files[name].name}: ")
        self.record.content["failed"][file] = reason

    def _bar(self, title: str, total: float, unit: str) -> tqdm:
        return tqdm(
            desc=title,
            total=total,
            unit=unit,
            bar_format="{l_bar}{bar}| {n:.0f}/{total:.0f} {unit} [{elapsed}<{remaining}{postfix}]",
            # None: where standard error is no terminal.
            disable=None if self.progress else True,
            leave=False,
        )
