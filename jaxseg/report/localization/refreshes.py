"""Reads the pseudo-labels of some training videos, `pseudo_labels/<r>.npz` of each refresh r."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from jaxseg.report.localization.arrays import check_array, load_arrays, read_instances
from jaxseg.report.localization.records import PseudoLabels, Refresh, Video

_BACKGROUND = ""  # the last column's name: it has labels and instances too, and is not drawn


def read_refreshes(
    folder: Path, directory: str, videos: Sequence[Video], classes: Sequence[str]
) -> tuple[Refresh, ...]:
    """The refreshes of one member in the order in which they were made; () without files.

    Args:
        folder: holds `<r>.npz`, and files of other names that are not read.
        directory: of the member.
        videos, classes: of the data set.

    Raises:
        ValueError: one of the refreshes is missing, shows other videos than the first, or does
            not hold what it should.
    """
    numbers = sorted(int(path.stem) for path in folder.glob("*.npz") if path.stem.isdecimal())
    for expected, number in enumerate(numbers):
        if number != expected:
            raise ValueError(f"{folder}: there is {number}.npz, but no {expected}.npz")
    by_name = {video.name: video for video in videos}
    refreshes = [_read(folder / f"{r}.npz", directory, by_name, classes) for r in numbers]
    for number, refresh in enumerate(refreshes):
        if refresh.videos.keys() != refreshes[0].videos.keys():
            raise ValueError(
                f"{folder / f'{number}.npz'}: shown are {', '.join(refresh.videos)}, in 0.npz "
                f"{', '.join(refreshes[0].videos)}"
            )
    return tuple(refreshes)


def _read(
    path: Path, directory: str, videos: Mapping[str, Video], classes: Sequence[str]
) -> Refresh:
    arrays = load_arrays(path, "file of pseudo-labels", ("epoch", "shown"))
    shown = arrays["shown"].astype(str).ravel().tolist()
    if unknown := [name for name in shown if name not in videos]:
        raise ValueError(f"{path}: video {unknown[0]!r} is not in dataset.json")
    return Refresh(
        epoch=float(check_array(path, "epoch", arrays["epoch"], ())),
        videos={
            name: _of_video(path, arrays, f"{directory}/{name}/", videos[name], classes)
            for name in shown
        },
    )


def _of_video(
    path: Path,
    arrays: Mapping[str, np.ndarray],
    prefix: str,
    video: Video,
    classes: Sequence[str],
) -> PseudoLabels:
    if f"{prefix}labels" not in arrays:
        raise ValueError(f"{path}: no '{prefix}labels' in it")
    if not video.snippets or video.snippet_seconds is None:
        raise ValueError(f"{path}: video {video.name!r} has no snippets of known length")
    shape = (video.snippets, len(classes) + 1)
    labels = check_array(path, f"{prefix}labels", arrays[f"{prefix}labels"], shape)
    named = (*classes, _BACKGROUND)
    instances = read_instances(path, arrays, prefix, named, seconds=video.snippet_seconds)
    return PseudoLabels(
        borders=video.snippet_seconds * np.arange(video.snippets + 1),
        labels=labels[:, :-1],
        instances=tuple(each for each in instances if each.label != _BACKGROUND),
    )
