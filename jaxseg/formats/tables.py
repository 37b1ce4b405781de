"""Files beside the labels: mappings, label maps, activities, splits, and ED-TCN's `.mat`."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy.io import loadmat

from jaxseg.formats.labels import read_lines, video_name

TRUTH_FIELD, PREDICTION_FIELD = "Y", "P"


def read_pairs(path: Path) -> list[tuple[str, str]]:
    """The two words of every line; the second may hold spaces, empty lines are passed over.

    Raises:
        ValueError: the file cannot be read or is empty, or a line has one word.
    """
    pairs = []
    for number, line in enumerate(read_lines(path), start=1):
        words = line.split(maxsplit=1)
        if len(words) == 1:
            raise ValueError(f"{path}: {words[0]!r} in line {number} stands alone")
        if words:
            pairs.append((words[0], words[1].strip()))
    return pairs


def read_mapping(path: Path) -> dict[str, int]:
    """Name -> index of a mapping, `index name` a line, in the order of the indices.

    Several names may share an index: they are one class, which has the first one's name.

    Raises:
        ValueError: an index that is no whole number, a name twice, or an index left out below
            the highest.
    """
    indices: dict[str, int] = {}
    for index, name in read_pairs(path):
        if not re.fullmatch("[0-9]{1,9}", index):
            raise ValueError(f"{path}: index {index!r} of {name!r} is no whole number")
        if name in indices:
            raise ValueError(f"{path}: {name!r} has index {indices[name]} and index {index}")
        indices[name] = int(index)
    present = set(indices.values())
    for index in range(max(present, default=-1)):
        if index not in present:
            raise ValueError(f"{path}: no name for index {index}, but for index {max(present)}")
    return dict(sorted(indices.items(), key=lambda item: item[1]))


def read_label_map(path: Path) -> dict[str, str]:
    """Fine -> coarse label, `fine coarse` a line.

    Raises:
        ValueError: a label that goes to two.
    """
    return read_unique(path, "label")


def read_activities(path: Path) -> dict[str, str]:
    """Video -> activity, `video activity` a line.

    Raises:
        ValueError: a video with two activities.
    """
    return read_unique(path, "video", video_name)


def read_unique(path: Path, what: str, key_of: Callable[[str], str] = str) -> dict[str, str]:
    """First word -> second of every line; ValueError where a first word has two."""
    table: dict[str, str] = {}
    for word, value in read_pairs(path):
        key = key_of(word)
        if table.setdefault(key, value) != value:
            raise ValueError(f"{path}: {what} {key!r} is both {table[key]!r} and {value!r}")
    return table


def read_split(path: Path) -> list[str]:
    """The videos that a split lists, one a line.

    Raises:
        ValueError: the file cannot be read or is empty, or a video occurs twice.
    """
    names: dict[str, None] = {}
    for line in filter(None, map(str.strip, read_lines(path))):
        name = video_name(line)
        if name in names:
            raise ValueError(f"{path}: video {name!r} is listed twice")
        names[name] = None
    return list(names)


def is_tcn_folder(folder: Path) -> bool:
    """Whether a folder holds ED-TCN's result files, one `.mat` a split."""
    return any(Path(folder).glob("*.mat"))


def read_tcn_folder(folder: Path, field: str) -> dict[str, dict[str, np.ndarray]]:
    """Split -> video -> int [frames] of ED-TCN's result files.

    The files hold no names: a video is called after its file and its place in it, "1/03".

    Args:
        folder: one `.mat` a split.
        field: `Y` for the truth, `P` for the prediction.

    Raises:
        ValueError: a file that is no such `.mat`.
    """
    splits = {}
    for path in sorted(Path(folder).glob("*.mat")):
        try:
            cells = loadmat(path, variable_names=[field])[field].ravel()
            videos = [np.asarray(cell).ravel() for cell in cells]
        except KeyError:
            raise ValueError(f"{path}: no field {field!r}") from None
        except Exception as error:  # loadmat raises whatever a broken file leads it to
            raise ValueError(f"{path}: no .mat file: {type(error).__name__}") from None
        names = (f"{path.stem}/{place:02}" for place in range(1, len(videos) + 1))
        splits[path.stem] = dict(zip(names, videos, strict=True))
    return splits
