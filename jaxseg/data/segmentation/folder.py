"""People's own features: any folder with one feature file a video, with or without labels.

    <root>/<video>.{txt,npy,npz}               one activity, named after the folder
    <root>/<activity>/<video>.{txt,npy,npz}    several
    <root>/features/...                        the same one level lower
    groundTruth/<video>[.txt]                  in the root or beside it: labels, one name a frame
    mapping/mapping.txt or mapping.txt         there too: the order of the classes

Without `groundTruth/` there are no labels, and arrays are [frames, channels]. Without a mapping
the classes are the sorted names that occur in the truth. Folders that `python -m jaxseg.features`
has written also hold features.json, which tells frames a second, and its fitted parts.
"""

import json
import math
from collections.abc import Sequence
from pathlib import Path

from jaxseg.data.segmentation.files import (
    Source,
    choose_activities,
    find_features,
    find_truth,
    pair,
)
from jaxseg.data.segmentation.labels import ClassNames, names_of, read_mapping
from jaxseg.data.segmentation.published import need_folder

LABEL_FILES = ("groundTruth", "mapping", "mapping.txt")
RECORD = "features.json"


def find_in_folder(
    root: Path, activities: Sequence[str] = (), *, name: str = "", labels: Path | None = None
) -> tuple[list[Source], ClassNames | None]:
    """The files of a folder, and the meaning of its labels where it has any.

    Args:
        root: the folder.
        activities: those to read; empty for all.
        name: of the activity of the files directly in the folder; "" is the folder's own.
        labels: folder that may hold `groundTruth/`; None looks in the root and beside it.

    Raises:
        FileNotFoundError: no such folder.
        ValueError: an unknown activity, a file that is no feature, labels for some videos only.
    """
    root = need_folder(root).resolve()
    folder = features_folder(root)
    record = read_record(folder)
    made = (RECORD, record.get("fitted")) if record else ()
    features = find_features(folder, name or root.name, ignore=(*LABEL_FILES, *made))
    chosen = choose_activities(features, activities)
    labelled = next(
        (p for p in ([labels] if labels else (root, root.parent)) if (p / "groundTruth").is_dir()),
        None,
    )
    if labelled is None:
        return [Source(*key, path) for key, path in chosen.items()], None
    truth = find_truth(labelled / "groundTruth")
    sources = pair(chosen, truth, root, complete=not activities)
    return sources, find_names(labelled, sources)


def features_folder(root: Path) -> Path:
    """Where the features of a folder lie."""
    inside = root / "features"
    return inside if inside.is_dir() else root


def read_record(folder: Path) -> dict:
    """What `python -m jaxseg.features` says of the features it made; empty where others did."""
    try:
        content = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        is_record = content.keys() >= {"kind", "fps", "videos"}
    except (OSError, ValueError, AttributeError, RecursionError):
        return {}
    return content if is_record else {}


def recorded_fps(root: Path) -> float | None:
    """Frames a second of the features in a folder; None where nothing tells."""
    fps = read_record(features_folder(root)).get("fps")
    is_rate = isinstance(fps, int | float) and 0 < fps < math.inf
    return float(fps) if is_rate else None


def find_names(folder: Path, sources: Sequence[Source]) -> ClassNames:
    for path in (folder / "mapping" / "mapping.txt", folder / "mapping.txt"):
        if path.is_file():
            return read_mapping(path)
    return names_of(source.truth for source in sources)
