"""Finds the files of a data set and pairs each video's features with its truth."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from jaxseg.data.segmentation.catalog import check_known
from jaxseg.formats.names import check_file_name

FEATURE_SUFFIXES = (".txt", ".npy", ".npz")


@dataclasses.dataclass(frozen=True)
class Source:
    """The files of one video; `truth` is None where a data set has no labels."""

    activity: str
    video: str
    features: Path
    truth: Path | None = None


def listed(names: Iterable[object], shown: int = 3) -> str:
    """'a, b, c and 9 more': one line, however many files are affected."""
    names = [name if (name := str(each)).isprintable() else repr(name) for each in names]
    rest = f" and {len(names) - shown} more" if len(names) > shown else ""
    return ", ".join(names[:shown]) + rest


def entries(folder: Path) -> list[Path]:
    """What lies in a folder, sorted, without hidden files (.DS_Store)."""
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def find_features(
    folder: Path, activity: str, *, ignore: Iterable[str] = ()
) -> dict[tuple[str, str], Path]:
    """Feature files by (activity, video).

    Args:
        folder: subfolders are activities; files directly in it are one more.
        activity: name of the activity of the files directly in it.
        ignore: names in `folder` that are not features.

    Raises:
        ValueError: no features, a file of another kind, two files of one video, or a name that
            files of a run cannot have.
    """
    ignore = set(ignore)
    found: dict[tuple[str, str], Path] = {}
    unknown = []
    for path in entries(folder):
        if path.name in ignore:
            continue
        group, files = (path.name, entries(path)) if path.is_dir() else (activity, [path])
        check_file_name(folder, "activity", group)
        for file in files:
            if not file.is_file() or file.suffix not in FEATURE_SUFFIXES:
                unknown.append(file)
                continue
            check_file_name(folder, "video", file.stem)
            other = found.setdefault((group, file.stem), file)
            if other != file:
                raise ValueError(f"{file}: video {file.stem} has features in {other.name} too")
    if unknown:
        kinds = ", ".join(FEATURE_SUFFIXES)
        raise ValueError(f"{folder}: not files of features ({kinds}): {listed(unknown)}")
    if not found:
        raise ValueError(f"{folder}: holds no features")
    return found


def find_truth(folder: Path, *, ignored: tuple[str, ...] = ()) -> dict[tuple[str, str], Path]:
    """Truth files by (activity, video); the activity is "" for files directly in the folder.

    A video's name is the file's name without `.txt`; names that end in one of `ignored` are
    left out.

    Raises:
        ValueError: what is no file (a link to nothing or to itself, a device), or has a name that
            a video cannot have.
    """
    found = {}
    for path in entries(folder):
        group, files = (path.name, entries(path)) if path.is_dir() else ("", [path])
        for file in files:
            video = file.name.removesuffix(".txt")
            if not file.is_file():
                raise ValueError(f"{folder}: no file of labels: {listed([file])}")
            if not video.endswith(ignored):
                found[group, check_file_name(folder, "video", video)] = file
    return found


def choose_activities(
    features: Mapping[tuple[str, str], Path], activities: Sequence[str]
) -> dict[tuple[str, str], Path]:
    """The features of the named activities, of all where none is named, sorted.

    Raises:
        ValueError: an activity that does not exist, with those that do, nearest first.
    """
    check_known("activities", activities, {activity for activity, _ in features})
    return {
        key: path
        for key, path in sorted(features.items())
        if not activities or key[0] in activities
    }


def pair(
    features: Mapping[tuple[str, str], Path],
    truth: Mapping[tuple[str, str], Path],
    folder: Path,
    *,
    complete: bool,
) -> list[Source]:
    """One source a video, each with its truth.

    Args:
        features: files by (activity, video).
        truth: files by (activity, video) or ("", video).
        folder: the data set's, for messages.
        complete: truth without features is an error; False where only some activities are read.

    Raises:
        ValueError: names every video that lacks one or the other, in one sentence.
    """
    keys = {key: key if key in truth else ("", key[1]) for key in features}
    missing = [f"{activity}/{video}" for (activity, video), key in keys.items() if key not in truth]
    unused = set(truth) - set(keys.values()) if complete else set()
    problems = []
    if missing:
        problems.append(f"{len(missing)} of {len(keys)} videos without truth ({listed(missing)})")
    if unused:
        names = [truth[key].name for key in sorted(unused)]
        problems.append(f"{len(unused)} truth files without features ({listed(names)})")
    if problems:
        raise ValueError(f"{folder}: {'; '.join(problems)}")
    check_not_shared(keys, truth)
    return [Source(*key, features[key], truth[keys[key]]) for key in features]


def check_not_shared(
    keys: Mapping[tuple[str, str], tuple[str, str]], truth: Mapping[tuple[str, str], Path]
) -> None:
    """Raises ValueError where videos of two activities have one name and one truth file."""
    owners: dict[tuple[str, str], str] = {}
    for (activity, _), key in keys.items():
        other = owners.setdefault(key, activity)
        if other != activity:
            raise ValueError(
                f"{truth[key]}: activities {other} and {activity} both have a video of this name; "
                f"their truth goes to groundTruth/{other}/ and groundTruth/{activity}/"
            )
