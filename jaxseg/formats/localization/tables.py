"""Tables of segments with a header: CSV, or tabs, semicolons or blanks between the columns.

The names are those of the data frames that ActivityNet's, OpenTAD's and ActionFormer's programs
keep detections in (`video-id,t-start,t-end,label,score`), and others that say the same.
"""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from jaxseg.formats.detections import Segments, columns
from jaxseg.formats.files import read_text
from jaxseg.formats.localization.thumos14 import check, label_of
from jaxseg.formats.names import clip, plain

NAMES = {
    "video": ("videoid", "videoname", "video", "vid", "filename"),
    "start": ("tstart", "start", "starttime", "startsec", "startseconds", "begin"),
    "end": ("tend", "end", "endtime", "endsec", "endseconds", "stop"),
    "label": ("label", "class", "classname", "category", "activity", "type"),
    "score": ("score", "scores", "confidence", "conf"),
}
NUMBERS = ("labelid", "classid", "typeidx")  # the label, where no column has its name
FIELDS = {name: field for field, names in NAMES.items() for name in names}
DELIMITERS = ",;\t"
BEFORE_PROCESSING = {"tmin", "tmax", "xmin", "xmax"}  # shares of one video's duration
UNFINISHED = (
    "a table of one video before post-processing, as BSN, BMN and MMAction2 write it; of MMAction2 "
    "the JSON of its end is read (output_format='json')"
)


def split_header(line: str) -> tuple[list[str], str]:
    """Names in a first line, which may begin as a comment, and the delimiter between them."""
    line = line.lstrip("#% ")
    delimiter = next((each for each in DELIMITERS if each in line), " ")
    parts = line.split() if delimiter == " " else line.split(delimiter)
    return [part.strip().strip("\"'") for part in parts], delimiter


def field_of(name: str) -> str | None:
    """The field that a column is: its name without case, blanks, "-" and "_" is in `NAMES`."""
    return FIELDS.get(plain(name))


def is_header(line: str) -> bool:
    """Whether a first line names columns: it has a start or an end by name."""
    return bool({"start", "end"} & {field_of(name) for name in split_header(line)[0]})


def is_unfinished(line: str) -> bool:
    """Whether a first line is that of a table with what post-processing makes detections of."""
    return not BEFORE_PROCESSING.isdisjoint(split_header(line)[0])


def read_table(path: Path, names: Mapping[int, str] | None, *, scored: bool) -> Segments:
    """Segments from the columns of a table; a detection may have no label.

    Args:
        path: of the table.
        names: what a label's number stands for; None: numbers are labels as they are written.
        scored: whether these are detections, which have a score.

    Raises:
        ValueError: a column is missing or there twice, or a value is wrong.
    """
    lines = read_text(path).splitlines()
    titles, delimiter = split_header(lines[0])
    place = places(path, titles, scored)
    cells = csv.reader(lines[1:], delimiter=delimiter, skipinitialspace=True)
    videos: dict[str, list[dict]] = {}
    try:
        for count, row in enumerate(cells, start=2):
            if not any(cell.strip() for cell in row):
                continue
            where = f"{path}: line {count}"
            if len(row) != len(titles):
                raise ValueError(f"{where}: {len(row)} values under {len(titles)} names of columns")
            values = {field: row[column].strip() for field, column in place.items()}
            item = {"segment": [values["start"], values["end"]]}
            if "label" in values:
                label = values["label"]
                item["label"] = label if names is None else label_of(where, [label], names)
            if scored:
                item["score"] = values["score"]
            videos.setdefault(values["video"], []).append(check(where, item))
    except csv.Error as error:
        raise ValueError(f"{path}: not a table of text ({error})") from None
    return columns(videos, [""] * len(videos), str(path), scored=scored)


def places(path: Path, titles: Sequence[str], scored: bool) -> dict[str, int]:
    """Field -> its column."""
    found: dict[str, int] = {}
    for column, title in enumerate(titles):
        field = field_of(title)
        if field in found:
            raise ValueError(
                f"{path}: columns {titles[found[field]]!r} and {title!r} are both the {field}"
            )
        if field:
            found[field] = column
    numbers = [column for column, title in enumerate(titles) if plain(title) in NUMBERS]
    if numbers and "label" not in found:
        found["label"] = numbers[0]
    needed = ("video", "start", "end", "score") if scored else ("video", "start", "end", "label")
    if missing := [field for field in needed if field not in found]:
        known = ", ".join(NAMES[missing[0]])
        raise ValueError(
            f"{path}: no column of the {missing[0]} ({known}) among {clip(list(titles))}"
            + ("; a table of one video alone has no place for its name" * (missing[0] == "video"))
        )
    return found
