"""Label files of videos: a label a line, MS-TCN's result files, NumPy arrays, ED-TCN's .mat."""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from jaxseg.formats.arrays import read_npy
from jaxseg.formats.files import read_text, write_text
from jaxseg.formats.matrices import read_mat

SUFFIXES = (".txt", ".npy")


class LabelFolder(NamedTuple):
    """The labels of many videos, as they are written."""

    path: Path  # where they come from
    codes: dict[str, np.ndarray]  # video -> int64 [frames], indices into `labels`
    labels: list[str]  # the different labels
    activities: dict[str, str] | None  # video -> its subfolder or ""; None without subfolders
    splits: dict[str, list[str]] | None  # split -> its videos, where each file holds one split

    @property
    def numbers(self) -> bool:
        """Whether every label is a whole number."""
        return all(re.fullmatch("-?[0-9]+", label) for label in self.labels)

    def places(self, label: str) -> str:
        """The folder and the first video that hold a label, for a message."""
        code = self.labels.index(label)
        video = next(name for name, codes in self.codes.items() if code in codes)
        return f"{self.path}: video {video!r}"


def read_label_folder(path: Path, mat_field: str) -> LabelFolder:
    """The labels of a folder of label files or of ED-TCN's .mat files, or of one such file.

    The .mat files hold no names of videos: a video is called by its file and its place in it,
    "1/03". The array in them is `mat_field`: `matrices.TRUTH_FIELD` or `PREDICTION_FIELD`.
    """
    files = {video_name(path.name): path} if path.is_file() else None
    mat_files = [path] if files and path.suffix == ".mat" else sorted(path.glob("*.mat"))
    mat_files = [file for file in mat_files if file.is_file()]  # reading a pipe would never end
    splits = activities = None
    if mat_files:
        by_file = {file.stem: read_mat_labels(file, mat_field) for file in mat_files}
        labels = {name: each for videos in by_file.values() for name, each in videos.items()}
        splits = {split: list(videos) for split, videos in by_file.items()}
    else:
        files = files or find_videos(path)
        labels = {name: read_labels(file) for name, file in files.items()}
        if any(file.parent != path for file in files.values()) and path.is_dir():
            parents = {name: file.parent.relative_to(path) for name, file in files.items()}
            activities = {name: "/".join(parent.parts) for name, parent in parents.items()}
    index: dict[str, int] = {}
    codes = {
        name: np.array([index.setdefault(label, len(index)) for label in each], np.int64)
        for name, each in labels.items()
    }
    return LabelFolder(path, codes, list(index), activities, splits)


def read_labels(path: Path) -> list[str]:
    """Labels of one video from a file of any format but .mat, as they are written."""
    if Path(path).suffix == ".npy":
        return [str(label) for label in read_array(path).tolist()]
    return read_names(path)


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


def read_lines(path: Path) -> list[str]:
    """Lines of a text file, tabs as blanks, no empty ones at its end; raises as `read_text`."""
    # Not splitlines(): it would cut a name at control characters, which names are checked for.
    return read_text(path).replace("\t", " ").rstrip().split("\n")


def read_array(path: Path) -> np.ndarray:
    """Labels of one video from a `.npy` file of whole numbers, [frames], and nothing else."""
    labels = read_npy(path)
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        content = f"{labels.dtype}{list(labels.shape)}"
        raise ValueError(f"{path}: {content} instead of whole numbers [frames]")
    if not labels.size:
        raise ValueError(f"{path}: empty")
    return labels


def read_mat_labels(path: Path, field: str) -> dict[str, list[str]]:
    """Video -> its labels, from one of ED-TCN's result files.

    The videos are called "<file>/01", ...; a file without a cell array holds one, called as it.
    """
    return {
        f"{path.stem}/{place}" if place else path.stem: [
            # MATLAB's numbers are doubles, where a label file has 3 for 3.0.
            str(int(label) if isinstance(label, float) and label.is_integer() else label)
            for label in labels.ravel().tolist()
        ]
        for place, labels in read_mat(path, field).items()
    }


def read_classes(path: Path, index: Mapping[str, int]) -> np.ndarray:
    """Labels of one video as the indices of their names, int64 [frames].

    Raises:
        ValueError: as `read_names`, or a label that has no index.
    """
    labels = read_names(path)
    for line, label in enumerate(labels, start=1):
        if label not in index:
            nearest = difflib.get_close_matches(label, index, 1)
            hint = f", the nearest is {nearest[0]!r}" if nearest else ""
            raise ValueError(f"{path}: unknown label {label!r} in line {line}{hint}")
    return np.array([index[label] for label in labels], np.int64)


def read_clusters(path: Path) -> np.ndarray:
    """Labels of one video as cluster numbers, whole numbers of at least -1, int64 [frames]."""
    labels = read_names(path)
    for line, label in enumerate(labels, start=1):
        if not re.fullmatch(r"-1|[0-9]{1,9}", label):
            raise ValueError(f"{path}: {label!r} in line {line} is no cluster number")
    return np.array(labels, np.int64)


def find_videos(folder: Path) -> dict[str, Path]:
    """Video -> its label file, of a folder and its subfolders, sorted by name.

    A video's name is its file's without `.txt` or `.npy`; where a name occurs in two subfolders,
    all names hold the path from `folder` on. Hidden files and folders are skipped.

    Raises:
        ValueError: no such folder, no files in it, two files of one video, or an entry that is
            no file (a link to nothing or to itself, a device).
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ValueError(f"{folder}: no such folder")

    def name_of(path: Path, inside: Path) -> str:
        if not path.is_file():
            raise ValueError(f"{folder}: {inside.as_posix()!r} is no file")
        return video_name(inside.as_posix())

    return files_by_name(folder, name_of, "label files")


def files_by_name(
    folder: Path, name_of: Callable[[Path, Path], str], content: str
) -> dict[str, Path]:
    """Name -> file, of a folder and its subfolders, named as in `find_videos`.

    Args:
        folder: an existing folder.
        name_of: (file, its path inside the folder) -> its name; raises ValueError for files of
            another kind.
        content: kind of files, for the message where there are none.
    """
    paths: dict[str, Path] = {}
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if path.is_dir() or any(part.startswith(".") for part in inside.parts):
            continue
        name = name_of(path, inside)
        if name in paths:
            raise ValueError(f"{path}: video {name!r} is also in {paths[name].name}")
        paths[name] = path
    if not paths:
        raise ValueError(f"{folder}: no {content}")
    short = {name.rpartition("/")[2]: path for name, path in paths.items()}
    return dict(sorted((short if len(short) == len(paths) else paths).items()))


def video_name(file_name: str) -> str:
    """A file's name without the suffix of a label file."""
    for suffix in SUFFIXES:
        file_name = file_name.removesuffix(suffix)
    return file_name


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
    write_text(Path(path), "\n".join(lines) + "\n")
