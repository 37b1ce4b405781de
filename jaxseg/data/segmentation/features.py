"""Feature files as arrays: text, .npy and .npz, in memory or memory-mapped."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from jaxseg.data.batches.crew import ALONE, Crew
from jaxseg.data.segmentation.cache import TextCache
from jaxseg.data.segmentation.files import listed
from jaxseg.formats.arrays import array_names, map_npy, read_npy, read_npz
from jaxseg.formats.matrices import broken_line

# Above this the arrays of a data set stay on disk and are paged in as they are used.
MEMORY_LIMIT = 8 * 2**30


def read_arrays(
    paths: Sequence[Path], *, cache: Path | None, progress: bool, crew: Crew = ALONE
) -> list[np.ndarray]:
    """The arrays of all files, two-dimensional, finite, as they lie in the files.

    They are float32 in memory or, where together they exceed `MEMORY_LIMIT` or where several
    processes read, read-only memory maps of the type they were stored in. Each process of a crew
    reads and checks its share of the files, and maps the others; archives are always in memory.

    Args:
        paths: .txt, .npy or .npz files.
        cache: folder of the binary copies of text files; None reads the text each time.
        progress: show a bar when it takes long.
        crew: the processes that read together; all see the same folders.

    Raises:
        ValueError: a file that is broken, empty or not finite: file, place and value.
        OSError: the cache cannot be written.
    """
    own = dict(crew.share(paths))
    stored = list(paths) if cache is None else copies(paths, own, TextCache(cache), crew, progress)
    mapped = crew.count() > 1 or sum(4 * num_elements(path) for path in stored) > MEMORY_LIMIT
    if mapped:
        allow_open_files(len(stored))
    bar = progress_bar(paths, "features" if cache is None else "checking", progress)
    arrays = [
        read_array(path, place, mapped, checked=index in own)
        for index, (path, place) in enumerate(zip(bar, stored, strict=True))
    ]
    crew.barrier("features are checked")
    return arrays


def copies(
    paths: Sequence[Path], own: Mapping[int, Path], cache: TextCache, crew: Crew, progress: bool
) -> list[Path]:
    """The files themselves or, of text, binary copies, of which a process makes its share."""
    texts = [path for path in own.values() if path.suffix == ".txt"]
    for path in progress_bar(texts, "features", progress):
        cache.fetch(path, read_text)
    crew.barrier("binary copies of text features")
    return [cache.names(path)[1] if path.suffix == ".txt" else path for path in paths]


def progress_bar(paths: Sequence[Path], title: str, progress: bool) -> tqdm:
    return tqdm(paths, title, unit="video", disable=not progress, delay=1, leave=False)


def read_array(path: Path, stored: Path, mapped: bool, *, checked: bool) -> np.ndarray:
    """One file's array.

    Args:
        path: the file that messages name.
        stored: the file that is read: `path` itself or its binary copy.
        mapped: keep a .npy as a memory map.
        checked: look at every number of it.
    """
    if stored.suffix == ".txt":
        array = read_text(stored)
    elif stored.suffix == ".npz":
        array = read_archive(stored)
    else:
        array = map_npy(stored) if mapped else read_npy(stored)
    check_matrix(path, array)
    if checked:
        check_finite(path, array)
    return array if mapped and stored.suffix == ".npy" else np.asarray(array, np.float32)


def check_matrix(path: Path, array: np.ndarray) -> None:
    """Raises ValueError for a type and a shape that cannot be features."""
    if array.ndim != 2 or array.dtype.kind not in "fiu":
        raise ValueError(
            f"{path}: features are a matrix of numbers, not {array.dtype} of shape {array.shape}"
        )
    if array.size == 0:
        raise ValueError(f"{path}: empty video (shape {array.shape})")


def check_finite(path: Path, array: np.ndarray) -> None:
    """Raises ValueError for what is no number; rows and columns are counted from 1."""
    # A number that float32 cannot hold becomes infinite only later.
    with np.errstate(over="ignore"):
        finite = np.isfinite(np.asarray(array, np.float32))
    if not finite.all():
        row, column = np.argwhere(~finite)[0]
        value = array[row, column]
        raise ValueError(f"{path}: row {row + 1}, column {column + 1}: not finite: {value}")


def read_archive(path: Path) -> np.ndarray:
    """The only array of an `.npz` file, or the one called `features`."""
    names = array_names(path)
    chosen = names if len(names) == 1 else [name for name in names if name == "features"]
    if not chosen:
        raise ValueError(f"{path}: no array `features` among {listed(names) or 'none'}")
    return read_npz(path, chosen[:1])[chosen[0]]


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


def num_elements(path: Path) -> int:
    """Numbers in a .npy by its header alone; 0 for other files, which are never mapped."""
    return map_npy(path).size if path.suffix == ".npy" else 0


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
