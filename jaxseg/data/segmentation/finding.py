"""Truth of people's own recordings: which file, and which part of it, is of which recording.

A file has a label a frame, or a table of segments; one file may have those of several recordings.
Some recordings may be without truth.
"""

import dataclasses
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from jaxseg.data.segmentation.alignment import TruthSettings
from jaxseg.data.segmentation.labels import ClassNames, check_class, is_number
from jaxseg.data.segmentation.sources import Source
from jaxseg.data.segmentation.streams import stream_base
from jaxseg.formats.annotations.annotation import Annotations, Labels, choose_tier
from jaxseg.formats.annotations.reader import rank, read_annotations, recording_of
from jaxseg.formats.names import listed, nearest

# What DeepLabCut and SLEAP add to the names of videos.
ADDED = re.compile(r"(DLC[_A-Z].*|DeepCut.*|\.analysis|\.predictions.*)$")
Found = tuple[Path, str, Annotations | Labels]  # file, name of a recording in it, its truth


def find_labels(
    sources: Sequence[Source],
    folder: Path,
    files: Iterable[tuple[str, Path]],
    settings: TruthSettings,
    *,
    complete: bool,
) -> tuple[list[Source], list[str]]:
    """The sources with the truth of those that have one, and notes on what has none.

    A file belongs to the recording that it is named after, or to those that are named in it.

    Args:
        sources: of all recordings.
        folder: `groundTruth`, for messages.
        files: (activity, file), with "" for files directly in the folder.
        settings: `tier` is chosen, where files have several.
        complete: all activities are read, so that truth without features is worth a note.

    Raises:
        ValueError: no file is of any recording; one cannot be read; or is of two activities.
    """
    by_name: dict[tuple[str, str], list[Path]] = {}
    for group, file in files:
        if not file.is_file():  # a link to nothing or to itself, a device
            raise ValueError(f"{folder}: no file of labels: {listed([file])}")
        by_name.setdefault((group, recording_of(file)), []).append(file)
    by_name = {key: sorted(paths, key=rank) for key, paths in by_name.items()}
    found: dict[tuple[str, str], Found] = {}
    for each in sources:
        names = _names(each)
        keys = [key for name in names for key in ((each.activity, name), ("", name))]
        if key := next((key for key in keys if key in by_name), None):
            path = by_name[key][0]
            found[each.key] = (path, "", _of_recording(path, names))
        elif labels := _of_individual(each, by_name):
            found[each.key] = labels
    used = {path for path, *_ in found.values()}
    beside = [file for paths in by_name.values() if paths[0] in used for file in paths[1:]]
    others = {key: paths for key, paths in by_name.items() if paths[0] not in used}
    inside, strangers = _named_inside(sources, others, found)
    found |= inside
    used = {path for path, *_ in found.values()}
    unused = [path for paths in others.values() for path in paths if path not in used]
    missing = [each for each in sources if each.key not in found]
    if not found:
        raise ValueError(_no_match(folder, sources, unused))
    _check_not_shared(found)
    notes = []
    if missing:
        names = listed(each.video for each in missing)
        notes.append(
            f"{len(missing)} of {len(sources)} recordings have no truth ({names}): they are "
            "segmented as the others are; scores are on those that have it"
        )
    if unused and complete:
        names = listed(path.name for path in unused)
        near = _nearest(unused, missing)
        notes.append(f"{len(unused)} truth files without features are not read ({names}){near}")
    if strangers and complete:
        notes.append(
            f"truth of {len(strangers)} recordings without features is not read "
            f"({listed(strangers)})"
        )
    if beside:
        names = listed(path.name for path in beside)
        notes.append(f"{len(beside)} truth files are not read, as others are of the same ({names})")
    shared = [
        each.video
        for each in sources
        if _individual(each) and each.key in found and not found[each.key][1]
    ]
    if shared:
        notes.append(
            f"truth: a file without subjects is that of each individual ({listed(shared)})"
        )
    labeled = []
    for each in sources:
        path, name, labels = found.get(each.key, (None, "", None))
        if isinstance(labels, Annotations):
            labels = choose_tier(path if not name else f"{path}: {name}", labels, settings.tier)
        labeled.append(dataclasses.replace(each, truth=path, labels=labels))
    return labeled, notes + _reading_notes(labeled)


def _names(source: Source) -> tuple[str, ...]:
    """What a recording may be called: as its file, or without what programs add to names."""
    if _individual(source):
        return (source.video,)
    video = source.video
    return tuple(dict.fromkeys((video, ADDED.sub("", video), stream_base(video))))


def _individual(source: Source) -> str:
    """Which of several individuals of a file a source is; "" where it is all of it."""
    name = source.video.removeprefix(f"{source.features.stem}.")
    return "" if name == source.video else name


def _of_individual(source: Source, files: Mapping[tuple[str, str], Sequence[Path]]) -> Found | None:
    """The truth of one of several individuals of a file: the tier that is called as it is.

    Truth without tiers is that of all of them.
    """
    stem = source.features.stem
    individual = _individual(source)
    for name in (stem, ADDED.sub("", stem)):
        for key in ((source.activity, name), ("", name)):
            if not individual or key not in files:
                continue
            path = files[key][0]
            read = _of_recording(path, (name,))
            if isinstance(read, Labels) or read.tiers in ([], [""]):
                return path, "", read
            if individual in read.tiers:
                return path, individual, choose_tier(path, read, individual)
    return None


