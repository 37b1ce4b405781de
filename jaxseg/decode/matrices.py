"""One file of scores -> its matrices: .npy, .npz, MATLAB's .mat, text with blanks or commas."""

import codecs
import io
import warnings
from pathlib import Path

import numpy as np
from scipy.io import loadmat

from jaxseg.formats.arrays import array_names, read_npy, read_npz, reason
from jaxseg.formats.names import shown
from jaxseg.formats.tables import TRUTH_FIELD
from jaxseg.formats.text_rows import broken_line

SUFFIXES = (".npy", ".npz", ".mat", ".txt", ".csv")
SCORE_FIELD = "S"  # of ED-TCN's result files
ONE_VIDEO = ""


def read_matrices(path: Path, key: str | None = None) -> dict[str, np.ndarray]:
    """The arrays of one file as they lie in it.

    Args:
        path: .npy, .npz, .mat, .txt or .csv.
        key: the array of an .npz or .mat; default: the only one, of a .mat also `S`.

    Returns:
        `ONE_VIDEO` -> the array; of a .mat whose array is one of cells "01" -> the first cell's.

    Raises:
        ValueError: a file that cannot be read, an unknown key, several arrays without one.
    """
    if path.suffix == ".npz":
        return {ONE_VIDEO: read_archive(path, key)}
    if path.suffix == ".mat":
        return read_mat(path, key)
    if key is not None:
        raise ValueError(f"{path}: a {path.suffix} file has no keys (--key={key})")
    return {ONE_VIDEO: read_npy(path) if path.suffix == ".npy" else read_text(path)}


def read_archive(path: Path, key: str | None) -> np.ndarray:
    """The array `key` of an .npz file, or the only one."""
    name = chosen_key(path, array_names(path), key)
    return read_npz(path, [name])[name]


def chosen_key(path: Path, names: list[str], key: str | None) -> str:
    """`key`, or the only name there is; ValueError where that is none."""
    if not names:
        raise ValueError(f"{path}: holds no arrays")
    there = ", ".join(map(shown, names))
    if key is None and len(names) != 1:
        raise ValueError(f"{path}: choose one of its arrays with --key: {there}")
    if key is not None and key not in names:
        raise ValueError(f"{path}: no array {key!r} among {there}")
    return names[0] if key is None else key


def read_mat(path: Path, key: str | None) -> dict[str, np.ndarray]:
    """The matrix of a .mat file, or one a cell, called "01", "02" and so on.

    Raises:
        ValueError: the file cannot be read (version 7.3 is another format), lacks `key`, or has
            several variables and none was chosen.
    """
    variables = load_variables(path)
    if key is None and SCORE_FIELD in variables:
        key = SCORE_FIELD
    content = variables[chosen_key(path, list(variables), key)]
    if content.dtype != object:
        return {ONE_VIDEO: content}
    cells = content.ravel()
    if not cells.size:
        raise ValueError(f"{path}: no videos: the cell array is empty")
    return {f"{place:02}": np.asarray(cell) for place, cell in enumerate(cells, start=1)}


def load_variables(path: Path) -> dict[str, np.ndarray]:
    """Name -> array of every variable of a .mat file."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            content = loadmat(path)
    except NotImplementedError:
        raise ValueError(f"{path}: a .mat of version 7.3; save it with -v7") from None
    except Exception as error:  # loadmat raises whatever a broken file leads it to
        raise ValueError(f"{path}: not a readable .mat file ({reason(error)})") from None
    return {name: np.asarray(array) for name, array in content.items() if name[:2] != "__"}


def read_mat_labels(path: Path) -> dict[str, list[str]]:
    """Place -> true labels as they are written, [frames], of one of ED-TCN's files (`Y`)."""
    return {
        place: [written(label) for label in labels.ravel().tolist()]
        for place, labels in read_mat(path, TRUTH_FIELD).items()
    }


def written(label: object) -> str:
    """A label as a label file has it: MATLAB's numbers are doubles, and 3.0 is written as 3."""
    whole = isinstance(label, float) and label.is_integer()
    return str(int(label) if whole else label)


def read_text(path: Path) -> np.ndarray:
    """A matrix of numbers, a row a line, with blanks or commas between them.

    Raises:
        ValueError: a line that is no row: its number and what is wrong with it.
    """
    # Some editors write a byte-order mark.
    content = read_bytes(path).removeprefix(codecs.BOM_UTF8).replace(b",", b" ").rstrip()
    if not content:
        raise ValueError(f"{path}: empty video (the file holds no numbers)")
    try:
        array = np.loadtxt(io.BytesIO(content), np.float64, comments=None, ndmin=2)
    except ValueError:
        array = None
    # The reader passes over empty lines, which would shift every later frame.
    if array is None or len(array) != content.count(b"\n") + 1:
        raise ValueError(f"{path}: {broken_line(content)}")
    return array


def read_bytes(path: Path) -> bytes:
    """The bytes of a file; ValueError where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from None
