"""Label files of videos: a label a line, MS-TCN's result files, NumPy arrays, ED-TCN's .mat."""

import codecs
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from jaxseg.formats.arrays import read_npy
from jaxseg.formats.files import is_hidden, read_text, write_text
from jaxseg.formats.matrices import PREDICTION_FIELD, TRUTH_FIELD, read_mat
from jaxseg.formats.names import check_name, hint, listed

SUFFIXES = (".txt", ".npy")
# What this package puts beside the labels of a video for other programs: ends of names, which are
# no labels where the video's labels are in the folder, and names of files on all videos.
OWN_TABLES = (".csv", ".vtt", ".eaf", ".nwb", ".audacity.txt", ".ids.txt")
IDS = "ids.csv"
OWN_FILES = (IDS, "project.boris")
PREDICTIONS = "predictions"  # subfolder of a run and of a decoding, beside its config.json
OWN_FOLDERS = {PREDICTION_FIELD: PREDICTIONS, TRUTH_FIELD: "truth"}  # by what is asked for
LARGEST_CUT = 20  # a length tolerance may cut one frame in so many


class LabelFolder(NamedTuple):
    """The labels of many videos, as they are written."""

    path: Path  # where they come from
    codes: dict[str, np.ndarray]  # video -> int64 [frames], indices into `labels`
    labels: list[str]  # the different labels
    activities: dict[str, str] | None  # video -> its subfolder or ""; None without subfolders
    splits: dict[str, list[str]] | None  # split -> its videos, where each file holds one split
    files: Mapping[str, Path]  # video -> its file, of those that have one each

    @property
    def numbers(self) -> bool:
        """Whether every label is a whole number."""
        return all(re.fullmatch("-?[0-9]+", label) for label in self.labels)

    def places(self, label: str) -> str:
        """The folder and the first video that hold a label, for a message."""
        code = self.labels.index(label)
        video = next(name for name, codes in self.codes.items() if code in codes)
        return f"{self.path}: video {video!r}"

    def has_header(self, video: str) -> bool:
        """Whether a video's labels are from a file of MS-TCN's format, with blanks between them."""
        path = self.files.get(video)
        if path is None:
            return False
        with path.open("rb") as file:
            return file.read(4).removeprefix(codecs.BOM_UTF8).startswith(b"#")

    def other_names(self) -> list[str]:
        """Names of all videos of the folder, those included that were not read."""
        if self.splits is not None or not self.path.is_dir():
            return sorted(self.codes)
        paths = (path.relative_to(self.path).as_posix() for path in self.path.rglob("*"))
        return sorted({*self.codes, *map(video_name, paths)})


def read_label_folder(
    path: Path, mat_field: str, wanted: Collection[str] | None = None
) -> LabelFolder:
    """The labels of a folder of label files or of ED-TCN's .mat files, or of one such file.

    Of a run's folder or a decoding's they are its predictions or its truth. The .mat files hold no
    names of videos: a video is called by its file and its place in it, "1/03". The array in them
    is `mat_field`: `matrices.TRUTH_FIELD` or `PREDICTION_FIELD`. Of `wanted` videos only these are
    read, and those of them that are not there are left out.
    """
    path = own_folder(path, OWN_FOLDERS[mat_field]) if mat_field in OWN_FOLDERS else path
    wanted = None if wanted is None else frozenset(wanted)
    files = {video_name(path.name): path} if path.is_file() else None
    mat_files = [path] if files and path.suffix == ".mat" else sorted(path.glob("*.mat"))
    mat_files = [file for file in mat_files if file.is_file()]  # reading a pipe would never end
    if wanted is not None:
        stems = {name.partition("/")[0] for name in wanted}
        mat_files = [file for file in mat_files if file.stem in stems]
    splits = activities = None
    if mat_files:
        files = {}
        by_file = {file.stem: read_mat_labels(file, mat_field) for file in mat_files}
        labels = {name: each for videos in by_file.values() for name, each in videos.items()}
        splits = {split: list(videos) for split, videos in by_file.items()}
    else:
        files = files or find_videos(path, wanted)
        labels = {name: read_labels(file) for name, file in files.items()}
        if any(file.parent != path for file in files.values()) and path.is_dir():
            parents = {name: file.parent.relative_to(path) for name, file in files.items()}
            activities = {name: "/".join(parent.parts) for name, parent in parents.items()}
    index: dict[str, int] = {}
    codes = {
        name: np.array([index.setdefault(label, len(index)) for label in each], np.int64)
        for name, each in labels.items()
    }
    return LabelFolder(path, codes, list(index), activities, splits, files)


