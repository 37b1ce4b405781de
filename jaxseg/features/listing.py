"""What is in a folder of videos: files of any kind that FFmpeg reads, folders of pictures, others.

A folder in it is an activity; folders further down are part of the videos' names.
"""

import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from jaxseg.features.folders import RECORD
from jaxseg.features.video import content, pictures
from jaxseg.formats.files import entries
from jaxseg.formats.names import check_file_name, clip, listed

# Names beside features that mean something else to those who read a folder of them.
TAKEN_FOLDERS = ("features", "groundTruth", "mapping")
# Passed over without a word: what jaxseg and systems write beside videos.
QUIET_FILES = (RECORD, "segments.json")
QUIET_FOLDERS = ("__MACOSX", "@eaDir", "#recycle", "$RECYCLE.BIN", "lost+found")
QUIET_FOLDERS += ("System Volume Information",)
RUN = {"config.json", "versions.json"}  # of a run's folder
COPIES = (".lrv", ".lrf")  # small copies of videos that cameras write beside them
TEXTS = ("text", "empty")  # what files may be that lie beside a video's pictures
MOST_LINES, MOST_NAMES = 10, 10


class Videos(NamedTuple):
    """Content of a folder of videos.

    Paths within the folder have slashes; that of the folder itself is ".".
    """

    files: dict[str, Path]  # name of the features ("activity/video") -> file, folder of pictures
    refused: dict[str, str]  # path within the folder -> why it cannot be used, though it is a video
    left_out: dict[str, str]  # path within the folder -> what it is, as it is no video
    folder: Path  # that was searched

    @property
    def pictures(self) -> list[Path]:
        """Those of the videos that are folders of numbered pictures."""
        return [path for path in self.files.values() if path.is_dir()]

    def source(self, name: str) -> str:
        """A video's path within the folder."""
        return self.files[name].relative_to(self.folder).as_posix()


def find_videos(folder: Path) -> Videos:
    """Finds the videos in a folder and in all folders below it; of a file, that video alone.

    Raises:
        ValueError: there is no such folder, or no video in it; the message says what there is.
    """
    file = folder.name if folder.is_file() else ""
    if not file and not folder.is_dir():
        raise ValueError(f"{folder}: no such folder of videos")
    root = folder.parent if file else folder
    search = _Search(root if root.name not in ("", "..") else root.resolve())
    try:
        search.run(file)
    except OSError as error:
        raise ValueError(f"{error.filename}: {error.strerror}") from None
    found = search.found
    if not found.files and not found.refused:
        there = "; ".join(summary(found.left_out)) or "it is empty"
        raise ValueError(f"{folder}: holds no video, nor do the folders in it; there is: {there}")
    return found


def stamp(path: Path) -> dict[str, int]:
    """What tells whether a video, a file or a folder of pictures, is the same as before.

    Raises:
        OSError: it is not there.
    """
    if not path.is_dir():
        status = path.stat()
        return {"bytes": status.st_size, "modified_ns": status.st_mtime_ns}
    every = [each.stat() for each in entries(path) if pictures.is_picture(each)]
    return {
        "files": len(every),
        "bytes": sum(status.st_size for status in every),
        "modified_ns": max((status.st_mtime_ns for status in every), default=0),
    }


def summary(left_out: Mapping[str, str]) -> list[str]:
    """Lines on what is left out: the reasons, each with the first files that have it."""
    groups: dict[str, list[str]] = {}
    for path, reason in left_out.items():
        groups.setdefault(reason, []).append(path)
    lines = []
    for reason, paths in groups.items():
        rest = f" and {len(paths) - MOST_NAMES} more" if len(paths) > MOST_NAMES else ""
        lines.append(f"{', '.join(map(clip, paths[:MOST_NAMES]))}{rest}: {reason}")
    more = sum(map(len, list(groups.values())[MOST_LINES:]))
    return lines[:MOST_LINES] + ([f"and {more} more"] if more else [])


