"""A folder of segments as labels a frame, as long as what is compared with them."""

from collections.abc import Collection, Iterable
from pathlib import Path

import numpy as np

from jaxseg.formats.annotations.annotation import FRAMES, SECONDS, UNNAMED, Annotations, Labels
from jaxseg.formats.annotations.painting import NOTHING, half_open, paint
from jaxseg.formats.annotations.reader import (
    DOCUMENTS,
    TABLES,
    is_table,
    rank,
    read_annotations,
    recording_of,
)
from jaxseg.formats.labels import IDS, OWN_FILES, LabelFolder

LARGEST_EXCESS = 1.05  # of segments over a video


def holds_segments(path: Path) -> bool:
    """Whether a file, or each of the files of a folder, is a table or document of segments."""
    files = _files(path)
    return bool(files) and all(map(_has_segments, files))


def _has_segments(file: Path) -> bool:
    if file.suffix.lower() in (*DOCUMENTS, *TABLES):
        return True
    if file.suffix == ".npy" or not is_table(file):
        return False
    try:
        return not isinstance(read_annotations(file), Labels)
    except ValueError:  # read as labels, it is an error too
        return False


def read_segment_folder(
    path: Path, predictions: LabelFolder, fps: float | None, wanted: Collection[str] | None = None
) -> tuple[LabelFolder, LabelFolder, list[str]]:
    """Truth of segments and the predictions, of which frames without a segment are left out.

    Args:
        path: a file or a folder of files that `read_annotations` reads.
        predictions: what is compared with them; they tell how many frames a video has.
        fps: of the predictions; None where nobody says.
        wanted: the videos that are read; None for all.

    Raises:
        ValueError: a file that cannot be read, times in seconds without a rate, segments far
            beyond a video, or a table that has no segments.
    """
    found: dict[str, tuple[Path, Annotations]] = {}
    for file in _files(path):
        read = read_annotations(file)
        if isinstance(read, Labels):
            raise ValueError(f"{file}: labels without times among tables of segments")
        for name, each in read.items():
            for alias in (recording_of(file),) if len(read) == 1 else ():
                found.setdefault(alias, (file, each))
            for alias in (name, *each.names):
                found.setdefault(alias, (file, each))
    used = {
        video: found[short]
        for video in predictions.codes
        if (short := video.rpartition("/")[2]) in found and (wanted is None or video in wanted)
    }
    frames = {video: len(codes) for video, codes in predictions.codes.items()}
    seconds = fps is not None and all(
        _end(each) <= LARGEST_EXCESS * frames[video] / fps + 1
        for video, (_, each) in used.items()
        if each.unit == UNNAMED
    )
    units = {
        video: each.unit or (SECONDS if seconds else FRAMES) for video, (_, each) in used.items()
    }
    begin, end = half_open(
        each.spans for video, (_, each) in used.items() if units[video] == FRAMES
    )
    index: dict[str, int] = {}
    truth, kept = {}, dict(predictions.codes)
    total = left = 0
    for video, (file, each) in used.items():
        rate = 1.0 if units[video] == FRAMES else fps
        if rate is None:
            raise ValueError(f"{file}: segments are in seconds; give --fps, frames a second")
        if _end(each) * rate > LARGEST_EXCESS * frames[video] + 1:
            raise ValueError(
                f"{file}: segments end at {_end(each):g} {units[video]}, {video!r} has "
                f"{frames[video]} frames; is --fps right?"
            )
        spans = each.spans
        if units[video] == FRAMES:
            spans = [
                span._replace(start=span.start + begin, stop=span.stop + end) for span in spans
            ]
        painted = paint(file, spans, rate, frames[video])
        table = np.array([index.setdefault(name, len(index)) for name in painted.names] + [NOTHING])
        codes = table[painted.codes]
        has = codes != NOTHING
        total, left = total + len(has), left + int(np.count_nonzero(~has))
        if has.any():
            truth[video], kept[video] = codes[has].astype(np.int64), predictions.codes[video][has]
        else:
            kept.pop(video)
    share = 100 * left / max(total, 1)
    notes = [f"{share:.3g} % of the frames have no segment and are not scored"] if left else []
    activities = predictions.activities
    files = {video: file for video, (file, _) in used.items() if video in truth}
    folder = LabelFolder(path, truth, list(index), activities, None, files)
    return folder, predictions._replace(codes=kept), notes


def _files(path: Path) -> list[Path]:
    """A file, or those of a folder and its subfolders, one a recording, without hidden ones.

    Of what jaxseg has exported, the names of ids hold no segments, and a project of all recordings
    comes last.
    """
    path = Path(path)
    if path.is_file():
        return [path]
    recordings: dict[Path, list[Path]] = {}
    for each in sorted(path.rglob("*")):
        hidden = any(part.startswith(".") for part in each.relative_to(path).parts)
        if each.is_file() and not hidden:
            recordings.setdefault(each.with_name(recording_of(each)), []).append(each)
    files = [min(each, key=rank) for each in recordings.values()]
    kept = [each for each in files if each.name != IDS] or files
    return sorted(kept, key=lambda each: each.name in OWN_FILES)


def _end(annotations: Annotations) -> float:
    stops: Iterable[float] = (
        span.stop if np.isfinite(span.stop) else span.start for span in annotations.spans
    )
    return max(stops, default=0.0)
