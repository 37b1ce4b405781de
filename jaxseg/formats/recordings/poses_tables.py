"""Tables of text with points of bodies, recognized by the names of their columns.

    DeepLabCut, LightningPose   .csv with header rows `bodyparts` and `coords`
    SLEAP                       .csv of a row an instance: track, frame_idx, NAME.x, NAME.score
    Anipose                     .csv with NAME_x, NAME_y, NAME_z, NAME_score
    MediaPipe and others        .csv, .tsv with x0, y0, z0, v0 or NOSE_x, NOSE_y, NOSE_visibility

Columns are found by name, so that one more (of ensembles, of errors) and bodies of different
keypoints shift nothing.
"""

import csv
import io
import itertools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from jaxseg.formats.files import decode_text
from jaxseg.formats.names import clip, listed
from jaxseg.formats.recordings import clocks
from jaxseg.formats.recordings.columns import read_clocks
from jaxseg.formats.recordings.delimited import read_delimited
from jaxseg.formats.recordings.poses_names import (
    BODIES,
    CONFIDENCES,
    FRAMES,
    by_body_names,
    find_points,
    is_long,
    place_of,
    widened,
)
from jaxseg.formats.recordings.tables import read_parquet

HEAD = 2**18  # bytes of a text that are looked at
LEVELS = ("scorer", "individuals", "bodyparts", "coords")
IMAGES = (
    "labels of single images, as they are made for training, and no recording; take the file that "
    "the program wrote for a whole video"
)
MOST_EMPTY = 20  # frames to a row, above which frame numbers are not believed


class Track(NamedTuple):
    """One body in a file.

    Attributes:
        name: of the individual; "" where the file has one and does not name it.
        keypoints: their names.
        points: [frames, keypoints, 2 or 3], NaN where there is none.
        confidence: [frames, keypoints]; None where the file has none.
    """

    name: str
    keypoints: tuple[str, ...]
    points: np.ndarray
    confidence: np.ndarray | None


class PoseFile(NamedTuple):
    """The bodies of a file, its frames a second where it tells, what was left out, and whether its
    second coordinate, not the third, is the vertical one (MediaPipe's)."""

    tracks: list[Track]
    fps: float | None = None
    notes: tuple[str, ...] = ()
    upright: bool = False


def reader_of(path: Path) -> Callable[[Path], PoseFile] | None:
    """The function below that reads a table; None where it names no points of a body."""
    if path.suffix.lower() == ".parquet":
        import pyarrow.parquet

        return read_table if find_points(pyarrow.parquet.read_schema(path).names) else None
    with path.open("rb") as file:
        text = file.read(HEAD).decode("utf-8-sig", "replace")
    rows = csv.reader(io.StringIO(text), delimiter=delimiter_of(text))
    rows = list(itertools.islice(rows, len(LEVELS)))
    if _levels(rows):
        return read_deeplabcut
    return read_table if rows and (find_points(rows[0]) or is_long(rows[0])) else None


def delimiter_of(text: str) -> str:
    """The likeliest character between the columns of a table: a comma, tab or semicolon."""
    line = text.lstrip().split("\n", 1)[0]
    return max(",\t;", key=line.count)


def _levels(rows: Sequence[Sequence[str]]) -> list[str]:
    """Names of the header rows of DeepLabCut's tables; [] for another table."""
    levels = []
    for row in rows:
        name = row[0].strip() if row else ""
        if name not in LEVELS:
            break
        levels.append(name)
    return levels if {"bodyparts", "coords"} <= set(levels) else []


