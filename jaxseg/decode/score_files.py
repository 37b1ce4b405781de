"""A file or a folder of scores -> matrices [frames, classes], one a video."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from jaxseg.decode.progress import progress
from jaxseg.formats.labels import files_by_name
from jaxseg.formats.matrices import SUFFIXES, check_finite, check_matrix, read_matrices
from jaxseg.formats.names import check_file_name

FRAMES_FIRST, CHANNELS_FIRST = LAYOUTS = ("frames-first", "channels-first")


class Scores(NamedTuple):
    """The scores of all videos.

    Attributes:
        path: where they come from.
        videos: video -> float32 [frames, classes], finite.
        splits: split -> its videos, where each file holds the videos of one; else None.
    """

    path: Path
    videos: dict[str, np.ndarray]
    splits: dict[str, list[str]] | None

    @property
    def num_classes(self) -> int:
        return next(iter(self.videos.values())).shape[1]


def read_scores(
    path: Path,
    *,
    key: str | None = None,
    num_classes: int | None = None,
    layout: str | None = None,
) -> Scores:
    """Reads one file, or all files of a folder and its subfolders.

    Args:
        path: a file or a folder of .npy, .npz, .mat, .txt or .csv.
        key: the array of an .npz or .mat, see `read_matrices`.
        num_classes: tells the axes apart; default: the size that all videos share.
        layout: which axis is which, where the sizes cannot tell.

    Raises:
        ValueError: what is missing, broken, empty or not finite, with file, video and value.
    """
    videos: dict[str, np.ndarray] = {}
    splits: dict[str, list[str]] = {}
    files = find_files(path)
    for name, file in progress(files.items(), "scores", "file"):
        for place, matrix in read_matrices(file, key).items():
            video = f"{name}/{place}" if place else name
            if video in videos:
                raise ValueError(f"{file}: video {video!r} is in another file, too")
            videos[video] = as_matrix(f"{file}: video {video!r}", matrix)
            splits.setdefault(name if place else "", []).append(video)
    videos = frames_first(path, videos, num_classes, layout)
    return Scores(path, videos, None if "" in splits else splits)


def find_files(path: Path) -> dict[str, Path]:
    """Name -> file, sorted; names are those of `formats.labels.find_videos`.

    Raises:
        ValueError: nothing there, a file of another kind, two files of one name.
    """
    if not path.is_dir():
        if not path.is_file():
            raise ValueError(f"{path}: no such file or folder")
        return {check_score_file(path, path.stem): path}
    return files_by_name(
        path,
        lambda file, inside: check_score_file(file, inside.with_suffix("").as_posix()),
        "files of scores",
    )


def check_score_file(path: Path, name: str) -> str:
    """The name itself; ValueError for a file that holds no scores, or a name no video can have."""
    if path.suffix not in SUFFIXES or not path.is_file():
        raise ValueError(f"{path}: no file of scores ({', '.join(SUFFIXES)})")
    for part in name.split("/"):
        check_file_name(path.parent, "video", part)
    return name


def as_matrix(where: str, array: np.ndarray) -> np.ndarray:
    """An array of two axes that matter as float32; axes of length 1 in front are dropped.

    Raises:
        ValueError: no matrix of numbers, an empty one, or a value that is not finite.
    """
    matrix = np.asarray(array)
    while matrix.ndim > 2 and len(matrix) == 1:
        matrix = matrix[0]
    check_matrix(where, matrix)
    check_finite(where, matrix)
    return np.asarray(matrix, np.float32)


def frames_first(
    path: Path, videos: Mapping[str, np.ndarray], num_classes: int | None, layout: str | None
) -> dict[str, np.ndarray]:
    """All matrices as [frames, classes]; one layout holds for all, so that squares fit in.

    Raises:
        ValueError: no layout fits, or both do.
    """
    layout = layout or find_layout(path, videos, num_classes)
    turned = {
        video: np.ascontiguousarray(matrix if layout == FRAMES_FIRST else matrix.T)
        for video, matrix in videos.items()
    }
    wanted = num_classes or next(iter(turned.values())).shape[1]
    for video, matrix in turned.items():
        if matrix.shape[1] != wanted:
            raise ValueError(
                f"{path}: video {video!r}: {matrix.shape[1]} classes {layout}, not {wanted}"
            )
    return turned


def find_layout(path: Path, videos: Mapping[str, np.ndarray], num_classes: int | None) -> str:
    """The one layout in which every video has the same classes, as many as were said."""
    shapes = {video: matrix.shape for video, matrix in videos.items()}
    first, shape = next(iter(shapes.items()))
    for video, axes in shapes.items():
        if num_classes is not None and num_classes not in axes:
            raise ValueError(f"{path}: video {video!r}: no axis of {axes} is {num_classes} classes")
        if num_classes is None and axes[0] != shape[0] and axes[1] != shape[1]:
            raise ValueError(
                f"{path}: videos {first!r} {shape} and {video!r} {axes} share no axis of classes"
            )
    axis_of = {FRAMES_FIRST: 1, CHANNELS_FIRST: 0}
    fitting = [
        layout
        for layout, axis in axis_of.items()
        if {axes[axis] for axes in shapes.values()} == {num_classes or shape[axis]}
    ]
    if len(fitting) == 1:
        return fitting[0]
    if not fitting:
        raise ValueError(f"{path}: its videos lie in both layouts: {first!r} is {shape}")
    hint = "--layout" if shape[0] == shape[1] else "--classes=K"
    raise ValueError(
        f"{path}: video {first!r}: either axis of {shape} may be the classes; say {hint}"
    )
