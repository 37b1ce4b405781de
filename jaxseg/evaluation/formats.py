"""Label files: a folder holds one text file a video, a file one label a line."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

SUFFIX = ".txt"


def read_names(path: Path) -> list[str]:
    """Labels of one video as they are written, one a line.

    Raises:
        ValueError: the file cannot be read, is empty, or has a line without a label.
    """
    try:
        # "-sig" takes the byte-order mark off that some editors write.
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: no text: byte {error.start} is not UTF-8") from None
    labels = [line.strip() for line in lines]
    if not labels:
        raise ValueError(f"{path}: empty")
    if "" in labels:
        raise ValueError(f"{path}: no label in line {labels.index('') + 1}")
    return labels


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


def read_folder(folder: Path, read: Callable[[Path], object] = read_names) -> dict:
    """Video -> what `read` makes of its file, sorted by name.

    A video's name is its file's without `.txt`. Hidden files and subfolders are not videos.

    Raises:
        ValueError: no such folder, no files in it, two files of one video, or from `read`.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ValueError(f"{folder}: no such folder")
    paths: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.is_dir() or path.name.startswith("."):
            continue
        name = path.name.removesuffix(SUFFIX)
        if name in paths:
            raise ValueError(f"{path}: video {name!r} is also in {paths[name].name}")
        paths[name] = path
    if not paths:
        raise ValueError(f"{folder}: no label files")
    return {name: read(path) for name, path in sorted(paths.items())}


def write_labels(path: Path, labels: Iterable) -> None:
    """Writes the labels of one video, names or numbers, one a line; makes the folder.

    Raises:
        ValueError: no labels, or one that would not read back as it is.
    """
    lines = [str(label) for label in labels]
    if not lines:
        raise ValueError(f"{path}: no labels to write")
    for line in lines:
        if [line] != line.strip().splitlines():
            raise ValueError(f"{path}: label {line!r} does not fit on a line")
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_folder(folder: Path, labels: Mapping[str, Iterable]) -> None:
    """Writes {video: labels} as `<video>.txt` files of one folder."""
    for name, values in labels.items():
        write_labels(Path(folder) / f"{name}{SUFFIX}", values)
