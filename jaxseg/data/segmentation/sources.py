"""Sources: the file of each sequence, and what is in files that may hold several."""

import dataclasses
import itertools
import re
import statistics
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from jaxseg.data.segmentation.features import FeatureFile, Processes, checksum, read_arrays
from jaxseg.formats.annotations.annotation import Annotations, Labels
from jaxseg.formats.matrices import check_finite, check_matrix
from jaxseg.formats.names import check_file_name, listed
from jaxseg.formats.recordings.reader import is_foreign, read_recordings
from jaxseg.formats.recordings.recording import ONLY, Recording, Settings

NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?!\w)")  # in a sentence, and not in a name
RATE_TOLERANCE = 0.02  # share by which the clocks of recordings of one rate may differ


@dataclasses.dataclass(frozen=True)
class Source:
    """The files of one video; `truth` is None where a data set has no labels.

    `top`: they lie in no subfolder, so that the activity is named after whatever folder that is.
    `recording`: what the file holds, where it is one of another program, which may hold several.
    `streams`: the parts of a recording whose channels lie in several files; `features` is the
    first. `fps`: rows a second, where another file tells. `notes`: on how files were understood.
    `labels`: what `truth` holds, where it is read already: people's own may be of many kinds.
    """

    activity: str
    video: str
    features: Path
    truth: Path | None = None
    top: bool = False
    recording: Recording | None = None
    streams: tuple["Source", ...] = ()
    fps: float | None = None
    notes: tuple[str, ...] = ()
    labels: Annotations | Labels | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Activity and video."""
        return self.activity, self.video

    @property
    def parts(self) -> tuple["Source", ...]:
        """Its streams, or itself where it is one file."""
        return self.streams or (self,)

    @property
    def rate(self) -> float | None:
        """Rows a second that a file tells; None where none does."""
        told = (each.recording.fps for each in self.parts if each.recording)
        return self.fps or next(filter(None, told), None)

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the columns of all parts; () where one has none."""
        names = [each.recording.channels if each.recording else () for each in self.parts]
        return tuple(itertools.chain(*names)) if all(names) else ()


def open_recordings(sources: Sequence[Source], settings: Settings, progress: bool) -> list[Source]:
    """The sources, with files of other programs read: one source for each sequence in them.

    Several sequences of a file are called "<file>.<name>".
    """
    opened = []
    for source in tqdm(sources, "reading", unit="file", disable=not progress, delay=1, leave=False):
        parts = [_open(each, settings) for each in source.parts]
        if any(part.keys() != parts[0].keys() for part in parts):
            names = [f"{p.features.name}" for p in source.streams]
            raise ValueError(
                f"streams of {source.video} hold different sequences: {listed(names)}; name one "
                "array of each file with --config.data.array"
            )
        for at, name in enumerate(parts[0]):
            video = source.video if name == ONLY else f"{source.video}.{name}"
            check_file_name(source.features, "video", video)
            streams = [
                dataclasses.replace(each, video=video, recording=part[name])
                for each, part in zip(source.parts, parts, strict=True)
            ]
            notes = () if at else source.notes
            opened.append(
                dataclasses.replace(source, video=video, streams=tuple(streams), notes=notes)
                if source.streams
                else dataclasses.replace(streams[0], notes=notes)
            )
    # Where columns are moments, their names are none of channels.
    return opened if settings.axis == "last" else joined_by_name(opened)


def _open(source: Source, settings: Settings) -> dict[str, Recording | None]:
    """The sequences of one file; None stands for a plain matrix, which is read later."""
    if not is_foreign(source.features):
        return {ONLY: None}
    return read_recordings(source.features, settings)


def joined_by_name(sources: Sequence[Source]) -> list[Source]:
    """The sources, with the columns of each stream in the order of the first file that has it.

    Raises:
        ValueError: files with names of columns do not have the same ones.
    """
    sources = list(sources)
    for place in range(max(len(each.parts) for each in sources)):
        parts = {
            at: each.parts[place] for at, each in enumerate(sources) if place < len(each.parts)
        }
        named = {at: p for at, p in parts.items() if p.recording and p.recording.channels}
        _check_columns(list(named.values()))
        first = next((part.recording.channels for part in named.values()), ())
        for at, part in named.items():
            if part.recording.channels == first:
                continue
            columns = [part.recording.channels.index(name) for name in first]
            recording = part.recording._replace(
                array=part.recording.array[:, columns],
                channels=first,
                notes=(
                    *part.recording.notes,
                    "columns are in another order: joined by their names",
                ),
            )
            sources[at] = _with_part(
                sources[at], place, dataclasses.replace(part, recording=recording)
            )
    return sources


