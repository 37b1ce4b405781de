"""Data sets by name: the field's own, any other folder, and what stands in where none is named."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np

from jaxseg.data.data_sets import DATA_SETS, LocalizationEntry, SegmentationEntry, names_of
from jaxseg.data.localization.assembly import assemble, missing_notes
from jaxseg.data.localization.records import SnippetSet, SnippetVideo
from jaxseg.data.segmentation.alignment import Clock, TruthSettings, make_clock
from jaxseg.data.segmentation.arrays import SEQUENCES
from jaxseg.data.segmentation.axes import FIRST
from jaxseg.data.segmentation.features import ONE_PROCESS, Processes
from jaxseg.data.segmentation.labels import ClassNames
from jaxseg.data.segmentation.layouts import (
    Layout,
    find_in_folder,
    find_published,
    find_unlabeled,
    recorded_fps,
)
from jaxseg.data.segmentation.records import DataSet, Video, read_videos, scale_videos
from jaxseg.data.segmentation.sources import Source, common_rate, notes_of
from jaxseg.data.twins.localization import make_localization_twin
from jaxseg.data.twins.segmentation import make_twin
from jaxseg.formats.files import need_folder
from jaxseg.formats.names import check_file_name, check_known, listed
from jaxseg.formats.recordings.recording import Settings

__all__ = [
    "ARRAYS",
    "DATA_SETS",
    "EMBEDDED",
    "FOLDER",
    "UNNAMED",
    "VIDEOS",
    "DataSet",
    "Layout",
    "LocalizationEntry",
    "SegmentationEntry",
    "SnippetSet",
    "SnippetVideo",
    "Video",
    "from_arrays",
    "load",
    "load_localization",
    "load_unlabeled",
    "names_of",
    "scaling",
    "top_activity",
]

T = TypeVar("T")
FOLDER = "folder"  # any folder of features
ARRAYS = "arrays"  # sequences in memory
VIDEOS = "videos"  # features that the run itself extracts from videos
EMBEDDED = Path(__file__).parent / "gesture_phase"  # what stands in for a folder
UNNAMED = (
    "no folder was named, so these are 7 recordings of phases of gestures (UCI, CC BY 4.0); "
    "--config.data.root=DIR names a folder of your own"
)
SIGNS_NAME = "signs"
OF_SIGNS = (
    "no folder of videos was named, so these are recordings of three people who show signs of "
    "American Sign Language, joined into videos (jaxseg/data/signs, from Intel's sample-videos, "
    "https://github.com/intel-iot-devkit/sample-videos, CC BY 4.0); all repeats of a sign are the "
    "same recording, in one room before one camera, so that videos of yours are harder; "
    "--config.data.videos=DIR names them"
)


class DataConfig(Protocol):
    """The part of a config that `load` reads; its sections in jaxseg.config explain each key."""

    name: str
    root: str
    videos: str
    standardize: bool
    unit_frames: bool
    length_tolerance: int
    skip_missing: bool
    fps: float
    excluded: tuple[str, ...]


def load(
    config: DataConfig,
    *,
    activities: Sequence[str] = (),
    cache: Path | None = None,
    progress: bool = True,
    processes: Processes = ONE_PROCESS,
    workdir: Path | None = None,
) -> DataSet:
    """Reads a data set of segmentation.

    Where `config.root` is empty, it is the generated twin of a published data set, or `EMBEDDED` in
    place of a folder.

    Args:
        config: see `DataConfig`.
        activities: those to read; empty for all.
        cache: folder for binary copies of text features; None parses the text every time.
        progress: show a bar over the videos when reading takes long.
        processes: those that read together, see `Processes`.
        workdir: the run's folder, which holds the features of its "videos".

    Raises:
        FileNotFoundError: the root, or a part of the data set that must be in it, is missing.
        ValueError: anything else that is wrong with the data, in one line.
        OSError: the cache cannot be written.
    """
    known = names_of("segmentation")
    if config.name == ARRAYS:
        raise ValueError("these sequences were in a program's memory: give them to its Segmenter")
    check_known("data.name", [config.name], (*known, FOLDER, VIDEOS))
    if not config.root and config.name in known:
        return generate(config, activities)
    embedded = not config.root and config.name == FOLDER
    root = EMBEDDED if embedded else Path(config.root).expanduser()
    truth, notes = truth_settings(config), []
    if config.name == VIDEOS:
        root = Path(workdir or ".") / "features"
        sources, names, notes = find_extracted(config, root, activities, truth)
        fps = config.fps or recorded_fps(root)
    elif config.name == FOLDER:
        sources, names, notes = find_in_folder(
            root, activities, settings=reading(config), truth=truth, progress=progress
        )
        fps = config.fps or common_rate(sources) or recorded_fps(root)
    else:
        entry = DATA_SETS[config.name]
        sources, names = find_published(config.name, entry.layout, root, activities)
        fps = config.fps or entry.fps
    is_own = config.name in (VIDEOS, FOLDER)
    clock = make_clock(truth, fps) if is_own else Clock(tolerance=config.length_tolerance)
    read = read_videos(
        sources,
        names,
        clock=clock,
        truth=truth,
        scaling=scaling(config),
        axis=time_axis(config, root),
        cache=cache,
        progress=progress,
        processes=processes,
    )
    excluded = excluded_classes(config, read.classes)
    if read.gap:
        excluded = tuple(dict.fromkeys((*excluded, read.gap)))
    of_signs = config.name == VIDEOS and not config.videos
    return DataSet(
        name=EMBEDDED.name if embedded else SIGNS_NAME if of_signs else config.name,
        videos=read.videos,
        classes=read.classes,
        excluded=excluded,
        fps=clock.fps if is_own else fps,
        origin=UNNAMED if embedded else OF_SIGNS if of_signs else "",
        notes=(*notes_of(sources), *notes, *read.notes),
        channels=read.channels,
    )


def from_arrays(config: DataConfig, arrays: Mapping[str, np.ndarray]) -> DataSet:
    """The data set of sequences in memory, as `load` makes it of a folder that holds them.

    Args:
        config: see `DataConfig`.
        arrays: name -> float32 [frames, channels], from `read_sequences`.
    """
    videos = [Video(name, SEQUENCES, array, top=True) for name, array in sorted(arrays.items())]
    videos = scale_videos(videos, ["sequences"] * len(videos), scaling(config))
    return DataSet(config.name, videos, fps=config.fps or None)


def load_unlabeled(
    root: Path, config: DataConfig, *, channels: int = 0, progress: bool = True
) -> DataSet:
    """The sequences of a folder as they are in their files, whether or not there are labels.

    Args:
        root: the folder.
        config: of the run that they are for, which tells how files are read.
        channels: of that run.
        progress: show a bar over the files when reading takes long.

    Raises:
        FileNotFoundError, ValueError: as `load`.
    """
    sources = find_unlabeled(root, settings=reading(config), progress=progress)
    axis = time_axis(config, root)
    read = read_videos(
        sources, None, scaling="", cache=None, progress=progress, axis=axis, channels=channels
    )
    fps = common_rate(sources) or recorded_fps(root)
    notes = (*notes_of(sources), *read.notes)
    return DataSet(FOLDER, read.videos, fps=fps, notes=notes, channels=read.channels)


def load_localization(
    config: DataConfig, *, progress: bool = True, processes: Processes = ONE_PROCESS
) -> SnippetSet:
    """Reads a data set of localization, or generates its twin where `config.root` is empty.

    Args:
        config: `name`, `root`, `length_tolerance` and `skip_missing` of `DataConfig` are read.
        progress: show a bar over the files when reading takes long.
        processes: those that read together, see `Processes`.

    Raises:
        FileNotFoundError: the root, or a part of the data set that must be in it, is missing.
        ValueError: anything else that is wrong with the data, in one line.
    """
    check_known("data.name", [config.name], names_of("localization"))
    name, left_out, notes = config.name, (), []
    if config.root:
        name, folder = find_snippets(config)
        if name != config.name:
            notes.append(f"{folder} is W-TALC's bundle, which is read as {name}")
        parts = DATA_SETS[name].read(
            folder, skip_missing=config.skip_missing, progress=progress, processes=processes
        )
        videos, classes = assemble(parts, length_tolerance=config.length_tolerance), parts.classes
        left_out = parts.left_out
        notes += missing_notes(parts)
    else:
        videos, classes = make_localization_twin(need_twin(name))
    entry = DATA_SETS[name]
    return SnippetSet(
        name=name,
        videos=videos,
        classes=classes,
        subset_names=entry.subset_names,
        seconds_per_snippet=entry.seconds_per_snippet,
        generated=not config.root,
        left_out=left_out,
        notes=tuple(notes),
    )


def find_snippets(config: DataConfig) -> tuple[str, Path]:
    """Name and folder of a data set of localization, which is the root, or one in it.

    The name is the config's, or that of W-TALC's bundle of the same data set.

    Raises:
        FileNotFoundError: it is not there; data sets that may be there are named.
    """
    root, known = need_folder(Path(config.root).expanduser()), names_of("localization")
    found = {name: homes(root, DATA_SETS[name]) for name in known}
    for name in (config.name, f"{config.name}_wtalc"):
        if found.get(name):
            return name, found[name][0]
    entry = DATA_SETS[config.name]
    paths = [f"{above}{each}" for each in entry.content for above in ("", f"{entry.folders[0]}/")]
    others = [name for name in known if found[name]]
    hint = f"; there may be {listed(others)}, which --config.data.name chooses" if others else ""
    raise FileNotFoundError(f"{root}: holds neither {' nor '.join(paths)}{hint}")


def homes(root: Path, entry: LocalizationEntry) -> list[Path]:
    """The root and the folders in it, as far as they hold what the data set is recognized by."""
    folders = (root, *(root / name for name in entry.folders))
    return [each for each in folders if any((each / content).exists() for content in entry.content)]


def top_activity(videos: Path) -> str:
    """Activity of the videos that lie in no subfolder: their folder's name, if it is free."""
    name = videos.resolve().name
    try:
        check_file_name(videos, "activity", name)
    except ValueError:
        return VIDEOS
    return VIDEOS if (videos / name).is_dir() else name


