"""The videos of a folder, and the name that each one's features get."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from jaxseg.formats.names import check_file_name, shown

SUFFIXES = (".mp4", ".mkv", ".mov", ".avi", ".webm")
# Names beside features that mean something else to those who read a folder of them.
TAKEN_FOLDERS = ("features", "groundTruth", "mapping")


class Found(NamedTuple):
    """What lies in a folder.

    Attributes:
        videos: name of the features ("sub/video") -> file.
        refused: file, as a path within the folder -> why nothing can be made of it.
        others: how many files and folders were not looked at; hidden ones do not count.
    """

    videos: dict[str, Path]
    refused: dict[str, str]
    others: int


def find_videos(folder: Path) -> Found:
    """Videos by their suffix, in any case, in a folder and its subfolders (activities).

    Raises:
        ValueError: no such folder, or no video in it.
    """
    if not folder.is_dir():
        problem = "is a file, no folder" if folder.exists() else "no such folder"
        raise ValueError(f"{folder}: {problem} of videos")
    found = Found({}, {}, 0)
    others = 0
    for path in _entries(folder):
        if is_video(path):
            _take(folder, path, found)
        elif path.is_dir():
            for inner in _entries(path):
                if is_video(inner):
                    _take(folder, inner, found)
                else:
                    others += 1
        else:
            others += 1
    if not found.videos and not found.refused:
        kinds = " ".join(SUFFIXES)
        raise ValueError(f"{folder}: holds no video ({kinds}), nor do its subfolders")
    return found._replace(others=others)


def is_video(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES


def _entries(folder: Path) -> Iterator[Path]:
    try:
        return iter(sorted(each for each in folder.iterdir() if not each.name.startswith(".")))
    except OSError as error:
        raise ValueError(f"{folder}: {error.strerror}") from None


def _take(folder: Path, path: Path, found: Found) -> None:
    """Puts a file to the videos, or to those that are refused."""
    file = path.relative_to(folder)
    name = file.with_suffix("").as_posix()
    other = found.videos.get(name)
    try:
        if path.is_dir():
            raise ValueError("is a folder")
        if not path.is_file():
            raise ValueError("is no file, or a link to nothing")
        check_file_name("name", "video", path.stem)
        if len(file.parts) > 1:
            check_file_name("name", "activity", file.parts[0])
            if file.parts[0] in TAKEN_FOLDERS:
                raise ValueError(f"a folder of features cannot have {file.parts[0]!r} inside")
        if other is not None:
            raise ValueError(
                f"its features would be called as those of {shown(other.name)}; rename it"
            )
    except ValueError as error:
        found.refused[file.as_posix()] = str(error).removeprefix("name: ")
    else:
        found.videos[name] = path