def _with_part(source: Source, place: int, part: Source) -> Source:
    if not source.streams:
        return part
    streams = (*source.streams[:place], part, *source.streams[place + 1 :])
    return dataclasses.replace(source, streams=streams)


def _check_columns(parts: Sequence[Source]) -> None:
    """Raises ValueError where a column is in some files, and lacks in others."""
    counts = Counter(name for part in parts for name in set(part.recording.channels))
    names = dict.fromkeys(name for part in parts for name in part.recording.channels)
    for name in names:
        if counts[name] < len(parts):
            lack = [str(p.features) for p in parts if name not in p.recording.channels]
            raise ValueError(
                f"{len(lack)} of {len(parts)} files lack the column {name!r} that others have: "
                f"{listed(lack)}; all need the same columns: add it there, or take it out of the "
                "others"
            )


def with_passed(sources: list[Source], passed: Sequence[Path]) -> list[Source]:
    """The sources, with a note at the first one on the files that were passed over."""
    if passed:
        names = listed(path.name for path in passed)
        note = f"passed over, as they belong to recordings that are read: {names}"
        sources[0] = dataclasses.replace(sources[0], notes=(*sources[0].notes, note))
    return sources


def read_sources(
    sources: Sequence[Source], *, cache: Path | None, progress: bool, processes: Processes
) -> list[list[FeatureFile]]:
    """The arrays of all parts of all sources, see `read_arrays`.

    Those of opened recordings stay in memory.
    """
    parts = [part for source in sources for part in source.parts]
    files = [part.features for part in parts if part.recording is None]
    read = iter(
        read_arrays(files, cache=cache, progress=progress, processes=processes) if files else ()
    )
    arrays = iter(
        [
            next(read) if part.recording is None else _checked(part.features, part.recording.array)
            for part in parts
        ]
    )
    return [[next(arrays) for _ in source.parts] for source in sources]


def _checked(path: Path, array: np.ndarray) -> FeatureFile:
    """An array as `read_arrays` gives those of files."""
    check_matrix(path, array)
    check_finite(path, array)
    array = np.asarray(array, np.float32)
    return FeatureFile(array, checksum(array))


def common_rate(sources: Sequence[Source]) -> float | None:
    """Rows a second that the files tell; None where none does.

    A plain matrix tells none, and has that of the others.

    Raises:
        ValueError: they differ, or only some tell.
    """
    rates = {each.features: each.rate for each in sources if each.rate or each.recording}
    told = {path: rate for path, rate in rates.items() if rate}
    if not told:
        return None
    usual = statistics.median_low(told.values())
    others = [
        f"{path} ({rate or 'none'})" for path, rate in rates.items() if not _near(rate, usual)
    ]
    if others:
        raise ValueError(
            f"some recordings have {usual:g} rows a second, others not: {listed(others)}; bring "
            "them to one rate, or give --config.data.fps"
        )
    return usual


def _near(rate: float | None, usual: float) -> bool:
    """Whether two rates are the same but for the errors of clocks."""
    return rate is not None and abs(rate - usual) <= RATE_TOLERANCE * usual


def notes_of(sources: Sequence[Source]) -> tuple[str, ...]:
    """How files were understood, and what was left out or filled in when they were opened.

    Sentences that differ in their numbers alone are one, with the least and the largest number.
    """
    files: dict[str, tuple[list[str], list[str]]] = {}
    for part in itertools.chain(*(each.parts for each in sources)):
        for note in part.recording.notes if part.recording else ():
            notes, names = files.setdefault(NUMBER.sub("0", note), ([], []))
            notes.append(note)
            names.append(part.features.name)
    found = [
        f"{_in_one(notes)} ({listed(dict.fromkeys(names))})" for notes, names in files.values()
    ]
    return (*itertools.chain(*(each.notes for each in sources)), *found)


def _in_one(notes: Sequence[str]) -> str:
    """Sentences that differ in their numbers alone as one: "3 to 5 frames"."""
    numbers = zip(*(NUMBER.findall(note) for note in notes), strict=True)
    ends = iter((min(each, key=float), max(each, key=float)) for each in numbers)
    return NUMBER.sub(lambda _: " to ".join(dict.fromkeys(next(ends))), notes[0])