def find_extracted(
    config: DataConfig, features: Path, activities: Sequence[str], truth: TruthSettings
) -> tuple[list[Source], ClassNames | None, list[str]]:
    """The features that a run has extracted, and the labels beside its videos, if any."""
    if not features.is_dir():
        raise FileNotFoundError(
            f"{features}: no features yet; --mode=features makes them of config.data.videos"
        )
    videos = Path(config.videos).expanduser() if config.videos else features.parent / "videos"
    name = top_activity(videos)
    return find_in_folder(features, activities, name=name, labels=videos, truth=truth)


def generate(config: DataConfig, activities: Sequence[str]) -> DataSet:
    """The twin; its shortened videos have no frame rate but that of the config."""
    videos, classes = make_twin(need_twin(config.name), activities, scaling=scaling(config))
    excluded = excluded_classes(config, classes)
    return DataSet(config.name, videos, classes, excluded, config.fps or None, generated=True)


def need_twin(name: str):
    """The twin of a data set; raises ValueError where there is none."""
    twin = DATA_SETS[name].twin if name in DATA_SETS else None
    if twin is None:
        raise ValueError(f"data.root: name the folder of the data (there is no twin of {name!r})")
    return twin


def time_axis(config: DataConfig, root: Path) -> str:
    """The axis of time that the config says; "first" of what `jaxseg.features` has written."""
    return reading(config).axis or (FIRST if recorded_fps(root) else "")


