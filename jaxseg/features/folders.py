"""The two folders of an extraction: videos in one; in the other features, and their record.

`features.json`, the record, says what each file of features was made from, and how. It is what a
later call goes on from.
"""

import contextlib
import fcntl
import hashlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from jaxseg.formats.files import entries, read_json, write_json
from jaxseg.formats.names import check_file_name, clip

SUFFIXES = (".mp4", ".mkv", ".mov", ".avi", ".webm")
# Names beside features that mean something else to those who read a folder of them.
TAKEN_FOLDERS = ("features", "groundTruth", "mapping")
RECORD = "features.json"
LOCK = ".lock"
# Most of the time that may go into writing the record: that of many videos is long.
WRITING_SHARE = 0.05


class Videos(NamedTuple):
    """Content of a folder of videos."""

    files: dict[str, Path]  # name of the features ("activity/video") -> video file
    refused: dict[str, str]  # file, as a path within the folder -> why it cannot be used
    others: int  # other files and folders that were not looked at, without hidden ones


def find_videos(folder: Path) -> Videos:
    """Finds videos by their suffix, in any case, in a folder and its subfolders (activities)."""
    if not folder.is_dir():
        problem = "is a file, no folder" if folder.exists() else "no such folder"
        raise ValueError(f"{folder}: {problem} of videos")
    paths: list[Path] = []
    try:
        for path in entries(folder):
            paths += [path] if _is_video(path) or not path.is_dir() else entries(path)
    except OSError as error:
        raise ValueError(f"{error.filename}: {error.strerror}") from None
    files: dict[str, Path] = {}
    refused: dict[str, str] = {}
    for path in filter(_is_video, paths):
        file = path.relative_to(folder)
        name = file.with_suffix("").as_posix()
        try:
            _check_video(path, file, files.get(name))
        except ValueError as error:
            refused[file.as_posix()] = str(error).removeprefix("name: ")
        else:
            files[name] = path
    if not files and not refused:
        raise ValueError(f"{folder}: holds no video ({' '.join(SUFFIXES)}), nor do its subfolders")
    return Videos(files, refused, others=len(paths) - len(files) - len(refused))


def _is_video(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES


def _check_video(path: Path, file: Path, same_name: Path | None) -> None:
    """Raises ValueError if a video cannot be used.

    `file` is its path within the folder of videos. `same_name` is another video, if there is one,
    whose features would have the same name.
    """
    if path.is_dir():
        raise ValueError("is a folder")
    if not path.is_file():
        raise ValueError("is no file, or a link to nothing")
    check_file_name("name", "video", path.stem)
    if len(file.parts) > 1:
        check_file_name("name", "activity", file.parts[0])
        if file.parts[0] in TAKEN_FOLDERS:
            raise ValueError(f"a folder of features cannot have {file.parts[0]!r} inside")
    if same_name is not None:
        other = clip(same_name.name)
        raise ValueError(f"its features would have the name of those of {other}; rename it")


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Makes a folder of features, which one command at a time may write."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        names = [path.name for path in entries(folder)]
        if names and RECORD not in names:
            raise ValueError(f"{folder}: is not empty and has no {RECORD}; give a new --out")
        file = (folder / LOCK).open("a")
    except OSError as error:
        raise ValueError(f"{folder}: cannot be written: {error.strerror}") from None
    with file:
        try:
            # The system gives a lock back when a process ends, however it ends.
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ValueError(f"{folder}: another command is writing there") from None
        yield


def read_record(folder: Path) -> dict:
    """Content of `features.json`; empty where there is none."""
    path = folder / RECORD
    if not path.exists():
        return {}
    try:
        content = read_json(path)
        if not isinstance(content["videos"], dict) or not isinstance(content["failed"], dict):
            raise ValueError("videos and failed are no tables")
        if not isinstance(content["folder"], str) or not content["fps"] > 0:
            raise ValueError("no folder of videos, or no rate")
        for name, facts in content["videos"].items():
            # Files of these names are removed when their videos are gone.
            if Path(name).is_absolute() or ".." in Path(name).parts:
                raise ValueError(f"a video is called {name}")
            if not isinstance(facts["frames"], int) or not isinstance(facts["source"], str):
                raise ValueError(f"no frames or no source of {name}")
        return content
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is damaged ({error!r}); remove the folder") from None


class Record:
    """Content of `features.json`, written so often that little is lost and no time is."""

    def __init__(self, folder: Path, content: dict):
        self.content = content  # to be changed by its user
        self._path = folder / RECORD
        self._next_time = 0.0
        self._pending = False

    def write(self, *, now: bool = False) -> None:
        """Writes the file; later where the last time was too recent, unless it has to be `now`."""
        begin = time.monotonic()
        self._pending = not now and begin < self._next_time
        if not self._pending:
            # In an order that does not depend on which process was first.
            tables = {key: dict(sorted(self.content[key].items())) for key in ("videos", "failed")}
            write_json(self._path, self.content | tables)
            end = time.monotonic()
            self._next_time = end + (end - begin) / WRITING_SHARE

    def catch_up(self) -> None:
        """Writes what had to wait, if it has waited long enough."""
        if self._pending:
            self.write()


def checksum(path: Path) -> str:
    """SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
