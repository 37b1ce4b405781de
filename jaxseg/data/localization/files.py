"""Feature files of RGB and flow: which belong together, and whether they are what they say.

<folder>/rgb/<video>.npy and <folder>/flow/<video>.npy    [snippets, channels] each
<folder>/<video>.npy                                      [snippets, 2 channels], RGB first
"""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from jaxseg.data.batches.crew import ALONE, Crew
from jaxseg.data.segmentation.features import read_arrays
from jaxseg.data.segmentation.files import entries, listed
from jaxseg.data.segmentation.published import need_folder
from jaxseg.formats.names import check_file_name

RGB, FLOW = "rgb", "flow"


class Streams(NamedTuple):
    """Both feature arrays of a video, [snippets, channels], and where they lie, for messages."""

    rgb: np.ndarray
    flow: np.ndarray
    rgb_source: str
    flow_source: str


def need_file(path: Path) -> Path:
    """The path itself, or FileNotFoundError where there is no file."""
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file")
    return path


def find_home(root: Path, names: Sequence[str], wanted: str) -> Path:
    """The folder that holds `wanted`: the root or one of `names` below it.

    Raises:
        FileNotFoundError: no root, or no such folder in it.
    """
    need_folder(root)
    for folder in (root, *(root / name for name in names)):
        if (folder / wanted).exists():
            return folder
    below = " nor ".join(f"{name}/{wanted}" for name in names)
    raise FileNotFoundError(f"{root}: holds neither {wanted} nor {below}")


def find_streams(folder: Path) -> dict[str, tuple[Path, ...]]:
    """Video -> its (RGB, flow) files, or its one file of both.

    Raises:
        FileNotFoundError: no such folder, or one of `rgb/` and `flow/` alone.
        ValueError: no files, files of another kind, or one stream without the other.
    """
    need_folder(folder)
    if not any((folder / stream).is_dir() for stream in (RGB, FLOW)):
        return {video: (path,) for video, path in find_arrays(folder).items()}
    rgb, flow = (find_arrays(need_folder(folder / stream)) for stream in (RGB, FLOW))
    alone = [path for a, b in ((rgb, flow), (flow, rgb)) for v, path in a.items() if v not in b]
    if alone:
        raise ValueError(
            f"{folder}: {len(alone)} files of one stream without the other: {listed(alone)}"
        )
    return {video: (path, flow[video]) for video, path in rgb.items()}


def find_arrays(folder: Path) -> dict[str, Path]:
    """Video -> its .npy file."""
    paths = entries(folder)
    others = [path.name for path in paths if path.suffix != ".npy" or not path.is_file()]
    if others:
        raise ValueError(f"{folder}: not files of features (.npy): {listed(others)}")
    if not paths:
        raise ValueError(f"{folder}: holds no features")
    return {check_file_name(folder, "video", path.stem): path for path in paths}


def check_paired(featured: Collection[str], annotated: Collection[str], folder: Path) -> None:
    """Raises ValueError naming the videos that have features or an annotation, but not both."""
    bare = [video for video in annotated if video not in featured]
    unknown = [video for video in featured if video not in annotated]
    problems = []
    if bare:
        problems.append(f"{len(bare)} of {len(annotated)} videos without features ({listed(bare)})")
    if unknown:
        problems.append(f"{len(unknown)} videos without an annotation ({listed(unknown)})")
    if problems:
        raise ValueError(f"{folder}: {'; '.join(problems)}")


def read_streams(
    files: Mapping[str, tuple[Path, ...]], *, progress: bool, crew: Crew = ALONE
) -> dict[str, Streams]:
    """Video -> the arrays of its files, checked: whole, two-dimensional, finite.

    Raises:
        ValueError: a file that is broken, empty, pickled or not finite, or has an odd number of
            columns where it should hold both streams.
    """
    paths = [path for pair in files.values() for path in pair]
    read = read_arrays(paths, cache=None, progress=progress, crew=crew)
    arrays = dict(zip(paths, read, strict=True))
    return {video: make_streams(pair, arrays) for video, pair in files.items()}


def make_streams(paths: tuple[Path, ...], arrays: Mapping[Path, np.ndarray]) -> Streams:
    if len(paths) == 1:
        return split(arrays[paths[0]], str(paths[0]))
    rgb, flow = paths
    return Streams(arrays[rgb], arrays[flow], str(rgb), str(flow))


def split(joint: np.ndarray, source: str) -> Streams:
    """The halves of [snippets, 2 channels]; a memory map stays one.

    Raises:
        ValueError: an odd number of columns.
    """
    columns = joint.shape[1]
    if columns % 2:
        raise ValueError(f"{source}: {columns} columns are not RGB and flow of equal width")
    half = columns // 2
    sources = f"{source}: columns 1 to {half}", f"{source}: columns {half + 1} to {columns}"
    return Streams(joint[:, :half], joint[:, half:], *sources)
