"""Data sets by name: the field's own, people's own folders, and the embedded twins."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from jaxseg.data.batches.crew import ALONE, Crew
from jaxseg.data.localization.load import LOCALIZATION, load_localization
from jaxseg.data.localization.records import SnippetSet, SnippetVideo
from jaxseg.data.segmentation.assemble import read_videos
from jaxseg.data.segmentation.catalog import CATALOG, check_known
from jaxseg.data.segmentation.files import Source
from jaxseg.data.segmentation.folder import find_in_folder, recorded_fps
from jaxseg.data.segmentation.labels import ClassNames
from jaxseg.data.segmentation.published import find_published
from jaxseg.data.segmentation.records import DataSet, Video
from jaxseg.data.twins.segmentation import make_twin
from jaxseg.formats.names import check_file_name

__all__ = [
    "CATALOG",
    "LOCALIZATION",
    "VIDEOS",
    "DataSet",
    "SnippetSet",
    "SnippetVideo",
    "Video",
    "load",
    "load_localization",
    "top_activity",
]

FOLDER = "folder"
VIDEOS = "videos"  # features that the run itself makes of videos
MADE_OF_CLIPS = "videos cut together from short clips"


class DataConfig(Protocol):
    """What `load` has to know.

    Attributes:
        name: key of `CATALOG`, "folder" for people's own features, "videos" for those of videos.
        root: folder of the data; "" is the embedded twin.
        videos: folder of the videos; "" are those that a run makes of short clips.
        standardize: scale each video's channels to mean 0 and variance 1.
        unit_frames: divide them by sqrt(channels) as well.
        length_tolerance: frames by which features and labels of a video may differ.
        fps: frames a second; 0 takes what is known of the data set, of a folder's features
            what their features.json says.
        excluded: class names that evaluation leaves out; empty takes the field's habit.
    """

    name: str
    root: str
    videos: str
    standardize: bool
    unit_frames: bool
    length_tolerance: int
    fps: float
    excluded: tuple[str, ...]


def load(
    config: DataConfig,
    *,
    activities: Sequence[str] = (),
    cache: Path | None = None,
    progress: bool = True,
    crew: Crew = ALONE,
    made: Path | None = None,
) -> DataSet:
    """Reads a data set from `config.root`, or makes its twin where that is empty.

    Args:
        config: see `DataConfig`.
        activities: those to read; empty for all.
        cache: folder for binary copies of text features; None reads the text every time.
        progress: show a bar over the videos when reading takes long.
        crew: the processes that read together, see `Crew`.
        made: the run's folder, in which the features of its videos are; of "videos" alone.

    Raises:
        FileNotFoundError: the root, or a part of the data set that must be in it, is missing.
        ValueError: anything else that is wrong with the data, in one line.
        OSError: the cache cannot be written.
    """
    check_known("data.name", [config.name], (*CATALOG, FOLDER, VIDEOS))
    if not config.root and config.name != VIDEOS:
        return make(config, activities)
    root = Path(config.root).expanduser()
    if config.name == VIDEOS:
        root = Path(made or ".") / "features"
        sources, names = find_made(config, made, activities)
    elif config.name == FOLDER:
        sources, names = find_in_folder(root, activities)
    else:
        sources, names = find_published(config.name, root, activities)
    videos = read_videos(
        sources,
        names,
        length_tolerance=config.length_tolerance,
        scaling=scaling(config),
        cache=cache,
        progress=progress,
        crew=crew,
    )
    classes = names.classes if names else ()
    known_fps = CATALOG[config.name].fps if config.name in CATALOG else recorded_fps(root)
    of_clips = config.name == VIDEOS and not config.videos
    return DataSet(
        name=MADE_OF_CLIPS if of_clips else config.name,
        videos=videos,
        classes=classes,
        excluded=excluded_classes(config, classes),
        fps=config.fps or known_fps,
        generated=of_clips,
    )


def find_made(
    config: DataConfig, run: Path | None, activities: Sequence[str]
) -> tuple[list[Source], ClassNames | None]:
    """The features that a run has made of its videos, and the labels beside the videos, if any."""
    features = Path(run or ".") / "features"
    if not features.is_dir():
        raise FileNotFoundError(
            f"{features}: no features yet; --mode=features makes them of config.data.videos"
        )
    videos = Path(config.videos).expanduser() if config.videos else Path(run) / "videos"
    return find_in_folder(features, activities, name=top_activity(videos), labels=videos)


def top_activity(videos: Path) -> str:
    """The activity of the videos that lie in no subfolder: their folder's name, if it is free."""
    name = videos.resolve().name
    try:
        check_file_name(videos, "activity", name)
    except ValueError:
        return VIDEOS
    return VIDEOS if (videos / name).is_dir() else name


def make(config: DataConfig, activities: Sequence[str]) -> DataSet:
    """The embedded twin; its shortened videos have no frame rate but the one that is given."""
    if config.name == FOLDER:
        raise ValueError(
            "data.root: name the folder of the features (there is no twin of 'folder')"
        )
    videos, classes = make_twin(config.name, activities, scaling=scaling(config))
    excluded = excluded_classes(config, classes)
    return DataSet(config.name, videos, classes, excluded, config.fps or None, generated=True)


def scaling(config: DataConfig) -> str:
    """How a video's channels are scaled: see `assemble.standardization`."""
    if not config.standardize:
        return ""
    return "frame" if config.unit_frames else "channel"


def excluded_classes(config: DataConfig, classes: Sequence[str]) -> tuple[str, ...]:
    """The classes that evaluation leaves out: those named, or the field's habit."""
    if config.excluded:
        if classes:
            check_known("data.excluded", config.excluded, classes)
        return tuple(config.excluded)
    habit = CATALOG[config.name].excluded if config.name in CATALOG else ()
    return tuple(name for name in classes if name.lower() in habit)
