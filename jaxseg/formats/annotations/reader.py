"""The one way in: annotations of recordings, whichever program wrote them."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from jaxseg.formats.annotations.annotation import Annotations, Labels
from jaxseg.formats.annotations.documents import (
    read_boris,
    read_breakfast_xml,
    read_eaf,
    read_nwb,
    read_subtitles,
)
from jaxseg.formats.annotations.tables import read_table
from jaxseg.formats.arrays import read_npy
from jaxseg.formats.labels import mending, read_labels

DOCUMENTS: Mapping[str, Callable[[Path], dict[str, Annotations]]] = {
    ".boris": read_boris,
    ".eaf": read_eaf,
    ".nwb": read_nwb,
    ".xml": read_breakfast_xml,
    ".vtt": read_subtitles,
    ".srt": read_subtitles,
}
TABLES = (".csv", ".tsv", ".tab")
REFUSED = {
    ".xlsx": "a spreadsheet: save it as CSV in UTF-8",
    ".xls": "a spreadsheet: save it as CSV in UTF-8",
    ".ods": "a spreadsheet: save it as CSV in UTF-8",
    ".textgrid": "Praat's TextGrid: open it in ELAN and save it as .eaf",
    ".json": "no annotations of a known program: write a table of start, end and label",
    ".mat": "MATLAB's: save the labels as text, one a line, or a table of start, end and label",
    ".html": "a page: export the events as CSV or TSV",
}
# The likeliest first, where a recording has several: labels a frame are never ambiguous.
SUFFIXES = (".txt", ".npy", *TABLES, *DOCUMENTS, *REFUSED)


def recording_of(path: Path) -> str:
    """The recording that a file is named after: the name without what is known to follow it."""
    name = path.stem if path.suffix.lower() in SUFFIXES else path.name
    return re.sub(r"\.(audacity|ids)$", "", name)  # jaxseg's own exports


def rank(path: Path) -> int:
    """Of several files of one recording the one with the lowest rank is read."""
    suffix = path.suffix.lower()
    if suffix in SUFFIXES and recording_of(path) != path.stem:
        return len(SUFFIXES)  # an export, beside which people's own labels may lie
    return SUFFIXES.index(suffix) if suffix in SUFFIXES else 0


def read_annotations(path: Path) -> dict[str, Annotations] | Labels:
    """The annotations in a file by recording, "" where it does not say of which; or its labels.

    Raises:
        ValueError: one line with the file and what is wrong.
    """
    suffix = path.suffix.lower()
    if suffix in REFUSED:
        raise ValueError(f"{path}: {REFUSED[suffix]}")
    if suffix in DOCUMENTS:
        return DOCUMENTS[suffix](path)
    if suffix == ".npy":
        return Labels(tuple(_array(path)))
    table = read_table(path) if suffix in TABLES or is_table(path) else None
    if table is not None:
        return table
    if suffix in TABLES:
        head = path.read_bytes()[:80].decode("utf-8", "replace").split("\n")[0]
        if re.search("[,;\t]", head):
            raise ValueError(
                f"{path}: no table of segments: no columns called start, end and label"
            )
    return Labels(tuple(read_labels(path)))


def is_table(path: Path) -> bool:
    """Whether a text is a table of segments, and not labels a line, by its first lines."""
    with path.open("rb") as file:
        head = file.read(20_000).decode("utf-8", "replace").lstrip("\ufeff")
    lines = [line for line in re.split("[\r\n]+", head) if line.strip()][:50]
    coarse = re.compile(r"\s*\d+-\d+\s+\S")
    return bool(lines) and (
        all(map(coarse.match, lines)) or any(re.search("\t|[,;].*[,;]", line) for line in lines)
    )


def _array(path: Path) -> list[str]:
    """Labels of an array of whole numbers or words, [frames]."""
    labels = read_npy(path)
    if labels.ndim != 1 or labels.dtype.kind not in "iuU" or not labels.size:
        content = f"{labels.dtype}{list(labels.shape)}"
        raise ValueError(
            f"{path}: {content} instead of whole numbers or words [frames]{mending(labels)}"
        )
    return [str(label) for label in labels.tolist()]
