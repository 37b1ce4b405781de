"""`features.json`: what a folder of features was made from, and how."""

import contextlib
import fcntl
import hashlib
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

RECORD = "features.json"
LOCK = ".lock"


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Makes a folder of features, which one command at a time may write.

    Raises:
        ValueError: another command is at it, it cannot be made, or it holds something else.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        there = [path.name for path in folder.iterdir() if not path.name.startswith(".")]
        if there and RECORD not in there:
            raise ValueError(f"{folder}: is not empty and has no {RECORD}; give a new --out")
        file = (folder / LOCK).open("a")
    except OSError as error:
        raise ValueError(f"{folder}: cannot be written: {error.strerror}") from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ValueError(f"{folder}: another command is writing there") from None
        yield


def read(folder: Path) -> dict:
    """The record of a folder; empty where there is none.

    Raises:
        ValueError: a damaged one.
    """
    path = folder / RECORD
    if not path.exists():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(content["videos"], dict) or not isinstance(content["failed"], dict):
            raise ValueError("videos and failed are no tables")
        for name, facts in content["videos"].items():
            if Path(name).is_absolute() or ".." in Path(name).parts:
                raise ValueError(f"a video is called {name}")
            if not isinstance(facts, dict) or not isinstance(facts["frames"], int):
                raise ValueError(f"no frames of {name}")
        return content
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"{path} is damaged ({error!r}); remove the folder") from None


class Record:
    """The content of `features.json`, written so often that little is lost and no time is."""

    SHARE = 0.05  # of the time

    def __init__(self, folder: Path, content: dict):
        self.content = content
        self._path = folder / RECORD
        self._next = 0.0
        self._late = False

    def write(self, *, now: bool = False) -> None:
        """Writes it as a whole; later where the last time was too recent, unless it is `now`."""
        begin = time.monotonic()
        self._late = not now and begin < self._next
        if not self._late:
            # In an order that does not depend on which process was first.
            tables = {key: dict(sorted(self.content[key].items())) for key in ("videos", "failed")}
            replace_text(self._path, json.dumps(self.content | tables, indent=1) + "\n")
            end = time.monotonic()
            self._next = end + (end - begin) / self.SHARE

    def catch_up(self) -> None:
        """Writes what had to wait, if it has waited long enough."""
        if self._late:
            self.write()


def replace_text(path: Path, text: str) -> None:
    """Writes a file that is whole at any moment; OSError names it where the disk is full."""
    temporary = path.with_name(f".{path.name}.part")
    try:
        temporary.write_text(text, encoding="utf-8")
        os.replace(temporary, path)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None


def plain(value: object) -> object:
    """A value as JSON gives it back: tuples are lists."""
    return json.loads(json.dumps(value))


def stamp(folder: Path, path: Path) -> dict:
    """What tells whether a video of a folder is still the same."""
    status = path.stat()
    return {
        "source": path.relative_to(folder).as_posix(),
        "bytes": status.st_size,
        "modified_ns": status.st_mtime_ns,
    }


def checksum(path: Path) -> str:
    """SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