def _of_recording(path: Path, names: Sequence[str]) -> Annotations | Labels:
    """The truth in a file that is named after a recording."""
    read = read_annotations(path)
    if isinstance(read, Labels):
        return read
    if len(read) == 1:
        return next(iter(read.values()))
    named = [each for each in read.values() if not {*names}.isdisjoint(each.names)]
    if len(named) != 1:
        raise ValueError(
            f"{path}: holds {len(read)} recordings ({listed(read)}), of which "
            f"{len(named) or 'none'} {'are' if named else 'is'} {names[0]!r}"
        )
    return named[0]


def _named_inside(
    sources: Sequence[Source],
    files: Mapping[tuple[str, str], Sequence[Path]],
    found: Mapping[tuple[str, str], Found],
) -> tuple[dict[tuple[str, str], Found], list[str]]:
    """The truth of further sources from files that name the recordings they are of.

    Also the names of the recordings in these files that no source is.
    """
    if len(found) == len(sources):
        return {}, []
    inside: dict[tuple[str, str], list[Found]] = {}
    for (group, _), paths in files.items():
        for path in paths:
            try:
                read = read_annotations(path)
            except ValueError:  # perhaps nobody needs it; it is listed as not used
                continue
            for name, each in () if isinstance(read, Labels) else read.items():
                for alias in each.names:
                    inside.setdefault((group, alias), []).append((path, name, each))
    chosen = {}
    for each in sources:
        if each.key in found:
            continue
        keys = [key for name in _names(each) for key in ((each.activity, name), ("", name))]
        candidates = next((inside[key] for key in keys if key in inside), [])
        first = [other for other in candidates if other[1] in _names(each)]
        candidates = first or candidates
        if len(candidates) > 1:
            places = listed(f"{path.name}: {name!r}" for path, name, _ in candidates)
            raise ValueError(f"{candidates[0][0]}: {each.video!r} is annotated twice ({places})")
        if candidates:
            chosen[each.key] = candidates[0]
    used = {(path, name) for path, name, _ in chosen.values()}
    paths = {path for path, _ in used}
    held = {(path, name): None for each in inside.values() for path, name, _ in each}
    return chosen, [key[1] for key in held if key[0] in paths and key not in used]


def _check_not_shared(found: Mapping[tuple[str, str], Found]) -> None:
    """Raises ValueError where recordings of two activities have one name and one truth file."""
    owners: dict[tuple[Path, str], str] = {}
    for (activity, video), (path, _, _) in found.items():
        other = owners.setdefault((path, video), activity)
        if other != activity:
            raise ValueError(
                f"{path}: activities {other} and {activity} both have a video of this name; "
                f"their truth goes to groundTruth/{other}/ and groundTruth/{activity}/"
            )


def _no_match(folder: Path, sources: Sequence[Source], files: Sequence[Path]) -> str:
    """Message where no file of truth is of any recording."""
    if not files:
        return f"{folder}: holds no truth; without labels, remove the folder"
    videos = [each.video for each in sources]
    return (
        f"{folder}: no file is named after a recording, nor names one: files are "
        f"{listed(map(recording_of, files))}, recordings are {listed(videos)}"
        f"{_nearest(files, sources)}"
    )


def _nearest(files: Sequence[Path], sources: Sequence[Source]) -> str:
    """End of a message: the first file that is called nearly as a recording; "" without such."""
    videos = [each.video for each in sources]
    for file in files:
        name = recording_of(file)
        if match := nearest(name, videos):
            return f"; is {name!r} {match!r}?"
    return ""


def _reading_notes(sources: Sequence[Source]) -> list[str]:
    """Notes on what was left out or taken for granted as files of truth were read."""
    kinds: Counter = Counter()
    files: dict[str, list[str]] = {}
    for each in sources:
        if isinstance(each.labels, Annotations):
            for kind, count in each.labels.left_out.items():
                kinds[kind] += count
                files.setdefault(kind, []).append(each.video)
            for note in each.labels.notes:
                files.setdefault(note, []).append(each.video)
    return [
        f"truth: {kinds[key]} {key} left out ({listed(videos)})"
        if key in kinds
        else f"truth: {key} ({listed(videos)})"
        for key, videos in files.items()
    ]


def names_of(sources: Sequence[Source]) -> ClassNames:
    """The sorted names in the truth of recordings, as the classes of data without a mapping."""
    names = set()
    for each in sources:
        if isinstance(each.labels, Labels):
            labels = set(each.labels.labels)
        else:
            labels = {span.label for span in each.labels.spans} if each.labels else set()
        names |= labels - {"-1"} if all(map(is_number, labels)) else labels
    for name in names:
        check_class(next(each.truth for each in sources if each.truth), name)
    classes = tuple(sorted(names))
    return ClassNames(classes, {name: index for index, name in enumerate(classes)})
