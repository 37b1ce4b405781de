"""Sources: the file of each sequence, and what is in files that may hold several."""

import dataclasses
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

RATE_TOLERANCE = 0.02  # share by which the clocks of recordings of one rate may differ


@dataclasses.dataclass(frozen=True)
class Source:
    """The files of one video; `truth` is None where a data set has no labels.

    `top`: they lie in no subfolder, so that the activity is named after whatever folder that is.
    `recording`: what the file holds, where it is one of another program, which may hold several.
    `labels`: what `truth` holds, where it is read already: people's own may be of many kinds.
    """

    activity: str
    video: str
    features: Path
    truth: Path | None = None
    top: bool = False
    recording: Recording | None = None
    labels: Annotations | Labels | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Activity and video."""
        return self.activity, self.video


def open_recordings(sources: Sequence[Source], settings: Settings, progress: bool) -> list[Source]:
    """The sources, with files of other programs read: one source for each sequence in them.

    Several sequences of a file are called "<file>.<name>".
    """
    opened = []
    for source in tqdm(sources, "reading", unit="file", disable=not progress, delay=1, leave=False):
        if not is_foreign(source.features):
            opened.append(source)
            continue
        for name, recording in read_recordings(source.features, settings).items():
            video = source.video if name == ONLY else f"{source.video}.{name}"
            check_file_name(source.features, "video", video)
            opened.append(dataclasses.replace(source, video=video, recording=recording))
    return in_one_order(opened)


def in_one_order(sources: list[Source]) -> list[Source]:
    """The sources with channels of the same names in the order of most recordings.

    Names that have nothing in common with the usual ones are taken to be of another kind.

    Raises:
        ValueError: some names are the usual ones, others not.
    """
    names = Counter(each.recording.channels for each in sources if each.recording)
    names.pop((), None)
    if len(names) < 2:
        return sources
    usual = names.most_common(1)[0][0]
    for at, each in enumerate(sources):
        own = each.recording.channels if each.recording else ()
        if own in ((), usual) or not set(own) & set(usual):
            continue
        if sorted(own) != sorted(usual) or len(set(own)) < len(own):
            wrong = sorted(set(own) ^ set(usual))
            raise ValueError(
                f"{each.features}: other channels than most recordings have: {listed(wrong)} are "
                "in some only; all files need the same"
            )
        array = each.recording.array[:, [own.index(name) for name in usual]]
        recording = each.recording._replace(array=array, channels=usual)
        sources[at] = dataclasses.replace(each, recording=recording)
    return sources


def with_passed(sources: list[Source], passed: Sequence[Path]) -> list[Source]:
    """The sources, with a note at the first recording on the files that were passed over."""
    at = next((at for at, each in enumerate(sources) if each.recording), None)
    if passed and at is not None:
        names = listed(path.name for path in passed)
        note = f"passed over, as they belong to recordings that are read: {names}"
        recording = sources[at].recording
        recording = recording._replace(notes=(*recording.notes, note))
        sources[at] = dataclasses.replace(sources[at], recording=recording)
    return sources


def read_sources(
    sources: Sequence[Source], *, cache: Path | None, progress: bool, processes: Processes
) -> list[FeatureFile]:
    """The arrays of all sources, see `read_arrays`; those of opened recordings stay in memory."""
    files = [each.features for each in sources if each.recording is None]
    read = iter(
        read_arrays(files, cache=cache, progress=progress, processes=processes) if files else ()
    )
    return [
        next(read) if each.recording is None else _checked(each.features, each.recording.array)
        for each in sources
    ]


def _checked(path: Path, array: np.ndarray) -> FeatureFile:
    """An array as `read_arrays` gives those of files."""
    check_matrix(path, array)
    check_finite(path, array)
    array = np.asarray(array, np.float32)
    return FeatureFile(array, checksum(array))


def common_rate(sources: Sequence[Source]) -> float | None:
    """Rows a second that the files tell; None where none does.

    Raises:
        ValueError: they differ, or only some tell.
    """
    rates = {each.features: each.recording and each.recording.fps for each in sources}
    told = {path: rate for path, rate in rates.items() if rate}
    if not told:
        return None
    usual = float(np.median(list(told.values())))
    others = [
        f"{path} ({rate or 'none'})" for path, rate in rates.items() if not _near(rate, usual)
    ]
    if others:
        raise ValueError(
            f"most recordings have {usual:g} rows a second, others not: {listed(others)}; bring "
            "them to one rate, or give --config.data.fps"
        )
    return usual


def _near(rate: float | None, usual: float) -> bool:
    """Whether two rates are the same but for the errors of clocks."""
    return rate is not None and abs(rate - usual) <= RATE_TOLERANCE * usual


def notes_of(sources: Sequence[Source]) -> tuple[str, ...]:
    """What was left out or filled in when recordings were opened, equal sentences once."""
    files: dict[str, list[str]] = {}
    for each in sources:
        for note in each.recording.notes if each.recording else ():
            files.setdefault(note, []).append(each.features.name)
    return tuple(f"{note} ({listed(dict.fromkeys(names))})" for note, names in files.items())