class _Search:
    """One search of `find_videos`."""

    def __init__(self, root: Path):
        self._root = root
        self.found = Videos({}, {}, {}, root)
        self._walked: set[tuple[int, int]] = set()  # folders, by device and number
        self._copies: list[Path] = []

    def run(self, file: str = "") -> None:
        """Looks at everything in the folder, or at one file there."""
        if file:
            self._take_files(self._root, [self._root / file])
        # A list in place of recursion, which very deep folders would break.
        waiting = [] if file else [self._root]
        while waiting:
            folder = waiting.pop()
            try:
                waiting += reversed(self._take_folder(folder))
            except OSError as error:
                if folder == self._root:
                    raise
                self._leave_out(folder, error.strerror or str(error))
        for path in self._copies:
            self._take_copy(path)

    def _within(self, path: Path) -> str:
        return path.relative_to(self._root).as_posix()

    def _leave_out(self, path: Path, reason: str) -> None:
        self.found.left_out[self._within(path)] = reason

    def _take_folder(self, folder: Path) -> list[Path]:
        """Takes what lies in a folder; returns the folders in it that are still to be looked at."""
        status = folder.stat()
        again = (status.st_dev, status.st_ino) in self._walked
        self._walked.add((status.st_dev, status.st_ino))
        if again and folder.is_symlink():
            self._leave_out(folder, "a link to a folder that was looked at already")
            return []
        paths = entries(folder)
        inner, files = [], []
        for path in paths:
            if not path.is_dir():
                files += [path] if path.name not in QUIET_FILES else []
            elif not _is_quiet(path):
                inner.append(path)
        if not paths and folder != self._root:
            self._leave_out(folder, "an empty folder")
        labels = TAKEN_FOLDERS if folder == self._root else ()
        beside = [path for path in inner if path.name not in labels]
        if beside or not self._take_series(folder, files):
            self._take_files(folder, files, beside)
        return inner

    def _take_series(self, folder: Path, files: list[Path]) -> bool:
        """Takes a folder as a video if all its files are numbered pictures, or texts."""
        every = [path for path in files if pictures.is_picture(path)]
        if len(every) < 2:
            return False
        try:
            pictures.in_order(path.name for path in every)
        except ValueError:
            return False
        rest = [path for path in files if not pictures.is_picture(path)]
        looks = {path: _look(path).reason for path in [every[0], *rest]}
        if any(reason not in TEXTS for reason in list(looks.values())[1:]):
            return False
        if not looks.pop(every[0]).startswith("a picture"):
            return False
        for path, reason in looks.items():
            self._leave_out(path, reason)
        self._take(folder, folder.name if folder == self._root else None)
        return True

    def _take_files(self, folder: Path, files: list[Path], beside: Sequence[Path] = ()) -> None:
        """Takes the videos among files; pictures are left out together, others one by one.

        `beside` are folders there.
        """
        quiet = self._within(folder).split("/")[0] in TAKEN_FOLDERS
        single, others = [], list(beside)
        for path in files:
            verdict = _look(path)
            if not verdict.reason and path.suffix.lower() in COPIES:
                self._copies.append(path)
            elif not verdict.reason:
                self._take(path)
            elif verdict.is_broken:
                self.found.refused[self._within(path)] = verdict.reason
            elif pictures.is_picture(path) and verdict.reason.startswith("a picture"):
                single.append(path)
                continue
            elif not quiet:
                self._leave_out(path, verdict.reason)
            others += [path] if verdict.reason not in TEXTS else []
        if quiet or not single:
            return
        if len(single) == 1:
            self._leave_out(single[0], content.SINGLE)
            return
        try:
            pictures.in_order(path.name for path in single)
            there = listed(path.name for path in others)
            why = f"they are a video in a folder without other things, here is {there}"
        except ValueError as error:
            why = f"a video is a folder of one series of numbered pictures, these have {error}"
        self._leave_out(folder, f"{len(single)} pictures; {why}")

    def _take(self, path: Path, name: str | None = None) -> None:
        """Takes a video, if its name is one that features can have, and is free."""
        file = path.relative_to(self._root)
        if name is None:
            stem = path.name if path.is_dir() else _stem(path)
            first, *deeper = *file.parts[:-1], stem
            name = f"{first}/{'_'.join(deeper)}" if deeper else first
        files = self.found.files
        try:
            *activity, last = name.split("/", 1) if len(file.parts) > 1 else [name]
            check_file_name("name", "video", last)
            for each in activity:
                check_file_name("name", "activity", each)
                if each in TAKEN_FOLDERS:
                    raise ValueError(f"a folder of features cannot have {each!r} inside")
            if name in files:
                same_folder = files[name].parent == path.parent
                other = files[name].name if same_folder else self._within(files[name])
                raise ValueError(f"its features would have the name of those of {clip(other)}")
        except ValueError as error:
            problem = str(error).removeprefix("name: ")
            self.found.refused[self._within(path)] = f"{problem}; rename it"
        else:
            files[name] = path

    def _take_copy(self, path: Path) -> None:
        """Takes what may be a camera's small copy, unless the video itself lies beside it."""
        names = {path.stem, *(f"G{each}{path.stem[2:]}" for each in "XHP")}
        names.add(path.stem.replace("LRV_", "VID_"))
        for other in self.found.files.values():
            if other.parent == path.parent and other.stem in names:
                self._leave_out(path, f"the camera's small copy of {clip(other.name)}")
                return
        self._take(path)


def _is_quiet(folder: Path) -> bool:
    """Whether a folder is one of a system's, or of jaxseg's own results."""
    # os.path.exists is False, too, where a folder may not be looked into.
    own = (folder / RECORD, folder / "features" / RECORD)
    is_run = all(os.path.exists(folder / name) for name in RUN)
    return folder.name in QUIET_FOLDERS or is_run or any(map(os.path.exists, own))


def _look(path: Path) -> content.Verdict:
    """`content.look` of a file; what else a folder may hold is not opened."""
    try:
        is_file = stat.S_ISREG(os.stat(path).st_mode)
    except OSError:
        is_file = False
    if not is_file:
        return content.Verdict("no file, or a link to nothing", content.is_meant_as_video(path))
    return content.look(path)


def _stem(path: Path) -> str:
    """A file's name without its suffix; the end of a date, as in take.2024.05.01, is none."""
    suffix = path.suffix[1:]
    is_suffix = suffix.isalnum() and len(suffix) <= 5 and not suffix.isdigit()
    return path.stem if is_suffix or path.suffix.lower() in content.SUFFIXES else path.name
