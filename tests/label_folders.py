"""Folders of label files, as tests write and read them."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from jaxseg.formats.labels import find_videos, read_names, write_labels


def read_folder(folder: Path, read: Callable[[Path], object] = read_names) -> dict:
    """Video -> result of `read` on its label file."""
    return {name: read(path) for name, path in find_videos(folder).items()}


def write_folder(folder: Path, labels: Mapping[str, Iterable]) -> None:
    """Writes {video: labels} as `<video>.txt` files of one folder."""
    for name, values in labels.items():
        write_labels(folder / f"{name}.txt", values)
