"""Videos from an annotation and from feature files of RGB and flow.

    <folder>/rgb/<video>.npy and <folder>/flow/<video>.npy    [snippets, channels] each
    <folder>/<video>.npy                                      [snippets, 2 channels], RGB first

A reader of a data set calls `annotate`, `find_streams`, `pair` and `read_streams`, and returns the
`Parts` that `assemble` makes videos of.
"""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from jaxseg.data.localization.records import SnippetVideo
from jaxseg.data.segmentation.features import (
    ONE_PROCESS,
    Processes,
    check_channels,
    read_arrays,
)
from jaxseg.formats.detections import Segments, is_ambiguous, number, split_ambiguous
from jaxseg.formats.files import entries, need_folder
from jaxseg.formats.names import check_file_name, listed

RGB, FLOW = "rgb", "flow"
SKIP = "--config.data.skip_missing=True leaves out videos without features"


class Annotation(NamedTuple):
    """One video's annotation; times are in seconds.

    A label may be without segments: labels are all that training sees.
    """

    subset: str  # "train" or "test"
    segments: tuple[tuple[float, float, str], ...]  # (start, end, class), in the order of the file
    labels: frozenset[str]  # names of the classes that occur
    duration: float | None = None


def annotate(
    truth: Segments,
    subsets: Mapping[str, str | None],
    *,
    durations: Mapping[str, object] | None = None,
    labels: Mapping[str, frozenset[str]] | None = None,
    labels_source: str = "",
) -> dict[str, Annotation]:
    """Video -> annotation, of the videos that belong to a subset.

    THUMOS14's mark of ambiguous intervals is no class and left out.

    Args:
        truth: true segments, and labels without times.
        subsets: the source's name of a subset -> "train", "test", or None to leave it out.
        durations: video -> seconds, which every video needs then; None: the source has none.
        labels: video -> its classes, for all videos; None: those of its segments and those that
            stand without a time.
        labels_source: file of `labels`, for messages.
    """
    truth, _ = split_ambiguous(truth)
    segments = segments_by_video(truth)
    annotations = {}
    for place, (video, subset) in enumerate(zip(truth.videos, truth.subsets, strict=True)):
        if subset not in subsets:
            known = ", ".join(map(repr, subsets))
            raise ValueError(
                f"{truth.source}: video {video!r}: subset {subset!r} is none of {known}"
            )
        if subsets[subset] is None:
            continue
        if durations is not None and video not in durations:
            raise ValueError(f"{truth.source}: video {video!r} has no duration")
        check_file_name(truth.source, "video", video)
        found = [*(name for _, _, name in segments[place]), *truth.untimed.get(video, ())]
        known = found if labels is None else labels[video]
        known = frozenset(name for name in known if not is_ambiguous(name))
        duration = None if durations is None else seconds(truth.source, video, durations[video])
        annotations[video] = Annotation(subsets[subset], segments[place], known, duration)
    check_subsets(annotations, truth.source if labels is None else labels_source)
    return annotations


def segments_by_video(truth: Segments) -> list[tuple[tuple[float, float, str], ...]]:
    """(start, end, class name) of each video in `truth.videos`."""
    segments: list[list[tuple[float, float, str]]] = [[] for _ in truth.videos]
    rows = zip(truth.video, truth.start.tolist(), truth.end.tolist(), truth.label, strict=True)
    for video, start, end, label in rows:
        segments[video].append((start, end, truth.labels[label]))
    return [tuple(each) for each in segments]


def seconds(source: str, video: str, value: object) -> float:
    """A duration; raises ValueError if it is no positive number."""
    duration = number(f"{source}: video {video!r}", "duration", value)
    if duration <= 0:
        raise ValueError(f"{source}: video {video!r}: duration {duration} is not positive")
    return duration


