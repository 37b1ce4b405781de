"""People's own features: any folder with one feature file a video, with or without labels.

    <root>/<video>.{txt,npy,npz}               one activity, named after the folder
    <root>/<activity>/<video>.{txt,npy,npz}    several
    <root>/features/...                        the same one level lower
    groundTruth/<video>[.txt]                  in the root or beside it: labels, one name a frame
    mapping/mapping.txt or mapping.txt         there too: the order of the classes

Without `groundTruth/` there are no labels, and arrays are [frames, channels]. Without a mapping
the classes are the sorted names that occur in the truth.
"""

from collections.abc import Sequence
from pathlib import Path

from jaxseg.data.files import Source, choose_activities, find_features, find_truth, pair
from jaxseg.data.labels import ClassNames, names_of, read_mapping
from jaxseg.data.published import need_folder

LABEL_FILES = ("groundTruth", "mapping", "mapping.txt")


def find_in_folder(
    root: Path, activities: Sequence[str] = ()
) -> tuple[list[Source], ClassNames | None]:
    """The files of a folder, and the meaning of its labels where it has any.

    Raises:
        FileNotFoundError: no such folder.
        ValueError: an unknown activity, a file that is no feature, labels for some videos only.
    """
    root = need_folder(root).resolve()
    inside = root / "features"
    folder = inside if inside.is_dir() else root
    features = find_features(folder, root.name, ignore=LABEL_FILES)
    chosen = choose_activities(features, activities)
    labelled = next((p for p in (root, root.parent) if (p / "groundTruth").is_dir()), None)
    if labelled is None:
        return [Source(*key, path) for key, path in chosen.items()], None
    truth = find_truth(labelled / "groundTruth")
    sources = pair(chosen, truth, root, complete=not activities)
    return sources, find_names(labelled, sources)


def find_names(folder: Path, sources: Sequence[Source]) -> ClassNames:
    for path in (folder / "mapping" / "mapping.txt", folder / "mapping.txt"):
        if path.is_file():
            return read_mapping(path)
    return names_of(source.truth for source in sources)
