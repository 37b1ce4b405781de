"""Label files of videos: one label a line, MS-TCN's result files, NumPy arrays."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from jaxseg.formats.arrays import read_npy

SUFFIXES = (".txt", ".npy")


def read_lines(path: Path) -> list[str]:
    """Lines of a text file.

    Raises:
        ValueError: the file cannot be read, is no text, or is empty.
    """
    try:
        # "-sig" takes the byte-order mark off that some editors write.
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: no text: byte {error.start} is not UTF-8") from None
    if not lines:
        raise ValueError(f"{path}: empty")
    return lines


def read_names(path: Path) -> list[str]:
    """Labels of one video as they are written: one a line, or MS-TCN's result file.

    The latter is a header, which begins with `#`, and one line of labels with spaces between.

    Raises:
        ValueError: the file cannot be read, is empty, or has a line without a label.
    """
    lines = [line.strip() for line in read_lines(path)]
    if lines[0].startswith("#"):
        lines = [line for line in lines if line]
        if len(lines) != 2:
            raise ValueError(f"{path}: {len(lines) - 1} lines of labels under the header, not one")
        return lines[1].split()
    if "" in lines:
        raise ValueError(f"{path}: no label in line {lines.index('') + 1}")
    return lines


def read_array(path: Path) -> np.ndarray:
    """Labels of one video from a `.npy` file of whole numbers, [frames].

    Raises:
        ValueError: the file cannot be read, or holds anything else (pickles are not opened).
    """
    labels = read_npy(path)
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        what = f"{labels.dtype}{list(labels.shape)}"
        raise ValueError(f"{path}: {what} instead of whole numbers [frames]")
    if not labels.size:
        raise ValueError(f"{path}: empty")
    return labels


def read_labels(path: Path) -> list[str]:
    """Labels of one video from a file of any of the formats, as they are written."""
    if Path(path).suffix == ".npy":
        return [str(label) for label in read_array(path).tolist()]
    return read_names(path)


def read_classes(path: Path, classes: Sequence[str]) -> np.ndarray:
    """Labels of one video as indices into `classes`, int64 [frames].

    Raises:
        ValueError: as `read_names`, or a label that is not among `classes`.
    """
    index = {name: number for number, name in enumerate(classes)}
    labels = read_names(path)
    for line, label in enumerate(labels, start=1):
        if label not in index:
            raise ValueError(f"{path}: unknown label {label!r} in line {line}")
    return np.array([index[label] for label in labels], np.int64)


def read_clusters(path: Path) -> np.ndarray:
    """Labels of one video as cluster numbers, int64 [frames].

    Raises:
        ValueError: as `read_names`, or a label that is no whole number of at least -1.
    """
    labels = read_names(path)
    for line, label in enumerate(labels, start=1):
        if not re.fullmatch(r"-1|[0-9]{1,9}", label):
            raise ValueError(f"{path}: {label!r} in line {line} is no cluster number")
    return np.array(labels, np.int64)


def find_videos(folder: Path) -> dict[str, Path]:
    """Video -> its file, of a folder and its subfolders, sorted by name.

    A video's name is its file's without `.txt` or `.npy`; where a name occurs in two subfolders,
    all names hold the path from `folder` on. Hidden files and folders are not looked at.

    Raises:
        ValueError: no such folder, no files in it, two files of one video, or what is no file (a
            link to nothing or to itself, a device).
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ValueError(f"{folder}: no such folder")

    def named(path: Path, inside: Path) -> str:
        name = video_name(inside.as_posix())
        if not path.is_file():
            raise ValueError(f"{folder}: {inside.as_posix()!r} is no file")
        return name

    return files_by_name(folder, named, "label files")


def files_by_name(folder: Path, named: Callable[[Path, Path], str], wanted: str) -> dict[str, Path]:
    """Name -> file, of a folder and its subfolders, as `find_videos` has it.

    Args:
        folder: there.
        named: a file and its path inside the folder -> its name; raises ValueError for others.
        wanted: what the folder should hold, for the message where it holds no file.
    """
    paths: dict[str, Path] = {}
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if path.is_dir() or any(part.startswith(".") for part in inside.parts):
            continue
        name = named(path, inside)
        if name in paths:
            raise ValueError(f"{path}: video {name!r} is also in {paths[name].name}")
        paths[name] = path
    if not paths:
        raise ValueError(f"{folder}: no {wanted}")
    short = {name.rpartition("/")[2]: path for name, path in paths.items()}
    return dict(sorted((short if len(short) == len(paths) else paths).items()))


def video_name(file_name: str) -> str:
    """A file's name without the suffix of a label file."""
    for suffix in SUFFIXES:
        file_name = file_name.removesuffix(suffix)
    return file_name


def read_folder(folder: Path, read: Callable[[Path], object] = read_names) -> dict:
    """Video -> what `read` makes of its file; names and errors as in `find_videos`."""
    return {name: read(path) for name, path in find_videos(folder).items()}


def write_labels(path: Path, labels: Iterable) -> None:
    """Writes the labels of one video, names or numbers, one a line; makes the folder.

    Raises:
        ValueError: no labels, or one that would not read back as it is.
    """
    lines = [str(label) for label in labels]
    if not lines:
        raise ValueError(f"{path}: no labels to write")
    for line in lines:
        if [line] != line.strip().splitlines() or line.startswith("#"):
            raise ValueError(f"{path}: label {line!r} does not fit on a line")
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_folder(folder: Path, labels: Mapping[str, Iterable]) -> None:
    """Writes {video: labels} as `<video>.txt` files of one folder."""
    for name, values in labels.items():
        write_labels(Path(folder) / f"{name}{SUFFIXES[0]}", values)