def _numbers(cells: Any, names: Sequence[str]) -> np.ndarray:
    """Float64 [rows, columns] of a table of text; empty cells are NaN.

    Raises:
        ValueError: a cell that is no number, with its line and column.
    """
    import pandas

    numbers = cells.apply(pandas.to_numeric, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    wrong = np.isnan(numbers) & cells.notna().to_numpy()
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        value, line = cells.iat[row, column], cells.index[row]
        raise ValueError(f"row {line + 1}, {clip(names[column])}: no number: {clip(value)}")
    return numbers


def _table(text: str, delimiter: str, header: int) -> Any:
    """The rows below a header, as a table of text; its index counts the rows of the file."""
    import pandas

    try:
        cells = pandas.read_csv(
            io.StringIO(text),
            sep=delimiter,
            header=None,
            skiprows=header,
            dtype=str,
            skipinitialspace=True,
            na_values=["", "NA", "nan", "NaN", "NAN", "None", "null"],
            keep_default_na=False,
        )
    except pandas.errors.EmptyDataError:
        raise ValueError("no rows below its header") from None
    cells.index += header
    return cells.apply(lambda column: column.str.strip())


def read_deeplabcut(path: Path) -> PoseFile:
    text = decode_text(path, path.read_bytes())
    delimiter = delimiter_of(text)
    lines = text.split("\n", len(LEVELS))[: len(LEVELS)]
    rows = list(csv.reader(lines, delimiter=delimiter))
    levels = _levels(rows)
    cells = _table(text, delimiter, len(levels))
    first = cells.iloc[:, 0].dropna()
    if first.str.contains(r"\.(?:png|jpe?g|tiff?|bmp)$|labeled-data", case=False).any():
        raise ValueError(IMAGES)
    columns = list(zip(*(row[1:] for row in rows[: len(levels)]), strict=False))
    keys = [dict(zip(levels, map(str.strip, column), strict=True)) for column in columns]
    if cells.shape[1] != len(keys) + 1:
        raise ValueError(f"{cells.shape[1]} columns, and a header of {len(keys) + 1}")
    values = _numbers(cells.iloc[:, 1:], [" ".join(column) for column in columns])
    frames = cells.iloc[:, 0].str.fullmatch(r"\d{1,15}(\.0*)?").fillna(False).to_numpy(bool)
    if frames.all():
        values = placed(values, cells.iloc[:, 0].astype(float).to_numpy())
    return from_columns(keys, values)


def placed(values: np.ndarray, frames: np.ndarray) -> np.ndarray:
    """Rows at the places that their frame numbers tell, NaN between them.

    As they are where numbers do not rise, or leave out so much that they count something else.
    """
    steps = np.diff(frames)
    if not len(steps) or (steps <= 0).any() or (steps == steps[0]).all():
        return values
    count = int(frames[-1] - frames[0]) + 1
    if count > MOST_EMPTY * len(values):
        return values
    result = np.full((count, *values.shape[1:]), np.nan)
    result[(frames - frames[0]).astype(int)] = values
    return result


def from_columns(keys: Sequence[Mapping[str, str]], values: np.ndarray) -> PoseFile:
    """The bodies of a table of DeepLabCut's form; coordinates of other names are left out."""
    scorers = list(dict.fromkeys(key.get("scorer", "") for key in keys))
    notes = []
    if len(scorers) > 1:
        notes.append(f"of several scorers the first, {scorers[0]}, is read: {listed(scorers)}")
    places: dict[str, dict[str, dict[str, int]]] = {}
    for place, key in enumerate(keys):
        if key.get("scorer", "") == scorers[0]:
            body = places.setdefault(key.get("individuals", ""), {})
            point = body.setdefault(key["bodyparts"], {})
            if point.setdefault(key["coords"].lower(), place) != place:
                name, coordinate = key["bodyparts"], key["coords"]
                raise ValueError(f"{clip(name)} has {coordinate} twice")
    tracks = [track for name, body in places.items() if (track := _track(name, body, values))]
    if not tracks:
        raise ValueError("no keypoint has columns x and y")
    return PoseFile(tracks, notes=tuple(notes))


def _track(name: str, columns: Mapping[str, Mapping[str, int]], values: np.ndarray) -> Track | None:
    """One body of a table: columns by keypoint and coordinate; None where it has no points."""
    usable = {point: each for point, each in columns.items() if {"x", "y"} <= each.keys()}
    if not usable:
        return None
    axes = "xyz" if all("z" in each for each in usable.values()) else "xy"
    points = np.stack(
        [values[:, [each[axis] for axis in axes]] for each in usable.values()], axis=1
    )
    sure = [
        next((each[name] for name in CONFIDENCES if name in each), -1) for each in usable.values()
    ]
    confidence = None
    if max(sure) >= 0:
        confidence = np.stack(
            [values[:, at] if at >= 0 else np.full(len(values), np.nan) for at in sure], axis=1
        )
    return Track(name, tuple(usable), points, confidence)


def read_table(path: Path) -> PoseFile:
    parquet = path.suffix.lower() == ".parquet"
    table = read_parquet(path) if parquet else read_delimited(path)
    if is_long(table.names):
        table = widened(table)
    header, points = table.names, find_points(table.names)
    places = sorted(place for each in points.values() for place in each.values())
    if not places:
        raise ValueError("no points are named in its header")
    values = np.full((len(table.columns[0]), len(header)), np.nan)
    for place in places:
        values[:, place] = _column(table.columns[place], header[place])
    # Where nothing is detected, some programs write zeros throughout.
    values[(values[:, places] == 0).all(axis=1)] = np.nan
    frame, body = (place_of(header, known) for known in (FRAMES, BODIES))
    if frame < 0 or (body >= 0 and table.columns[body].nunique() == len(values)):
        body = -1  # a number of the row
    groups = {"": values}
    if frame >= 0:
        numbers = _column(table.columns[frame], header[frame])
        groups = _by_body(values, numbers, None if body < 0 else table.columns[body])
    tracks = [
        _track(name or part, columns, each)
        for name, each in groups.items()
        for part, columns in by_body_names(points).items()
    ]
    others = [
        place
        for place, name in enumerate(header)
        if place not in (*places, frame, body) and name.strip()
    ]
    clock, left = {}, []
    for place in others:
        numbers = _clock(header[place], table.columns[place])
        if numbers is None:
            left.append(header[place])
        else:
            clock[header[place]] = (numbers, table.units[place] if table.units else "")
    fps, notes = read_clocks(clock)
    notes.insert(
        0,
        f"columns are read as {len(points)} points of a body; --config.data.keypoints=none takes "
        "them as they are",
    )
    if left and not any(name.startswith(("M_", "center_")) for name in left):  # Anipose's own
        notes.append(f"columns of no point are left out: {listed(left)}")
    upright = len(points) in (21, 33) or any({"visibility", "v"} & set(p) for p in points.values())
    return PoseFile([track for track in tracks if track], fps, tuple(notes), upright)


def _column(column: Any, name: str) -> np.ndarray:
    """A column as float64; raises ValueError for a cell that is neither empty nor a number."""
    return _numbers(column.to_frame(), [name])[:, 0]


def _clock(name: str, column: Any) -> np.ndarray | None:
    """Rising values of a column of times; None where it is none."""
    import pandas

    values = pandas.to_numeric(column, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    values = np.unique(values) if clocks.is_time_name(name) else values  # a row a body
    return values if clocks.is_clock(name, values) else None


def _by_body(values: np.ndarray, frames: np.ndarray, bodies: Any) -> dict[str, np.ndarray]:
    """Rows by body, each at the place of its frame, all of one length."""
    if np.isnan(frames).any() or (frames != np.round(frames)).any():
        raise ValueError("not all frame numbers are whole numbers")
    names = [""] * len(values)
    if bodies is not None:
        names = ["" if each != each else str(each).removesuffix(".0") for each in bodies]
    if len(set(names)) == 1:
        names = [""] * len(values)
    if len(set(zip(names, frames, strict=True))) < len(values):
        if bodies is None or set(names) == {""}:
            raise ValueError(
                "several rows have one frame number, and no column says whose they are; "
                "have the bodies tracked, or leave all but one out"
            )
        raise ValueError("a body has several rows of one frame number")
    first, last = frames.min(), frames.max()
    step = max(1, int(np.gcd.reduce((frames - first).astype(np.int64))))  # every second frame?
    count = int(last - first) // step + 1
    if count > MOST_EMPTY * len(values):
        raise ValueError(f"{len(values)} rows, and frame numbers from {first:g} to {last:g}")
    groups = {}
    for name in sorted(set(names)):
        chosen = np.array([each == name for each in names])
        groups[name] = np.full((count, values.shape[1]), np.nan)
        groups[name][((frames[chosen] - first) // step).astype(int)] = values[chosen]
    return groups
