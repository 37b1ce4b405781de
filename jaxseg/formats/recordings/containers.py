"""Files that hold several arrays: MATLAB's .mat of any version, HDF5 and .npz.

`data.array` names the one that has the features, "group/name" where it lies in a group or in a
MATLAB struct. With a "*" it names several, each of which is a sequence, called by what the * stands
for: "*" are all arrays, "*/features" is the array of that name in each group. Without it, the
array is the one that is called "features", or the only matrix. A cell array of MATLAB's, with a
matrix a cell, is a sequence a cell.

A clock of as many numbers as there are rows, or else a single number called fps, fs and the like,
tells the rate.
"""

import re
import zipfile
from pathlib import Path

import numpy as np

from jaxseg.formats.arrays import read_header, read_npz, refusing
from jaxseg.formats.hdf5 import Entry, hdf5_entries, is_hdf5
from jaxseg.formats.matrices import load_variables
from jaxseg.formats.names import clip
from jaxseg.formats.recordings import clocks
from jaxseg.formats.recordings.recording import ONLY, Recording, Settings

SUFFIXES = (".mat", ".h5", ".hdf5", ".hdf", ".npz")
KEY = "--config.data.array"
USUAL = "features"
EVERY = "*"
RATES = re.compile(r"fps|fs|sfreq|srate|(frame|sampl(e|ing))_?(rate|freq(uency)?)", re.IGNORECASE)
NUMBERS = "fiub"
SHOWN = 10  # names in a message


def reads(path: Path) -> bool:
    """Whether a file is a container: its suffix tells."""
    return True


def read(path: Path, settings: Settings) -> dict[str, Recording]:
    """The sequences of a container by name.

    Raises:
        ValueError: no array or several that may be the features, with their names and shapes; one
            that is no matrix of numbers.
    """
    entries = entries_of(path)
    return {
        sequence: recording_of(path, entries, name, array)
        for name in choose(path, entries, settings.array)
        for sequence, array in arrays_of(path, name, entries[name], settings.array).items()
    }


def entries_of(path: Path) -> dict[str, Entry]:
    """The arrays of a container by name."""
    if path.suffix.lower() == ".npz":
        return npz_entries(path)
    if is_hdf5(path):
        return hdf5_entries(path)
    if path.suffix.lower() != ".mat":
        raise ValueError(f"{path}: not a readable HDF5 file (it does not begin as one)")
    return {
        name: Entry(array.shape, array.dtype.kind, lambda array=array: array)
        for name, array in load_variables(path).items()
    }


def npz_entries(path: Path) -> dict[str, Entry]:
    """The arrays of an .npz by name; only their headers are read."""
    entries = {}
    with refusing(path, ".npz archive"), zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            name = info.filename.removesuffix(".npy")
            with archive.open(info) as file:
                shape, dtype, _ = read_header(file)
            entries[name] = Entry(shape, dtype.kind, lambda name=name: read_npz(path, [name])[name])
    return entries


def choose(path: Path, entries: dict[str, Entry], wanted: str) -> list[str]:
    """Names of the arrays that hold sequences, see the top of this file."""
    if EVERY in wanted:
        pattern = _pattern(wanted)
        chosen = [n for n, e in entries.items() if pattern.fullmatch(n) and _is_matrix(e)]
        if not chosen:
            raise ValueError(f"{path}: no matrix of numbers is called {wanted}: {_shown(entries)}")
        return chosen
    if wanted:
        names = [wanted.strip("/"), wanted.replace(".", "/")]
        if found := [name for name in names if name in entries]:
            return found[:1]
        raise ValueError(f"{path}: no array {clip(wanted)} ({KEY}); it holds {_shown(entries)}")
    matrices = [name for name, entry in entries.items() if _is_matrix(entry)]
    cells = [name for name, entry in entries.items() if entry.kind == "O"]
    usual = [name for name in matrices if name.rpartition("/")[2] == USUAL]
    for names in (usual, matrices, [] if matrices else cells):
        if len(names) == 1:
            return names
    if not matrices and not cells:
        hint = "; of a MATLAB table, save table2array(T)" if path.suffix.lower() == ".mat" else ""
        raise ValueError(f"{path}: holds no matrix of numbers: {_shown(entries)}{hint}")
    several = matrices or cells
    raise ValueError(
        f"{path}: several arrays may be the features: {_shown({n: entries[n] for n in several})}; "
        f"say {KEY}={several[0]}, or {KEY}='{_all(several)}' where each is a sequence of its own"
    )