def reading(config: DataConfig) -> Settings:
    """How files of other programs are read."""
    return settings_of(config, Settings)


def truth_settings(config: DataConfig) -> TruthSettings:
    """How labels are read."""
    return settings_of(config, TruthSettings)


def settings_of(config: DataConfig, kind: type[T]) -> T:
    """A NamedTuple of the keys of the config that have the names of its fields.

    A config of a caller's own may leave them out.
    """
    defaults = kind._field_defaults.items()
    return kind(**{name: getattr(config, name, default) for name, default in defaults})


def scaling(config: DataConfig) -> str:
    """How channels are scaled: see `scaling.scaled`; "" leaves them as they are."""
    if config.scaling == "none" or not (config.scaling or config.standardize):
        return ""
    unit = "frame" if config.unit_frames else "channel"
    return f"{config.scaling}/{unit}" if config.scaling else unit


def excluded_classes(config: DataConfig, classes: Sequence[str]) -> tuple[str, ...]:
    """The classes that evaluation leaves out: those of the config, or of the data set's entry."""
    if config.excluded:
        if classes:
            check_known("data.excluded", config.excluded, classes)
        return tuple(config.excluded)
    excluded = DATA_SETS[config.name].excluded if config.name in DATA_SETS else ()
    return tuple(name for name in classes if name.lower() in excluded)
