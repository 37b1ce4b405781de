"""Feature files as arrays: text, .npy and .npz, in memory or memory-mapped."""

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.lib import format as npy_format
from tqdm import tqdm

from jaxseg.data.cache import TextCache

# Above this the arrays of a data set stay on disk and are paged in as they are used.
MEMORY_LIMIT = 8 * 2**30
BROKEN_FILE = (ValueError, EOFError, OSError, KeyError, zipfile.BadZipFile)


def read_arrays(paths: Sequence[Path], *, cache: Path | None, progress: bool) -> list[np.ndarray]:
    """The arrays of all files, two-dimensional, finite, as they lie in the files.

    They are float32 in memory or, where together they exceed `MEMORY_LIMIT`, read-only memory
    maps of the type they were stored in.

    Args:
        paths: .txt, .npy or .npz files.
        cache: folder of the binary copies of text files; None reads the text each time.
        progress: show a bar when it takes long.

    Raises:
        ValueError: a file that is broken, empty or not finite: file, place and value.
        OSError: the cache cannot be written.
    """
    bar = tqdm(paths, "features", unit="video", disable=not progress, delay=1, leave=False)
    if cache is None:
        stored = list(paths)
    else:
        copies = TextCache(cache)
        stored = [copies.fetch(p, read_text) if p.suffix == ".txt" else p for p in bar]
        bar = tqdm(paths, "checking", unit="video", disable=not progress, delay=1, leave=False)
    mapped = sum(4 * num_elements(path) for path in stored) > MEMORY_LIMIT
    if mapped:
        allow_open_files(len(stored))
    return [read_array(path, place, mapped) for path, place in zip(bar, stored, strict=True)]


def read_array(path: Path, stored: Path, mapped: bool) -> np.ndarray:
    """One file's array, checked.

    Args:
        path: the file that messages name.
        stored: the file that is read: `path` itself or its binary copy.
        mapped: keep a .npy as a memory map.
    """
    if stored.suffix == ".txt":
        array = read_text(stored)
    elif stored.suffix == ".npz":
        array = read_npz(stored)
    else:
        array = read_npy(stored, mapped)
    check_array(path, array)
    return array if mapped and stored.suffix == ".npy" else np.asarray(array, np.float32)


def check_array(path: Path, array: np.ndarray) -> None:
    """Raises ValueError for what cannot be features; rows and columns are counted from 1."""
    if array.ndim != 2 or array.dtype.kind not in "fiu":
        raise ValueError(
            f"{path}: features are a matrix of numbers, not {array.dtype} of shape {array.shape}"
        )
    if array.size == 0:
        raise ValueError(f"{path}: empty video (shape {array.shape})")
    # A number that float32 cannot hold becomes infinite only later.
    with np.errstate(over="ignore"):
        finite = np.isfinite(np.asarray(array, np.float32))
    if not finite.all():
        row, column = np.argwhere(~finite)[0]
        value = array[row, column]
        raise ValueError(f"{path}: row {row + 1}, column {column + 1}: not finite: {value}")


def read_npy(path: Path, mapped: bool) -> np.ndarray:
    try:
        if mapped:
            return npy_format.open_memmap(path, mode="r")
        with path.open("rb") as file:
            return npy_format.read_array(file, allow_pickle=False)
    except BROKEN_FILE as error:
        raise ValueError(f"{path}: not a readable .npy array ({one_line(error)})") from error


def read_npz(path: Path) -> np.ndarray:
    """The only array of the archive, or the one called `features`."""
    try:
        if not zipfile.is_zipfile(path):
            raise zipfile.BadZipFile("not a zip file")
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            names = archive.files
            chosen = names if len(names) == 1 else [n for n in names if n == "features"]
            array = archive[chosen[0]] if chosen else None
    except (*BROKEN_FILE, AttributeError, TypeError) as error:
        raise ValueError(f"{path}: not a readable .npz archive ({one_line(error)})") from error
    if array is None:
        raise ValueError(f"{path}: no array `features` among {', '.join(names) or 'none'}")
    return array


def read_text(path: Path) -> np.ndarray:
    """A matrix of numbers separated by blanks, a row a line, float32.

    Raises:
        ValueError: a line that is no row: its number and what is wrong with it.
    """
    content = path.read_bytes().rstrip()
    if not content:
        raise ValueError(f"{path}: empty video (the file holds no numbers)")
    try:
        array = np.loadtxt(io.BytesIO(content), np.float64, comments=None, ndmin=2)
    except ValueError:
        array = None
    # The reader passes over empty lines, which would shift every later frame against its label.
    if array is None or len(array) != content.count(b"\n") + 1:
        raise ValueError(f"{path}: {broken_line(content)}")
    with np.errstate(over="ignore"):
        return array.astype(np.float32)


def broken_line(content: bytes) -> str:
    """Describes the first line of a text file that is no row of numbers."""
    width = None
    for number, line in enumerate(content.decode("utf-8", "replace").split("\n"), 1):
        words = line.split()
        for word in words:
            try:
                float(word)
            except ValueError:
                return f"line {number}: not a number: {word[:40]!r}"
        if not words:
            return f"line {number}: empty line"
        width = width or len(words)
        if len(words) != width:
            return f"line {number}: {len(words)} numbers, not {width} as before"
    return "not a matrix of numbers"


def num_elements(path: Path) -> int:
    """Numbers in a .npy by its header alone; 0 for other files, which are never mapped."""
    return read_npy(path, mapped=True).size if path.suffix == ".npy" else 0


def one_line(error: Exception) -> str:
    return str(error).split("\n")[0] or type(error).__name__


def allow_open_files(count: int) -> None:
    """Raises the soft limit of open files: every memory map holds one."""
    try:
        import resource
    except ImportError:  # Windows has neither this module nor this limit.
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count + 1024 if hard == resource.RLIM_INFINITY else min(count + 1024, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
