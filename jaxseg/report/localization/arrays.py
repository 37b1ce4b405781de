"""Reads `.npz` files and checks what is in them before it is drawn."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from jaxseg.report.files import reason
from jaxseg.report.localization.records import Interval

_PARTS = ("label", "start", "end", "score")


def load_arrays(path: Path, kind: str, required: Sequence[str]) -> dict[str, np.ndarray]:
    """All arrays of a file; an error calls it no `kind`."""
    try:
        with np.load(path) as file:
            arrays = {name: file[name] for name in file.files}
    except Exception as error:  # np.load raises whatever zip, zlib and pickle raise
        raise ValueError(f"{path}: not a {kind}: {type(error).__name__} {reason(error)}") from None
    for name in required:
        if name not in arrays:
            raise ValueError(f"{path}: not a {kind}: no {name!r} in it")
    return arrays


def check_array(path: Path, name: str, array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The array in float64, when it holds finite numbers of this shape."""
    if array.shape != shape:
        raise ValueError(f"{path}: {name} has shape {array.shape}, not {shape}")
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{path}: {name} holds {array.dtype}, not numbers")
    if not np.isfinite(array).all():
        raise ValueError(f"{path}: {name} has {array[~np.isfinite(array)][0]} in it")
    return array.astype(np.float64)


def read_instances(
    path: Path,
    arrays: Mapping[str, np.ndarray],
    prefix: str,
    classes: Sequence[str],
    *,
    seconds: float = 1.0,
) -> tuple[Interval, ...]:
    """Instances from "<prefix>start", "<prefix>end", "<prefix>score" and "<prefix>label".

    Args:
        path: of the file, for errors.
        arrays: of the file; these four are [n], labels are indices into `classes`.
        prefix: of the four names.
        classes: of the data set.
        seconds: what the file counts start and end in.
    """
    names = [prefix + part for part in _PARTS]
    for name in names:
        if name not in arrays:
            raise ValueError(f"{path}: no {name!r} in it")
    shape = (arrays[names[0]].size,)
    label, start, end, score = (check_array(path, name, arrays[name], shape) for name in names)
    if (wrong := label[~np.isin(label, range(len(classes)))]).size:
        raise ValueError(f"{path}: {names[0]} has {wrong[0]:g} in it, of {len(classes)} classes")
    for i in np.flatnonzero(end < start)[:1]:
        raise ValueError(f"{path}: {names[2]} has {end[i]:g} in it, before its start {start[i]:g}")
    columns = (label.astype(int), seconds * start, seconds * end, score)
    return tuple(
        Interval(classes[index], *numbers)
        for index, *numbers in zip(*(column.tolist() for column in columns), strict=True)
    )
