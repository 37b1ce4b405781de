"""Pseudo-labels of a localization run's training videos at each refresh r, pseudo_labels/.

`<r>.all.npz` holds the labels of every member and video, for a run that goes on; `<r>.npz` those
of a few videos with the instances they were made from, for the report.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from jaxseg.formats.arrays import read_npz
from jaxseg.runfiles.about import LocalizationData, Member, SnippetVideo
from jaxseg.runfiles.checks import check_array, fields_of, write_arrays
from jaxseg.runfiles.localization import Interval, intervals_in

FOLDER = "pseudo_labels"
_BACKGROUND = ""  # name of the last column, which has labels and instances as classes have


class SparseLabels(NamedTuple):
    """Labels of one video without the columns that are zero, as most classes' are."""

    columns: np.ndarray  # int64 [C], which columns they are, ascending
    values: np.ndarray  # float32 [T, C]


def write_all(
    workdir: Path, number: int, members: Sequence[str], labels: Sequence[Sequence[SparseLabels]]
) -> None:
    """Writes `<number>.all.npz`: labels by member directory and video."""
    arrays: dict[str, np.ndarray] = {}
    for directory, videos in zip(members, labels, strict=True):
        # All videos in three arrays: a file of thousands of small ones takes minutes.
        arrays |= {
            f"{directory}/counts": np.array([len(video.columns) for video in videos]),
            f"{directory}/columns": np.concatenate([video.columns for video in videos]),
            f"{directory}/values": np.concatenate([video.values.reshape(-1) for video in videos]),
        }
    write_arrays(workdir / FOLDER / f"{number}.all.npz", arrays)


def read_all(
    workdir: Path, number: int, members: Sequence[str], lengths: Sequence[int]
) -> list[list[SparseLabels]]:
    """Reads `<number>.all.npz`, by member directory and video; `lengths` has T of each video."""
    path = workdir / FOLDER / f"{number}.all.npz"
    parts = ("counts", "columns", "values")
    names = [f"{directory}/{part}" for directory in members for part in parts]
    try:
        arrays = read_npz(path, names)
        return [
            _unpack(*(arrays[f"{directory}/{part}"] for part in parts), lengths)
            for directory in members
        ]
    except ValueError as error:
        reason = f"is damaged ({error})" if path.exists() else "is missing"
    raise ValueError(
        f"{path} {reason}, and its steps have been trained with it: remove {workdir} to train anew"
    )


def _unpack(
    counts: np.ndarray, columns: np.ndarray, values: np.ndarray, lengths: Sequence[int]
) -> list[SparseLabels]:
    if len(counts) != len(lengths) or values.size != np.dot(counts, lengths):
        raise ValueError(f"labels of {len(counts)} videos, not of these {len(lengths)}")
    columns = np.split(columns, np.cumsum(counts)[:-1])
    values = np.split(values, np.cumsum(counts * lengths)[:-1])
    return [
        SparseLabels(chosen, each.reshape(length, len(chosen)))
        for chosen, each, length in zip(columns, values, lengths, strict=True)
    ]


class PseudoLabels(NamedTuple):
    """Pseudo-labels of a training video of T snippets."""

    borders: np.ndarray  # seconds [T + 1] between snippets, rising
    labels: np.ndarray  # [T, G], P_r of every class
    instances: tuple[Interval, ...]  # those that the labels were made from


class Refresh(NamedTuple):
    """Pseudo-labels of some training videos, video -> labels, made at this epoch."""

    epoch: float
    videos: Mapping[str, PseudoLabels]


def write_shown(workdir: Path, number: int, arrays: Mapping[str, np.ndarray]) -> None:
    """Writes `<number>.npz`.

    Args:
        arrays: "epoch" []; "shown", the names of the videos; "counts/<name>" [], numbers for the
            log; for each video, behind "<member's directory>/<video>/", "labels" [T, G + 1], the
            background last, and "label", "start", "end" (in snippets) and "score" [n].
    """
    write_arrays(workdir / FOLDER / f"{number}.npz", arrays)


def read_shown(workdir: Path, member: Member, data: LocalizationData) -> tuple[Refresh, ...]:
    """The refreshes of one member in the order in which they were made; () without files.

    All of them have to show the same videos.
    """
    folder = workdir / FOLDER
    numbers = sorted(int(path.stem) for path in folder.glob("*.npz") if path.stem.isdecimal())
    if numbers != list(range(len(numbers))):
        missing = next(i for i, number in enumerate(numbers) if i != number)
        raise ValueError(f"{folder}: there is {numbers[-1]}.npz, but no {missing}.npz")
    videos = {video.name: video for video in data.videos}
    refreshes = []
    for number in numbers:
        path = folder / f"{number}.npz"
        arrays = read_npz(path)
        with fields_of(path):
            refresh = _refresh(arrays, member.directory, videos, data)
            if refreshes and refresh.videos.keys() != refreshes[0].videos.keys():
                shown = f"{', '.join(refresh.videos)}, in 0.npz {', '.join(refreshes[0].videos)}"
                raise ValueError(f"shown are {shown}")
        refreshes.append(refresh)
    return tuple(refreshes)


def remove(workdir: Path, number: int) -> None:
    """Removes both files of a refresh, as far as they are there."""
    for name in (f"{number}.npz", f"{number}.all.npz"):
        (workdir / FOLDER / name).unlink(missing_ok=True)


def _refresh(
    arrays: Mapping[str, np.ndarray],
    directory: str,
    videos: Mapping[str, SnippetVideo],
    data: LocalizationData,
) -> Refresh:
    shown = arrays["shown"].astype(str).ravel().tolist()
    if unknown := [name for name in shown if name not in videos]:
        raise ValueError(f"video {unknown[0]!r} is not in dataset.json")
    return Refresh(
        epoch=float(check_array("epoch", arrays["epoch"], ())),
        videos={
            name: _video_labels(arrays, f"{directory}/{name}/", videos[name], data)
            for name in shown
        },
    )


def _video_labels(
    arrays: Mapping[str, np.ndarray], prefix: str, video: SnippetVideo, data: LocalizationData
) -> PseudoLabels:
    seconds = data.snippet_seconds(video)
    if seconds is None:
        raise ValueError(f"video {video.name!r} has no snippets of known length")
    shape = (video.snippets, len(data.classes) + 1)
    labels = check_array(f"{prefix}labels", arrays[f"{prefix}labels"], shape)
    instances = intervals_in(arrays, prefix, (*data.classes, _BACKGROUND), seconds=seconds)
    return PseudoLabels(
        borders=seconds * np.arange(video.snippets + 1),
        labels=labels[:, :-1],
        instances=tuple(each for each in instances if each.label != _BACKGROUND),
    )
