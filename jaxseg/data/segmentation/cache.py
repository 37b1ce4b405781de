"""Binary copies of text features: parsing a data set takes minutes, reading the copies seconds."""

import hashlib
import os
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from jaxseg.formats.arrays import map_npy


class TextCache:
    """A folder of .npy copies, each good for one state (path, size, time) of its source.

    Its checksum lies beside each: a copy that is damaged is made again, not trained with. Several
    processes may share the folder: a copy appears complete or not at all.
    """

    def __init__(self, folder: Path):
        self.folder = Path(folder)

    def fetch(self, source: Path, parse: Callable[[Path], np.ndarray]) -> Path:
        """The copy of `source`, made with `parse` where there is none that can be used.

        Raises:
            ValueError: from `parse`; nothing is written then.
            OSError: the copy cannot be written; nothing is left behind.
        """
        prefix, copy = self.names(source)
        if not usable(copy):
            array = parse(source)
            self.write(copy, array)
            for stale in self.folder.glob(f"{prefix}-*"):
                if stale.stem != copy.stem:
                    stale.unlink(missing_ok=True)
        return copy

    def names(self, source: Path) -> tuple[str, Path]:
        """(what all copies of this path begin with, the copy of its present state)."""
        state = source.stat()
        prefix = hashlib.sha256(str(source.resolve()).encode()).hexdigest()[:24]
        return prefix, self.folder / f"{prefix}-{state.st_size}-{state.st_mtime_ns}.npy"

    def write(self, copy: Path, array: np.ndarray) -> None:
        """Saves under a temporary name, then renames: no reader sees half a file."""
        temporary = None
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self.folder, suffix=".tmp", delete=False) as file:
                temporary = Path(file.name)
                np.save(file, array)
            checksum_file(copy).write_text(checksum(temporary))
            os.replace(temporary, copy)
        except BaseException as error:
            if temporary is not None:
                temporary.unlink(missing_ok=True)
            if isinstance(error, OSError):
                reason = error.strerror or error
                raise OSError(f"{self.folder}: cannot write the feature cache: {reason}") from error
            raise


def usable(copy: Path) -> bool:
    """Whether the copy is what this module wrote: the same .npy of a float32 matrix."""
    try:
        array = map_npy(copy)
        intact = checksum(copy) == checksum_file(copy).read_text()
    except (ValueError, OSError):
        return False
    return intact and array.dtype == np.float32 and array.ndim == 2


def checksum_file(copy: Path) -> Path:
    """Where the checksum of a copy stands; a kill between the two leaves it without its copy."""
    return copy.with_suffix(".crc32")


def checksum(path: Path) -> str:
    return f"{zlib.crc32(path.read_bytes()):08x}\n"