def arrays_of(path: Path, name: str, entry: Entry, wanted: str) -> dict[str, np.ndarray]:
    """The sequences of one chosen array: itself, or the cells of a cell array."""
    array = entry.read()
    if array.dtype == object:
        cells = [np.asarray(cell) for cell in array.ravel()]
        if not cells:
            raise ValueError(f"{path}: array {name} has no cells")
        width = max(2, len(str(len(cells))))
        return {
            f"{place:0{width}}": _matrix(path, f"cell {place} of {name}", cell)
            for place, cell in enumerate(cells, start=1)
        }
    sequence = ONLY
    if EVERY in wanted:
        groups = _pattern(wanted).fullmatch(name).groups()
        sequence = ".".join(groups).replace("/", ".")
    return {sequence: _matrix(path, f"array {name}", array)}


def recording_of(path: Path, entries: dict[str, Entry], name: str, array: np.ndarray) -> Recording:
    """The recording of one array, with the rate that others tell which lie beside it or on top."""
    group = name.rpartition("/")[0]
    for inside in dict.fromkeys((group, "")):
        beside = {n: e for n, e in entries.items() if n.rpartition("/")[0] == inside and n != name}
        for other, entry in beside.items():
            fps, notes = _rate(path, other, entry, array)
            if fps:
                return Recording(array, fps, (), notes)
        for other, entry in beside.items():
            if RATES.fullmatch(other.rpartition("/")[2]) and entry.shape in ((), (1,), (1, 1)):
                fps = float(entry.read().ravel()[0]) if entry.kind in NUMBERS else 0.0
                if 0 < fps < np.inf:
                    return Recording(array, fps, (), (f"rows a second are from {other!r}",))
    return Recording(array)


def _rate(
    path: Path, name: str, entry: Entry, array: np.ndarray
) -> tuple[float | None, tuple[str, ...]]:
    """Rows a second of an array that may be the clock of the rows or columns of another."""
    short = name.rpartition("/")[2]
    sizes = [size for size in entry.shape if size != 1]
    if len(sizes) != 1 or sizes[0] not in array.shape or entry.kind not in NUMBERS:
        return None, ()
    if not clocks.is_time_name(short):
        return None, ()
    values = np.asarray(entry.read(), np.float64).ravel()
    if not clocks.is_clock(short, values) or not np.isfinite(values).all():
        return None, ()
    seconds, reason = clocks.seconds_of(short, values)
    if seconds is None:
        return None, (reason,)
    rate = clocks.rate_of(short, seconds)
    return rate.fps, (f"times are from {name!r}", *rate.notes)


def _pattern(wanted: str) -> re.Pattern:
    """A "*" stands for any name within a group, or for any at all where it stands alone."""
    if wanted == EVERY:
        return re.compile("(.*)")
    return re.compile("([^/]*)".join(re.escape(part) for part in wanted.split(EVERY)))


def _all(names: list[str]) -> str:
    """A pattern for several names: "*/x" where all are called x, "*" else."""
    last = {name.rpartition("/")[2] for name in names}
    depths = {name.count("/") for name in names}
    return f"{'*/' * depths.pop()}{last.pop()}" if len(last) == len(depths) == 1 else EVERY


def _is_matrix(entry: Entry) -> bool:
    """Whether an array has two axes that matter."""
    return entry.kind in NUMBERS and sum(size > 1 for size in entry.shape) == 2


def _matrix(path: Path, what: str, array: np.ndarray) -> np.ndarray:
    """The array without axes of length 1 beyond two; ValueError where it is no matrix."""
    if array.ndim > 2 and sum(size > 1 for size in array.shape) == 2:
        array = array.squeeze()
    if array.ndim != 2 or array.dtype.kind not in NUMBERS or not array.size:
        raise ValueError(
            f"{path}: {what} is no matrix of numbers but {array.dtype} of shape {array.shape}"
        )
    return array.astype(np.uint8) if array.dtype == bool else array


def _shown(entries: dict[str, Entry]) -> str:
    """Names and shapes for a message."""
    shown = [f"{name} {entry.shape}" for name, entry in entries.items()]
    rest = f" and {len(shown) - SHOWN} more" if len(shown) > SHOWN else ""
    return f"{', '.join(shown[:SHOWN])}{rest}" if shown else "nothing"
