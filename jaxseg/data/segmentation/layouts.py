"""Layouts of segmentation data: where features, truth and mapping of every video lie.

A published data set (`find_published`):

    <root>/<DataSet>/features/<activity>/<video>.{txt,npy,npz}   features, one file a video
    <root>/<DataSet>/groundTruth/<video>[.txt]                   a class name a frame
    <root>/<DataSet>/mapping/mapping.txt                         `index name` a line

The root may also be the data set's own folder; features without activity folders are one
activity, named after the data set; the mapping may lie beside `features/`.

Any other folder (`find_in_folder`):

    <root>/<video>.{txt,npy,npz}               one activity, named after the folder
    <root>/<activity>/<video>.{txt,npy,npz}    several
    <root>/features/...                        the same one level lower
                                               files of other programs, see `formats.recordings`;
                                               several of one recording, see `streams`
    groundTruth/<video>[.txt]                  in the root or beside it: labels, one name a frame,
                                               or a table of segments, see `formats.annotations`
    mapping/mapping.txt or mapping.txt         there too: the order of the classes

Without `groundTruth/` there are no labels. Without a mapping the classes are the sorted names in
the truth. Folders that `python -m jaxseg.features` has written also hold features.json, which
has the frames a second, and the fitted parts of the features.
"""

import dataclasses
import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from jaxseg.data.segmentation.alignment import TruthSettings
from jaxseg.data.segmentation.finding import find_labels, names_of
from jaxseg.data.segmentation.labels import ClassNames, read_mapping
from jaxseg.data.segmentation.sources import Source, open_recordings, with_passed
from jaxseg.data.segmentation.streams import find_streams
from jaxseg.formats.files import entries, need_file, need_folder, read_json
from jaxseg.formats.names import check_file_name, check_known, listed
from jaxseg.formats.recordings.companions import companions
from jaxseg.formats.recordings.reader import SUFFIXES, is_foreign
from jaxseg.formats.recordings.recording import DEFAULTS, Settings
from jaxseg.formats.recordings.refused import conversion
from jaxseg.formats.recordings.tables import is_own

UNSAID = TruthSettings()  # labels say all of themselves
FEATURE_SUFFIXES = (".txt", ".npy", ".npz")
LABEL_FILES = ("groundTruth", "mapping", "mapping.txt")
RECORD = "features.json"

Files = Mapping[tuple[str, str], Path]  # by (activity, video)


@dataclasses.dataclass(frozen=True)
class Layout:
    """Names of the files of a published data set.

    Attributes:
        folders: names under which the data set is published below a common root.
        mapping: file of `index name` lines, looked for in mapping/ and beside features/.
        many_to_one: several names may share an index, because the truth is finer than the classes.
        ignored_truth: endings of truth files that belong to no video.
    """

    folders: tuple[str, ...]
    mapping: str = "mapping.txt"
    many_to_one: bool = False
    ignored_truth: tuple[str, ...] = ()


def find_published(
    name: str, layout: Layout, root: Path, activities: Sequence[str] = ()
) -> tuple[list[Source], ClassNames]:
    """The files of a published data set, checked for completeness but not yet read.

    The name of the data set is also the activity of features that lie in no subfolder. Truth
    without features is an error only where all activities are read: the truth of all of them is
    published as one folder.
    """
    folder = find_home(root, layout.folders, "features")
    features = find_features(folder / "features", name)
    chosen = choose_activities(features, activities)
    truth = find_truth(need_folder(folder / "groundTruth"), ignored=layout.ignored_truth)
    sources = [Source(*key, path) for key, path in chosen.items()]
    sources = add_truth(sources, truth, folder, complete=not activities)
    mapping = find_mapping(folder, layout.mapping)
    return sources, read_mapping(need_file(mapping), many_to_one=layout.many_to_one)


