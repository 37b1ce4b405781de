"""The folder that an extraction writes: features, and their record.

`features.json`, the record, says what each file of features was made from, and how. It is what a
later call goes on from.
"""

import contextlib
import fcntl
import hashlib
import time
from collections.abc import Iterator
from pathlib import Path

from jaxseg.formats.files import entries, read_json, write_json

RECORD = "features.json"
LOCK = ".lock"
# Most of the time that may go into writing the record: that of many videos is long.
WRITING_SHARE = 0.05


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