def check_subsets(annotations: Mapping[str, Annotation], source: str) -> None:
    """Raises ValueError if a subset is empty or a training video has no class."""
    for subset in ("train", "test"):
        if all(annotation.subset != subset for annotation in annotations.values()):
            raise ValueError(f"{source}: no {subset} videos")
    unlabeled = [
        video
        for video, annotation in annotations.items()
        if annotation.subset == "train" and not annotation.labels
    ]
    if unlabeled:
        raise ValueError(
            f"{source}: {len(unlabeled)} training videos without a class ({listed(unlabeled)})"
        )


def class_names(annotations: Mapping[str, Annotation]) -> tuple[str, ...]:
    """The names of all classes that occur, sorted."""
    return tuple(sorted(frozenset().union(*(one.labels for one in annotations.values()))))


class Streams(NamedTuple):
    """Both feature arrays of a video, [snippets, channels], and their places for messages."""

    rgb: np.ndarray
    flow: np.ndarray
    rgb_source: str
    flow_source: str
    checksum: str = ""  # of its files, see `features.checksum`


def find_streams(folder: Path, *, skip_missing: bool = False) -> dict[str, tuple[Path, ...]]:
    """Video -> its (RGB, flow) files, or its one file of both.

    With `skip_missing` a file of one stream without the other is passed over.
    """
    need_folder(folder)
    if not any((folder / stream).is_dir() for stream in (RGB, FLOW)):
        return {video: (path,) for video, path in find_arrays(folder).items()}
    rgb, flow = (find_arrays(need_folder(folder / stream)) for stream in (RGB, FLOW))
    unpaired = [rgb[video] for video in rgb if video not in flow]
    unpaired += [flow[video] for video in flow if video not in rgb]
    if unpaired and not skip_missing:
        raise ValueError(
            f"{folder}: {len(unpaired)} files of one stream without the other "
            f"({listed(unpaired)}); {SKIP}"
        )
    return {video: (path, flow[video]) for video, path in rgb.items() if video in flow}


def find_arrays(folder: Path) -> dict[str, Path]:
    """Video -> its .npy file."""
    paths = entries(folder)
    others = [path.name for path in paths if path.suffix != ".npy" or not path.is_file()]
    if others:
        raise ValueError(f"{folder}: not files of features (.npy): {listed(others)}")
    if not paths:
        raise ValueError(f"{folder}: holds no features")
    return {check_file_name(folder, "video", path.stem): path for path in paths}


def pair(
    featured: Collection[str], annotated: Sequence[str], folder: Path, *, skip_missing: bool
) -> tuple[str, ...]:
    """The annotated videos without features, which are left out.

    Raises:
        ValueError: there are such videos, and they are not to be skipped, or videos with features
            and no annotation.
    """
    missing = tuple(video for video in annotated if video not in featured)
    unknown = [video for video in featured if video not in annotated]
    problems = []
    if missing and not skip_missing:
        problems.append(
            f"{len(missing)} of {len(annotated)} videos without features ({listed(missing)})"
        )
    if unknown:
        problems.append(f"{len(unknown)} videos without an annotation ({listed(unknown)})")
    if problems:
        hint = f"; {SKIP}" if missing and not skip_missing else ""
        raise ValueError(f"{folder}: {'; '.join(problems)}{hint}")
    return missing


def read_streams(
    files: Mapping[str, tuple[Path, ...]], *, progress: bool, processes: Processes = ONE_PROCESS
) -> dict[str, Streams]:
    """Video -> the arrays of its files, checked to be whole, two-dimensional and finite."""
    paths = [path for pair in files.values() for path in pair]
    read = read_arrays(paths, cache=None, progress=progress, processes=processes)
    found = dict(zip(paths, read, strict=True))
    streams = {}
    for video, pair in files.items():
        if len(pair) == 1:
            both = split(found[pair[0]].array, str(pair[0]))
        else:
            rgb, flow = pair
            both = Streams(found[rgb].array, found[flow].array, str(rgb), str(flow))
        checksum = "-".join(found[path].checksum for path in pair)
        streams[video] = both._replace(checksum=checksum)
    return streams


