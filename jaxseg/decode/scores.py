"""Frame scores of videos: read as matrices, told apart by kind, turned into evidence and cost.

The cost of a frame in a class is its log-loss, -log p, cut at that of p = 1e-4 and divided by
it, so that it lies in [0, 1] like ASOT's 1 - cosine. 1 - p would not tell which of the unlikely
classes is the likelier one; without the cut one confident mistake would outweigh its neighbors.
Similarities cost 1 - s, as in ASOT (Xu and Gould, CVPR 2024, Section 4.3).
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from jaxseg.formats.labels import files_by_name
from jaxseg.formats.matrices import SUFFIXES, check_finite, check_matrix, read_matrices
from jaxseg.formats.names import check_file_name

FRAMES_FIRST, CHANNELS_FIRST = LAYOUTS = ("frames-first", "channels-first")
LOGITS, PROBABILITIES, SIMILARITIES = KINDS = ("logits", "probabilities", "similarities")
LARGEST_LOSS = np.float32(-np.log(1e-4))
ROUNDING = 0.01  # probabilities in half precision, or written with three digits
TINY = np.finfo(np.float32).tiny


class Scores(NamedTuple):
    """Scores of all videos."""

    path: Path  # the file or folder that they were read from
    videos: dict[str, np.ndarray]  # video -> float32 [frames, classes], finite
    splits: dict[str, list[str]] | None  # split -> its videos, if each file is a split; or None

    @property
    def num_classes(self) -> int:
        """Number of classes, the same in every video."""
        return next(iter(self.videos.values())).shape[1]


def read_scores(
    path: Path,
    *,
    key: str | None = None,
    num_classes: int | None = None,
    layout: str | None = None,
) -> Scores:
    """Reads one file, or all files of a folder and its subfolders.

    An .npz or .mat may hold several arrays: `key` names one, see `read_matrices`. The number of
    classes tells the axes apart (default: the size that all videos share), or else the layout.
    """
    videos: dict[str, np.ndarray] = {}
    splits: dict[str, list[str]] = {}
    files = find_files(path)
    for name, file in progress(files.items(), "scores", "file"):
        for cell, matrix in read_matrices(file, key).items():
            video = f"{name}/{cell}" if cell else name
            if video in videos:
                raise ValueError(f"{file}: video {video!r} is in another file, too")
            videos[video] = as_matrix(f"{file}: video {video!r}", matrix)
            splits.setdefault(name if cell else "", []).append(video)
    videos = frames_first(path, videos, num_classes, layout)
    return Scores(path, videos, None if "" in splits else splits)


def find_files(path: Path) -> dict[str, Path]:
    """Name -> file, sorted; names are those of `formats.labels.find_videos`."""
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
    """A finite array of two axes that matter as float32; axes of length 1 in front are dropped."""
    matrix = np.asarray(array)
    while matrix.ndim > 2 and len(matrix) == 1:
        matrix = matrix[0]
    check_matrix(where, matrix)
    check_finite(where, matrix)
    return np.asarray(matrix, np.float32)


def frames_first(
    path: Path, videos: Mapping[str, np.ndarray], num_classes: int | None, layout: str | None
) -> dict[str, np.ndarray]:
    """All matrices as [frames, classes]; they share one layout, which settles square ones."""
    layout = layout or find_layout(path, videos, num_classes)
    turned = {
        video: np.ascontiguousarray(matrix if layout == FRAMES_FIRST else matrix.T)
        for video, matrix in videos.items()
    }
    expected = num_classes or next(iter(turned.values())).shape[1]
    for video, matrix in turned.items():
        if matrix.shape[1] != expected:
            raise ValueError(
                f"{path}: video {video!r}: {matrix.shape[1]} classes {layout}, not {expected}"
            )
    return turned


def find_layout(path: Path, videos: Mapping[str, np.ndarray], num_classes: int | None) -> str:
    """The one layout in which every video has the same number of classes, the given one if any."""
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


def find_kind(path: Path, videos: Mapping[str, np.ndarray], kind: str | None) -> str:
    """Kind of the scores [frames, classes]: `kind`, if they can be that, or else probabilities.

    The numbers alone tell probabilities, whose rows sum to 1, from the rest; a cosine may be a
    logit. Rows that sum to 1 are refused as logits, since a second softmax would make all classes
    almost equally likely.
    """
    if kind == LOGITS:
        # A single class of probability 1 in every frame may be a logit, too.
        if all(each.shape[1] > 1 and not not_probabilities(each) for each in videos.values()):
            raise ValueError(f"{path}: every frame sums to 1: probabilities, not {LOGITS}")
        return kind
    check = not_cosines if kind == SIMILARITIES else not_probabilities
    for video, scores in videos.items():
        if problem := check(scores):
            hint = "" if kind else "; say --kind=logits or --kind=similarities"
            raise ValueError(f"{path}: video {video!r}: {problem}{hint}")
    return kind or PROBABILITIES


def not_probabilities(scores: np.ndarray) -> str | None:
    """Reason why scores [N, K] are not probabilities; None if they are."""
    if scores.min() < 0:
        return f"{scores.min():.4g} is no probability"
    sums = scores.sum(1)
    wrong = np.abs(sums - 1) > ROUNDING
    if not wrong.any():
        return None
    frame = int(wrong.argmax())
    return f"frame {frame + 1} sums to {sums[frame]:.4g}, not to 1 as probabilities do"


def not_cosines(scores: np.ndarray) -> str | None:
    """Reason why scores [N, K] are not similarities; None if they are."""
    extreme = scores.flat[np.abs(scores).argmax()]
    return f"{extreme:.4g} is no similarity in [-1, 1]" if abs(extreme) > 1 + ROUNDING else None


def log_likelihood(scores: np.ndarray, kind: str) -> np.ndarray:
    """log p(class | frame) of scores [N, K], float32 [N, K].

    Similarities are returned unchanged: they are log-likelihoods up to a constant a frame and a
    scale, neither of which changes which path is the likeliest.
    """
    if kind == LOGITS:
        shifted = scores - scores.max(1, keepdims=True)
        return shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    return np.log(np.maximum(scores, TINY)) if kind == PROBABILITIES else scores


def cost(scores: np.ndarray, kind: str) -> np.ndarray:
    """Cost of every frame in every class, float32 [N, K]; see the top of this file."""
    if kind == SIMILARITIES:
        return 1 - scores
    return np.clip(-log_likelihood(scores, kind), 0, LARGEST_LOSS) / LARGEST_LOSS


def progress(items: Iterable, title: str, unit: str) -> tqdm:
    """The items, with a progress bar after a second where the output is a terminal."""
    return tqdm(items, title, unit=unit, disable=None, delay=1, leave=False)
