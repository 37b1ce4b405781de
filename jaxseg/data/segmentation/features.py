"""Feature files as arrays, in memory or memory-mapped, read by one process or by several.

Text takes minutes to parse; a folder of binary copies makes the next run read it in seconds.
"""

import hashlib
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np
from tqdm import tqdm

from jaxseg.formats.arrays import array_names, map_npy, read_npy
from jaxseg.formats.files import atomic_write, write_text
from jaxseg.formats.matrices import check_finite, check_matrix, read_archive, read_text_matrix
from jaxseg.formats.names import listed

T = TypeVar("T")
# Above this many bytes the arrays of a data set stay on disk and are read as they are used.
MEMORY_LIMIT = 8 * 2**30


class Processes:
    """The processes of a run that read a data set together: here a single one.

    `jaxseg.processes` has the same functions for several, all of which make the same calls.
    """

    def count(self) -> int:
        """Number of processes."""
        return 1

    def share(self, items: Sequence[T]) -> list[tuple[int, T]]:
        """Places and items of a list of work that this process has to do."""
        return list(enumerate(items))

    def barrier(self, name: str) -> None:
        """Waits until all processes have called it."""

    def exchange(self, arrays: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
        """The arrays of all processes, whose names have to differ."""
        return arrays


ONE_PROCESS = Processes()


class FeatureFile(NamedTuple):
    """What a file of features holds, and the `checksum` by which a later run knows it again."""

    array: np.ndarray
    checksum: str


def read_arrays(
    paths: Sequence[Path],
    *,
    cache: Path | None,
    progress: bool,
    processes: Processes = ONE_PROCESS,
) -> list[FeatureFile]:
    """The arrays of all files, two-dimensional, finite, in the layout of the files.

    They are float32 in memory or, where together they exceed `MEMORY_LIMIT` or where several
    processes read, read-only memory maps of the stored type. Each process reads and checks its
    share of the files and maps the others; archives are always in memory. A checksum is made where
    the file is checked, which has just read all of it: nothing is read for the checksums alone.

    Args:
        paths: .txt, .npy or .npz files.
        cache: folder of the binary copies of text files; None parses the text each time.
        progress: show a bar when it takes long.
        processes: those that read together; all see the same folders.
    """
    share = dict(processes.share(paths))
    stored = list(paths)
    if cache is not None:
        stored = binary_copies(paths, share.values(), cache, processes, progress)
    mapped = processes.count() > 1 or sum(4 * num_elements(path) for path in stored) > MEMORY_LIMIT
    if mapped:
        allow_open_files(len(stored))
    bar = progress_bar(paths, "features" if cache is None else "checking", progress)
    arrays, checksums = [], {}
    for index, (path, place) in enumerate(zip(bar, stored, strict=True)):
        arrays.append(read_array(path, place, mapped, checked=index in share))
        if index in share:
            checksums[str(index)] = np.array(checksum(arrays[-1]))
    checksums = processes.exchange(checksums)
    return [FeatureFile(array, str(checksums[str(k)])) for k, array in enumerate(arrays)]


def checksum(array: np.ndarray) -> str:
    """CRC-32 of all numbers of an array as float32 in row-major order, eight hexadecimal digits.

    The same numbers as text, as float64 or as a memory map have the same one.
    """
    return f"{zlib.crc32(np.ascontiguousarray(array, '<f4')):08x}"


def binary_copies(
    paths: Sequence[Path],
    share: Iterable[Path],
    cache: Path,
    processes: Processes,
    progress: bool,
) -> list[Path]:
    """The files to be read: the binary copies of text files, the others themselves.

    This process makes the copies of its share; the others make theirs meanwhile. A copy is valid
    for one state (path, size, time) of its source. A checksum lies beside it; a damaged copy is
    made again and never trained with. Several processes may share the folder, because every copy
    is written atomically.
    """
    texts = [path for path in share if path.suffix == ".txt"]
    for path in progress_bar(texts, "features", progress):
        copy = copy_of(path, cache)
        if not is_intact(copy):
            write_copy(copy, read_features_text(path))
            prefix = copy.name.partition("-")[0]
            for stale in cache.glob(f"{prefix}-*"):
                if stale.stem != copy.stem:
                    stale.unlink(missing_ok=True)
    processes.barrier("binary copies of text features")
    return [copy_of(path, cache) if path.suffix == ".txt" else path for path in paths]


def check_channels(shapes: Mapping[str, tuple[int, int]], what: str, hint: str = "") -> None:
    """Raises ValueError with the arrays whose number of channels is not the most frequent one.

    `shapes` are [time, channels] by the arrays' names for the message, which ends with `hint`.
    """
    usual = Counter(channels for _, channels in shapes.values()).most_common(1)[0][0]
    others = [f"{name} {shape}" for name, shape in shapes.items() if shape[1] != usual]
    if others:
        raise ValueError(
            f"{len(others)} of {len(shapes)} {what} do not have {usual} channels as the others: "
            f"{listed(others)}{hint}"
        )


def progress_bar(paths: Sequence[Path], title: str, progress: bool) -> tqdm:
    return tqdm(paths, title, unit="video", disable=not progress, delay=1, leave=False)


def read_array(path: Path, stored: Path, mapped: bool, *, checked: bool) -> np.ndarray:
    """The array of the file `path`, which messages name.

    It is read from `stored`, which is the file itself or its binary copy. A .npy stays a memory
    map where `mapped`. All numbers are checked to be finite where `checked`.
    """
    if stored.suffix == ".txt":
        array = read_features_text(stored)
    elif stored.suffix == ".npz":
        # Several arrays: the features among them are called so.
        array = read_archive(stored, "features" if len(array_names(stored)) > 1 else None)
    else:
        array = map_npy(stored) if mapped else read_npy(stored)
    check_matrix(path, array)
    if checked:
        check_finite(path, array)
    return array if mapped and stored.suffix == ".npy" else np.asarray(array, np.float32)


def read_features_text(path: Path) -> np.ndarray:
    """The matrix of a text file, float32."""
    with np.errstate(over="ignore"):  # `check_finite` names what float32 cannot hold
        return read_text_matrix(path, commas=False).astype(np.float32)


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
    needed = count + 1024 if hard == resource.RLIM_INFINITY else min(count + 1024, hard)
    if soft != resource.RLIM_INFINITY and soft < needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


def copy_of(source: Path, cache: Path) -> Path:
    """Path of the copy of a source in its present state; all copies share the prefix."""
    state = source.stat()
    prefix = hashlib.sha256(str(source.resolve()).encode()).hexdigest()[:24]
    return cache / f"{prefix}-{state.st_size}-{state.st_mtime_ns}.npy"


def write_copy(copy: Path, array: np.ndarray) -> None:
    """Writes a copy and, before it appears, its checksum."""
    try:
        copy.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(copy) as temporary:
            with temporary.open("wb") as file:
                np.save(file, array)
            write_text(checksum_file(copy), checksum_of_file(temporary))
    except OSError as error:
        problem = error.strerror or error
        raise OSError(f"{copy.parent}: cannot write the feature cache: {problem}") from error


def is_intact(copy: Path) -> bool:
    """Whether the copy is what `write_copy` wrote: a float32 matrix with its checksum."""
    try:
        array = map_npy(copy)
        same = checksum_of_file(copy) == checksum_file(copy).read_text()
    except (ValueError, OSError):
        return False
    return same and array.dtype == np.float32 and array.ndim == 2


def checksum_file(copy: Path) -> Path:
    return copy.with_suffix(".crc32")


def checksum_of_file(path: Path) -> str:
    return f"{zlib.crc32(path.read_bytes()):08x}\n"
