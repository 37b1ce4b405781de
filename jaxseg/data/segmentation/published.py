"""The field's own layout.

    <root>/<DataSet>/features/<activity>/<video>.{txt,npy,npz}   features, one file a video
    <root>/<DataSet>/groundTruth/<video>[.txt]                   a class name a frame
    <root>/<DataSet>/mapping/mapping.txt                         `index name` a line

The root may also be the data set's own folder; features without activity folders are one
activity, named after the data set; the mapping may lie beside `features/`.
"""

from collections.abc import Sequence
from pathlib import Path

from jaxseg.data.segmentation.catalog import CATALOG, Entry
from jaxseg.data.segmentation.files import (
    Source,
    choose_activities,
    find_features,
    find_truth,
    pair,
)
from jaxseg.data.segmentation.labels import ClassNames, read_mapping


def find_published(
    name: str, root: Path, activities: Sequence[str] = ()
) -> tuple[list[Source], ClassNames]:
    """The files of a published data set, checked for completeness but not yet read.

    Args:
        name: key of `CATALOG`.
        root: folder that holds the data set's folder, or that folder itself.
        activities: those to read; empty for all. Truth without features is an error only when
            all are read, because the truth of all activities is published as one folder.

    Raises:
        FileNotFoundError: no root, no data set in it, or a part of the data set is missing.
        ValueError: an unknown activity, videos without features or truth, a broken mapping.
    """
    entry = CATALOG[name]
    folder = find_folder(root, entry)
    features = find_features(folder / "features", name)
    chosen = choose_activities(features, activities)
    truth = find_truth(need_folder(folder / "groundTruth"), ignored=entry.ignored_truth)
    sources = pair(chosen, truth, folder, complete=not activities)
    return sources, read_mapping(find_mapping(folder, entry), many_to_one=entry.many_to_one)


def find_folder(root: Path, entry: Entry) -> Path:
    """The folder that holds `features/`: the root itself or the data set's below it."""
    need_folder(root)
    for folder in (root, *(root / name for name in entry.folders)):
        if (folder / "features").is_dir():
            return folder
    below = ", ".join(f"{name}/features/" for name in entry.folders)
    raise FileNotFoundError(f"{root}: holds neither features/ nor {below}")


def find_mapping(folder: Path, entry: Entry) -> Path:
    """The mapping in `mapping/` or beside `features/`."""
    usual, beside = folder / "mapping" / entry.mapping, folder / entry.mapping
    found = next((path for path in (usual, beside) if path.is_file()), None)
    if found is None:
        raise FileNotFoundError(f"{usual}: no such file")
    return found


def need_folder(path: Path) -> Path:
    """The path itself, or FileNotFoundError where there is no folder."""
    if not path.is_dir():
        raise FileNotFoundError(f"{path}: no such folder")
    return path