def split(joint: np.ndarray, source: str) -> Streams:
    """The halves of [snippets, 2 channels]; a memory map stays one."""
    columns = joint.shape[1]
    if columns % 2:
        raise ValueError(f"{source}: {columns} columns are not RGB and flow of equal width")
    half = columns // 2
    sources = f"{source}: columns 1 to {half}", f"{source}: columns {half + 1} to {columns}"
    return Streams(joint[:, :half], joint[:, half:], *sources)


class Parts(NamedTuple):
    """The parts of a data set, as a reader has found them for `assemble`."""

    annotations: Mapping[str, Annotation]  # by video
    streams: Mapping[str, Streams]  # for the same videos, but those that are left out
    classes: tuple[str, ...]  # every label of every annotation is one of them
    left_out: tuple[str, ...] = ()  # annotated videos without features


def assemble(parts: Parts, *, length_tolerance: int) -> tuple[SnippetVideo, ...]:
    """One `SnippetVideo` a video, sorted by subset and name.

    RGB and flow that differ by at most `length_tolerance` snippets are cut to the shorter.
    """
    annotations, streams, classes, left_out = parts
    left = {video: one for video, one in annotations.items() if video not in set(left_out)}
    check_subsets(left, "videos with features")
    check_lengths(streams, length_tolerance)
    check_channels({source: array.shape for source, array in sides(streams)}, "streams")
    check_not_zero(streams)
    order = sorted(left, key=lambda video: (annotations[video].subset, video))
    return tuple(make_video(video, annotations[video], streams[video], classes) for video in order)


def missing_notes(parts: Parts) -> list[str]:
    """A sentence on the videos that are left out, if there are any."""
    if not parts.left_out:
        return []
    subsets = [parts.annotations[video].subset for video in parts.left_out]
    train, test = subsets.count("train"), subsets.count("test")
    return [
        f"left out, as they have no features: {train} training and {test} test videos of "
        f"{len(parts.annotations)} ({listed(parts.left_out)}); scores are of the others alone"
    ]


def check_lengths(streams: Mapping[str, Streams], length_tolerance: int) -> None:
    """Raises ValueError if RGB and flow of a video differ in length by more than the tolerance."""
    misfits = [
        f"{one.rgb_source} ({len(one.rgb)}) against {one.flow_source} ({len(one.flow)})"
        for one in streams.values()
        if abs(len(one.rgb) - len(one.flow)) > length_tolerance
    ]
    if misfits:
        raise ValueError(
            f"RGB and flow of {len(misfits)} of {len(streams)} videos differ in length by more "
            f"than data.length_tolerance={length_tolerance} snippets: {listed(misfits)}"
        )


def check_not_zero(streams: Mapping[str, Streams]) -> None:
    """Raises ValueError if a stream is zero everywhere."""
    # Nearly always the first row decides, and the rest of a memory map need not be read.
    zero = [source for source, array in sides(streams) if not (array[0].any() or array.any())]
    if zero:
        raise ValueError(
            f"{len(zero)} of {2 * len(streams)} streams are zero everywhere: {listed(zero)}"
        )


def sides(streams: Mapping[str, Streams]) -> list[tuple[str, np.ndarray]]:
    """(source, array) of the RGB and the flow of every video."""
    return [
        side
        for one in streams.values()
        for side in ((one.rgb_source, one.rgb), (one.flow_source, one.flow))
    ]


def make_video(
    name: str, annotation: Annotation, streams: Streams, classes: tuple[str, ...]
) -> SnippetVideo:
    """A video of its annotation and its streams, which are cut to the shorter of the two."""
    length = min(len(streams.rgb), len(streams.flow))
    return SnippetVideo(
        name=name,
        subset=annotation.subset,
        rgb=streams.rgb[:length],
        flow=streams.flow[:length],
        labels=np.array([name in annotation.labels for name in classes], np.float32),
        segments=tuple(
            (start, end, classes.index(label)) for start, end, label in annotation.segments
        ),
        duration=annotation.duration,
        checksum=streams.checksum,
    )