def find_in_folder(
    root: Path,
    activities: Sequence[str] = (),
    *,
    name: str = "",
    labels: Path | None = None,
    settings: Settings = DEFAULTS,
    truth: TruthSettings = UNSAID,
    progress: bool = False,
) -> tuple[list[Source], ClassNames | None, list[str]]:
    """The files of any folder, its classes where it has labels, and notes on these.

    Some recordings may have no truth, and truth no recording: that is a note.

    Args:
        root: the folder.
        activities: those to read; empty for all.
        name: activity of the files directly in the folder; "" is the folder's own name.
        labels: folder that may hold `groundTruth/`; None looks in the root and beside it.
        settings: how files of other programs are read.
        truth: what of their truth is read.
        progress: show a bar while they are.
    """
    sources = find_unlabeled(root, activities, name=name, settings=settings, progress=progress)
    root = (root.parent if is_recording(root) else need_folder(root)).resolve()
    places = [labels] if labels else [root, root.parent]
    labeled = next((place for place in places if (place / "groundTruth").is_dir()), None)
    if labeled is None:
        return sources, None, []
    folder = labeled / "groundTruth"
    files = files_by_activity(folder, "")
    sources, notes = find_labels(sources, folder, files, truth, complete=not activities)
    mapping = find_mapping(labeled, "mapping.txt")
    names = read_mapping(mapping) if mapping.is_file() else names_of(sources)
    return sources, names, notes


def find_unlabeled(
    root: Path,
    activities: Sequence[str] = (),
    *,
    name: str = "",
    settings: Settings = DEFAULTS,
    progress: bool = False,
) -> list[Source]:
    """The sequences of any folder, whether or not it has labels; see `find_in_folder`.

    Files of other programs are read at once, since they tell only then what sequences they hold.
    """
    if is_recording(root):
        root = root.resolve()
        folder, passed = root.parent, []
        features = find_features(
            folder, name or folder.name, foreign=True, passed=set(entries(folder)) - {root}
        )
    else:
        root = need_folder(root).resolve()
        folder = features_folder(root)
        record = read_record(folder)
        fitted = (RECORD, record.get("fitted")) if record else ()
        ignored = (*LABEL_FILES, *fitted)
        passed = passed_over(folder, ignored)
        features = find_features(
            folder, name or root.name, ignored=ignored, foreign=True, passed=passed
        )
    top = name or (folder.name if root.parent == folder else root.name)
    sources = find_streams(features, top, folder, settings.streams)
    chosen = choose_activities({each.key: each.features for each in sources}, activities)
    sources = [each for each in sources if each.key in chosen]
    return with_passed(open_recordings(sources, settings, progress), passed)


def is_recording(root: Path) -> bool:
    """Whether a root is itself a recording: a file, or a folder of a file a frame."""
    return root.is_file() or (root.is_dir() and is_foreign(root))


def passed_over(folder: Path, ignored: Collection[str]) -> list[Path]:
    """What belongs to recordings in a folder and its subfolders: see `companions`.

    So do jaxseg's own tables.
    """
    inside = [path for path in entries(folder) if path.name not in ignored]
    passed = [*companions(inside), *filter(is_own, inside)]
    for path in inside:
        if path.is_dir() and path not in passed and not is_foreign(path):
            passed += [*companions(entries(path)), *filter(is_own, entries(path))]
    return passed


def find_mapping(folder: Path, name: str) -> Path:
    """Path of a mapping, which lies in `mapping/`, or in the folder itself where that has none."""
    inside, beside = folder / "mapping" / name, folder / name
    return beside if beside.is_file() and not inside.is_file() else inside


def recorded_fps(root: Path) -> float | None:
    """Frames a second of the features in a folder; None where no features.json has them."""
    fps = read_record(features_folder(root)).get("fps")
    is_rate = isinstance(fps, int | float) and 0 < fps < math.inf
    return float(fps) if is_rate else None


def features_folder(root: Path) -> Path:
    """The folder of the features: `features/` in the root, or the root."""
    inside = root / "features"
    return inside if inside.is_dir() else root


def read_record(folder: Path) -> dict:
    """The features.json of `python -m jaxseg.features`; {} where another program made them."""
    if not (folder / RECORD).is_file():
        return {}
    try:
        content = read_json(folder / RECORD)
        is_record = content.keys() >= {"kind", "fps", "videos"}
    except (ValueError, AttributeError):
        return {}
    return content if is_record else {}


def find_home(root: Path, names: Sequence[str], content: str) -> Path:
    """The folder that holds `content`: the root, or one of the folders `names` in it.

    The content is a file, or a folder where its name has no suffix.
    """
    need_folder(root)
    for folder in (root, *(root / name for name in names)):
        place = folder / content
        if place.is_file() if place.suffix else place.is_dir():
            return folder
    paths = " nor ".join([content, *(f"{name}/{content}" for name in names)])
    raise FileNotFoundError(f"{root}: holds neither {paths}")


