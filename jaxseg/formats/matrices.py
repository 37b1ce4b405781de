"""Matrices of numbers, one or more a file: features and frame scores as people store them.

.npy                one array
.npz                the array that is asked for, or the only one
.mat                MATLAB; a matrix, or a cell array of one matrix a video
.h5, .hdf5          the array that is asked for, "group/name" in a group, or the only one
.txt, .csv          a row a line, with blanks or commas between the numbers
"""

import io
import warnings
from pathlib import Path

import numpy as np

from jaxseg.formats.arrays import array_names, read_npy, read_npz, refusing
from jaxseg.formats.files import decode_text
from jaxseg.formats.hdf5 import hdf5_entries, is_hdf5
from jaxseg.formats.mat5 import is_mat5, read_mat5
from jaxseg.formats.names import clip

SUFFIXES = (".npy", ".npz", ".mat", ".h5", ".hdf5", ".txt", ".csv")
SCORE_FIELD, TRUTH_FIELD, PREDICTION_FIELD = "S", "Y", "P"  # of ED-TCN's result files
ONE_VIDEO = ""


def read_matrices(path: Path, key: str | None = None) -> dict[str, np.ndarray]:
    """The arrays of one file, in the shapes that they have there.

    Args:
        path: a file with one of `SUFFIXES`.
        key: name of the array in an .npz or .mat; None takes the only one, of a .mat also `S`.

    Returns:
        `ONE_VIDEO` -> the array; of a .mat with a cell array "01" -> the first cell's array, ...

    Raises:
        ValueError: a file that cannot be read, an unknown key, several arrays without a key.
    """
    if path.suffix == ".npz":
        return {ONE_VIDEO: read_archive(path, key)}
    if path.suffix == ".mat":
        return read_mat(path, key)
    if path.suffix in (".h5", ".hdf5"):
        entries = hdf5_entries(path)
        return {ONE_VIDEO: entries[choose_key(path, list(entries), key)].read()}
    if key is not None:
        raise ValueError(f"{path}: a {path.suffix} file has no keys (--key={key})")
    return {ONE_VIDEO: read_npy(path) if path.suffix == ".npy" else read_text_matrix(path)}


def read_archive(path: Path, key: str | None = None) -> np.ndarray:
    """The array `key` of an .npz file, or the only one."""
    name = choose_key(path, array_names(path), key)
    return read_npz(path, [name])[name]


def read_mat(path: Path, key: str | None = None) -> dict[str, np.ndarray]:
    """The matrix of a .mat file, or the matrices of its cells, called "01", "02" and so on."""
    variables = load_variables(path)
    if key is None and SCORE_FIELD in variables:
        key = SCORE_FIELD
    content = variables[choose_key(path, list(variables), key)]
    if content.dtype != object:
        return {ONE_VIDEO: content}
    cells = content.ravel()
    if not cells.size:
        raise ValueError(f"{path}: no videos: the cell array is empty")
    return {f"{place:02}": np.asarray(cell) for place, cell in enumerate(cells, start=1)}


def read_text_matrix(path: Path, *, commas: bool = True) -> np.ndarray:
    """A matrix of numbers, a row a line, with blanks between them, float64.

    With `commas`, commas count as blanks. Features are read without, since nothing tells how many
    columns they have: a decimal comma would make two numbers of one without notice.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from None
    content = decode_text(path, content).rstrip()
    if commas:
        content = content.replace(",", " ")
    if not content:
        raise ValueError(f"{path}: empty video (the file holds no numbers)")
    try:
        array = np.loadtxt(io.StringIO(content), np.float64, comments=None, ndmin=2)
    except ValueError:
        array = None
    # loadtxt skips empty lines, which would shift every later frame against its label.
    if array is None or len(array) != content.count("\n") + 1:
        raise ValueError(f"{path}: {broken_line(content)}")
    return array


def check_matrix(where: object, array: np.ndarray) -> None:
    """Raises ValueError unless the array is a matrix of numbers with at least one of them.

    The array may be a memory map; none of its values is read.
    """
    if array.ndim != 2 or array.dtype.kind not in "fiu":
        found = f"{array.dtype} of shape {array.shape}"
        raise ValueError(f"{where}: not a matrix of numbers: {found}{_mending(array)}")
    if array.size == 0:
        raise ValueError(f"{where}: empty video (shape {array.shape})")


def _mending(array: np.ndarray) -> str:
    """End of a message: what makes a matrix of an array of numbers of other dimensions."""
    if array.dtype.kind not in "fiu" or not array.size or array.ndim in (0, 2):
        return ""
    is_one = array.ndim == 1
    shape = "[:, None]" if is_one else ".reshape(len(array), -1)"
    what = "a single channel" if is_one else "the first axis is time and the others are features"
    return f"; if {what}, save array{shape}, [frames, channels]"


def check_finite(where: object, array: np.ndarray) -> None:
    """Raises ValueError for a value that is not finite; rows and columns are counted from 1."""
    # A number that float32 cannot hold becomes infinite only when it is converted.
    with np.errstate(over="ignore"):
        finite = np.isfinite(np.asarray(array, np.float32))
    if not finite.all():
        row, column = np.argwhere(~finite)[0]
        value = array[row, column]
        raise ValueError(f"{where}: row {row + 1}, column {column + 1}: not finite: {value}")


def choose_key(path: Path, names: list[str], key: str | None) -> str:
    """Returns `key`, or the only name; raises ValueError where there is no such array."""
    if not names:
        raise ValueError(f"{path}: holds no arrays")
    known = ", ".join(map(clip, names))
    if key is None and len(names) != 1:
        raise ValueError(f"{path}: choose one of its arrays with --key: {known}")
    if key is not None and key not in names:
        raise ValueError(f"{path}: no array {key!r} among {known}")
    return names[0] if key is None else key


def load_variables(path: Path) -> dict[str, np.ndarray]:
    """Name -> array of every variable of a .mat file; "struct/field" in a struct."""
    if is_hdf5(path):  # version 7.3
        return {name: entry.read() for name, entry in hdf5_entries(path).items()}
    if is_mat5(path):
        return read_mat5(path)
    # Takes longer to import than most commands need to start.
    from scipy.io.matlab import loadmat, matfile_version

    with refusing(path, ".mat file"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if matfile_version(path)[0] != 0:
            raise ValueError("of no version from 4 to 7.3")
        content = loadmat(path)
    return {name: np.asarray(array) for name, array in content.items() if name[:2] != "__"}


def broken_line(content: str) -> str:
    """Describes the first line of a text that is no row of numbers."""
    width = None
    for number, line in enumerate(content.split("\n"), start=1):
        words = line.split()
        for word in words:
            if not is_number(word):
                return f"line {number}: not a number: {clip(word)}"
        if not words:
            return f"line {number}: empty line"
        width = width or len(words)
        if len(words) != width:
            return f"line {number}: {len(words)} numbers, not {width} as before"
    return "not a matrix of numbers"


def is_number(word: str) -> bool:
    """Whether a word is a number."""
    try:
        float(word)
    except ValueError:
        return False
    return True