def own_folder(path: Path, name: str) -> Path:
    """The subfolder `name` of a run or a decoding of this package; `path` itself of other folders.

    Raises:
        ValueError: it has no such subfolder.
    """
    if not ((path / "config.json").is_file() and (path / PREDICTIONS).is_dir()):
        return path
    if not (path / name).is_dir():
        raise ValueError(f"{path}: the folder of a run or a decoding, which holds no {name}")
    return path / name


def largest_cut(frames: int) -> int:
    """Frames by which labels may differ in length from the `frames` of the longer side.

    More is no rounding of a program's: the two have another rate, or begin at another time. One
    frame may always be cut, and at most 5 % of all.
    """
    return max(1, frames // LARGEST_CUT)


def read_labels(path: Path) -> list[str]:
    """Labels of one video from a file of any format but .mat, as they are written."""
    if path.suffix == ".mat":
        raise ValueError(
            f"{path}: ED-TCN's .mat files have to lie in the folder itself: name {path.parent}"
        )
    if path.suffix == ".npy":
        return [str(label) for label in read_array(path).tolist()]
    labels = read_names(path)
    # NumPy's savetxt and MATLAB write 3 as 3.000000e+00.
    known = set(labels)
    if all(re.fullmatch(r"[-+]?[0-9]{1,9}\.[0-9]{0,20}(e\+?[0-9]{1,2})?", each) for each in known):
        numbers = {each: float(each) for each in known}
        if all(number.is_integer() and abs(number) < 1e9 for number in numbers.values()):
            return [str(int(numbers[label])) for label in labels]
    return labels


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
            raise ValueError(
                f"{path}: {len(lines) - 1} lines of labels under the header, not one"
                + ("; a file of a label a line has no header" * (len(lines) > 2))
            )
        return lines[1].split()
    if "" in lines:
        raise ValueError(f"{path}: no label in line {lines.index('') + 1}")
    return lines


def read_lines(path: Path) -> list[str]:
    """Lines of a text file, tabs as blanks, no empty ones at its end; raises as `read_text`."""
    # Not splitlines(): it would cut a name at control characters, which names are checked for.
    return read_text(path).replace("\t", " ").rstrip().split("\n")


def read_array(path: Path) -> np.ndarray:
    """Labels of one video from a `.npy` file: whole numbers or names, [frames], nothing else."""
    labels = read_npy(path)
    if labels.ndim == 1 and labels.dtype.kind == "U":
        for name in np.unique(labels):
            check_name(path, "label", str(name).strip())
        return np.char.strip(labels)
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        content = f"{labels.dtype}{list(labels.shape)}"
        raise ValueError(f"{path}: {content} instead of whole numbers [frames]{mending(labels)}")
    if not labels.size:
        raise ValueError(f"{path}: empty")
    return labels


def mending(array: np.ndarray) -> str:
    """End of a message: what an array that is no [frames] of whole numbers looks like."""
    shape = array.shape
    if array.ndim == 1 and array.dtype.kind in "bf" and np.isin(array % 1, 0).all():
        return "; save array.astype(int)"
    if array.ndim == 1 and array.dtype.kind == "S":
        return "; save array.astype(str)"
    if array.ndim != 2 or not array.size or array.dtype.kind not in "biuf":
        return ""
    if 1 in shape:
        return "; looks transposed: a matrix of one row or column; save array.ravel()"
    if shape[0] < shape[1]:
        return "; looks transposed: frame scores [classes, frames]? Labels are array.argmax(axis=0)"
    return "; looks like frame scores [frames, classes]: labels are array.argmax(axis=1)"


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
            raise ValueError(f"{path}: unknown label {label!r} in line {line}{hint(label, index)}")
    return np.array([index[label] for label in labels], np.int64)


def read_clusters(path: Path) -> np.ndarray:
    """Labels of one video as cluster numbers, whole numbers of at least -1, int64 [frames]."""
    labels = read_names(path)
    for line, label in enumerate(labels, start=1):
        if not re.fullmatch(r"-1|[0-9]{1,9}", label):
            raise ValueError(f"{path}: {label!r} in line {line} is no cluster number")
    return np.array(labels, np.int64)


def find_videos(folder: Path, wanted: Collection[str] | None = None) -> dict[str, Path]:
    """Video -> its label file, of a folder and its subfolders, sorted by name.

    A video's name is its file's without `.txt` or `.npy`; where a name occurs in two subfolders,
    all names hold the path from `folder` on. In a run's predictions they hold the activity at
    most. Hidden files and folders are skipped, and so are `OWN_TABLES` beside their labels and,
    where some videos are `wanted`, all others.

    Raises:
        ValueError: no such folder, no files in it, two files of one video, or an entry that is
            no file (a link to nothing or to itself, a device).
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ValueError(f"{folder}: no such folder")
    members = run_members(folder)

    def name_of(path: Path, inside: Path) -> str | None:
        name = video_name(inside.as_posix())
        if members and name.count("/") == 2:
            name = "/".join(name.split("/")[::2])
        if is_own_table(path):
            return None
        if wanted is not None and name not in wanted:
            name = name.rpartition("/")[2]
            if name not in wanted:
                return None
        if not path.is_file():
            raise ValueError(f"{folder}: {inside.as_posix()!r} is no file")
        return name

    if wanted is not None:
        return name_files(folder, name_of)
    return files_by_name(folder, name_of, "label files")


def is_own_table(path: Path) -> bool:
    """Whether a file is one that this package has put beside the labels of a video."""
    if path.name in OWN_FILES:
        return True
    stems = (path.name.removesuffix(end) for end in OWN_TABLES if path.name.endswith(end))
    return any(
        (path.parent / f"{stem}{suffix}").is_file() for stem in stems for suffix in ("", *SUFFIXES)
    )


def run_members(folder: Path) -> bool:
    """Whether a folder holds a run's predictions: `<activity>/<member>/<video>.txt`.

    Raises:
        ValueError: an activity has several members, seeds or variants, of which one is to be named.
    """
    if folder.name != PREDICTIONS or not (folder.parent / "members.json").is_file():
        return False
    for activity in sorted(filter(Path.is_dir, folder.iterdir())):
        members = sorted(filter(Path.is_dir, activity.iterdir()))
        if len(members) > 1:
            raise ValueError(
                f"{folder}: {len(members)} seeds or variants of {activity.name!r}"
                f" ({listed(each.name for each in members)}): name the folder of one, {members[0]}"
            )
    return True


def files_by_name(
    folder: Path, name_of: Callable[[Path, Path], str | None], content: str
) -> dict[str, Path]:
    """Name -> file, of a folder and its subfolders, named as in `find_videos`.

    Args:
        folder: an existing folder.
        name_of: (file, its path inside the folder) -> its name, or None to pass it over; raises
            ValueError for files of another kind.
        content: kind of files, for the message where there are none.
    """
    paths = name_files(folder, name_of)
    if not paths:
        raise ValueError(f"{folder}: no {content}")
    short = {name.rpartition("/")[2]: path for name, path in paths.items()}
    return dict(sorted((short if len(short) == len(paths) else paths).items()))


def name_files(folder: Path, name_of: Callable[[Path, Path], str | None]) -> dict[str, Path]:
    """Name -> file, of a folder and its subfolders, as `name_of` calls them; sorted."""
    paths: dict[str, Path] = {}
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if path.is_dir() or any(map(is_hidden, (inside, *inside.parents))):
            continue
        name = name_of(path, inside)
        if name is None:
            continue
        if name in paths:
            other = paths[name].relative_to(folder).as_posix()
            raise ValueError(f"{path}: video {name!r} is also in {other}")
        paths[name] = path
    return dict(sorted(paths.items()))


def video_name(file_name: str) -> str:
    """A file's name without the suffix of a label file, or of jaxseg's own with ids."""
    for suffix in (".ids.txt", *SUFFIXES):
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