def find_features(
    folder: Path,
    activity: str,
    *,
    ignored: Iterable[str] = (),
    foreign: bool = False,
    passed: Collection[Path] = (),
) -> dict[tuple[str, str], Path]:
    """Feature files by (activity, video), without the entries of the folder that are ignored.

    Subfolders are activities; files directly in the folder belong to `activity`. Where `foreign`,
    files of other programs are features too, but for those that are `passed` over.
    """
    features: dict[tuple[str, str], Path] = {}
    unknown, left = [], set(passed)
    for group, file in files_by_activity(folder, activity, set(ignored), foreign=foreign):
        if file in left or file.parent in left:
            continue
        check_file_name(folder, "activity", group)
        plain = file.suffix in FEATURE_SUFFIXES and file.is_file()
        if not plain and not (foreign and file.exists() and is_foreign(file)):
            unknown.append(file)
            continue
        video = file.name if file.is_dir() else file.stem
        check_file_name(folder, "video", video)
        other = features.setdefault((group, video), file)
        if other != file:
            raise ValueError(f"{file}: video {video} has features in {other.name} too")
    if unknown:
        for file in filter(conversion, unknown if foreign else ()):
            raise ValueError(conversion(file))
        suffixes = dict.fromkeys((*FEATURE_SUFFIXES, *(SUFFIXES if foreign else ())))
        kinds = ", ".join(filter(None, suffixes))
        raise ValueError(f"{folder}: not files of features ({kinds}): {listed(unknown)}")
    if not features:
        raise ValueError(f"{folder}: holds no features")
    return features


def find_truth(folder: Path, *, ignored: tuple[str, ...] = ()) -> dict[tuple[str, str], Path]:
    """Truth files by (activity, video); the activity is "" for files directly in the folder.

    A video's name is the file's name without `.txt`; names that end in one of `ignored` are
    left out.
    """
    truth = {}
    for group, file in files_by_activity(folder, ""):
        video = file.name.removesuffix(".txt")
        if not file.is_file():  # a link to nothing or to itself, a device
            raise ValueError(f"{folder}: no file of labels: {listed([file])}")
        if not video.endswith(ignored):
            truth[group, check_file_name(folder, "video", video)] = file
    return truth


def files_by_activity(
    folder: Path, activity: str, ignored: Collection[str] = (), *, foreign: bool = False
) -> Iterator[tuple[str, Path]]:
    """(activity, path) of all files; those directly in the folder belong to `activity`.

    A folder of a file a frame is one recording where `foreign`.
    """
    for path in entries(folder):
        if path.name not in ignored:
            is_folder = path.is_dir() and not (foreign and is_foreign(path))
            for file in entries(path) if is_folder else [path]:
                yield path.name if is_folder else activity, file


def choose_activities(features: Files, activities: Sequence[str]) -> dict[tuple[str, str], Path]:
    """The features of the named activities, of all where none is named, sorted."""
    check_known("activities", activities, {activity for activity, _ in features})
    return {
        key: path
        for key, path in sorted(features.items())
        if not activities or key[0] in activities
    }


def add_truth(
    sources: Sequence[Source], truth: Files, folder: Path, *, complete: bool
) -> list[Source]:
    """The sources with their truth, whose key is (activity, video) or ("", video).

    Truth without features is an error where all activities are read: where `complete`.
    """
    keys = {each.key: each.key if each.key in truth else ("", each.video) for each in sources}
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
    return [dataclasses.replace(each, truth=truth[keys[each.key]]) for each in sources]


def check_not_shared(keys: Mapping[tuple[str, str], tuple[str, str]], truth: Files) -> None:
    """Raises ValueError where videos of two activities have one name and one truth file."""
    owners: dict[tuple[str, str], str] = {}
    for (activity, _), key in keys.items():
        other = owners.setdefault(key, activity)
        if other != activity:
            raise ValueError(
                f"{truth[key]}: activities {other} and {activity} both have a video of this name; "
                f"their truth goes to groundTruth/{other}/ and groundTruth/{activity}/"
            )
